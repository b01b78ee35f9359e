"""Remembers between crawls which copies of pages were read; see `middlewares.conditional`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from scrapy import signals

from outsource_scraper.database.pages import load_validators, save_validators
from outsource_scraper.middlewares.conditional import ConditionalMiddleware
from outsource_scraper.pipelines.store import StorePipeline

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class PageMemory:
    """Hands the middleware what the database knows when the spider opens.

    It is saved by `RunReport`, and only after a run whose verdict is ok: what was learnt by one that lost
    something would hide it for ever.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        crawler.signals.connect(self._spider_opened, signals.spider_opened)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    async def _spider_opened(self) -> None:
        store = self._crawler.get_item_pipeline(StorePipeline)
        middleware = self._crawler.get_downloader_middleware(ConditionalMiddleware)
        if store is None or middleware is None:
            return
        known = await store.aside(lambda session: load_validators(session, store.platform))
        middleware.known |= known or {}

    async def save(self) -> None:
        """Write what this crawl has learnt into the database."""
        store = self._crawler.get_item_pipeline(StorePipeline)
        middleware = self._crawler.get_downloader_middleware(ConditionalMiddleware)
        if store is None or middleware is None or not middleware.learnt:
            return
        await store.aside(lambda session: save_validators(session, store.platform, middleware.learnt))
