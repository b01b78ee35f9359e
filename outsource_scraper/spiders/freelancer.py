"""Freelancer.com: the open projects of its REST API, newest first.

Domain: `projects/active` answers without a credential; an OAuth token (header `Freelancer-OAuth-V1`) is sent
where the setting FREELANCER_TOKEN holds one. Pages are an `offset` into a listing of `total_count` projects.
Times are unix seconds. Bids close `bidperiod` days after `time_submitted`.

Caveats:
- `seo_url` carries the project's id only sometimes, so the key is the API's `id`.
- `budget.maximum` may be missing ("100 and more"), and `compact=true` leaves out every key that is null.
- Owners stand apart in `result.users`. Their `reputation` is the one they have as freelancers; what was said
  of them as clients is `employer_reputation`.
- An answer may say `"status": "error"` in a page of status 200.
- Projects of status `frozen` and `closed` appear in the answers, and so do direct hires (`hireme`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from scrapy import Request

from outsource_scraper.errors import PageError
from outsource_scraper.items import PaymentType, Project, Status, WorkType
from outsource_scraper.normalize.countries import country_code
from outsource_scraper.normalize.dates import parse_datetime
from outsource_scraper.normalize.money import parse_amount
from outsource_scraper.normalize.skills import canonical_skills
from outsource_scraper.normalize.text import fold
from outsource_scraper.spiders._base import ApiSpider, Page, dig, required, whole_number
from outsource_scraper.spiders._html import shown
from outsource_scraper.spiders._platform import Access, Platform

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from decimal import Decimal

API = "https://www.freelancer.com/api/projects/0.1/projects/active/"
PER_PAGE = 100
"""The most that the API gives in one answer."""

_ASKED_FOR = dict.fromkeys(
    (
        "compact",
        "full_description",
        "job_details",
        "location_details",
        "upgrade_details",
        "user_country_details",
        "user_details",
        "user_display_info",
        "user_employer_reputation",
        "user_status",
    ),
    "true",
)
_PAYMENT_TYPES = {"fixed": PaymentType.FIXED, "hourly": PaymentType.HOURLY}


class FreelancerSpider(ApiSpider):
    """Projects of Freelancer.com."""

    name = "freelancer"
    platform = Platform(
        title="Freelancer.com",
        home="https://www.freelancer.com",
        country=None,
        languages=("en", "es", "pt", "fr", "de"),
        currency=None,
        timezone="UTC",
        access=Access.OFFICIAL_API,
        robots="/api/ is not named in it (robots.txt saved on 2021-12-06)",
        terms="the terms of its official API bind any use (API documentation, read 2026-11)",
        evidence="API answers saved on 2021-09-20 and 2022-03-20",
        credential="FREELANCER_TOKEN, optional",
        requests=3_000,
    )
    allowed_domains = ("freelancer.com",)
    # An official API is governed by its terms; robots.txt speaks to crawlers of the site's pages.
    custom_settings = {"ROBOTSTXT_OBEY": False}  # noqa: RUF012 - Scrapy declares it as an instance's
    searches = True
    records_path = ("result", "projects")

    def listing_request(self, number: int) -> Request:
        """Page `number` of the open projects, with everything that is read of them."""
        parameters = {
            "limit": PER_PAGE,
            "offset": (number - 1) * PER_PAGE,
            # Not time_updated: a project that was touched again would come back before newer ones.
            "sort_field": "time_submitted",
            **_ASKED_FOR,
        }
        if self.args.query is not None:
            parameters["query"] = self.args.query
        url = f"{API}?{urlencode(parameters)}"
        token = self.credential("FREELANCER_TOKEN")
        if token is None:
            return Request(url)
        return Request(url, headers={"Freelancer-OAuth-V1": token}, meta={"credential": "FREELANCER_TOKEN"})

    def records(self, page: Page) -> Iterable[dict[str, Any]]:
        """The projects; `PageError` with the API's own message where it answers with an error."""
        if dig(page.document, "status") == "error":
            message = dig(page.document, "message") or "without a message"
            raise PageError(f"the API of {self.platform.title} answers with an error: {message}")
        return super().records(page)

    def stated_total(self, page: Page) -> int | None:
        """As the answer says."""
        return whole_number(dig(page.document, "result", "total_count"))

    def has_next(self, page: Page) -> bool:
        """Whether `total_count` lies behind this page; where it is missing, whether the page is full."""
        total = whole_number(dig(page.document, "result", "total_count"))
        if total is None:
            return len(dig(page.document, *self.records_path)) >= PER_PAGE
        return page.number * PER_PAGE < total

    def read(self, record: dict[str, Any], page: Page) -> Project | None:
        """One project; None where it is deleted or not public."""
        if True in (record.get("deleted"), record.get("nonpublic"), dig(record, "upgrades", "nonpublic")):
            return None
        client = dig(page.document, "result", "users", str(record.get("owner_id")))
        verified = dig(client, "status", "payment_verified")
        posted_at = parse_datetime(record.get("time_submitted") or record.get("submitdate"), now=page.now)
        return Project(
            platform=self.name,
            external_id=required(record.get("id"), "id"),
            url=f"https://www.freelancer.com/projects/{required(record.get('seo_url'), 'seo_url')}",
            title=required(fold(record.get("title")), "title"),
            description=fold(record.get("description") or record.get("preview_description")),
            category=fold(dig(record, "jobs", 0, "category", "name")),
            skills=canonical_skills([job["name"] for job in record.get("jobs") or [] if job.get("name")]),
            budget_min=parse_amount(dig(record, "budget", "minimum")),
            budget_max=parse_amount(dig(record, "budget", "maximum")),
            currency=dig(record, "currency", "code"),
            payment_type=_PAYMENT_TYPES.get(record.get("type") or ""),
            work_type=work_type(record.get("local")),
            location=place(record.get("location")),
            country=country_code(dig(record, "location", "country", "code")),
            language=record.get("language") or None,
            posted_at=posted_at,
            deadline_at=bids_close_at(posted_at, record.get("bidperiod")),
            status=status(record.get("status")),
            bids_count=whole_number(dig(record, "bid_stats", "bid_count")),
            client_name=fold(
                dig(client, "display_name") or dig(client, "public_name") or dig(client, "username")
            ),
            client_country=country_code(dig(client, "location", "country", "code")),
            client_rating=client_rating(dig(client, "employer_reputation", "entire_history")),
            client_verified=verified if isinstance(verified, bool) else None,
            project_metadata=leftovers(record, client),
        )


