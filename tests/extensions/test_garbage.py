import gc

from scrapy import Spider
from scrapy.utils.test import get_crawler

from outsource_scraper.extensions.garbage import GarbageCollection


def test_the_first_threshold_is_that_of_the_setting_and_the_others_stay() -> None:
    before = gc.get_threshold()
    try:
        GarbageCollection.from_crawler(get_crawler(Spider, {"GC_THRESHOLD": 12_345}))
        assert gc.get_threshold() == (12_345, *before[1:])
    finally:
        gc.set_threshold(*before)
