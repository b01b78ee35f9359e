"""Truelancer, an Indian marketplace with clients of every country.

Domain: https://api.truelancer.com/api/v1/projects answers GET and POST with a page of projects. It is asked
by GET, because then the URL alone names the page; POST, with a body such as `{"category": "web-design"}`,
gives one category at a time. The public page https://www.truelancer.com/freelance-jobs carries the same rows
in its `__NEXT_DATA__`, and is read too where it was saved.

Caveats:
    - Never seen live: what is read here is what public clients of the API read.
    - The API limits requests by address (status 429), so requests are slow.
    - `budget` is one amount, in `currency`; 0 is none.
    - `jobTypeName` says whether it is fixed or hourly; of the numbers in `jobtype` only 3, hourly, is known.
    - Rows name their category by number alone.
    - No search parameter of the API is known: a query filters what was read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outsource_scraper.errors import PageError
from outsource_scraper.items import PaymentType, Project, Status
from outsource_scraper.normalize.dates import parse_datetime
from outsource_scraper.normalize.money import parse_amount, parse_currency
from outsource_scraper.normalize.skills import canonical_skills
from outsource_scraper.normalize.text import from_html
from outsource_scraper.spiders._base import EmbeddedJsonSpider, Page, dig, parse_json, required, whole_number
from outsource_scraper.spiders._html import shown
from outsource_scraper.spiders._platform import Access, Platform

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scrapy.http import TextResponse

_HOURLY_NUMBER = 3
_CLOSED = frozenset({"awarded", "cancelled", "closed", "completed", "expired"})


class TruelancerSpider(EmbeddedJsonSpider):
    """Projects of the API that https://www.truelancer.com/freelance-jobs reads."""

    name = "truelancer"
    allowed_domains = ("truelancer.com",)
    platform = Platform(
        title="Truelancer",
        home="https://www.truelancer.com/",
        country="IN",
        languages=("en",),
        currency=None,
        timezone="UTC",
        access=Access.SITE_JSON,
        robots="none found (public scrapers, read 2026-11)",
        terms="none found; the API limits requests by address (public scrapers, read 2026-11)",
        evidence="documented by public clients of the API, never seen live",
        delay=10.0,
    )
    embedded_after = '<script id="__NEXT_DATA__" type="application/json">'

    def listing_url(self, number: int) -> str:
        """Page `number` of the projects of every category."""
        return f"https://api.truelancer.com/api/v1/projects?page={number}&listType=skill"

    def document(self, response: TextResponse) -> Any:
        """The API's answer, or what the public page carries in its place."""
        if not response.body.lstrip().startswith(b"<"):
            return parse_json(response.body, response)
        return dig(super().document(response), "props", "pageProps", "data")

    def records(self, page: Page) -> Iterable[dict[str, Any]]:
        """The rows."""
        found = dig(page.document, "projects", "data")
        if not isinstance(found, list):
            raise PageError(f"{page.response.url} has no array of records at projects.data")
        return found

    def has_next(self, page: Page) -> bool:
        """Whether there are further pages; where their number is missing, whether this one has rows."""
        last = whole_number(dig(page.document, "projects", "last_page"))
        if last is None:
            return bool(dig(page.document, "projects", "data"))
        return page.number < last

    def read(self, record: dict[str, Any], page: Page) -> Project:
        """One row."""
        budget = parse_amount(record.get("budget"))
        return Project(
            platform=self.name,
            external_id=required(record.get("id"), "id"),
            url=required(record.get("link"), "link").partition("?")[0],
            title=required(from_html(record.get("title")), "title"),
            description=from_html(record.get("description")),
            skills=canonical_skills(record.get("skills")),
            budget_min=budget,
            budget_max=budget,
            currency=parse_currency(record.get("currency")),
            payment_type=payment_type(record.get("jobTypeName"), record.get("jobtype")),
            language=self.platform.language,
            posted_at=parse_datetime(record.get("created_at"), now=page.now, tz=self.platform.tz),
            status=status(record.get("status")),
            project_metadata=shown({"category_id": whole_number(record.get("category_id"))}),
        )


def payment_type(name: Any, number: Any) -> PaymentType | None:
    """What the name of the job's type says, else its number."""
    words = name.casefold() if isinstance(name, str) else ""
    if words.startswith("fixed"):
        return PaymentType.FIXED
    if words.startswith("hourly") or (not words and whole_number(number) == _HOURLY_NUMBER):
        return PaymentType.HOURLY
    return None


def status(stated: Any) -> Status:
    """Closed where the row says so in a word; else open, as everything that the listing shows."""
    closed = isinstance(stated, str) and stated.casefold() in _CLOSED
    return Status.CLOSED if closed else Status.OPEN
