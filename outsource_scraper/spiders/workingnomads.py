"""Working Nomads: contract and freelance postings of a board for remote jobs.

Domain: https://www.workingnomads.com/api/exposed_jobs/ answers with one array of the newest postings. There
are no further pages and no search. Times are ISO 8601 with the offset of New York.

Caveats:
- No field names the kind of employment. A posting counts as a project where a tag is `contract`,
  `contractor`, `freelance` or `freelancer`, or where its title says so. Its description does not count, for
  "contract" there is mostly about something else.
- The only id is the number in the link, and the link leads on to the employer's own page.
- `tags` is one text, parted by commas. `location` is free text: "Japan - Remote", "Global".
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from outsource_scraper.errors import RecordError
from outsource_scraper.items import Project, Status, WorkType
from outsource_scraper.normalize.dates import parse_datetime
from outsource_scraper.normalize.text import fold, from_html
from outsource_scraper.spiders._base import ApiSpider, Page, required
from outsource_scraper.spiders._jobboards import is_project, one_country, skills_of
from outsource_scraper.spiders._platform import Access, Platform

_ID = re.compile(r"/go/(\d+)")


class WorkingnomadsSpider(ApiSpider):
    """Contract and freelance postings of Working Nomads."""

    name = "workingnomads"
    platform = Platform(
        title="Working Nomads",
        home="https://www.workingnomads.com",
        country=None,
        languages=("en",),
        currency=None,
        timezone="America/New_York",
        access=Access.SITE_JSON,
        robots="none found (public readers of the feed, read 2026-11)",
        terms="none found; an open feed that the site links itself, read with attribution (public readers of"
        " the feed, read 2026-11)",
        evidence="answer saved on 2026-07-10; no contract posting was in it",
        interval=timedelta(hours=1),
        requests=1,
    )
    allowed_domains = ("workingnomads.com",)
    whole_listing = False

    def listing_url(self, number: int) -> str:
        """The one page."""
        return "https://www.workingnomads.com/api/exposed_jobs/"

    def read(self, record: dict[str, Any], page: Page) -> Project | None:
        """One posting; None where it is employment."""
        title = from_html(record.get("title"))
        tags = [tag.strip() for tag in (record.get("tags") or "").split(",") if tag.strip()]
        if not is_project(title, tags):
            return None
        url = required(record.get("url"), "url")
        location = fold(record.get("location"))
        return Project(
            platform=self.name,
            external_id=id_in(url),
            url=url,
            title=required(title, "title"),
            description=from_html(record.get("description")),
            category=fold(record.get("category_name")),
            skills=skills_of(tags),
            work_type=WorkType.REMOTE,
            location=location,
            country=one_country(location),
            language=self.platform.language,
            posted_at=parse_datetime(record.get("pub_date"), now=page.now, tz=self.platform.tz),
            status=Status.OPEN,
            client_name=fold(record.get("company_name")),
        )


def id_in(url: str) -> str:
    """The number in a posting's link; `RecordError` where there is none."""
    found = _ID.search(url)
    if found is None:
        raise RecordError(f"the link {url!r} holds no number of a posting")
    return found[1]
