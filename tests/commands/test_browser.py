"""Crawls with a browser: a real Chromium, whose requests the market logs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from outsource_scraper.sandbox.platforms.weblancer import TRACKER
from tests.commands.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from sqlalchemy import URL

    from tests.commands.conftest import Crawl, Market

    Rows = Callable[[str], Awaitable[list[dict[str, Any]]]]

SHELL = "/freelance/"
ORDERS = "^/api/orders"
LOADED = {"document", "script", "fetch"}
"""Kinds of resources that the page needs to show its cards."""


@pytest.fixture(autouse=True)
def chromium() -> None:
    if not any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")):
        pytest.fail("no browser is on the PATH: install the package chromium")


def asked(market: Market) -> list[str]:
    """What the platform's host was asked for."""
    return [entry["path"] for entry in market.control.log() if entry["host"].startswith("www.weblancer.net")]


async def stats_of(rows: Rows) -> dict[str, Any]:
    """The stats of the one run."""
    (run,) = await rows("SELECT stats::text FROM crawl_runs")
    found: dict[str, Any] = json.loads(run["stats"])
    return found


async def stored_as_shown(rows: Rows, truth: list[dict[str, Any]]) -> None:
    stored = {row["external_id"]: row for row in await rows("SELECT * FROM projects")}
    assert stored.keys() == {one["project"]["external_id"] for one in truth}
    for one in truth:
        wanted = one["project"]
        row = stored[wanted["external_id"]]
        for name in ("url", "title", "description", "category", "currency", "payment_type", "bids_count"):
            assert row[name] == wanted[name], (row["url"], name)
        for name in ("budget_min", "budget_max"):
            assert row[name] == (None if wanted[name] is None else Decimal(wanted[name])), row["url"]
        assert row["posted_at"] == datetime.fromisoformat(wanted["posted_at"]), row["url"]


async def test_what_scripts_show_is_read_and_stored(crawl: Crawl, market: Market, rows: Rows) -> None:
    ended = crawl("weblancer", "-a", "mode=full")
    assert ended.returncode == 0, ended.stderr
    truth = market.control.truth("weblancer")
    assert len(truth) > 20
    await stored_as_shown(rows, truth)


def test_without_a_browser_the_page_shows_nothing(crawl: Crawl, market: Market) -> None:
    plain = "outsource_scraper.sandbox.handler.SandboxDownloadHandler"
    ended = crawl("weblancer", "-s", f'DOWNLOAD_HANDLERS={{"https": "{plain}"}}')
    assert ended.returncode == 3, ended.stderr
    assert asked(market) == ["/robots.txt", SHELL]


async def test_only_what_shows_postings_is_loaded(crawl: Crawl, market: Market, rows: Rows) -> None:
    assert crawl("weblancer", "-a", "max_pages=2").returncode == 0
    page = ["/static/app.js", "/api/orders?page={}"]
    second = [path.format(2) for path in ("/freelance/?page={}", *page)]
    assert asked(market) == ["/robots.txt", SHELL, *(path.format(1) for path in page), *second]
    assert not [entry for entry in market.control.log() if TRACKER in entry["host"]]
    stats = await stats_of(rows)
    kinds = {
        name.rpartition("/")[2] for name in stats if name.startswith("playwright/response_count/resource")
    }
    assert kinds == LOADED
    # The stylesheet, which would have asked for the font, and the tracker, on both pages; pictures never try.
    assert stats["playwright/request_count/aborted"] == 4


async def test_robots_txt_is_asked_for_without_the_browser(crawl: Crawl, market: Market, rows: Rows) -> None:
    assert crawl("weblancer", "-a", "max_pages=1").returncode == 0
    (robots,) = [entry for entry in market.control.log() if entry["path"] == "/robots.txt"]
    assert robots["host"] == "www.weblancer.net"
    assert (await stats_of(rows))["playwright/request_count/resource_type/document"] == 1


