"""Tells a spider which projects are stored already, so that spiders never touch the database themselves."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Self

from scrapy import Spider, signals

from outsource_scraper.pipelines.store import StorePipeline
from outsource_scraper.spiders._base import PlatformSpider

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class KnownProjects:
    """Gives the spider `known` once the store is open; without a store the spider does without."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        crawler.signals.connect(self._spider_opened, signals.spider_opened)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    def _spider_opened(self, spider: Spider) -> None:
        store = self._crawler.get_item_pipeline(StorePipeline)
        if store is not None and isinstance(spider, PlatformSpider):
            spider.known = partial(store.known, remember=spider.has_details)
