"""Commands are run as a person runs them: a process of their own in the project's folder."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import URL

from outsource_scraper.sandbox.client import Control

ROOT = Path(__file__).parent.parent.parent

Scrapy = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of a command: nothing of the caller's settings, a data folder of its own."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "OUTSOURCE_DATA_DIR": str(tmp_path / "data"),
        "COLUMNS": "80",
        "OUTSOURCE_CONTACT": "tests@example.org",
    }


@pytest.fixture
def scrapy(environment: dict[str, str]) -> Scrapy:
    """`scrapy COMMAND ARGS`."""

    def run(*arguments: str, env: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "scrapy.cmdline", *arguments],
            cwd=ROOT,
            env={**environment, **(env or {})},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@dataclass
class Market:
    """A sandbox market in a process of its own."""

    url: str
    control: Control


@pytest.fixture(scope="session")
def market_process() -> Iterator[Market]:
    now = datetime.now(UTC).replace(second=0, microsecond=0).isoformat()
    command = [sys.executable, "-m", "outsource_scraper.sandbox", "--size", "30", "--frozen", "--clock", now]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            yield Market(url, Control(url))
        finally:
            process.terminate()


@pytest.fixture
def market(market_process: Market) -> Iterator[Market]:
    """About thirty open postings on each platform, at a time that stands still; without faults at first."""
    start = datetime.fromisoformat(market_process.control.state()["now"])
    market_process.control.clear_faults()
    market_process.control.clear_log()
    yield market_process
    market_process.control.clear_faults()
    market_process.control.move_to(start)


Crawl = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def crawl(scrapy: Scrapy, market: Market, database_url: URL) -> Crawl:
    """`scrapy crawl PLATFORM ARGS` against the market and into a database of its own."""

    def run(platform: str, *arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
        url = database_url.render_as_string(hide_password=False)
        return scrapy(
            *("crawl", platform, "-s", f"SANDBOX_URL={market.url}", "-s", "BACKOFF_BASE=0.05", *arguments),
            env={"DATABASE_URL": url, **env},
        )

    return run


@pytest.fixture
def rows(database_url: URL) -> Callable[[str], Any]:
    """Ask the database, in SQL."""

    async def ask(statement: str) -> list[dict[str, Any]]:
        connection = await asyncpg.connect(
            host=database_url.query["host"], port=5432, user="postgres", database=database_url.database
        )
        try:
            return [dict(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    return ask