def work_type(local: bool | None) -> WorkType | None:
    """Where the work is done: a "local job" is done at its location, every other one anywhere."""
    if local is None:
        return None
    return WorkType.ONSITE if local else WorkType.REMOTE


def status(stated: str | None) -> Status:
    """Only `active` takes bids; `frozen`, `closed` and the rest do not."""
    if not stated:
        return Status.UNKNOWN
    return Status.OPEN if stated == "active" else Status.CLOSED


def place(location: Any) -> str | None:
    """City and country of a local job, as far as they are given."""
    parts = (fold(dig(location, "city")), fold(dig(location, "country", "name")))
    return ", ".join(part for part in parts if part) or None


def bids_close_at(posted_at: datetime | None, bid_period: Any) -> datetime | None:
    """The end of bidding, `bid_period` days after the project was posted."""
    days = whole_number(bid_period)
    return None if posted_at is None or days is None else posted_at + timedelta(days=days)


def client_rating(history: Any) -> Decimal | None:
    """The stars, 0 to 5, that freelancers gave a client; None where none did, which the API gives as 0."""
    if dig(history, "reviews") == 0:
        return None
    return parse_amount(dig(history, "overall"))


def leftovers(record: dict[str, Any], client: Any) -> dict[str, Any]:
    """What is worth keeping and has no field of its own."""
    upgrades = record.get("upgrades") or {}
    found = {
        "stage": record.get("frontend_project_status"),
        "sub_status": record.get("sub_status"),
        "bid_average": dig(record, "bid_stats", "bid_avg"),
        "commitment": dig(record, "hourly_project_info", "commitment"),
        "direct_hire": record.get("hireme"),
        "upgrades": sorted(name for name, given in upgrades.items() if given is True),
        "client_reviews": dig(client, "employer_reputation", "entire_history", "reviews"),
    }
    return shown({name: value for name, value in found.items() if value})
