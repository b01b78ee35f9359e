"""Commands are run as a person runs them: a process of their own in the project's folder."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL

from tests.conftest import Market, fetch

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
        return await fetch(database_url, statement)

    return ask
