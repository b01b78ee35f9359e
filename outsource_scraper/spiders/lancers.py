"""Lancers (ランサーズ), a Japanese marketplace of freelance work, in Japanese.

Domain: projects (プロジェクト), tasks that anybody may do (タスク) and contests (コンペ) of every trade. A
page of the search has 30 cards and advertisements among them. A work's page is
https://www.lancers.jp/work/detail/<id>.

Caveats:
    - A card tells when the work closes ("あと4日", "あと23時間") but not when it was posted.
    - Cards that lead elsewhere are advertisements, mostly of agencies, and are left out.
    - The labels of a card (NEW, 急募) stand inside of the link that is the title.
    - The description is its beginning.
    - "当選者数" counts the winners and "募集人数" those wanted; neither says how many applied. Only contests
      count what was handed in ("提案"), as public scrapers tell.
    - The pager was never seen: a page that links to a later one or is full is taken to go on, and what such
      a listing leaves out is not taken to be gone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from outsource_scraper.items import Project, Status
from outsource_scraper.normalize.dates import parse_deadline
from outsource_scraper.normalize.money import parse_amount, parse_budget
from outsource_scraper.normalize.text import fold
from outsource_scraper.spiders._base import ListingSpider, Page, required
from outsource_scraper.spiders._html import count_in, shown, text_of, texts_of
from outsource_scraper.spiders._platform import Access, Platform

if TYPE_CHECKING:
    from decimal import Decimal

    from scrapy.selector import Selector

PAGE_SIZE = 30
MOST_STARS = 5

_WORK = re.compile(r"(?:\bgoToLjpWorkDetail\(|/work/detail/)(\d+)")
_PAGE = re.compile(r"[?&]page=(\d{1,6})\b")
_LABELLED = re.compile(r"([^\d\s/]{1,40}+) ?(\d[\d,.]*)")
_STATUS = {"募集中": Status.OPEN, "募集終了": Status.CLOSED}


class LancersSpider(ListingSpider):
    """Cards of https://www.lancers.jp/work/search."""

    name = "lancers"
    allowed_domains = ("lancers.jp",)
    platform = Platform(
        title="Lancers",
        home="https://www.lancers.jp/",
        country="JP",
        languages=("ja",),
        currency="JPY",
        timezone="Asia/Tokyo",
        access=Access.PUBLIC_PAGES,
        robots="does not disallow /work/search (a public scraper's notes of 2026-04-28)",
        terms="art. 33 does not name reading by program, but forbids high load and commercial use of copies"
        " (a public scraper's notes of 2026-04-28)",
        evidence="two search cards captured in 2026-09",
        delay=5.0,
    )
    searches = True
    whole_listing = False
    cards = "div.p-search-job-media"

    def listing_url(self, number: int) -> str:
        """Page `number` of the open works, the last begun first."""
        parameters = {"open": "1", "show_description": "1", "sort": "started", "page": str(number)}
        if self.args.query is not None:
            parameters["keyword"] = self.args.query
        return f"https://www.lancers.jp/work/search?{urlencode(parameters)}"

    def has_next(self, page: Page) -> bool:
        """Whether the page links to a later page or is full."""
        links = page.document.css('a[href*="page="]::attr(href)').getall()
        if any(int(number) > page.number for link in links for number in _PAGE.findall(link)):
            return True
        return len(page.document.css(self.cards)) >= PAGE_SIZE

    def read(self, record: Selector, page: Page) -> Project | None:
        """One card; None where it is an advertisement."""
        link = record.css("a.p-search-job-media__title")
        work = _WORK.search(f"{record.attrib.get('onclick', '')} {link.attrib.get('href', '')}")
        if work is None:
            return None
        budget = parse_budget(text_of(record, ".p-search-job-media__price"), currency=self.platform.currency)
        divisions = texts_of(record, ".p-search-job__division")
        numbers = labelled(texts_of(record, ".p-search-job-media__proposals, .c-avatar__subnote"))
        metadata = {
            "kind": text_of(record, ".c-badge__text"),
            "industry": divisions[1] if len(divisions) > 1 else None,
            # NEW goes away by itself, and no project changes by that.
            "labels": texts_of(record, ".p-search-job-media__tag:not(.p-search-job-media__tag--new)"),
            "features": texts_of(record, ".p-search-job-media__tag-list"),
            "winners": count_in(numbers.get("当選者数")),
            "winners_wanted": count_in(numbers.get("募集人数")),
            "client_orders": count_in(numbers.get("発注")),
        }
        return Project(
            platform=self.name,
            external_id=work[1],
            url=f"https://www.lancers.jp/work/detail/{work[1]}",
            title=required(fold("".join(link.xpath(".//text()[not(ancestor::ul)]").getall())), "title"),
            description=text_of(record, ".js-job-show-description"),
            category=divisions[0] if divisions else None,
            budget_min=budget.minimum,
            budget_max=budget.maximum,
            currency=budget.currency,
            payment_type=budget.payment_type,
            language=self.platform.language,
            deadline_at=parse_deadline(
                text_of(record, ".p-search-job-media__time-remaining"), now=page.now, tz=self.platform.tz
            ),
            status=_STATUS.get(text_of(record, ".p-search-job-media__time-text") or "", Status.UNKNOWN),
            bids_count=count_in(numbers.get("提案") or numbers.get("提案数")),
            client_name=text_of(record, ".c-avatar__note"),
            client_rating=rating(numbers.get("評価")),
            client_verified=bool(record.css(".p-search-job-media__avatar-badge.is-verified")) or None,
            project_metadata=shown(metadata),
        )


def labelled(texts: list[str]) -> dict[str, str]:
    """Every number by the word before it: "発注 7" and "当選者数 0 人" are {"発注": "7", "当選者数": "0"}."""
    return dict(pair for text in texts for pair in _LABELLED.findall(text))


def rating(stated: str | None) -> Decimal | None:
    """A rating such as "3.6" on the scale of 0 to 5; 0 is a client without reviews."""
    stars = parse_amount(stated)
    return stars if stars is not None and stars <= MOST_STARS else None
