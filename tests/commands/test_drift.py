"""A layout that changes from one run to the next, in whole crawls: it is told, named, and closes nothing.

And what looks like it and is none: nothing new, a handful of projects without a budget.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
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

STEP = timedelta(hours=6)
ABSENT = "SELECT external_id FROM projects WHERE closed_reason = 'absent' ORDER BY external_id"


def moment(market: Market) -> datetime:
    return datetime.fromisoformat(market.control.state()["now"])


async def last_run(rows: Rows) -> dict[str, Any]:
    return (await rows("SELECT * FROM crawl_runs ORDER BY id DESC LIMIT 1"))[0]


@pytest.mark.parametrize(
    ("platform", "only", "words"),
    [
        ("flru", "b-post__grid_price", ["budget_min in 0% of the projects, usually in"]),
        ("wishket", "^budget$", ["budget_max in 0% of the projects, usually in"]),
        ("freelancer", "^budget$", ["budget_min in 0%", "budget_max in 0%"]),
        ("freelancer", "^(budget|jobs)$", ["budget_min in 0%", "skills in 0%"]),
        ("freelancer", "^title$", ["records were rejected (the record has no title)"]),
        ("guru", "jobRecord__title", ["records were rejected (the record has no link)"]),
        ("freelancer", None, ["records were rejected (the record has no "]),
        ("kwork", "^wantsListData$|stateData", ["rejected (", "window.stateData"]),
        ("wishket", "project-info-box", ["shows no record: its layout has changed"]),
    ],
)
async def test_a_layout_that_changes_is_noticed_and_closes_nothing(
    platform: str, only: str | None, words: list[str], crawl: Crawl, market: Market, rows: Rows
) -> None:
    for _ in range(2):
        ended = crawl(platform, "-a", "mode=full")
        assert ended.returncode == 0, ended.stderr
        market.control.advance(STEP)
    members = {} if only is None else {"only": only}
    market.control.fault("renamed", platform=platform, since=(moment(market) + STEP).isoformat(), **members)
    ended = crawl(platform, "-a", "mode=full")
    assert ended.returncode == 0, "before the moment from which on the layout is another"
    closed = await rows(ABSENT)

    market.control.advance(STEP)
    ended = crawl(platform, "-a", "mode=full")
    assert ended.returncode == 5, ended.stderr
    assert last_line(ended).startswith(f"{platform}: partial: ")
    for word in words:
        assert word in last_line(ended), last_line(ended)
    run = await last_run(rows)
    assert (run["verdict"], run["complete"]) == ("partial", False)
    # Of those some may have been seen again.
    assert {row["external_id"] for row in await rows(ABSENT)} <= {row["external_id"] for row in closed}

    market.control.clear_faults()
    ended = crawl(platform, "-a", "mode=full")
    assert ended.returncode == 0, ended.stderr
    run = await last_run(rows)
    assert (run["verdict"], run["complete"]) == ("ok", True)
    assert len(await rows(ABSENT)) > len(closed), "what had gone is closed by the first run that may"


@pytest.mark.parametrize("platform", ["flru", "freelancer", "remoteok"])
async def test_nothing_new_is_ok(platform: str, crawl: Crawl, market: Market, rows: Rows) -> None:
    assert crawl(platform, "-a", "mode=full").returncode == 0
    for mode in ("full", "new"):
        ended = crawl(platform, "-a", f"mode={mode}")
        assert ended.returncode == 0, ended.stderr
        run = await last_run(rows)
        assert (run["verdict"], run["reason"], run["new"]) == ("ok", None, 0)


async def test_a_few_projects_without_a_budget_are_no_changed_layout(
    scrapy: Scrapy, database_url: URL, rows: Rows
) -> None:
    shown: list[dict[str, Any]] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        if request.path == "/robots.txt":
            return web.Response(text="")
        return web.json_response({"projects": shown, "next": False})

    async def crawl(count: int, *, budgets: float) -> Any:
        shown[:] = [{"id": 1 + number} for number in range(count)]
        for one in shown[: round(budgets * count)]:
            one["budget"] = 100
        url = database_url.render_as_string(hide_password=False)
        command = ("crawl", "priced", *SPIDERS, "-s", f"BOARD_URL={base}")
        return await asyncio.to_thread(scrapy, *command, env={"DATABASE_URL": url})

    async with served(answer) as base:
        for _ in range(2):
            assert (await crawl(40, budgets=0.8)).returncode == 0
        few = await crawl(3, budgets=0)
        assert few.returncode == 0, few.stderr
        many = await crawl(40, budgets=0)
        assert many.returncode == 5, many.stderr
        assert "the layout has changed, or the platform: budget_max in 0% of the projects" in last_line(many)
        again = await crawl(40, budgets=0.8)
        assert again.returncode == 0, again.stderr
    verdicts = [row["verdict"] for row in await rows("SELECT verdict FROM crawl_runs ORDER BY id")]
    assert verdicts == ["ok", "ok", "ok", "partial", "ok"]
