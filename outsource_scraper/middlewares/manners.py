"""Manners that Scrapy does not have by itself: Crawl-delay, Retry-After, and backing off for the whole site.

Scrapy retries a 429 at once and slows nothing down. Here a refusal for lack of room (429, 503) makes the
whole download slot of the site wait: as long as `Retry-After` says, else twice as long as the time before,
with jitter. Success brings the old pace back step by step. A site that goes on refusing, or asks for a longer
wait than a run can give, has shut its door: the run ends as blocked.
"""

from __future__ import annotations

import logging
import math
import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import TYPE_CHECKING, Any, Self

from scrapy import signals
from scrapy.downloadermiddlewares.retry import get_retry_request

from outsource_scraper import user_agent
from outsource_scraper.errors import ConfigError
from outsource_scraper.middlewares.blocking import GIVEN_UP, is_challenge

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.core.downloader import Slot
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.robotstxt import RobotParser
    from scrapy.settings import BaseSettings

logger = logging.getLogger(__name__)

NO_ROOM = frozenset({429, 503})
"""Too Many Requests and Service Unavailable: the statuses that come with Retry-After (RFC 9110, 10.2.3)."""

_LEAST = 0.1
"""Seconds between two requests to a site that is slowed down: Scrapy's slots keep no time without a delay."""


@dataclass(slots=True)
class _Strain:
    """A site that had no room, until its old pace is back."""

    delay: float
    """Seconds between two requests, as before."""
    jitter: float
    """As before."""
    refusals: int = 0
    """In a row."""
    until: float = 0.0
    """When the last wait ends, by the monotonic clock."""

    @property
    def waits(self) -> bool:
        """Whether an answer of now is to a request sent before the wait, and so tells nothing new."""
        return monotonic() < self.until


class BackoffMiddleware:
    """Waits when the site has no room, and gives up when it goes on having none.

    Settings: `BACKOFF_TIMES` (refusals in a row before giving up), `BACKOFF_BASE` (seconds of the first wait
    without Retry-After, or the site's delay if that is longer; doubled for each further one), `BACKOFF_MAX`
    (seconds; the longest wait, and the longest Retry-After that is waited for). Stats: `manners/backoffs`,
    `manners/seconds_waited` (rounded up), and `manners/waiting`, whether the last answer was a refusal.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._times = crawler.settings.getint("BACKOFF_TIMES")
        self._base = crawler.settings.getfloat("BACKOFF_BASE")
        self._longest = crawler.settings.getfloat("BACKOFF_MAX")
        self._strained: dict[str, _Strain] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response | Request:
        """Pass a good response on; ask again, later, for what the site had no room for."""
        engine, spider = self._crawler.engine, self._crawler.spider
        site = request.meta.get("download_slot", "")
        if engine is None or spider is None or site not in engine.downloader.slots:
            return response  # from no site
        slot = engine.downloader.slots[site]
        if response.status not in NO_ROOM:
            self._relax(site, slot, engine.downloader.per_slot_settings.get(site, {}))
            return response
        if is_challenge(response):  # waiting opens nothing
            return response
        strain = self._strained.setdefault(site, _Strain(slot.delay, slot.jitter))
        further = not strain.waits
        strain.refusals += further
        asked = retry_after(response, datetime.now(UTC))
        wait = asked if asked is not None else self._own_wait(strain)
        again = get_retry_request(
            request, spider=spider, reason=f"{response.status}", max_retry_times=self._times
        )
        if strain.refusals > self._times or again is None or wait > self._longest:
            logger.error("%s has no room for us (%d); it is not asked any more", site, response.status)
            return response.replace(flags=[*response.flags, GIVEN_UP])
        logger.warning("%s has no room (%d): nothing is asked of it for %.1f s", site, response.status, wait)
        self._crawler.stats.set_value("manners/waiting", True)
        self._crawler.stats.inc_value("manners/backoffs")
        self._crawler.stats.inc_value("manners/seconds_waited", math.ceil(wait))
        if further:
            slot.delay = min(max(slot.delay * 2, self._base, _LEAST), self._longest)
        _pause(slot, strain, wait)
        return again

    def _own_wait(self, strain: _Strain) -> float:
        first = max(self._base, strain.delay)
        # Crawlers that were refused at the same moment must not come back at the same moment.
        jitter = random.uniform(0.75, 1.25)  # noqa: S311 - no secret
        return min(first * 2.0 ** (strain.refusals - 1) * jitter, self._longest)

    def _relax(self, site: str, slot: Slot, own: dict[str, Any]) -> None:
        """Halve the delay of a site that was slowed down, until its old pace is reached.

        `own` are the site's settings: a Crawl-delay may have become known in the meantime.
        """
        strain = self._strained.get(site)
        if strain is None or strain.waits:
            return
        strain.refusals = 0
        self._crawler.stats.set_value("manners/waiting", False)
        delay = own.get("delay", strain.delay)
        slot.delay = max(delay, slot.delay / 2)
        if slot.delay <= max(delay, _LEAST):
            slot.delay, slot.jitter = delay, own.get("jitter", strain.jitter)
            del self._strained[site]


def _pause(slot: Slot, strain: _Strain, wait: float) -> None:
    """Let no request of the site out for `wait` seconds, nor sooner than at its old pace."""
    strain.until = max(strain.until, monotonic() + wait, slot.lastseen + strain.delay)
    # The slot's next request goes out at `lastseen` plus its delay, which jitter could shorten.
    slot.jitter = 0.0
    slot.lastseen = strain.until - slot.delay


def retry_after(response: Response, now: datetime) -> float | None:
    """Seconds that the Retry-After header asks for, in seconds or as a date; None where it says nothing."""
    header = (response.headers.get("Retry-After") or b"").strip()
    if header.isdigit():
        return float(header)
    until = _http_date(header)
    if until is None:
        return None
    # The date is by the site's clock, and so is the moment it is counted from.
    sent = _http_date(response.headers.get("Date") or b"")
    return max(0.0, (until - (sent or now)).total_seconds())


def _http_date(header: bytes) -> datetime | None:
    try:
        moment = parsedate_to_datetime(header.decode("latin-1"))
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC)


class Introduction:
    """Extension: no platform is crawled by somebody whom it could not reach.

    Setting: `OUTSOURCE_CONTACT`, which goes into the User-Agent wherever it was set.
    """

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor.

        Raises:
            ConfigError: there is no contact, and it is not the sandbox that is crawled.
        """
        if hasattr(crawler.spidercls, "platform"):
            check_contact(crawler.settings)
            agent = user_agent(crawler.settings.get("OUTSOURCE_CONTACT"))
            crawler.settings.set("USER_AGENT", agent, priority="project")
        return cls()


