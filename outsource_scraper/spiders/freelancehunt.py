"""Freelancehunt: the projects of its API 2.0, newest first.

Domain: https://api.freelancehunt.com/v2/projects?page[number]=N with `Authorization: Bearer <token>`, which
every request needs. An answer holds `data`, an array of elements, and `links`, where `next` is the page
behind it. Names of skills and states come in the language that Accept-Language asks for. Times are ISO 8601
with their offset.

Caveats:
- The state 11 is "open for proposals"; every other one takes none.
- `budget` is null where the client names none. Its amount is for the whole project.
- `is_remote_job` marks longer work from afar. Where it is false nothing is said of the place.
- The API filters by skill but not by words.
- `location` was never seen filled; it is read as the API's documentation has it for people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy import Request

from outsource_scraper.errors import PageError
from outsource_scraper.items import PaymentType, Project, Status, WorkType
from outsource_scraper.normalize.countries import country_code
from outsource_scraper.normalize.dates import parse_datetime, parse_deadline
from outsource_scraper.normalize.money import parse_amount
from outsource_scraper.normalize.skills import canonical_skills
from outsource_scraper.normalize.text import fold, from_html
from outsource_scraper.spiders._base import ApiSpider, Page, dig, required, whole_number
from outsource_scraper.spiders._html import shown
from outsource_scraper.spiders._platform import Access, Platform

if TYPE_CHECKING:
    from collections.abc import Iterable

API = "https://api.freelancehunt.com/v2/projects"
OPEN = 11
"""The state "open for proposals"."""


class FreelancehuntSpider(ApiSpider):
    """Projects of Freelancehunt."""

    name = "freelancehunt"
    platform = Platform(
        title="Freelancehunt",
        home="https://freelancehunt.com",
        country="UA",
        languages=("uk", "ru", "en"),
        currency="UAH",
        timezone="Europe/Kyiv",
        access=Access.OFFICIAL_API,
        robots="not asked: only the official API is used (2026-11)",
        terms="its API is open to every user with a personal token (apidocs.freelancehunt.com, read 2026-11)",
        evidence="documented element of an answer, never seen live",
        credential="FREELANCEHUNT_TOKEN, needed",
        enabled=False,
    )
    allowed_domains = ("freelancehunt.com",)
    # An official API is governed by its terms; robots.txt speaks to crawlers of the site's pages.
    custom_settings = {"ROBOTSTXT_OBEY": False}  # noqa: RUF012 - Scrapy declares it as an instance's
    credentials = ("FREELANCEHUNT_TOKEN",)
    credentials_from = "https://freelancehunt.com/my/api2"

    def listing_request(self, number: int) -> Request:
        """Page `number` of all projects."""
        return Request(
            f"{API}?page%5Bnumber%5D={number}",
            headers={
                "Authorization": f"Bearer {self.credential('FREELANCEHUNT_TOKEN') or ''}",
                # Names of skills are known best in English; what clients wrote stays as it is.
                "Accept-Language": "en",
            },
            meta={"credential": "FREELANCEHUNT_TOKEN"},
        )

    def records(self, page: Page) -> Iterable[dict[str, Any]]:
        """The elements: of a listing, or the one of a project asked for by itself."""
        found = dig(page.document, "data")
        if isinstance(found, list):
            return found
        for one in (found, page.document):
            if isinstance(one, dict) and "attributes" in one:
                return [one]
        raise PageError(f"{page.response.url} has no element of a project in its data")

    def has_next(self, page: Page) -> bool:
        """Whether the answer links to a page behind it."""
        return bool(dig(page.document, "links", "next"))

    def read(self, record: dict[str, Any], page: Page) -> Project:
        """One element."""
        told = record.get("attributes")
        amount = parse_amount(dig(told, "budget", "amount"))
        location = dig(told, "location")
        return Project(
            platform=self.name,
            external_id=required(record.get("id"), "id"),
            url=required(dig(record, "links", "self", "web"), "link to its page"),
            title=required(fold(dig(told, "name")), "title"),
            description=fold(dig(told, "description")) or from_html(dig(told, "description_html")),
            skills=canonical_skills([skill["name"] for skill in dig(told, "skills") or ()]),
            budget_min=amount,
            budget_max=amount,
            currency=None if amount is None else dig(told, "budget", "currency"),
            payment_type=None if amount is None else PaymentType.FIXED,
            work_type=WorkType.REMOTE if dig(told, "is_remote_job") else None,
            location=place(location),
            country=country_code(dig(location, "country", "name")),
            posted_at=parse_datetime(dig(told, "published_at"), now=page.now),
            deadline_at=parse_deadline(dig(told, "expired_at"), now=page.now),
            status=status(dig(told, "status", "id")),
            bids_count=whole_number(dig(told, "bid_count")),
            client_name=fold(dig(told, "employer", "login")),
            project_metadata=leftovers(told),
        )


def status(state: Any) -> Status:
    """Whether the state of a project takes proposals."""
    if state is None:
        return Status.UNKNOWN
    return Status.OPEN if state == OPEN else Status.CLOSED


def place(location: Any) -> str | None:
    """City and country, as far as they are given."""
    parts = (fold(dig(location, "city", "name")), fold(dig(location, "country", "name")))
    return ", ".join(part for part in parts if part) or None


def leftovers(told: Any) -> dict[str, Any]:
    """What is worth keeping and has no field of its own."""
    found = {
        "state": dig(told, "status", "name"),
        "safe_type": dig(told, "safe_type"),
        **{flag: dig(told, flag) for flag in ("is_premium", "is_only_for_plus", "is_personal")},
    }
    return shown({name: value for name, value in found.items() if value})
