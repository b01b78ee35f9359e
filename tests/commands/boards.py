"""Boards without an end, for crawls that only a guard of their platform's record ends."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from scrapy.http import Response

from tests.commands.board import BoardSpider

SPIDERS = ("-s", "SPIDER_MODULES=tests.commands.endless", "-s", "DOWNLOAD_DELAY=0")


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
