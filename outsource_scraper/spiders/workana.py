"""Workana, a Latin American marketplace.

Domain: projects in Spanish, Portuguese and English. https://www.workana.com/jobs carries JSON for its own
scripts in the attribute `:results-initials` of `<search>`; a note of 2026, not checked, has it in `:initials`
of `<search-project-list>`, so both are read.

Caveats:
    - A page of the listing is 20 projects, but the attribute holds only the first seven to nine. The rest
      comes from `/api/`, which robots.txt disallows, and the next page begins with the 21st: the listing is
      never seen whole, so nothing is ever closed because it is missing.
    - Projects have no number: the slug is the id.
    - Ages, budgets and labels are in the language in which the site answers: "Hace 9 horas", "há 2 horas", "3
      hours ago", "Más de USD 3.000", "Over USD 3,000". An age that is not understood leaves `publishedDate`.
    - `title` is a link around a `<span>` whose attribute `title` has the text that the span cuts.
    - `description` is HTML, sometimes written in entities once more; its last lines are labels
      ("Categoría: ...") and stay in it.
    - `deadlineValue` is when the work is to be delivered, as a date or a length; not the end of bidding.
    - Some clients are answered with a challenge of Cloudflare instead of a page.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from outsource_scraper.errors import PageError
from outsource_scraper.items import PaymentType, Project, Status
from outsource_scraper.normalize.countries import country_code
from outsource_scraper.normalize.dates import parse_datetime
from outsource_scraper.normalize.durations import parse_duration_days
from outsource_scraper.normalize.money import parse_amount, parse_budget
from outsource_scraper.normalize.skills import canonical_skills
from outsource_scraper.normalize.text import fold, from_html
from outsource_scraper.spiders._base import ApiSpider, Page, dig, parse_json, required, whole_number
from outsource_scraper.spiders._html import count_in, shown
from outsource_scraper.spiders._platform import Access, Platform

if TYPE_CHECKING:
    from decimal import Decimal

    from scrapy.http import TextResponse

_INITIALS = re.compile(r"""\s:(?:results-)?initials=(["'])(.*?)\1""", re.DOTALL)
_NAME = re.compile(r"""\b(?:title|alt)=(["'])(.*?)\1""", re.DOTALL)
_LINE_END = re.compile(r"<br\b[^<>]*>|</?(?:p|div|li)\b[^<>]*>|\n", re.IGNORECASE)
_LABEL = re.compile(r"(?P<sub>sub)?categor(?:y|ía|ia)\s*:\s*(?P<value>.+)", re.IGNORECASE)


class WorkanaSpider(ApiSpider):
    """The projects that the pages of https://www.workana.com/jobs hold themselves."""

    name = "workana"
    allowed_domains = ("workana.com",)
    platform = Platform(
        title="Workana",
        home="https://www.workana.com/",
        country="AR",
        languages=("es", "pt", "en"),
        currency=None,
        timezone="UTC",
        access=Access.EMBEDDED_JSON,
        robots="allows /jobs, disallows /api/ and links with ag=1 (public scrapers, read 2026-11)",
        terms="none found; some clients meet a challenge of Cloudflare (public scrapers, read 2026-11)",
        evidence="documented by public scrapers, never seen live",
        delay=5.0,
    )
    searches = True
    whole_listing = False
    records_path = ("results",)

    def listing_url(self, number: int) -> str:
        """Page `number` of the projects of all categories and languages."""
        parameters = {"page": str(number)}
        if self.args.query is not None:
            parameters["query"] = self.args.query
        return f"https://www.workana.com/jobs?{urlencode(parameters)}"

    def document(self, response: TextResponse) -> Any:
        """The JSON in the attribute."""
        found = _INITIALS.search(response.text)
        if found is None:
            raise PageError(f"{response.url} holds no attribute ':results-initials'")
        return parse_json(html.unescape(found[2]), response)

    def has_next(self, page: Page) -> bool:
        """Whether there are further pages; where their number is missing, whether this one has projects."""
        total = whole_number(dig(page.document, "pagination", "pages"))
        if total is None:
            return bool(dig(page.document, "results"))
        return page.number < total

    def read(self, record: dict[str, Any], page: Page) -> Project:
        """One project."""
        slug = required(record.get("slug"), "slug")
        budget = parse_budget(from_html(record.get("budget")))
        category, subcategory = categories(record.get("description"))
        delivery = fold(record.get("deadlineValue"))
        verified = record.get("hasVerifiedPaymentMethod")
        return Project(
            platform=self.name,
            external_id=slug,
            url=f"https://www.workana.com/job/{slug}",
            title=required(named(record.get("title")), "title"),
            description=from_html(record.get("description")),
            category=category,
            skills=canonical_skills([dig(skill, "anchorText") for skill in record.get("skills") or ()]),
            budget_min=budget.minimum,
            budget_max=budget.maximum,
            currency=budget.currency,
            payment_type=payment_type(record.get("isHourly")) or budget.payment_type,
            posted_at=parse_datetime(record.get("postedDate"), now=page.now)
            or parse_datetime(record.get("publishedDate"), now=page.now),
            duration_days=parse_duration_days(delivery),
            status=Status.OPEN,
            bids_count=count_in(record.get("totalBids")),
            client_name=from_html(record.get("authorName")),
            client_country=country_code(named(record.get("country"))),
            client_rating=rating(dig(record, "rating", "value")),
            client_verified=verified if isinstance(verified, bool) else None,
            project_metadata=shown(
                {
                    "subcategory": subcategory,
                    "delivery": delivery,
                    "urgent": record.get("isUrgent") or None,
                    "featured": record.get("isSearchFeatured") or None,
                    "client_plan": from_html(record.get("projectClientPlanLabel")),
                }
            ),
        )


def named(markup: str | None) -> str | None:
    """The text of an element that is cut or an icon: its attribute `title` or `alt`, else what it holds."""
    found = _NAME.search(markup or "")
    return (from_html(found[2]) if found else None) or from_html(markup)


def categories(description: str | None) -> tuple[str | None, str | None]:
    """Category and subcategory, from the lines of a description that are labelled so."""
    markup = description or ""
    if "<" not in markup:
        markup = html.unescape(markup)
    found: dict[bool, str] = {}
    for line in _LINE_END.split(markup):
        if label := _LABEL.fullmatch(from_html(line) or ""):
            found[label["sub"] is None] = label["value"]
    return found.get(True), found.get(False)


def payment_type(is_hourly: Any) -> PaymentType | None:
    """Projects are paid by the hour or as a whole; None where the record does not say which."""
    if not isinstance(is_hourly, bool):
        return None
    return PaymentType.HOURLY if is_hourly else PaymentType.FIXED


def rating(value: Any) -> Decimal | None:
    """The stars, 0 to 5, as in "4.83"; "0.00" is a client without reviews."""
    stars = parse_amount(value)
    return stars if stars is not None and stars <= 5 else None
