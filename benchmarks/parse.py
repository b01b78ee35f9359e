"""Reading a listing page: the whole read of a spider against BeautifulSoup taking four fields of each card.

The page is FL.ru's, which is read more often than any other: a full page of the sandbox market, and a page
saved from the site where one lies beside the project. Our side parses the page, reads every field, normalizes
and checks it; the other side parses it with `html.parser` and takes title, link, price and description as
text. Both sides take turns, and the median of the rounds counts, because a machine is never quiet.
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
from outsource_scraper.spiders.flru import FlruSpider

if TYPE_CHECKING:
    from collections.abc import Callable

    from outsource_scraper.items import Project

URL = "https://www.fl.ru/projects/"
NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
SAVED = Path(__file__).resolve().parents[2] / "shared" / "captures" / "flru"
ROUNDS = 30


def measure() -> list[Figure]:
    """One figure for each page."""
    pages = {"page of the sandbox": _sandbox_page()}
    pages |= {f"saved page {path.stem}": path.read_bytes() for path in sorted(SAVED.glob("*.html"))}
    return [_compare(name, body) for name, body in pages.items()]


def _sandbox_page() -> bytes:
    platform = platforms()["flru"]
    view = Market(7, MarketClock(NOW, frozen=True)).view(platform.profile)
    ask = Ask(method="GET", path="/projects/", query={}, headers={}, body=b"", view=view, find=lambda _: None)
    page = platform.answer(ask)
    if page is None:
        raise RuntimeError("the sandbox has no listing")
    return page.body.encode()


def _compare(name: str, body: bytes) -> Figure:
    spider = FlruSpider()
    titles = [project.title for project in _ours(spider, body)]
    if not titles or titles != [title for title, *_ in _soup(body)]:
        raise RuntimeError(f"both sides do not read the same cards of the {name}")
    ratios, ours = [], []
    for _ in range(ROUNDS):
        ours.append(_seconds(lambda: _ours(spider, body)))
        ratios.append(_seconds(lambda: _soup(body)) / ours[-1])
    return Figure(
        name=f"all fields / four by BeautifulSoup, {name}",
        value=statistics.median(ratios),
        at_least=10,
        note=f"{len(titles)} cards in {statistics.median(ours) * 1000:.1f} ms",
    )


def _ours(spider: FlruSpider, body: bytes) -> list[Project]:
    return spider.read_saved(HtmlResponse(URL, body=body, encoding="utf-8"), now=NOW).projects


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
                price.get_text(strip=True) if price else "",
                description.get_text(strip=True) if description else "",
            )
        )
    return rows


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
