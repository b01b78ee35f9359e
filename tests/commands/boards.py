"""Platforms of a special kind on the board: soon due again, small, wrong, with prices."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from scrapy.http import Response

from outsource_scraper.items import Project
from outsource_scraper.spiders._base import Page, PlatformSpider
from tests.commands.board import BoardSpider

SPIDERS = ("-s", "SPIDER_MODULES=tests.commands.boards", "-s", "DOWNLOAD_DELAY=0")


class HastySpider(BoardSpider):
    """Is due again after two seconds."""

    name = "hasty"
    platform = replace(BoardSpider.platform, interval=timedelta(seconds=2))


class SmallSpider(BoardSpider):
    """Is known to have five pages."""

    name = "small"
    platform = replace(BoardSpider.platform, requests=5)


class WrongSpider(BoardSpider):
    """Has a mistake in its file."""

    name = "wrong"
    platform = replace(BoardSpider.platform, requests=5)

    async def parse_detail(self, response: Response, project: Any) -> AsyncIterator[Any]:
        raise AssertionError("a mistake")
        yield


class PricedSpider(BoardSpider):
    """Tells all in its listing, budgets among it."""

    name = "priced"
    detail_request = PlatformSpider.detail_request

    def read(self, record: dict[str, Any], page: Page) -> Project:
        project = super().read(record, page)
        if "budget" in record:
            project.budget_min = project.budget_max = Decimal(record["budget"])
            project.currency = "USD"
        return project