def test_the_browser_bears_our_name(crawl: Crawl, market: Market) -> None:
    assert crawl("weblancer", "-a", "max_pages=1").returncode == 0
    agents = {entry["user_agent"] for entry in market.control.log() if "weblancer" in entry["host"]}
    assert len(agents) == 1
    assert agents.pop().startswith("outsource_scraper/")


async def test_a_crawl_has_one_browser_and_one_context_and_closes_its_pages(
    crawl: Crawl, market: Market, rows: Rows
) -> None:
    assert crawl("weblancer", "-a", "mode=full").returncode == 0
    stats = await stats_of(rows)
    assert stats["playwright/browser_count"] == 1
    assert stats["playwright/context_count"] == 1
    # One for each page of the listing, as many as the market has at this hour.
    assert stats["listing/pages"] >= 3
    assert stats["playwright/page_count"] == stats["playwright/page_count/closed"] == stats["listing/pages"]


async def test_no_more_pages_are_open_at_once_than_the_setting_allows(
    crawl: Crawl, market: Market, rows: Rows
) -> None:
    market.control.fault("slow", platform="guru", path=r"^/jobs/", seconds=0.3)
    at_once = ("-s", "CONCURRENT_REQUESTS_PER_DOMAIN=4", "-s", "CONCURRENT_REQUESTS=4")
    assert crawl("guru", "-a", "browser=1", "-a", "max_pages=1", *at_once).returncode == 0
    stats = await stats_of(rows)
    assert stats["playwright/page_count"] == stats["playwright/page_count/closed"] > 5
    assert stats["playwright/page_count/max_concurrent"] <= 2, "four requests are under way at once"
    assert stats["playwright/browser_count"] == 1


FAULTS = [
    # kind, members of the fault, settings, exit code, words of the sentence on standard error
    ("status", {"status": 500, "path": SHELL}, (), 1, "was not fetched: HttpError"),
    (
        "slow",
        {"seconds": 20, "path": SHELL},
        ("-s", "PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT=500"),
        1,
        "the browser was not answered in time",
    ),
    (
        "truncated",
        {"path": SHELL},
        ("-s", "PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT=3000"),
        1,
        "the browser was not answered in time",
    ),
    ("truncated", {"path": ORDERS}, (), 3, "no record at all"),
    ("status", {"status": 500, "path": ORDERS}, (), 3, "no record at all"),
    ("renamed", {}, (), 5, "shows no record: its layout has changed"),
    ("empty", {}, (), 3, "no record at all"),
    ("challenge", {"status": 403}, (), 4, "challenge page"),
    ("challenge", {"status": 200}, (), 4, "challenge page"),
    ("login_wall", {"path": SHELL}, (), 4, "log-in page"),
    ("status", {"status": 429}, ("-s", "BACKOFF_TIMES=1", "-s", "BACKOFF_BASE=0.1"), 4, "no room for us"),
]


@pytest.mark.parametrize(("kind", "members", "settings", "code", "words"), FAULTS)
async def test_a_fault_is_told_and_its_pages_are_closed(
    kind: str, members: dict[str, Any], settings: tuple[str, ...], code: int, words: str,
    crawl: Crawl, market: Market, rows: Rows,
) -> None:  # fmt: skip
    market.control.fault(kind, platform="weblancer", **members)
    ended = crawl("weblancer", "-s", "RETRY_TIMES=1", "-s", "BROWSER_WAIT=1", *settings)
    assert ended.returncode == code, ended.stderr
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
    assert await rows("SELECT * FROM projects") == []
    stats = await stats_of(rows)
    assert stats["playwright/page_count"] == stats["playwright/page_count/closed"] >= 1


async def test_a_page_that_failed_is_asked_for_again(crawl: Crawl, market: Market, rows: Rows) -> None:
    market.control.fault("truncated", platform="weblancer", path=r"/freelance/\?page=2", count=1)
    ended = crawl("weblancer", "-a", "mode=full", "-s", "PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT=5000")
    assert ended.returncode == 0, ended.stderr
    assert Counter(asked(market))["/freelance/?page=2"] == 2
    await stored_as_shown(rows, market.control.truth("weblancer"))


