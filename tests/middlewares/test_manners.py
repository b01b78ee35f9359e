"""What Retry-After says, and the pace of a site that had no room, in crawls of a small site on loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import pairwise
from time import monotonic
from typing import Any

import pytest
from aiohttp import web
from scrapy import Request, Spider, signals
from scrapy.crawler import AsyncCrawlerRunner
from scrapy.http import Response

from outsource_scraper.middlewares.manners import retry_after

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
AT_NOON = "Sun, 01 Mar 2026 12:00:00 GMT"
LATER = "Sun, 01 Mar 2026 12:01:30 GMT"


@pytest.mark.parametrize(
    ("header", "date", "seconds"),
    [
        ("0", None, 0),
        ("120", None, 120),
        (" 120 ", None, 120),
        ("120", "Thu, 01 Jan 1970 00:00:00 GMT", 120),
        ("9" * 400, None, float("inf")),
        (LATER, None, 90),
        (LATER, AT_NOON, 90),
        # Both are by the site's clock, which may be wrong.
        (LATER, "Sun, 01 Mar 2026 12:01:00 GMT", 30),
        ("Fri, 02 Jan 1970 00:00:10 GMT", "Fri, 02 Jan 1970 00:00:00 GMT", 10),
        (LATER, "soon", 90),
        ("Sunday, 01-Mar-26 12:01:30 GMT", None, 90),
        ("Sun Mar  1 12:01:30 2026", None, 90),
        ("Sun, 01 Mar 2026 14:01:30 +0200", None, 90),
        ("Sun, 01 Mar 2026 11:59:00 GMT", None, 0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", AT_NOON, 0),
        (None, AT_NOON, None),
        ("", None, None),
        ("-5", None, None),
        ("1.5", None, None),
        ("soon", None, None),
        ("\u0665", None, None),
        ("Sun, 41 Mar 2026 12:00:00 GMT", None, None),
        ("Sun, 01 Mar 99999 12:00:00 GMT", None, None),
        ("Sun, 01 Mar 2026 12:00:00 +99999999999999999999", None, None),
    ],
)
def test_retry_after(header: str | None, date: str | None, seconds: float | None) -> None:
    headers = {name: value for name, value in (("Retry-After", header), ("Date", date)) if value is not None}
    response = Response("https://board.example/", status=429, headers=headers)
    assert retry_after(response, NOW) == seconds


class Site:
    """Answers with `statuses`, one after the other, then with 200; keeps when it was asked for what."""

    def __init__(self, *statuses: int, robots: str = "", robots_refusals: int = 0) -> None:
        self.statuses = list(statuses)
        self.robots, self.robots_refusals = robots, robots_refusals
        self.asked: list[tuple[float, str]] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append((monotonic(), request.path))
        if request.path == "/robots.txt":
            self.robots_refusals -= 1
            return web.Response(text=self.robots, status=503 if self.robots_refusals >= 0 else 200)
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    def gaps(self) -> list[float]:
        times = [time for time, _ in self.asked]
        return [later - earlier for earlier, later in pairwise(times)]

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_get("/{path:.*}", self.answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


class OneByOne(Spider):
    name = "one_by_one"
    base = ""
    pages = 0

    async def start(self) -> AsyncIterator[Request]:
        yield Request(f"{self.base}/1", cb_kwargs={"number": 1})

    def parse(self, response: Response, number: int) -> Any:
        if number < self.pages:
            yield Request(f"{self.base}/{number + 1}", cb_kwargs={"number": number + 1})


async def crawl(site: Site, *, pages: int, **settings: Any) -> tuple[list[tuple[float, float]], Any]:
    """Crawl; give the delay and jitter of the site's slot at every answer, and the stats."""
    paces: list[tuple[float, float]] = []
    manners = "outsource_scraper.middlewares.manners"
    async with site.served() as base:
        runner = AsyncCrawlerRunner(
            {"TWISTED_REACTOR_ENABLED": False, "LOG_ENABLED": False, "TELNETCONSOLE_ENABLED": False,
             "REMOTE_CONTROL_ENABLED": False, "RETRY_HTTP_CODES": [], "DOWNLOAD_DELAY_JITTER": 0.5,
             "DOWNLOADER_MIDDLEWARES": {f"{manners}.BackoffMiddleware": 560},
             "EXTENSIONS": {f"{manners}.CrawlDelay": 50}, "CRAWL_DELAY_MAX": 60,
             "BACKOFF_TIMES": 5, "BACKOFF_BASE": 0.1, "BACKOFF_MAX": 60, **settings}
        )  # fmt: skip
        crawler = runner.create_crawler(OneByOne)

        def received(response: Response, request: Request, spider: Spider) -> None:
            slot = crawler.engine.downloader.slots["127.0.0.1"]
            paces.append((slot.delay, slot.jitter))

        crawler.signals.connect(received, signals.response_received, weak=False)
        await runner.crawl(crawler, base=base, pages=pages)
    return paces, crawler.stats.get_stats()


async def test_success_brings_the_old_pace_back_step_by_step() -> None:
    paces, stats = await crawl(Site(503, 503, 503), pages=5, DOWNLOAD_DELAY=0)
    # 0.1, 0.2, 0.4 by the refusals; halved by every success.
    assert paces == [(0.2, 0.0), (0, 0.5), (0, 0.5), (0, 0.5), (0, 0.5)]
    assert stats["manners/backoffs"] == 3


async def test_a_crawl_delay_that_becomes_known_while_the_site_is_slow_stays() -> None:
    site = Site(robots="User-agent: *\nCrawl-delay: 0.7", robots_refusals=2)
    paces, stats = await crawl(site, pages=4, DOWNLOAD_DELAY=0, ROBOTSTXT_OBEY=True)
    assert stats["manners/crawl_delay"] == 0.7
    assert paces[-1] == (0.7, 0.0)
    assert [path for _, path in site.asked] == ["/robots.txt"] * 3 + ["/1", "/2", "/3", "/4"]
    assert min(site.gaps()[3:]) > 0.6


async def test_a_crawl_delay_makes_no_site_faster() -> None:
    site = Site(robots="User-agent: *\nCrawl-delay: 0.1")
    paces, _ = await crawl(site, pages=2, DOWNLOAD_DELAY=0.5, ROBOTSTXT_OBEY=True)
    assert set(paces[1:]) == {(0.5, 0.0)}
