"""Himalayas: contractor postings of a board for remote jobs.

Domain: https://himalayas.app/jobs/api lists every posting, 100,000 of them and at most 20 a page, so the
postings of contractors are asked for at https://himalayas.app/jobs/api/search, newest first by `page`. The
answer has the same shape there. `guid` is the posting's page and its only id.

Caveats:
- A page may be short though more follow: `totalCount` tells, and `limit` how many places a page has.
- `pubDate` and `expiryDate` are unix seconds, numbers or strings; the documentation says milliseconds.
- `minSalary` and `maxSalary` are pay by `salaryPeriod`, which says "annual" too where no pay is known. Pay by
  the year is no budget and kept in the metadata.
- `categories` mixes skills and titles ("React", "Frontend-Engineer"): those of the dictionary are the skills.
- `locationRestrictions` are countries; none means anywhere.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from outsource_scraper.items import Project, Status, WorkType
from outsource_scraper.normalize.dates import parse_datetime, parse_deadline
from outsource_scraper.normalize.skills import canonical_skills, known_skills
from outsource_scraper.normalize.text import fold, from_html, is_http_url
from outsource_scraper.spiders._base import ApiSpider, Page, dig, required, whole_number
from outsource_scraper.spiders._html import shown
from outsource_scraper.spiders._jobboards import KINDS, one_country, read_pay
from outsource_scraper.spiders._platform import Access, Platform

PER_PAGE = 20
"""The most that the API gives in one answer."""


class HimalayasSpider(ApiSpider):
    """Contractor postings of Himalayas."""

    name = "himalayas"
    platform = Platform(
        title="Himalayas",
        home="https://himalayas.app",
        country=None,
        languages=("en",),
        currency=None,
        timezone="UTC",
        access=Access.OFFICIAL_API,
        robots="none found (public clients of the API, read 2026-11)",
        terms="free with attribution and a link back; pass nothing on to Google Jobs, LinkedIn Jobs or Jooble"
        " (public clients of the API, read 2026-11)",
        evidence="answer of /jobs/api saved on 2026-07-10; search known from public clients (read 2026-11)",
        interval=timedelta(hours=1),
        requests=1_000,
    )
    allowed_domains = ("himalayas.app",)
    searches = True
    # A posting leaves on its expiryDate; that a search shows every other one is nowhere said.
    whole_listing = False
    records_path = ("jobs",)

    def listing_url(self, number: int) -> str:
        """Page `number` of the contractor postings."""
        parameters: dict[str, Any] = {"employment_type": "Contractor", "sort": "recent", "page": number}
        if self.args.query is not None:
            parameters["q"] = self.args.query
        return f"https://himalayas.app/jobs/api/search?{urlencode(parameters)}"

    def stated_total(self, page: Page) -> int | None:
        """As the answer says."""
        return whole_number(dig(page.document, "totalCount"))

    def has_next(self, page: Page) -> bool:
        """Whether `totalCount` lies behind this page; where it is missing, whether the page is full."""
        places = whole_number(dig(page.document, "limit")) or PER_PAGE
        total = whole_number(dig(page.document, "totalCount"))
        if total is None:
            return len(dig(page.document, *self.records_path)) >= places
        return page.number * places < total

    def read(self, record: dict[str, Any], page: Page) -> Project | None:
        """One posting; None where it is employment."""
        kind = fold(record.get("employmentType"))
        if kind is None or kind.casefold() not in KINDS:
            return None
        guid = required(record.get("guid"), "guid")
        categories = labels(record.get("categories"))
        location = ", ".join(labels(record.get("locationRestrictions"))) or None
        budget, salary = read_pay(
            record.get("minSalary"),
            record.get("maxSalary"),
            record.get("currency"),
            record.get("salaryPeriod"),
        )
        return Project(
            platform=self.name,
            external_id=guid,
            url=guid if is_http_url(guid) else required(record.get("applicationLink"), "link"),
            title=required(from_html(record.get("title")), "title"),
            description=from_html(record.get("description") or record.get("excerpt")),
            category=", ".join(labels(record.get("parentCategories"))) or None,
            skills=known_among(categories),
            budget_min=budget.minimum,
            budget_max=budget.maximum,
            currency=budget.currency,
            payment_type=budget.payment_type,
            work_type=WorkType.REMOTE,
            location=location,
            country=one_country(location),
            language=self.platform.language,
            posted_at=parse_datetime(record.get("pubDate"), now=page.now),
            deadline_at=parse_deadline(record.get("expiryDate"), now=page.now),
            status=Status.OPEN,
            client_name=fold(record.get("companyName")),
            project_metadata=shown(
                {
                    "kind": kind,
                    "seniority": labels(record.get("seniority")),
                    "categories": categories,
                    "timezones": record.get("timezoneRestrictions"),
                    **salary,
                }
            ),
        )


def labels(value: object) -> list[str]:
    """The labels of a list; the documentation shows places as objects with a `name` too."""
    values = value if isinstance(value, list) else []
    names = [item.get("name") if isinstance(item, dict) else item for item in values]
    return [text for name in names if isinstance(name, str) and (text := fold(name))]


def known_among(categories: list[str]) -> list[str]:
    """The skills of the dictionary among `categories`, which are written with hyphens for spaces."""
    known = known_skills()
    return [
        skill for skill in canonical_skills([name.replace("-", " ") for name in categories]) if skill in known
    ]
