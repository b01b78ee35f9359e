"""Coconala (ココナラ), a Japanese marketplace of skills, in Japanese: what clients ask for (公開依頼).

Domain: https://coconala.com/requests, 40 tiles a page. A request's page is
https://coconala.com/requests/<id>; offers of monthly contracts among them are said to stand at
https://coconala.com/job_matching/outsources/<id> (a public reader's notes of 2026-09).

Caveats:
    - Amounts are short for Japanese readers ("5千" is 5,000, "1万" is 10,000), and many clients ask for an
      estimate instead ("見積り希望").
    - A tile shows the age of a request; the exact Japanese time stands in the `title` of that text.
    - A request may be filled and closed ("募集終了") while it is listed.
    - `recruiting` leaves closed requests out and `sort=new` puts the newest first; both are known from public
      scrapers.
    - The pager was never seen: a page whose link to the next one is not disabled or that is full is taken to
      go on, and what such a listing leaves out is not taken to be gone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urljoin

from outsource_scraper.errors import RecordError
from outsource_scraper.items import PaymentType, Project, Status
from outsource_scraper.normalize.dates import parse_datetime, parse_deadline
from outsource_scraper.normalize.money import parse_budget
from outsource_scraper.spiders._base import ListingSpider, Page, required
from outsource_scraper.spiders._html import count_in, text_of
from outsource_scraper.spiders._platform import Access, Platform

if TYPE_CHECKING:
    from scrapy.selector import Selector

PAGE_SIZE = 40

_REQUEST = re.compile(r"/(?:requests/(?=\d+\b)|job_matching/outsources/)(\w+)")


class CoconalaSpider(ListingSpider):
    """Tiles of https://coconala.com/requests."""

    name = "coconala"
    allowed_domains = ("coconala.com",)
    platform = Platform(
        title="Coconala",
        home="https://coconala.com/",
        country="JP",
        languages=("ja",),
        currency="JPY",
        timezone="Asia/Tokyo",
        access=Access.PUBLIC_PAGES,
        robots="none found (public scrapers, read 2026-11)",
        terms="none found that names reading by program; some addresses met status 403 for a time"
        " (public scrapers, read 2026-11)",
        evidence="two tiles captured on 2026-09-04, the second in parts",
        delay=5.0,
    )
    searches = True
    whole_listing = False
    cards = "div.c-searchItemWrapper"
    next_page = "a.pagination-next:not([disabled])"

    def listing_url(self, number: int) -> str:
        """Page `number` of the open requests."""
        parameters = {"sort": "new", "recruiting": "true", "page": str(number)}
        if self.args.query is not None:
            parameters["keyword"] = self.args.query
        return f"https://coconala.com/requests?{urlencode(parameters)}"

    def has_next(self, page: Page) -> bool:
        """Whether the page leads to the next one or is full."""
        return super().has_next(page) or len(page.document.css(self.cards)) >= PAGE_SIZE

    def read(self, record: Selector, page: Page) -> Project:
        """One tile."""
        tz = self.platform.tz
        link = _REQUEST.search(required(record.css(".c-itemInfo_title a::attr(href)").get(), "link"))
        if link is None:
            raise RecordError("the link of the record holds no id")
        budget = parse_budget(text_of(record, ".d-requestBudget"), currency=self.platform.currency)
        remaining = text_of(record, ".c-itemTile_tile-remainingDays .c-itemTileContent")
        posted = record.css(".c-itemInfoUser_created span::attr(title)").get()
        return Project(
            platform=self.name,
            external_id=link[1],
            url=urljoin(self.platform.home, link[0]),
            title=required(text_of(record, ".c-itemInfo_title"), "title"),
            description=text_of(record, ".c-itemInfo_description"),
            category=text_of(record, ".c-itemInfo_category"),
            budget_min=budget.minimum,
            budget_max=budget.maximum,
            currency=budget.currency,
            # A request's budget pays for the whole of it.
            payment_type=budget.payment_type or (PaymentType.FIXED if budget.currency else None),
            language=self.platform.language,
            posted_at=parse_datetime(posted, now=page.now, tz=tz),
            deadline_at=parse_deadline(remaining, now=page.now, tz=tz),
            status=status(remaining),
            bids_count=count_in(text_of(record, ".c-itemTile_tile-proposalCount .c-itemTileContent")),
            client_name=text_of(record, ".c-itemInfoUser_name"),
        )


def status(remaining: str | None) -> Status:
    """Whether a request is open, by what its tile says of the time that remains."""
    if remaining is None:
        return Status.UNKNOWN
    if "募集終了" in remaining:
        return Status.CLOSED
    # What ends today, or in so many days, is open; words that nobody knows say nothing.
    is_open = "本日終了" in remaining or any(map(str.isdigit, remaining))
    return Status.OPEN if is_open else Status.UNKNOWN
