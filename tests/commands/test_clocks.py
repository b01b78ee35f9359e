"""Two machines on one database, the clock of one a minute ahead and that of the other a minute behind."""

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL

from tests.commands.conftest import Crawl, Market, Scrapy
from tests.conftest import need

Rows = Callable[[str], Awaitable[list[dict[str, Any]]]]
Machines = dict[str, dict[str, str]]
SECONDS = 60


@pytest.fixture(scope="module")
def machines() -> Machines:
    """By `ahead` and `behind`, the environment in which a process has that clock: libfaketime's."""
    program = shutil.which("faketime")
    need(program, "faketime is missing: apt-get install faketime")

    def environment(offset: int) -> dict[str, str]:
        # Only what o'clock it is: how time passes is no matter of a clock that is wrong.
        command = [str(program), "-m", "--exclude-monotonic", "-f", f"{offset:+}s", "env"]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found = dict(re.findall(r"^(LD_PRELOAD|\w*FAKETIME\w*)=(.*)$", told, re.MULTILINE))
        assert found["FAKETIME"] == f"{offset:+}s"
        return found

    return {"ahead": environment(SECONDS), "behind": environment(-SECONDS)}


def off(log: str) -> float:
    """By how many seconds the clock is off that the end of a log was written by."""
    times = re.findall(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) \[", log, re.MULTILINE)
    ended = datetime.fromisoformat(times[-1]).replace(tzinfo=UTC)
    return (ended - datetime.now(UTC)).total_seconds()


@pytest.mark.parametrize(("first", "second"), [("ahead", "behind"), ("behind", "ahead")])
async def test_one_after_the_other(
    first: str,
    second: str,
    machines: Machines,
    crawl: Crawl,
    scrapy: Scrapy,
    market: Market,
    rows: Rows,
    database_url: URL,
) -> None:
    """What is due, and what became of every project, is as if both had the same clock."""
    before = {one["project"]["external_id"] for one in market.control.truth("flru")}
    ended = crawl("flru", "-a", "mode=full", **machines[first])
    assert ended.returncode == 0, ended.stderr
    assert abs(off(ended.stderr) - (SECONDS if first == "ahead" else -SECONDS)) < SECONDS / 2
    env = {"DATABASE_URL": database_url.render_as_string(hide_password=False), **machines[second]}
    due = scrapy("crawlall", "--due", "flru", "-s", f"SANDBOX_URL={market.url}", env=env)
    assert due.stdout.startswith("0 of 1 platforms were due; next is flru at "), due.stdout + due.stderr
    # Ten minutes are the interval of the platform.
    await rows("UPDATE crawl_runs SET started_at = now() - interval '9 minutes 45 seconds'")
    due = scrapy("crawlall", "--due", "flru", "-s", f"SANDBOX_URL={market.url}", env=env)
    assert due.stdout.startswith("0 of 1 platforms were due"), "by the database's clock it is early"
    market.control.advance(timedelta(hours=12))
    after = {one["project"]["external_id"] for one in market.control.truth("flru")}
    ended = crawl("flru", "-a", "mode=full", **machines[second])
    assert ended.returncode == 0, ended.stderr
    assert abs(off(ended.stderr) - (SECONDS if second == "ahead" else -SECONDS)) < SECONDS / 2
    run = (await rows("SELECT * FROM crawl_runs ORDER BY id"))[-1]
    assert (run["new"], run["closed"] > 0) == (len(after - before), bool(before - after))
    assert before - after
    assert after - before
    stored = {row["external_id"] for row in await rows("SELECT external_id FROM projects")}
    assert stored == before | after
    open_now = await rows("SELECT external_id FROM projects WHERE closed_at IS NULL")
    assert {row["external_id"] for row in open_now} <= after
    # No time is in the future, and none of the second crawl is older than one of the first.
    assert (
        await rows(
            "SELECT external_id FROM projects"
            " WHERE greatest(first_seen_at, last_seen_at, changed_at, closed_at) > clock_timestamp()"
            " OR last_seen_at < first_seen_at OR closed_at < first_seen_at"
        )
        == []
    )
    assert (
        await rows(
            "SELECT 1 FROM project_changes AS old, project_changes AS late"
            " WHERE old.run_id < late.run_id AND old.changed_at >= late.changed_at"
        )
        == []
    )
    states = json.loads(scrapy("health", "--json", env=env).stdout)
    assert [state["well"] for state in states if state["platform"] == "flru"] == [True]


@pytest.mark.parametrize(("first", "second"), [("ahead", "behind"), ("behind", "ahead")])
async def test_at_the_same_time(
    first: str, second: str, machines: Machines, crawl: Crawl, market: Market, rows: Rows
) -> None:
    """A crawl that is under way is not taken for a dead one by the other machine's clock."""
    assert crawl("remoteok").returncode == 0, "the tables are there"
    market.control.fault("slow", platform="flru", path="page-2", seconds=8.0)
    working = asyncio.create_task(asyncio.to_thread(crawl, "flru", "-a", "mode=full", **machines[first]))
    while not await rows("SELECT 1 FROM projects WHERE platform = 'flru'"):
        assert not working.done(), working.result().stderr
        await asyncio.sleep(0.1)
    busy = await asyncio.to_thread(crawl, "flru", **machines[second])
    assert busy.returncode == 7, busy.stderr
    assert "another crawl of flru is under way" in busy.stderr
    ended = await working
    assert ended.returncode == 0, ended.stderr
    runs = await rows("SELECT verdict FROM crawl_runs WHERE platform = 'flru' ORDER BY id")
    assert [run["verdict"] for run in runs] == ["ok", "busy"]


@pytest.mark.parametrize("jump", ["+3d", "-3d"])
async def test_a_clock_that_jumps_in_the_middle_of_a_crawl(
    jump: str, machines: Machines, crawl: Crawl, market: Market, rows: Rows, tmp_path: Path
) -> None:
    """No time is off by it: neither what is counted from the ages on a page, nor when something was seen."""
    assert crawl("remoteok").returncode == 0, "the tables are there"
    clock = tmp_path / "clock"
    clock.write_text("+0\n")
    preload = {name: value for name, value in machines["ahead"].items() if name != "FAKETIME"}
    env = preload | {"FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1"}
    market.control.fault("slow", platform="flru", path="page-2", seconds=4.0)
    working = asyncio.create_task(asyncio.to_thread(crawl, "flru", "-a", "mode=full", **env))
    while not await rows("SELECT 1 FROM projects WHERE platform = 'flru'"):
        assert not working.done(), working.result().stderr
        await asyncio.sleep(0.1)
    clock.write_text(f"{jump}\n")
    ended = await working
    assert ended.returncode == 0, ended.stderr
    days = 3 if jump == "+3d" else -3
    assert abs(off(ended.stderr) / 86400 - days) < 0.1, "the clock of the crawl was set"
    stored = {row["external_id"]: row for row in await rows("SELECT * FROM projects WHERE platform = 'flru'")}
    truth = market.control.truth("flru")
    assert stored.keys() == {one["project"]["external_id"] for one in truth}
    for one in truth:
        row = stored[one["project"]["external_id"]]
        wanted = datetime.fromisoformat(one["project"]["posted_at"])
        assert abs((row["posted_at"] - wanted).total_seconds()) <= one["precision"].get("posted_at", 0)
    wrong = (
        "SELECT 1 FROM projects WHERE least(first_seen_at, last_seen_at) < now() - interval '1 hour'"
        " OR greatest(first_seen_at, last_seen_at) > clock_timestamp() OR last_seen_at < first_seen_at"
    )
    assert await rows(wrong) == []
    (run,) = await rows("SELECT * FROM crawl_runs WHERE platform = 'flru'")
    assert timedelta() < run["finished_at"] - run["started_at"] < timedelta(minutes=5)
