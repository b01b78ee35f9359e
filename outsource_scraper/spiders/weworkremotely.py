"""We Work Remotely: contract postings of a board for remote jobs, from its feed.

Domain: https://weworkremotely.com/remote-jobs.rss, one page with the newest postings of every category. Guid
and link are the posting's page, and the last part of its path is the id. Times are RFC 822 with their zone.

Caveats:
- `type` is Contract or Full-Time; only Contract, and Freelance should it appear, are projects.
- The title is "Company: Role".
- `region` says from where one may work ("Anywhere in the World"). `state` and the headquarters that open the
  description are the company's, not the work's.
- Pay is told in the description alone, in free text, so no budget is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from outsource_scraper.items import Project, Status, WorkType
from outsource_scraper.normalize.countries import country_in
from outsource_scraper.normalize.dates import parse_datetime, parse_deadline
from outsource_scraper.normalize.skills import canonical_skills
from outsource_scraper.normalize.text import fold, from_html
from outsource_scraper.spiders._base import FeedSpider, Page, required
from outsource_scraper.spiders._platform import Access, Platform

if TYPE_CHECKING:
    from lxml import etree

_PROJECT_TYPES = frozenset({"contract", "freelance"})


class WeworkremotelySpider(FeedSpider):
    """Contract postings of We Work Remotely."""

    name = "weworkremotely"
    platform = Platform(
        title="We Work Remotely",
        home="https://weworkremotely.com",
        country=None,
        languages=("en",),
        currency=None,
        timezone="UTC",
        access=Access.FEED,
        robots="none found (public readers of the feed, read 2026-11)",
        terms="a feed offered for reading; attribution with a link to the posting is expected (public readers"
        " of the feed, read 2026-11)",
        evidence="feed saved on 2026-07-10",
        requests=1,
    )
    allowed_domains = ("weworkremotely.com",)

    def listing_url(self, number: int) -> str:
        """The one page of the feed."""
        return "https://weworkremotely.com/remote-jobs.rss"

    def read(self, record: etree._Element, page: Page) -> Project | None:
        """One posting; None where it is employment."""
        kind = fold(record.findtext("type"))
        if kind is None or kind.casefold() not in _PROJECT_TYPES:
            return None
        url = required(record.findtext("link") or record.findtext("guid"), "link")
        company, role = split_title(fold(record.findtext("title")))
        region = fold(record.findtext("region"))
        return Project(
            platform=self.name,
            external_id=required(urlsplit(url).path.rstrip("/").rpartition("/")[2], "id in its link"),
            url=url,
            title=required(role, "title"),
            description=from_html(record.findtext("description")),
            category=fold(record.findtext("category")),
            skills=canonical_skills(
                [skill.strip() for skill in (record.findtext("skills") or "").split(",") if skill.strip()]
            ),
            work_type=WorkType.REMOTE,
            location=region,
            country=country_in(record.findtext("country")) or country_in(region),
            language=self.platform.language,
            posted_at=parse_datetime(record.findtext("pubDate"), now=page.now, tz=self.platform.tz),
            deadline_at=parse_deadline(record.findtext("expires_at"), now=page.now, tz=self.platform.tz),
            status=Status.OPEN,
            client_name=company,
            project_metadata={"kind": kind},
        )


def split_title(title: str | None) -> tuple[str | None, str | None]:
    """Company and role of "Company: Role"; where nothing is parted the whole is the role."""
    company, parted, role = (title or "").partition(": ")
    return (company or None, role) if parted else (None, title)
