"""Kmong (크몽): what companies ask for on its board of project requests, by the site's own JSON.

Domain: https://kmong.com/api/custom-project/v1/requests, newest first, every category, without a login.
A request's page is https://kmong.com/enterprise/requests/<id>.

Caveats:
- `amount` is in won, 0 where none is stated: the price of the whole project, and of a month where people
  work on site (`RESIDENT`, 상주, beside `OUTSOURCING`, 외주).
- `deadline` is the number of days left, not a date: the request closes at the end of that day in Korea.
- No time of posting is told, nor skills, nor the client.
- `APPROVAL` is the status of a request that takes proposals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from outsource_scraper.items import PaymentType, Project, Status, WorkType
from outsource_scraper.normalize.dates import parse_deadline
from outsource_scraper.normalize.money import parse_amount
from outsource_scraper.normalize.text import fold, from_html
from outsource_scraper.spiders._base import ApiSpider, Page, dig, required, whole_number
from outsource_scraper.spiders._html import shown
from outsource_scraper.spiders._platform import Access, Platform

if TYPE_CHECKING:
    from datetime import datetime

PAGE_SIZE = 50

_WORK = {"OUTSOURCING": WorkType.REMOTE, "RESIDENT": WorkType.ONSITE}
_PAYMENT = {"OUTSOURCING": PaymentType.FIXED, "RESIDENT": PaymentType.MONTHLY}
_STATUS = {
    "APPROVAL": Status.OPEN,
    "CLOSED": Status.CLOSED,
    "COMPLETE": Status.CLOSED,
    "CANCEL": Status.CLOSED,
}


class KmongSpider(ApiSpider):
    """Project requests of Kmong."""

    name = "kmong"
    platform = Platform(
        title="Kmong",
        home="https://kmong.com/enterprise/requests",
        country="KR",
        languages=("ko",),
        currency="KRW",
        timezone="Asia/Seoul",
        access=Access.SITE_JSON,
        robots="none found (public readers of its JSON, read 2026-11)",
        terms="none found (public readers of its JSON, read 2026-11); read them before turning it on",
        evidence="documented by public readers of its JSON in 2026, never seen live",
        enabled=False,
    )
    allowed_domains = ("kmong.com",)
    searches = True
    records_path = ("requests",)

    def listing_url(self, number: int) -> str:
        """Page `number` of the requests in every category."""
        parameters = {
            "q": self.args.query or "",
            "sort": "CREATED_AT",
            "page": number,
            "per_page": PAGE_SIZE,
        }
        return f"https://kmong.com/api/custom-project/v1/requests?{urlencode(parameters)}"

    def has_next(self, page: Page) -> bool:
        """Whether the answer links to a next page; one without that link is asked for its last page."""
        if "next_page_link" in page.document:
            return bool(page.document["next_page_link"])
        return page.number < (whole_number(dig(page.document, "last_page")) or 0)

    def read(self, record: dict[str, Any], page: Page) -> Project:
        """One request."""
        external_id = required(record.get("id"), "id")
        kind = record.get("project_type") or ""
        amount = parse_amount(record.get("amount"))
        metadata = {
            "kind": fold(kind),
            "business": fold(record.get("business_type")),
            "government": record.get("is_government") or None,
            "tax_invoice": record.get("is_tax") or None,
        }
        return Project(
            platform=self.name,
            external_id=external_id,
            url=f"https://kmong.com/enterprise/requests/{external_id}",
            title=required(from_html(record.get("title")), "title"),
            description=from_html(record.get("content")),
            category=category(record),
            budget_min=amount,
            budget_max=amount,
            currency=None if amount is None else self.platform.currency,
            payment_type=None if amount is None else _PAYMENT.get(kind),
            work_type=_WORK.get(kind),
            language=self.platform.language,
            deadline_at=self._deadline(record.get("deadline"), page.now),
            duration_days=whole_number(record.get("days")) or None,
            status=_STATUS.get(record.get("status") or "", Status.UNKNOWN),
            bids_count=whole_number(record.get("proposal_count")),
            project_metadata=shown(metadata),
        )

    def _deadline(self, days_left: Any, now: datetime) -> datetime | None:
        days = whole_number(days_left)
        return None if days is None else parse_deadline(f"D-{days}", now=now, tz=self.platform.tz)


def category(record: dict[str, Any]) -> str | None:
    """Category and subcategory as the site's breadcrumb writes them, or put together in its way."""
    names = (dig(record, "category", name) for name in ("cat1_name", "cat2_name"))
    return fold(record.get("breadcrumb")) or " / ".join(filter(None, map(fold, names))) or None
