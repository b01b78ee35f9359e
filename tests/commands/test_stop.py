"""A crawl that is told to stop: by SIGTERM, as every container engine and every service manager does."""

import asyncio
import inspect
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import URL

from outsource_scraper.database.session import MIGRATION_LOCK
from tests.commands.conftest import ROOT, Market

Rows = Callable[[str], Awaitable[list[dict[str, Any]]]]
Start = Callable[..., Any]

GRACE = 10
"""Seconds that `docker stop` leaves."""


@pytest.fixture
def start(environment: dict[str, str], market: Market, database_url: URL) -> Start:
    """Start `scrapy crawl` against the market; its standard error is a pipe."""

    @contextmanager
    def started(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
        url = database_url.render_as_string(hide_password=False)
        with subprocess.Popen(
            [
                *(sys.executable, "-m", "scrapy.cmdline", "crawl"),
                *arguments,
                "-s",
                f"SANDBOX_URL={market.url}",
            ],
            cwd=ROOT,
            env={**environment, "DATABASE_URL": url},
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    return started


async def until(happened: Callable[[], Any]) -> None:
    """Wait for something that a process does; a limit keeps a broken one from hanging the tests."""
    for _ in range(600):
        found = happened()
        if await found if inspect.isawaitable(found) else found:
            return
        await asyncio.sleep(0.05)
    pytest.fail("it has not happened within 30 seconds")


async def stopped(process: "subprocess.Popen[str]") -> str:
    """Wait for the end of a process that was told to stop; returns what it has logged."""
    _, log = await asyncio.to_thread(process.communicate, timeout=GRACE)
    return str(log)


def only_child(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text())


def asked(market: Market) -> list[str]:
    return [entry["path"] for entry in market.control.log() if entry["path"] != "/robots.txt"]


async def test_what_waits_for_its_turn_is_not_waited_for(start: Start, market: Market, rows: Rows) -> None:
    """A polite crawl of details: up to four wait in the downloader, here a minute each."""
    slow = ("-s", "DOWNLOAD_DELAY=60", "-s", "ROBOTSTXT_OBEY=False")
    with start("guru", "-a", "mode=full", *slow) as process:
        await until(lambda: asked(market) == ["/d/jobs/"])
        await asyncio.sleep(1)  # until the page is read and its details wait
        process.send_signal(signal.SIGTERM)
        log = await stopped(process)
    assert process.returncode == 5, log
    assert "requests that waited for their turn are dropped" in log
    assert asked(market) == ["/d/jobs/"]
    (run,) = await rows("SELECT verdict, reason FROM crawl_runs")
    # What was never sent is no failure of the platform's.
    assert (run["verdict"], run["reason"]) == ("partial", "the crawl was cut off (shutdown)")


async def test_a_site_that_had_no_room_is_not_waited_for(start: Start, market: Market, rows: Rows) -> None:
    market.control.fault("status", platform="flru", status=503, retry_after=200)
    with start("flru") as process:
        await until(lambda: len(asked(market)) == 1)
        await asyncio.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        log = await stopped(process)
    assert "nothing is asked of it for 200.0 s" in log
    assert process.returncode == 5, log
    assert [run["verdict"] for run in await rows("SELECT verdict FROM crawl_runs")] == ["partial"]


SLOW_END = """
CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(2); RETURN NEW; END';
CREATE TRIGGER slow_end BEFORE UPDATE ON crawl_runs FOR EACH ROW WHEN (NEW.finished_at IS NOT NULL)
EXECUTE FUNCTION dawdle()
"""
IS_ENDING = "SELECT true FROM pg_stat_activity WHERE wait_event = 'PgSleep'"


async def test_a_crawl_that_is_closing_is_closed_to_the_end(
    start: Start, database_url: URL, rows: Rows
) -> None:
    with start("remoteok", "-a", "max_pages=1") as process:  # makes the tables
        process.communicate()
    connection = await asyncpg.connect(
        host=database_url.query["host"], port=5432, user="postgres", database=database_url.database
    )
    try:
        await connection.execute(SLOW_END)
        with start("flru", "-a", "mode=full") as process:
            await until(lambda: connection.fetchval(IS_ENDING))
            process.send_signal(signal.SIGTERM)
            log = await stopped(process)
    finally:
        await connection.close()
    assert "shutting down gracefully" in log
    assert process.returncode == 0, log
    (run,) = await rows("SELECT verdict FROM crawl_runs WHERE platform = 'flru'")
    assert run["verdict"] == "ok"


async def test_stopped_twice_ends_at_once_and_everything_scraped_is_stored(
    start: Start, market: Market, rows: Rows, tmp_path: Path
) -> None:
    """The answer that the crawl waits for would come too late for anybody."""
    market.control.fault("slow", platform="flru", path="page-2", seconds=60.0)
    scraped = tmp_path / "scraped.jsonl"
    with start("flru", "-a", "mode=full", "-O", str(scraped)) as process:
        await until(lambda: scraped.exists() and scraped.read_text())
        process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.5)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        log = await stopped(process)
    assert process.returncode == 1, log
    ids = {json.loads(line)["external_id"] for line in scraped.read_text().splitlines()}
    stored = {row["external_id"] for row in await rows("SELECT external_id FROM projects")}
    assert ids
    assert ids <= stored


TRIES_FOR_THE_LOCK = """
SELECT true FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%pg_try_advisory_lock%'
"""


async def test_the_first_process_of_a_container_is_stopped_where_scrapy_takes_no_signals(
    environment: dict[str, str], database_url: URL
) -> None:
    """The kernel gives process 1 no default action for SIGTERM; `migrate` waits for another one here."""
    if os.geteuid() != 0:
        pytest.skip("a process is made the first of its kind by root alone")
    url = database_url.render_as_string(hide_password=False)
    connection = await asyncpg.connect(
        host=database_url.query["host"], port=5432, user="postgres", database=database_url.database
    )
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
        namespace = ("unshare", "--pid", "--fork", "--kill-child")
        process = subprocess.Popen(  # noqa: ASYNC220 - returns at once
            [*namespace, sys.executable, "-m", "scrapy.cmdline", "migrate"],
            cwd=ROOT,
            env={**environment, "DATABASE_URL": url},
        )
        with process:
            await until(lambda: connection.fetchval(TRIES_FOR_THE_LOCK))
            os.kill(only_child(process.pid), signal.SIGTERM)
            try:
                await asyncio.to_thread(process.wait, GRACE)
            finally:
                process.kill()
    finally:
        await connection.close()
    assert process.returncode == 128 + signal.SIGTERM
