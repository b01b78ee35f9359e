"""The whole way of a page, from the site into PostgreSQL, against fetching alone; the cost of a second crawl.

The site is the sandbox market on loopback, a process of its own, with 100 pages in the listing and no
delays. Both sides fetch the same pages in the same order with the same settings of Scrapy, one page after the
other as the listing goes on; one of them also parses, normalizes, validates and stores. They take turns, and
the median of the rounds counts. The database is that of `DATABASE_URL`, in schemas that are dropped again;
without one an embedded PostgreSQL is started for the run.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import uuid
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.schema import DropSchema

from benchmarks._report import Figure
from outsource_scraper.config import Config
from outsource_scraper.database.embedded import EmbeddedPostgres
from outsource_scraper.database.session import AsyncDatabase
from outsource_scraper.sandbox.client import Control

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = 5
FLRU_POSTINGS = 2985
"""100 pages of 30; some closed ones linger on them."""
WISHKET_POSTINGS = 1000
"""100 pages of 10, each with a detail page."""


def measure() -> list[Figure]:
    """The ratio of the pages a second, and the requests of a crawl that finds nothing new."""
    with tempfile.TemporaryDirectory(prefix="benchmark_") as folder, ExitStack() as servers:
        # The embedded server does not run as root and must be able to enter.
        Path(folder).chmod(0o755)
        environment = {**os.environ, "OUTSOURCE_DATA_DIR": folder}
        if Config.load(environment).async_db_url is None:
            url = servers.enter_context(EmbeddedPostgres(Path(folder))).start()
            environment["DATABASE_URL"] = url.render_as_string(hide_password=False)
        return [_whole_way(environment), *_nothing_new(environment)]


def _whole_way(environment: dict[str, str]) -> Figure:
    with market(FLRU_POSTINGS) as url:
        with schema(environment) as env:
            pages = _pages_a_second(url, env)[0]  # the market builds its pages once
        whole, bare = [], []
        for _ in range(ROUNDS):
            fetched, rate = _pages_a_second(url, environment, "--bare", str(pages))
            assert fetched == pages
            bare.append(rate)
            with schema(environment) as env:
                whole.append(_pages_a_second(url, env)[1])
    return Figure(
        name=f"whole way of {pages} pages / fetching alone",
        value=statistics.median(ours / theirs for ours, theirs in zip(whole, bare, strict=True)),
        at_least=0.5,
        note=f"{statistics.median(whole):.0f} against {statistics.median(bare):.0f} pages a second",
    )


def _nothing_new(environment: dict[str, str]) -> list[Figure]:
    with market(WISHKET_POSTINGS) as url, schema(environment) as env:
        control = Control(url)
        _crawl_wishket(url, env, "-a", "mode=full")
        first = _requests(control)
        control.clear_log()
        _crawl_wishket(url, env)
        second = _requests(control)
    note = f"the first crawl: {first[0]} and {first[1]}"
    names = ("listing requests where nothing is new", "detail requests where nothing is new")
    return [
        Figure(name=name, value=count, unit="", at_least=wanted, at_most=wanted, note=note)
        for name, count, wanted in zip(names, second, (1, 0), strict=True)
    ]


@contextmanager
def market(postings: int) -> Iterator[str]:
    """A sandbox market whose time stands still; gives its URL."""
    command = [
        *(sys.executable, "-m", "outsource_scraper.sandbox", "--frozen"),
        *("--size", str(postings), "--clock", "2026-10-05T12:30:00Z"),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()


@contextmanager
def schema(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """`environment` with an empty schema of the database."""
    given = environment | {"DB_SCHEMA": f"benchmark_{uuid.uuid4().hex[:8]}"}
    try:
        yield given
    finally:
        asyncio.run(_drop(Config.load(given)))


async def _drop(config: Config) -> None:
    database = await AsyncDatabase.from_config(config)
    try:
        async with database.engine.begin() as connection:
            await connection.execute(DropSchema(config.db_schema, cascade=True, if_exists=True))
    finally:
        await database.close()


def _pages_a_second(market_url: str, environment: dict[str, str], *arguments: str) -> tuple[int, float]:
    command = [sys.executable, "-m", "benchmarks._whole", "--market", market_url, *arguments]
    ended = subprocess.run(command, stdout=subprocess.PIPE, env=environment, check=True)  # noqa: S603 - our own
    crawl: dict[str, Any] = json.loads(ended.stdout)
    if "--bare" not in arguments:
        assert crawl["stored"] == len(Control(market_url).truth("flru"))
    return crawl["pages"], (crawl["pages"] - 1) / crawl["seconds"]


def _crawl_wishket(market_url: str, environment: dict[str, str], *arguments: str) -> None:
    command = [
        *(sys.executable, "-m", "scrapy.cmdline", "crawl", "wishket"),
        *("-s", f"SANDBOX_URL={market_url}", "-s", "LOG_LEVEL=WARNING", *arguments),
    ]
    subprocess.run(command, env=environment, check=True)  # noqa: S603 - our own


def _requests(control: Control) -> tuple[int, int]:
    """How many listing pages and how many detail pages were asked for."""
    paths = [entry["path"] for entry in control.log() if entry["path"] != "/robots.txt"]
    listing = sum(path.startswith("/project/?") for path in paths)
    return listing, len(paths) - listing
