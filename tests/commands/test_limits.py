"""What has no end is ended by the limits of its platform, and the run says so and closes nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from tests.commands.board import served
from tests.commands.boards import SPIDERS
from tests.commands.test_crawl import last_line

if TYPE_CHECKING:
    from sqlalchemy import URL

    from tests.commands.conftest import Crawl, Market, Scrapy
    from tests.commands.test_crawl import Rows

PAGES = 3


@pytest.mark.parametrize(
    ("spider", "mode", "reason"),
    [
        ("hasty", "new", "closespider_timeout"),
        ("small", "full", "closespider_pagecount"),
        ("wrong", "full", "closespider_errorcount"),
    ],
)
async def test_an_endless_board_is_left(
    spider: str, mode: str, reason: str, scrapy: Scrapy, database_url: URL, rows: Rows
) -> None:
    endless = False
    asked = 0

    async def answer(request: web.BaseRequest) -> web.Response:
        nonlocal asked
        if request.path == "/robots.txt":
            return web.Response(text="")
        if "detail" in request.path:
            return web.json_response({"text": "long"})
        asked += 1
        await asyncio.sleep(0.1 if endless else 0)
        number = int(request.query["page"])
        projects = [{"id": 1000 * endless + 10 * number + which} for which in range(2)]
        if not endless:
            projects.append({"id": 5})
        return web.json_response({"projects": projects, "next": endless or number < PAGES})

    async def crawl(name: str, *arguments: str) -> Any:
        url = database_url.render_as_string(hide_password=False)
        command = ("crawl", name, *SPIDERS, "-s", f"BOARD_URL={base}", *arguments)
        return await asyncio.to_thread(scrapy, *command, env={"DATABASE_URL": url})

    async with served(answer) as base:
        if spider != "wrong":
            first = await crawl(spider, "-a", "mode=full")
            assert first.returncode == 0, first.stderr
            assert asked == PAGES
            (run,) = await rows("SELECT * FROM crawl_runs")
            assert run["complete"] is True
        endless = True
        ended = await crawl(spider, "-a", f"mode={mode}")
    assert ended.returncode == 5, ended.stderr
    assert f"the crawl was cut off ({reason})" in last_line(ended)
    run = (await rows("SELECT * FROM crawl_runs ORDER BY id"))[-1]
    assert (run["verdict"], run["complete"], run["closed"]) == ("partial", False, 0)
    assert not await rows("SELECT 1 FROM projects WHERE status = 'closed' OR closed_at IS NOT NULL")


async def test_a_platform_that_is_too_slow_closes_nothing(crawl: Crawl, market: Market, rows: Rows) -> None:
    assert crawl("kwork", "-a", "mode=full").returncode == 0
    market.control.fault("slow", platform="kwork", path="page=2", seconds=3)
    ended = crawl("kwork", "-a", "mode=full", "-s", "CLOSESPIDER_TIMEOUT=1")
    assert ended.returncode == 5, ended.stderr
    assert "the crawl was cut off (closespider_timeout)" in last_line(ended)
    run = (await rows("SELECT * FROM crawl_runs ORDER BY id"))[-1]
    assert (run["verdict"], run["complete"], run["closed"]) == ("partial", False, 0)
    market.control.clear_faults()
    again = crawl("kwork", "-a", "mode=full")
    assert again.returncode == 0, again.stderr
