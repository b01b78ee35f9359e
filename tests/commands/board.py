"""A platform on loopback for whole `scrapy crawl` processes: its spider, and a site that a test serves."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from scrapy import Request

from outsource_scraper.items import Project
from outsource_scraper.spiders._base import ApiSpider, Page, required
from outsource_scraper.spiders._platform import Access, Platform

SPIDER = ("-s", "SPIDER_MODULES=tests.commands.board", "-s", "DOWNLOAD_DELAY=0")
"""Arguments of `scrapy crawl board`."""


class BoardSpider(ApiSpider):
    """Reads `BOARD_URL/list`; records with a `detail` have a page of their own."""

    name = "board"
    allowed_domains = ("127.0.0.1", "board.example")
    platform = Platform(
        title="Board", home="http://127.0.0.1/", country=None, languages=("en",), currency="USD",
        timezone="UTC", access=Access.OFFICIAL_API, robots="ours", terms="ours", evidence="ours", delay=0,
    )  # fmt: skip
    records_path = ("projects",)

    def listing_request(self, number: int) -> Request:
        return Request(f"{self.crawler.settings['BOARD_URL']}/list?page={number}")

    def read(self, record: dict[str, Any], page: Page) -> Project:
        number = required(record.get("id"), "id")
        return Project(
            platform=self.name,
            external_id=number,
            url=f"http://board.example/{number}",
            title=f"No. {number}",
        )

    def has_next(self, page: Page) -> bool:
        return bool(page.document.get("next"))

    def detail_request(self, project: Project) -> Request | None:
        return Request(f"{self.crawler.settings['BOARD_URL']}/detail/{project.external_id}")

    def read_detail(self, page: Page, project: Project | None) -> Project:
        assert project is not None
        project.description = required(page.document.get("text"), "text")
        return project


@asynccontextmanager
async def served(answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """Answer every request on a free port by `answer`; gives the base URL."""
    runner = web.ServerRunner(web.Server(answer), shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
