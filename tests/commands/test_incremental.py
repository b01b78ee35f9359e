"""A crawl asks only for what the last one has not told: pages, details, and nothing where nothing moved."""

import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.commands.conftest import Crawl, Market

Rows = Callable[[str], Awaitable[list[dict[str, Any]]]]


def asked(market: Market) -> list[tuple[str, int]]:
    return [
        (entry["path"], entry["status"]) for entry in market.control.log() if entry["path"] != "/robots.txt"
    ]


def test_an_unchanged_listing_costs_one_conditional_request(crawl: Crawl, market: Market) -> None:
    assert crawl("flru", "-a", "mode=full").returncode == 0
    assert crawl("flru").returncode == 0
    market.control.clear_log()
    ended = crawl("flru")
    assert ended.returncode == 0, ended.stderr
    assert asked(market) == [("/projects/", 304)]
    (entry,) = [entry for entry in market.control.log() if entry["status"] == 304]
    assert entry["headers"]["If-None-Match"].startswith('"')
    assert "flru: ok" in ended.stderr


async def test_what_a_crawl_learnt_that_lost_something_is_not_remembered(
    crawl: Crawl, market: Market, rows: Rows
) -> None:
    market.control.fault("broken_card", platform="flru")
    assert crawl("flru").returncode == 5
    assert await rows("SELECT * FROM page_validators") == []
    market.control.clear_faults()
    market.control.clear_log()
    assert crawl("flru").returncode == 0
    assert asked(market)[0] == ("/projects/", 200)
    assert len(await rows("SELECT * FROM page_validators")) == 1


async def test_details_are_asked_for_what_is_new_or_changed_in_the_listing(
    crawl: Crawl, market: Market, rows: Rows
) -> None:
    assert crawl("wishket", "-a", "mode=full").returncode == 0
    market.control.clear_log()
    assert crawl("wishket", "-a", "mode=full").returncode == 0
    assert not [path for path, _ in asked(market) if re.match(r"/project/\d", path)], "nothing has moved"
    before = datetime.fromisoformat(market.control.state()["now"])
    market.control.advance(timedelta(hours=12))
    moved = market.control.state(before)["platforms"]["wishket"]
    assert moved["new"]
    market.control.clear_log()
    assert crawl("wishket", "-a", "mode=full").returncode == 0
    details = {int(path.split("/")[2]) for path, _ in asked(market) if re.match(r"/project/\d", path)}
    assert set(moved["new"]) <= details
    assert details <= {*moved["new"], *moved["changed"], *moved["reopened"]}
    assert not await rows("SELECT 1 FROM projects WHERE platform = 'wishket' AND description IS NULL")


async def test_a_run_cut_off_closes_nothing(crawl: Crawl, market: Market, rows: Rows) -> None:
    assert crawl("guru", "-a", "mode=full").returncode == 0
    market.control.advance(timedelta(hours=24))
    market.control.fault("status", platform="guru", status=500, path="/d/jobs/pg/2")
    ended = crawl("guru", "-a", "mode=full", "-s", "RETRY_TIMES=0")
    assert ended.returncode == 5, ended.stderr
    assert not await rows("SELECT 1 FROM projects WHERE closed_at IS NOT NULL")
    (run,) = await rows("SELECT * FROM crawl_runs ORDER BY id DESC LIMIT 1")
    assert run["complete"] is False


async def test_what_comes_back_is_reopened(crawl: Crawl, market: Market, rows: Rows) -> None:
    assert crawl("kwork", "-a", "mode=full").returncode == 0
    start = datetime.fromisoformat(market.control.state()["now"])
    market.control.advance(timedelta(hours=12))
    assert crawl("kwork", "-a", "mode=full").returncode == 0
    closed = {row["id"] for row in await rows("SELECT id FROM projects WHERE status = 'closed'")}
    assert closed
    market.control.move_to(start)
    assert crawl("kwork", "-a", "mode=full").returncode == 0
    history = await rows("SELECT project_id FROM project_changes WHERE kind = 'reopened'")
    assert closed <= {row["project_id"] for row in history}


async def test_upwork_s_projects_are_purged_after_a_day(
    crawl: Crawl, scrapy: Any, database_url: Any, rows: Rows
) -> None:
    assert crawl("freelancer", "-a", "mode=full").returncode == 0
    count = len(await rows("SELECT 1 FROM projects"))
    await rows(
        "UPDATE projects SET platform = 'upwork', last_seen_at = now() - interval '25 hours'"
        " WHERE id IN (SELECT id FROM projects ORDER BY id LIMIT 3)"
    )
    await rows(
        "UPDATE projects SET platform = 'upwork', last_seen_at = now() - interval '23 hours'"
        " WHERE id IN (SELECT id FROM projects ORDER BY id DESC LIMIT 2)"
    )
    env = {"DATABASE_URL": database_url.render_as_string(hide_password=False)}
    ended = scrapy("purge", env=env)
    assert ended.stdout == "upwork: 3 projects (3 changes) older than 24 h were deleted\n"
    assert len(await rows("SELECT 1 FROM projects")) == count - 3
    assert not await rows("SELECT 1 FROM project_changes WHERE project_id NOT IN (SELECT id FROM projects)")


@pytest.mark.parametrize("command", ["crawl", "crawlall"])
def test_no_platform_is_crawled_without_a_contact(command: str, scrapy: Any) -> None:
    ended = scrapy(command, "flru", env={"OUTSOURCE_CONTACT": ""})
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: set OUTSOURCE_CONTACT")
    assert ended.stderr.count("\n") == 1


def test_a_platform_that_is_off_names_its_terms(crawl: Crawl) -> None:
    first = crawl("wishket", "-a", "max_pages=1").stderr
    assert "Wishket is off by default; its terms: art. 10" in first


async def test_side_by_side_one_failure_leaves_the_others_alone(
    scrapy: Any, market: Market, database_url: Any, rows: Rows
) -> None:
    market.control.fault("challenge", platform="guru", status=403)
    env = {"DATABASE_URL": database_url.render_as_string(hide_password=False)}
    names = ["flru", "guru", "freelancehunt", "remoteok"]
    ended = scrapy("crawlall", *names, "-s", f"SANDBOX_URL={market.url}", "-a", "mode=full", env=env)
    table = {line.split()[0]: line.split()[1] for line in ended.stdout.splitlines()[1:] if line.strip()}
    assert table == {"flru": "ok", "guru": "blocked", "freelancehunt": "failed", "remoteok": "ok"}
    assert ended.returncode == 1, "a crawl that could not start is graver than one that was blocked"
    assert "freelancehunt needs FREELANCEHUNT_TOKEN" in ended.stderr
    verdicts = {row["platform"]: row["verdict"] for row in await rows("SELECT * FROM crawl_runs")}
    assert verdicts == {"flru": "ok", "guru": "blocked", "remoteok": "ok"}
    assert max(len(line) for line in ended.stdout.splitlines()) <= 80
