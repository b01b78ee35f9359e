"""Remote OK: contract and freelance postings of a board for remote jobs.

Domain: https://remoteok.com/api answers with one array: a legal notice, then the newest postings. There
are no further pages. Times are ISO 8601 with their zone (`date`) and unix seconds (`epoch`).

Caveats:
- No field names the kind of employment. A posting counts as a project where a tag is `contract`,
  `contractor`, `freelance` or `freelancer`, or where its title says so; "Contract Manager" does not say so.
- Titles come without punctuation: "Graphic Designer Contract to Perm".
- `salary_min` and `salary_max` are yearly, and 0 where they are not known. No payment type fits, so they are
  kept in the metadata and are no budget.
- Links name the host as remoteOK.com.
- Its terms ask for a link back (without nofollow) and for the name Remote OK as the source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from outsource_scraper.items import Project, Status, WorkType
from outsource_scraper.normalize.countries import country_in
from outsource_scraper.normalize.dates import parse_datetime
from outsource_scraper.normalize.text import fold, from_html
from outsource_scraper.spiders._base import ApiSpider, Page, required, whole_number
from outsource_scraper.spiders._jobboards import is_project, skills_of
from outsource_scraper.spiders._platform import Access, Platform

if TYPE_CHECKING:
    from collections.abc import Iterable


class RemoteokSpider(ApiSpider):
    """Contract and freelance postings of Remote OK."""

    name = "remoteok"
    platform = Platform(
        title="Remote OK",
        home="https://remoteok.com",
        country=None,
        languages=("en",),
        currency=None,
        timezone="UTC",
        access=Access.OFFICIAL_API,
        robots="none found (public clients of the API, read 2026-11)",
        terms="link back with follow to the URL on Remote OK and name Remote OK as the source, or the access"
        " is suspended (legal notice in the API's answer of 2026-07-10)",
        evidence="API answer saved on 2026-07-10; no contract posting was in it",
        requests=1,
    )
    allowed_domains = ("remoteok.com",)
    whole_listing = False

    def listing_url(self, number: int) -> str:
        """The one page of the API."""
        return "https://remoteok.com/api"

    def records(self, page: Page) -> Iterable[dict[str, Any]]:
        """Every element but the legal notice, which is no posting."""
        return [
            record for record in super().records(page) if not (isinstance(record, dict) and "legal" in record)
        ]

    def read(self, record: dict[str, Any], page: Page) -> Project | None:
        """One posting; None where it is employment."""
        tags = [tag for tag in record.get("tags") or () if isinstance(tag, str)]
        title = fold(record.get("position"))
        if not is_project(title, tags):
            return None
        location = fold((record.get("location") or "").strip(" ,"))
        salaries = {name: whole_number(record.get(name)) for name in ("salary_min", "salary_max")}
        return Project(
            platform=self.name,
            external_id=required(record.get("id"), "id"),
            url=canonical(page.urljoin(required(record.get("url"), "url"))),
            title=required(title, "position"),
            description=from_html(record.get("description")),
            skills=skills_of(tags),
            work_type=WorkType.REMOTE,
            location=location,
            country=country_in(location),
            language=self.platform.language,
            posted_at=parse_datetime(record.get("date") or record.get("epoch"), now=page.now),
            status=Status.OPEN,
            client_name=fold(record.get("company")),
            project_metadata={name: amount for name, amount in salaries.items() if amount},
        )


def canonical(url: str) -> str:
    """`url` with its host in lower case, without query and fragment."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.lower(), query="", fragment="").geturl()
