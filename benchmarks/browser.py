"""Rendered pages: against the same spider with a new browser context for every page and everything loaded.

Both sides crawl the sandbox's weblancer to its end, page after page, and take turns. A page is a shell, the
script that fetches its orders as JSON and builds their cards, a stylesheet of 60 kB with a web font, the
pictures of the median page (18 of 1 MB in all), and the script of a tracker, 120 kB, on another host. The
market answers over two links, alike for both sides and for whatever they ask: a domestic one, "Cable" of
WebPageTest (28 ms, 5 Mbit/s), by which pages are commonly measured, and one without any limit of bandwidth,
which shows what is left of the difference in a data centre.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from typing import Any

from benchmarks._report import Figure
from benchmarks._servers import market
from outsource_scraper.sandbox.client import Control

ROUNDS = 3
POSTINGS = 120
"""Some 12 pages of ten."""
LATENCY = 0.028
"""Seconds before an answer."""
KB_A_SECOND = 625
SIZES = {
    r"^/(freelance|api|static/app\.js)": 10,
    r"^/static/app\.css": 58,
    r"^/gtag/": 120,
    r"^/static/picture-": 6 * 59,
}
"""kB by path; of the pictures six at a time share the link, as many as Chromium asks one host for."""


def measure() -> list[Figure]:
    """The ratio of the pages a minute over either link."""
    with market(POSTINGS) as url:
        control = Control(url)
        control.fault("slow", seconds=LATENCY)
        unlimited = _ratio(url, "the same without a limit of bandwidth", None)
        for path, size in SIZES.items():
            control.fault("drip", path=path, seconds=size / KB_A_SECOND)
        return [_ratio(url, "rendered pages / a new context a page, all loaded", 3.0), unlimited]


def _ratio(market: str, name: str, at_least: float | None) -> Figure:
    ours: list[float] = []
    anew: list[float] = []
    for _ in range(ROUNDS):
        anew.append(_pages_a_minute(market, "--every-page-anew"))
        ours.append(_pages_a_minute(market))
    return Figure(
        name=name,
        value=statistics.median(mine / theirs for mine, theirs in zip(ours, anew, strict=True)),
        at_least=at_least,
        note=f"{statistics.median(ours):.0f} against {statistics.median(anew):.0f} pages a minute",
    )


def _pages_a_minute(market: str, *arguments: str) -> float:
    command = [sys.executable, "-m", "benchmarks._render", "--market", market, *arguments]
    ended = subprocess.run(command, stdout=subprocess.PIPE, check=True)  # noqa: S603 - our own
    crawl: dict[str, Any] = json.loads(ended.stdout)
    truth = Control(market).truth("weblancer")
    assert crawl["items"] == len(truth) > POSTINGS / 2
    return float((crawl["pages"] - 1) * 60 / crawl["seconds"])