def check_contact(settings: BaseSettings) -> None:
    """Pass where the User-Agent names a contact, or the sandbox is crawled; else raise `ConfigError`."""
    if not settings.get("OUTSOURCE_CONTACT") and not settings.get("SANDBOX_URL"):
        raise ConfigError(
            "set OUTSOURCE_CONTACT, in the environment or in .env, to your e-mail address or a page of yours:"
            " the User-Agent names it, so that a platform can reach you"
        )


class CrawlDelay:
    """Extension: the slot of a site is never faster than the Crawl-delay of its robots.txt.

    Setting: `CRAWL_DELAY_MAX` (seconds); a longer one is a way to say no, and is taken as that long.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._longest = crawler.settings.getfloat("CRAWL_DELAY_MAX")
        crawler.signals.connect(self._robots_parsed, signals.robots_parsed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    def _robots_parsed(self, robotparser: RobotParser, request: Request) -> None:
        settings = self._crawler.settings
        agent = settings["ROBOTSTXT_USER_AGENT"] or settings["USER_AGENT"]
        asked = robotparser.crawl_delay(agent)
        delay = min(asked or 0.0, self._longest)
        if not delay or self._crawler.engine is None:
            return
        downloader = self._crawler.engine.downloader
        site = downloader.get_slot_key(request)
        own = downloader.per_slot_settings.get(site, {})
        delay = max(delay, own.get("delay", settings.getfloat("DOWNLOAD_DELAY")))
        # An idle slot is forgotten; the next one is made from these. Jitter would make half of the waits
        # shorter than what was asked for.
        downloader.per_slot_settings[site] = {**own, "delay": delay, "jitter": 0.0}
        slot = downloader.slots.get(site)
        if slot is not None:
            slot.delay, slot.jitter = max(delay, slot.delay), 0.0
        self._crawler.stats.set_value("manners/crawl_delay", delay)
        logger.info("robots.txt of %s asks for %g s between two requests", site, delay)
