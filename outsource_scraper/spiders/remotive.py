"""Remotive: contract and freelance postings of a board for remote jobs.

Domain: https://remotive.com/api/remote-jobs answers with all that the API offers, sorted by publication, in
one page. `search` looks for words in titles and descriptions.

Caveats:
- `job_type` may be empty. Then the posting is a project where a tag or the title says so.
- `salary` is free text, mostly the pay of a year without saying so ("$55k - $100k"). It is a budget only
  where it names an hour, a day, a month or a fixed price, and else kept in the metadata.
- `publication_date` has no zone and the API names none: UTC is assumed. Postings appear 24 hours late.
- The API's documentation of 2021 promises every active posting, but the answer of 2026 counts 30 in total. So
  a posting that left the answer is not taken for closed.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from outsource_scraper.items import Project, Status, WorkType
from outsource_scraper.normalize.dates import parse_datetime
from outsource_scraper.normalize.money import Budget, parse_budget
from outsource_scraper.normalize.text import fold, from_html
from outsource_scraper.spiders._base import ApiSpider, Page, required
from outsource_scraper.spiders._html import shown
from outsource_scraper.spiders._jobboards import KINDS, is_project, one_country, skills_of
from outsource_scraper.spiders._platform import Access, Platform

if TYPE_CHECKING:
    from collections.abc import Sequence

API = "https://remotive.com/api/remote-jobs"

_BY_THE_YEAR = re.compile(r"\b(?:years?|yr|yearly|annual(?:ly)?|annum|p\.\s?a)\b", re.IGNORECASE)


class RemotiveSpider(ApiSpider):
    """Contract and freelance postings of Remotive."""

    name = "remotive"
    platform = Platform(
        title="Remotive",
        home="https://remotive.com",
        country=None,
        languages=("en",),
        currency=None,
        timezone="UTC",
        access=Access.OFFICIAL_API,
        robots="none found (public clients of the API, read 2026-11)",
        terms="link back to the URL on Remotive and name Remotive as the source; pass nothing on to Jooble,"
        " Neuvoo, Google Jobs or LinkedIn Jobs; ask at most 4 times a day (legal notice in the API's answer"
        " of 2026-07-10)",
        evidence="API answer saved on 2026-07-10; no contract posting was in it",
        interval=timedelta(hours=6),
        requests=1,
    )
    allowed_domains = ("remotive.com",)
    searches = True
    whole_listing = False
    records_path = ("jobs",)

    def listing_url(self, number: int) -> str:
        """The one page of the API."""
        return API if self.args.query is None else f"{API}?{urlencode({'search': self.args.query})}"

    def read(self, record: dict[str, Any], page: Page) -> Project | None:
        """One posting; None where it is employment."""
        kind = fold(record.get("job_type"))
        title = from_html(record.get("title"))
        tags = [tag for tag in record.get("tags") or () if isinstance(tag, str)]
        if not offers_project(kind, title, tags):
            return None
        location = fold(record.get("candidate_required_location"))
        salary = fold(record.get("salary"))
        budget = rate(salary)
        return Project(
            platform=self.name,
            external_id=required(record.get("id"), "id"),
            url=required(record.get("url"), "url"),
            title=required(title, "title"),
            description=from_html(record.get("description")),
            category=fold(record.get("category")),
            skills=skills_of(tags),
            budget_min=budget.minimum,
            budget_max=budget.maximum,
            currency=budget.currency,
            payment_type=budget.payment_type,
            work_type=WorkType.REMOTE,
            location=location,
            country=one_country(location),
            language=self.platform.language,
            posted_at=parse_datetime(record.get("publication_date"), now=page.now, tz=self.platform.tz),
            status=Status.OPEN,
            client_name=fold(record.get("company_name")),
            project_metadata=shown({"kind": kind, "salary": salary if budget == Budget() else None}),
        )


def offers_project(kind: str | None, title: str | None, tags: Sequence[str]) -> bool:
    """Whether a posting is no employment: by its `job_type`, and where that is empty by `is_project`."""
    return kind.casefold() in KINDS if kind else is_project(title, tags)


def rate(salary: str | None) -> Budget:
    """The budget that a salary's text states; an empty one where it may be the pay of a year or a week."""
    budget = parse_budget(salary)
    if budget.payment_type is None or _BY_THE_YEAR.search(salary or ""):
        return Budget()
    return budget
