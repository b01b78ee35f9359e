"""Parsing a listing page: four fields by the spider's way and by BeautifulSoup, and the spider's whole read.

The page is FL.ru's, which is read more often than any other: a full page of the sandbox market, and a page
saved from the site where one lies beside the project. Both sides parse the page and take title, link, price
and description of every card as text: ours by the spider's own document and XPaths, the other with
`html.parser`. Beside it, without a bound, stands what a crawl really does: every field, normalized and
checked. The sides take turns, and the median of the rounds counts, because a machine is never quiet.
"""

from __future__ import annotations

import statistics
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bs4 import BeautifulSoup
from scrapy.http import HtmlResponse

from benchmarks._report import Figure
from outsource_scraper.sandbox.clock import MarketClock
from outsource_scraper.sandbox.market import Market
from outsource_scraper.sandbox.platforms import Ask, platforms
from outsource_scraper.spiders import flru
from outsource_scraper.spiders.flru import FlruSpider

if TYPE_CHECKING:
    from collections.abc import Callable

    from outsource_scraper.items import Project

URL = "https://www.fl.ru/projects/"
NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
SAVED = Path(__file__).resolve().parents[2] / "shared" / "captures" / "flru"
ROUNDS = 30
PATHS = (flru.TITLE, flru.PRICE, flru.DESCRIPTION)


def measure() -> list[Figure]:
    """One figure for each page."""
    pages = {"page of the sandbox": _sandbox_page()}
    pages |= {f"saved page {path.stem}": path.read_bytes() for path in sorted(SAVED.glob("*.html"))}
    return [figure for name, body in pages.items() for figure in _compare(name, body)]


def _sandbox_page() -> bytes:
    platform = platforms()["flru"]
    view = Market(7, MarketClock(NOW, frozen=True)).view(platform.profile)
    ask = Ask(method="GET", path="/projects/", query={}, headers={}, body=b"", view=view, find=lambda _: None)
    page = platform.answer(ask)
    if page is None:
        raise RuntimeError("the sandbox has no listing")
    return page.body.encode()


def _compare(name: str, body: bytes) -> list[Figure]:
    spider = FlruSpider()
    rows = _four(spider, body)
    if not rows or rows != _soup(body) or len(_all(spider, body)) != len(rows):
        raise RuntimeError(f"the sides do not read the same of the {name}")
    sides = {"four": [], "all": [], "soup": []}  # type: dict[str, list[float]]
    for _ in range(ROUNDS):
        sides["four"].append(_seconds(lambda: _four(spider, body)))
        sides["soup"].append(_seconds(lambda: _soup(body)))
        sides["all"].append(_seconds(lambda: _all(spider, body)))
    four, whole, soup = (statistics.median(sides[side]) for side in ("four", "all", "soup"))
    note = f"{len(rows)} cards in {{:.1f}} ms, BeautifulSoup in {soup * 1000:.1f} ms"
    return [
        Figure(name=f"four fields, {name}", value=soup / four, at_least=10, note=note.format(four * 1000)),
        Figure(name=f"all fields, normalized, {name}", value=soup / whole, note=note.format(whole * 1000)),
    ]


def _all(spider: FlruSpider, body: bytes) -> list[Project]:
    return spider.read_saved(HtmlResponse(URL, body=body, encoding="utf-8"), now=NOW).projects


def _four(spider: FlruSpider, body: bytes) -> list[tuple[str, str, str, str]]:
    page = spider.open_page(HtmlResponse(URL, body=body, encoding="utf-8"), now=NOW)
    rows = []
    for record in spider.records(page):
        card = record.root
        title, price, description = (" ".join(path(card).split()) for path in PATHS)
        rows.append((title, flru.HREF(card), price, description))
    return rows


def _soup(body: bytes) -> list[tuple[str, str, str, str]]:
    page = BeautifulSoup(body, "html.parser", from_encoding="utf-8")
    rows = []
    for card in page.select('div[id^="project-item"]'):
        link = card.select_one('a[id^="prj_name_"]')
        price = card.select_one(".b-post__price")
        description = card.select_one(".b-post__body > .b-post__txt")
        rows.append(
            (
                " ".join(link.get_text().split()) if link else "",
                str(link["href"]) if link else "",
                " ".join(price.get_text().split()) if price else "",
                " ".join(description.get_text().split()) if description else "",
            )
        )
    return rows


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