@pytest.mark.parametrize(("which", "browsers"), [("browser", 2), ("renderer", 1)])
async def test_a_browser_that_is_killed_is_started_again_and_nothing_is_lost(
    which: str, browsers: int, environment: dict[str, str], database_url: URL, market: Market, rows: Rows
) -> None:
    market.control.fault("slow", platform="weblancer", path=r"/freelance/\?page=2", seconds=60, count=1)
    env = environment | {"DATABASE_URL": database_url.render_as_string(hide_password=False)}
    code, told = crawl_and_kill_the_browser(market, env, which)
    assert code == 0, told
    assert "Traceback" not in told
    assert (await stats_of(rows))["playwright/browser_count"] == browsers
    await stored_as_shown(rows, market.control.truth("weblancer"))


def crawl_and_kill_the_browser(market: Market, env: dict[str, str], which: str) -> tuple[int, str]:
    """Kill it, or what shows its pages, while page 2 is awaited; the exit code of the crawl and its log."""
    crawl = ("crawl", "weblancer", "-a", "mode=full", "-s", f"SANDBOX_URL={market.url}")
    with (
        TemporaryFile("w+") as log,
        subprocess.Popen(
            [sys.executable, "-m", "scrapy.cmdline", *crawl], cwd=ROOT, env=env, stderr=log
        ) as process,
    ):
        try:
            wait_for(lambda: market.control.faults()[0]["hits"] == 1, process)
            below = psutil.Process(process.pid).children(recursive=True)
            browsers = [one for one in below if is_chromium(one)]
            assert ("--no-sandbox" in browsers[0].cmdline()) is (os.geteuid() == 0)
            if which == "renderer":
                browsers = [one for one in browsers if "--type=renderer" in one.cmdline()]
            assert browsers
            for one in browsers:
                with suppress(psutil.NoSuchProcess):
                    one.send_signal(signal.SIGKILL)
            code = process.wait(60)
        finally:
            process.kill()
        log.seek(0)
        return code, log.read()


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert process.poll() is None, "the crawl ended too early"
        assert time.monotonic() < until, "it has not come to that in a minute"
        time.sleep(0.05)


def is_chromium(process: psutil.Process) -> bool:
    try:
        return "chrom" in process.name()
    except psutil.NoSuchProcess:
        return False


async def test_another_platform_can_be_rendered_too(crawl: Crawl, market: Market, rows: Rows) -> None:
    ended = crawl("kwork", "-a", "browser=1", "-a", "mode=full")
    assert ended.returncode == 0, ended.stderr
    truth = market.control.truth("kwork")
    stored = {row["external_id"]: row["title"] for row in await rows("SELECT * FROM projects")}
    assert stored == {one["project"]["external_id"]: one["project"]["title"] for one in truth}
    stats = await stats_of(rows)
    assert stats["playwright/page_count"] == stats["listing/pages"] > 1
    assert stats["playwright/browser_count"] == 1


def test_no_browser_is_one_sentence(crawl: Crawl, tmp_path: Path) -> None:
    nowhere = str(tmp_path)
    ended = crawl("weblancer", "-s", "RETRY_TIMES=0", PATH=nowhere, PLAYWRIGHT_BROWSERS_PATH=nowhere)
    assert ended.returncode == 1
    assert "the browser cannot be started: install Chromium" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_unchanged_page_costs_the_browser_one_conditional_request(crawl: Crawl, market: Market) -> None:
    for _ in range(2):
        ended = crawl("weblancer")
        assert ended.returncode == 0, ended.stderr
    market.control.clear_log()
    ended = crawl("weblancer")
    assert ended.returncode == 0, ended.stderr
    assert asked(market) == ["/robots.txt", SHELL]
    (entry,) = [entry for entry in market.control.log() if entry["path"] == SHELL]
    assert entry["status"] == 304
