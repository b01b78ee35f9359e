"""Jobicy: contract and freelance postings of a board for remote jobs.

Domain: https://jobicy.com/api/v2/remote-jobs answers with the newest postings, at most `count`, in one page.
`tag` looks for words. Times are ISO 8601 with the offset +00:00; one without is read in UTC therefore.

Caveats:
- `jobType` is a list; a posting counts as a project where it holds Contract or Freelance.
- Titles and industries are HTML: "Data Science &amp; Analytics".
- `jobGeo` lists countries and regions of the world alike, at times with two spaces: "EMEA,  Canada".
- `salaryMin`, `salaryMax`, `salaryCurrency` and `salaryPeriod` stand only where pay is known, and one end may
  stand alone. Pay by the year is no budget and kept in the metadata.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from outsource_scraper.items import Project, Status, WorkType
from outsource_scraper.normalize.dates import parse_datetime
from outsource_scraper.normalize.text import fold, from_html
from outsource_scraper.spiders._base import ApiSpider, Page, required
from outsource_scraper.spiders._html import shown
from outsource_scraper.spiders._jobboards import KINDS, one_country, read_pay
from outsource_scraper.spiders._platform import Access, Platform

PER_PAGE = 50
"""Postings in one answer."""


class JobicySpider(ApiSpider):
    """Contract and freelance postings of Jobicy."""

    name = "jobicy"
    platform = Platform(
        title="Jobicy",
        home="https://jobicy.com",
        country=None,
        languages=("en",),
        currency=None,
        timezone="UTC",
        access=Access.OFFICIAL_API,
        robots="none found (public clients of the API, read 2026-11)",
        terms="credit Jobicy with a direct link to the source and let every application go to the posting's"
        " URL on Jobicy (notice in the API's answer of 2026-07-10)",
        evidence="API answer saved on 2026-07-10",
        interval=timedelta(hours=1),
        requests=1,
    )
    allowed_domains = ("jobicy.com",)
    searches = True
    whole_listing = False
    records_path = ("jobs",)

    def listing_url(self, number: int) -> str:
        """The one page of the API."""
        parameters: dict[str, Any] = {"count": PER_PAGE}
        if self.args.query is not None:
            parameters["tag"] = self.args.query
        return f"https://jobicy.com/api/v2/remote-jobs?{urlencode(parameters)}"

    def read(self, record: dict[str, Any], page: Page) -> Project | None:
        """One posting; None where it is employment."""
        kinds = texts(record.get("jobType"))
        if not any(kind.casefold() in KINDS for kind in kinds):
            return None
        location = fold(record.get("jobGeo"))
        budget, salary = read_pay(
            record.get("salaryMin"),
            record.get("salaryMax"),
            record.get("salaryCurrency"),
            record.get("salaryPeriod"),
        )
        return Project(
            platform=self.name,
            external_id=required(record.get("id"), "id"),
            url=required(record.get("url"), "url"),
            title=required(from_html(record.get("jobTitle")), "jobTitle"),
            description=from_html(record.get("jobDescription") or record.get("jobExcerpt")),
            category=", ".join(texts(record.get("jobIndustry"))) or None,
            budget_min=budget.minimum,
            budget_max=budget.maximum,
            currency=budget.currency,
            payment_type=budget.payment_type,
            work_type=WorkType.REMOTE,
            location=location,
            country=one_country(location),
            language=self.platform.language,
            posted_at=parse_datetime(record.get("pubDate"), now=page.now, tz=self.platform.tz),
            status=Status.OPEN,
            client_name=from_html(record.get("companyName")),
            project_metadata=shown({"kinds": kinds, "level": fold(record.get("jobLevel")), **salary}),
        )


def texts(value: object) -> list[str]:
    """The texts of a list of HTML texts; a text alone counts as a list of one."""
    values = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return [text for item in values if isinstance(item, str) and (text := from_html(item))]
