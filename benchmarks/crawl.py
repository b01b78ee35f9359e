"""The whole way of a page, from the site into PostgreSQL, against fetching alone; the cost of a second crawl.

The site is the sandbox market on loopback, a process of its own for each platform, without delays. Every
platform is crawled that it serves over plain HTTP, with the listing and the detail pages that the platform's
spider asks for when it reads everything. The other side is a bare spider of Scrapy: it asks for the same
pages in the same order, each when the page is there that names it, as many at a time, and does nothing with
the answers. All its other settings are Scrapy's defaults. A third asks for them with our settings and
middlewares, which fetch faster than the defaults: what the whole way reaches beside that is told too. They
take turns. For a platform the median of the rounds' ratios counts; for all pages together, a round is the sum
of all platforms' times.

The database is that of `DATABASE_URL`, in schemas that are dropped again; without one an embedded PostgreSQL
is started for the run.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks._report import Figure
from benchmarks._servers import market, schema, with_database
from outsource_scraper.sandbox.client import Control
from outsource_scraper.sandbox.platforms import platforms

ROUNDS = 3
POSTINGS = 900
"""Open on each platform. The market keeps a thousand pages ready; making more would be measured too."""
NOTHING_NEW_POSTINGS = 1100
"""Over 100 pages of 10, each with a detail page."""
RENDERED = {"weblancer"}
"""Measured by the browser benchmark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crawls:
    """What the rounds of one platform took, in seconds."""

    platform: str
    pages: int
    whole: list[float]
    bare: list[float]
    fetching: list[float]
    """With our own settings."""


def measure() -> list[Figure]:
    """The ratios of the pages a second, and the requests of a crawl that finds nothing new."""
    with with_database() as environment:
        asked = Path(environment["OUTSOURCE_DATA_DIR"]) / "asked.json"
        crawls = [_crawls(name, asked, environment) for name in sorted(platforms().keys() - RENDERED)]
        return [*_together(crawls), *map(_alone, crawls), *_nothing_new(environment)]


def _crawls(platform: str, asked: Path, environment: dict[str, str]) -> Crawls:
    whole, bare, fetching = [], [], []
    with market(POSTINGS) as url:
        # Notes what is asked for; and the market makes its pages once.
        with schema(environment) as env:
            pages = _crawl(platform, url, env, "--note", str(asked))["pages"]
        stored = len(Control(url).truth(platform))
        for _ in range(ROUNDS):
            fetched = _crawl(platform, url, environment, "--fetch", str(asked), "--plain")
            by_ours = _crawl(platform, url, environment, "--fetch", str(asked))
            with schema(environment) as env:
                crawled = _crawl(platform, url, env)
            assert fetched["pages"] == by_ours["pages"] == crawled["pages"] == pages
            assert crawled["stored"] == stored
            bare.append(fetched["seconds"])
            fetching.append(by_ours["seconds"])
            whole.append(crawled["seconds"])
    return Crawls(platform=platform, pages=pages, whole=whole, bare=bare, fetching=fetching)


def _together(crawls: list[Crawls]) -> list[Figure]:
    pages = sum(crawl.pages for crawl in crawls)
    whole, bare, fetching = (
        [sum(times) for times in zip(*(getattr(crawl, side) for crawl in crawls), strict=True)]
        for side in ("whole", "bare", "fetching")
    )
    name = f"whole way of {len(crawls)} platforms"
    return [
        _figure(f"{name} / a bare spider", pages, whole, bare, at_least=0.5),
        _figure(f"{name} / fetching with our settings", pages, whole, fetching),
    ]


def _alone(crawls: Crawls) -> Figure:
    return _figure(f"  {crawls.platform}", crawls.pages, crawls.whole, crawls.bare)


def _figure(
    name: str, pages: int, whole: list[float], bare: list[float], *, at_least: float | None = None
) -> Figure:
    ours, theirs = (pages / statistics.median(seconds) for seconds in (whole, bare))
    return Figure(
        name=name,
        value=statistics.median(fetched / crawled for crawled, fetched in zip(whole, bare, strict=True)),
        at_least=at_least,
        note=f"{pages} pages, {ours:.0f} against {theirs:.0f} a second",
    )


def _nothing_new(environment: dict[str, str]) -> list[Figure]:
    with market(NOTHING_NEW_POSTINGS) as url, schema(environment) as env:
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


def _crawl(platform: str, market_url: str, environment: dict[str, str], *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks._whole", platform, "--market", market_url, *arguments]
    ended = subprocess.run(command, stdout=subprocess.PIPE, env=environment, check=True)  # noqa: S603 - our own
    crawl: dict[str, Any] = json.loads(ended.stdout)
    return crawl


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
