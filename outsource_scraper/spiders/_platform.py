"""What is known of a platform besides how to read it, as data: `scrapy platforms` and README print it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Access(StrEnum):
    """How the postings are reached; the first that shows the data is taken."""

    OFFICIAL_API = "official API"
    FEED = "feed"
    SITE_JSON = "the site's JSON"
    EMBEDDED_JSON = "JSON in public pages"
    PUBLIC_PAGES = "public pages"
    RENDERED_PAGES = "rendered pages"


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """One marketplace, for the people who decide whether to crawl it and how often."""

    title: str
    home: str
    country: str | None
    """ISO 3166-1 alpha-2 of the company's market; None for an international one."""
    languages: tuple[str, ...]
    """BCP 47, most used first. One language alone is the language of every posting."""
    currency: str | None
    """ISO 4217 of amounts that name none; None where the platform always names it."""
    timezone: str
    """IANA zone of the times that its pages show."""
    access: Access
    robots: str
    """What its robots.txt says of the pages that are read, with date and source."""
    terms: str
    """What its terms say of reading it by program, with date and source."""
    evidence: str
    """The saved page it was written from, with its date, or "documented, never seen live"."""
    credential: str | None = None
    """Names of the environment variables of a credential, and whether it is needed."""
    enabled: bool = True
    """Whether the schedule crawls it without being asked."""
    interval: timedelta = timedelta(minutes=10)
    """Time between two scheduled crawls."""
    delay: float = 2.0
    """Seconds between two requests to the site; robots.txt may ask for more."""
    requests: int = 2_000
    """The most requests that a crawl of the whole listing takes, detail pages among them, as far as known."""
    retention: timedelta | None = None
    """The longest time its terms let a copy be kept."""

    @property
    def tz(self) -> ZoneInfo:
        """The zone in which the naive times of its pages are read."""
        return ZoneInfo(self.timezone)

    @property
    def language(self) -> str | None:
        """The language of every posting where the platform has one alone, else None."""
        return self.languages[0] if len(self.languages) == 1 else None

    def limits(self, *, full: bool, pace: float) -> dict[str, int]:
        """Scrapy's guards for a crawl: one that hangs or runs in circles ends, and its verdict says so.

        Args:
            full: whether the whole listing is read, which may take as long as it needs; a crawl for what is
                new is to be over when the next one is due.
            pace: seconds that a request takes.

        Returns:
            By setting; seconds, responses and errors.
        """
        # Twice, because sites grow, and ten minutes, because a site without room is waited for.
        whole = 2 * self.requests * max(pace, self.delay) + 600
        seconds = whole if full else 0.9 * self.interval.total_seconds()
        return {
            "CLOSESPIDER_TIMEOUT": max(1, int(seconds)),
            "CLOSESPIDER_PAGECOUNT": 2 * self.requests + 20,
            "CLOSESPIDER_ERRORCOUNT": min(50, 3 + self.requests // 10),
        }
