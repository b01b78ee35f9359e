import gc

from scrapy import Spider
from scrapy.utils.test import get_crawler

from outsource_scraper.extensions.garbage import GarbageCollection


def test_what_stands_at_the_beginning_is_left_alone() -> None:
    before = gc.get_threshold()
    gc.unfreeze()
    try:
        GarbageCollection.from_crawler(get_crawler(Spider, {"GC_THRESHOLD": 10_000}))
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


def test_the_first_threshold_is_that_of_the_setting_and_the_others_stay() -> None:
    before = gc.get_threshold()
    try:
        GarbageCollection.from_crawler(get_crawler(Spider, {"GC_THRESHOLD": 12_345}))
        assert gc.get_threshold() == (12_345, *before[1:])
    finally:
        gc.set_threshold(*before)
