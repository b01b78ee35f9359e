"""What a crawl costs that finds nothing new, start to exit, beside Scrapy's own start.

Ours is `scrapy crawl` of a platform of the sandbox market, right after everything has been stored: a listing
page is fetched whole and read, all its projects are known, and the crawl ends. The other side is `scrapy
list` of the project that `scrapy startproject` makes, which has no spider: Python starts, Scrapy is imported,
the settings are read. Both are processes of their own, started alike, and take turns; the median of the
rounds' ratios counts. Processor time, user and system, is that of the process and of all that it has started
and waited for; what the database and the market do for it is theirs. Memory is the largest resident set.

The database is that of `DATABASE_URL`, in a schema that is dropped again; without one an embedded PostgreSQL
is started for the run.
"""

from __future__ import annotations

import asyncio
import os
import re
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import delete

from benchmarks._report import Figure
from benchmarks._servers import market, schema, with_database
from outsource_scraper.config import Config
from outsource_scraper.database.models import PageValidator
from outsource_scraper.database.session import AsyncDatabase

if TYPE_CHECKING:
    from collections.abc import Mapping

ROUNDS = 9
POSTINGS = 120
PLATFORMS = ("flru", "remoteok")
"""A page of HTML and one of JSON."""
AT_MOST = 2.5


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process has cost."""

    cpu: float
    """Seconds."""
    memory: float
    """MB."""


def measure() -> list[Figure]:
    """The ratios of processor time and of memory."""
    with (
        with_database() as environment,
        market(POSTINGS) as market_url,
        schema({**environment, "OUTSOURCE_SANDBOX_URL": market_url}) as env,
    ):
        empty = _empty_project(Path(environment["OUTSOURCE_DATA_DIR"]))
        return [figure for platform in PLATFORMS for figure in _beside(platform, env, empty)]


def _beside(platform: str, environment: Mapping[str, str], empty: Path) -> list[Figure]:
    here = Path.cwd()
    _cost(here, environment, "crawl", platform, "-a", "mode=full")
    ours, theirs = [], []
    for _ in range(ROUNDS):
        cost, _ = _cost(empty, environment, "list")
        theirs.append(cost)
        # Or the market would answer that the page is still the same, and there would be nothing to read.
        asyncio.run(_forget_copies(Config.load(environment)))
        cost, said = _cost(here, environment, "crawl", platform)
        assert re.search(rf"{platform}: ok: 1 pages, 0 details, [1-9]\d* records, 0 new, 0 updated", said), (
            said
        )
        ours.append(cost)
    return [
        _figure(f"crawl {platform}, nothing new / list of an empty project", "cpu", ours, theirs, AT_MOST),
        _figure("  peak memory", "memory", ours, theirs, None),
    ]


async def _forget_copies(config: Config) -> None:
    database = await AsyncDatabase.from_config(config)
    try:
        async with database.session() as session, session.begin():
            await session.execute(delete(PageValidator))
    finally:
        await database.close()


def _figure(name: str, kind: str, ours: list[Cost], theirs: list[Cost], at_most: float | None) -> Figure:
    mine, other = ([getattr(cost, kind) for cost in costs] for costs in (ours, theirs))
    unit = "s of CPU" if kind == "cpu" else "MB"
    digits = 2 if kind == "cpu" else 0
    return Figure(
        name=name,
        value=statistics.median(one / two for one, two in zip(mine, other, strict=True)),
        at_most=at_most,
        note=f"{statistics.median(mine):.{digits}f} against {statistics.median(other):.{digits}f} {unit}",
    )


def _empty_project(folder: Path) -> Path:
    command = [sys.executable, "-m", "scrapy.cmdline", "startproject", "empty"]
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=True)  # noqa: S603 - our own
    return folder / "empty"


def _cost(folder: Path, environment: Mapping[str, str], *arguments: str) -> tuple[Cost, str]:
    process = subprocess.Popen(  # noqa: S603 - our own
        [sys.executable, "-m", "scrapy.cmdline", *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = process.stderr.read()
    # Of this child alone, and of those that it has waited for.
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, said
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024), said
