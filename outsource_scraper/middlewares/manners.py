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
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import TYPE_CHECKING, Self

from scrapy import signals
from scrapy.downloadermiddlewares.retry import get_retry_request

from outsource_scraper.middlewares.blocking import GIVEN_UP, is_challenge

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.core.downloader import Slot
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.robotstxt import RobotParser

logger = logging.getLogger(__name__)

NO_ROOM = frozenset({429, 503})
"""Too Many Requests and Service Unavailable: the statuses that come with Retry-After (RFC 9110, 10.2.3)."""


class BackoffMiddleware:
    """Waits when the site has no room, and gives up when it goes on having none.

    Settings: `BACKOFF_TIMES` (refusals in a row before giving up), `BACKOFF_BASE` (seconds of the first wait
    without Retry-After, doubled for each further one), `BACKOFF_MAX` (seconds; the longest wait, and the
    longest Retry-After that is waited for). Stats: `manners/backoffs`, `manners/seconds_waited` (rounded up).
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._times = crawler.settings.getint("BACKOFF_TIMES")
        self._base = crawler.settings.getfloat("BACKOFF_BASE")
        self._longest = crawler.settings.getfloat("BACKOFF_MAX")
        self._refusals: dict[str, int] = {}
        self._pace: dict[str, float] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response | Request:
        """Pass a good response on; ask again, later, for what the site had no room for."""
        if response.status not in NO_ROOM:
            self._relax(request)
            return response
        if is_challenge(response):  # waiting opens nothing
            return response
        spider = self._crawler.spider
        assert spider is not None  # noqa: S101 - there is no response without one
        site = request.meta.get("download_slot", "")
        refusals = self._refusals[site] = self._refusals.get(site, 0) + 1
        asked = retry_after(response, datetime.now(UTC))
        wait = asked if asked is not None else self._base * 2 ** (refusals - 1) * _jitter()
        again = get_retry_request(
            request, spider=spider, reason=f"{response.status}", max_retry_times=self._times
        )
        if refusals > self._times or again is None or wait > self._longest:
            logger.error("%s has no room for us (%d); it is not asked any more", site, response.status)
            return response.replace(flags=[*response.flags, GIVEN_UP])
        logger.warning("%s has no room (%d): nothing is asked of it for %.1f s", site, response.status, wait)
        self._crawler.stats.inc_value("manners/backoffs")
        self._crawler.stats.inc_value("manners/seconds_waited", math.ceil(wait))
        self._pause(site, wait)
        return again

    def _slot(self, site: str) -> Slot | None:
        engine = self._crawler.engine
        return engine.downloader.slots.get(site) if engine is not None else None

    def _pause(self, site: str, wait: float) -> None:
        """Let no request of the site out for `wait` seconds, and double its pace's delay from then on."""
        slot = self._slot(site)
        if slot is None:
            return
        self._pace.setdefault(site, slot.delay)
        slot.delay = min(max(slot.delay * 2, 1.0), self._longest)
        # The slot's next request goes out at `lastseen` plus a delay that jitter may shorten.
        slot.lastseen = max(slot.lastseen, monotonic() + wait - slot.delay * (1 - slot.jitter))

    def _relax(self, request: Request) -> None:
        site = request.meta.get("download_slot", "")
        if self._refusals.pop(site, None) is None and site not in self._pace:
            return
        slot, pace = self._slot(site), self._pace.get(site)
        if slot is None or pace is None:
            return
        slot.delay = max(pace, slot.delay / 2)
        if slot.delay <= max(pace, 0.5):
            slot.delay = pace
            del self._pace[site]


def _jitter() -> float:
    """Crawlers that were refused at the same moment must not come back at the same moment."""
    return random.uniform(0.75, 1.25)  # noqa: S311 - no secret


def retry_after(response: Response, now: datetime) -> float | None:
    """Seconds that the Retry-After header asks for, in seconds or as a date; None where it says nothing."""
    header = response.headers.get("Retry-After") or b""
    if header.strip().isdigit():
        return float(header[:9])
    until = _http_date(header)
    if until is None:
        return None
    # The date is by the site's clock, and so is the moment it is counted from.
    sent = _http_date(response.headers.get("Date") or b"")
    return max(0.0, (until - (sent or now)).total_seconds())


def _http_date(header: bytes) -> datetime | None:
    try:
        moment = parsedate_to_datetime(header.decode("latin-1"))
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC)


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
        # Jitter would make half of the waits shorter than what was asked for.
        slot = downloader.slots.get(site)
        if slot is not None:
            delay = max(delay, slot.delay)
            slot.delay, slot.jitter = delay, 0.0
        # An idle slot is forgotten; the next one is made from these.
        downloader.per_slot_settings[site] = {
            **downloader.per_slot_settings.get(site, {}), "delay": delay, "jitter": 0.0
        }  # fmt: skip
        self._crawler.stats.set_value("manners/crawl_delay", delay)
        logger.info("robots.txt of %s asks for %g s between two requests", site, delay)
