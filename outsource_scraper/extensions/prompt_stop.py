"""Ends a crawl soon after it is told to stop, and in order.

Scrapy waits for every request that has reached the downloader. At the pace of a polite crawl, or while a site
that had no room is left alone, those are minutes in which nothing is read; a container is killed after ten
seconds. A crawl that is closing already when it is told, on the other hand, is cut off in the middle of that.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Self

from scrapy import signals
from scrapy.exceptions import IgnoreRequest
from scrapy.utils.asyncio import create_looping_call

if TYPE_CHECKING:
    from scrapy.core.downloader import Downloader
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

_INTERVAL = 0.2
"""Seconds between two looks: no signal of Scrapy's tells that a crawl begins to stop, or is closed."""


class PromptStop:
    """Lets go of what waits for its turn once the crawl is stopped; what has been sent is still waited for.

    A request that is let go of is as one that was never made: its spider does not hear of it.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._watch = create_looping_call(self._look)
        self._has_run = False
        crawler.signals.connect(self._engine_started, signals.engine_started)
        crawler.signals.connect(self._spider_closed, signals.spider_closed)
        crawler.signals.connect(self._engine_stopped, signals.engine_stopped)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    def _engine_started(self) -> None:
        self._watch.start(_INTERVAL, now=False)

    def _spider_closed(self) -> None:
        if self._watch.running:
            self._watch.stop()

    async def _engine_stopped(self) -> None:
        while self._crawler.engine is not None and self._crawler.engine.spider is not None:  # noqa: ASYNC110
            await asyncio.sleep(_INTERVAL)

    def _look(self) -> None:
        engine = self._crawler.engine
        if engine is None:
            return
        self._has_run = self._has_run or engine.running
        if self._has_run and not engine.running and (count := drop_waiting(engine.downloader)):
            logger.info("%d requests that waited for their turn are dropped", count)


def drop_waiting(downloader: Downloader) -> int:
    """Drop every request that has not been sent yet, and return how many those were."""
    dropped = 0
    for slot in downloader.slots.values():
        while slot.queue:
            request, answer = slot.queue.popleft()
            request.errback = None
            answer.errback(IgnoreRequest("the crawl is stopped"))
            dropped += 1
    return dropped
