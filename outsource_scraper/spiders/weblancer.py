"""Weblancer: orders of a Russian-language exchange, from its pages as a browser shows them.

Domain: https://www.weblancer.net/freelance/?page=N, newest first; the page is empty until its scripts have
run. An order is an `article`; its link ends in its id: /freelance/<category>-<number>/<words>-<id>/. The line
below the text tells the day ("10.07.2026"), the bids ("17 заявок") and the views ("104 просмотра").

Caveats:
- The day is all that is told of the time, and no zone is named; it is taken as a day in Kyiv, where the
  exchange comes from.
- A price stands beside the title, and only where the client names one. It is for the whole order.
- An order may bear several labels of the exchange's own; the first is its category.
- The saved page was cut below its cards. That a further page is linked as `?page=N` was not seen, so a
  listing that ends proves nothing about what was not in it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from outsource_scraper.items import PaymentType, Project, Status
from outsource_scraper.normalize.dates import parse_datetime
from outsource_scraper.normalize.money import parse_budget
from outsource_scraper.spiders._base import ListingSpider, Page, required
from outsource_scraper.spiders._html import count_in, shown, text_of, texts_of
from outsource_scraper.spiders._platform import Access, Platform

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scrapy.selector import Selector

_ID = re.compile(r"-(\d{5,})/?$")


class WeblancerSpider(ListingSpider):
    """Orders on Weblancer."""

    name = "weblancer"
    platform = Platform(
        title="Weblancer",
        home="https://www.weblancer.net/freelance/",
        country="UA",
        languages=("ru", "uk"),
        currency=None,
        timezone="Europe/Kyiv",
        access=Access.RENDERED_PAGES,
        robots="none found (public scrapers, read 2026-11)",
        terms="none found (public scrapers, read 2026-11)",
        evidence="rendered listing saved on 2026-07-10",
    )
    allowed_domains = ("weblancer.net",)
    browser = True
    browser_wait = "article h2 a"
    whole_listing = False
    cards = "article.bg-white"

    def listing_url(self, number: int) -> str:
        """Page `number` of all orders."""
        return "https://www.weblancer.net/freelance/" + (f"?page={number}" if number > 1 else "")

    def has_next(self, page: Page) -> bool:
        """Whether anything links to the page behind this one."""
        wanted = re.compile(rf"[?&]page={page.number + 1}(?:&|$)")
        return any(wanted.search(link) for link in page.document.css("a::attr(href)").getall())

    def read(self, record: Selector, page: Page) -> Project | None:
        """One card; None for a card without a heading, which is no order."""
        heading = record.css("h2")
        if not heading:
            return None
        link = (heading.css("a::attr(href)").get() or "").partition("?")[0]
        found = _ID.search(link)
        budget = parse_budget(text_of(record, "h2 + span"))
        has_amount = budget.minimum is not None or budget.maximum is not None
        labels = texts_of(record, 'a[href^="/freelance/"].rounded-full')
        facts = texts_of(record, "svg + span")
        return Project(
            platform=self.name,
            external_id=required(found and found[1], "id in its link"),
            url=page.urljoin(link),
            title=required(text_of(record, "h2"), "title"),
            description=text_of(record, "p"),
            category=labels[0] if labels else None,
            budget_min=budget.minimum,
            budget_max=budget.maximum,
            currency=budget.currency,
            payment_type=budget.payment_type or (PaymentType.FIXED if has_amount else None),
            posted_at=parse_datetime(facts[0] if facts else None, now=page.now, tz=self.platform.tz),
            status=Status.OPEN,
            bids_count=number_of("заяв", facts),
            views_count=number_of("просмотр", facts),
            project_metadata=shown({"labels": labels[1:]}),
        )


def number_of(word: str, facts: Iterable[str]) -> int | None:
    """The number in the first of `facts` that holds `word`; None where none does."""
    return next((count_in(fact) for fact in facts if word in fact.casefold()), None)
