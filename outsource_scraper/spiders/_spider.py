"""How every platform is crawled, whatever its records are.

`PlatformSpider` owns the arguments, the pages in their order, the rule that stops them, and detail pages. How
a page is read is in `_reader`, and how a response becomes records is said by the access patterns in `_base`.
"""

from __future__ import annotations

import importlib.util
from dataclasses import fields
from datetime import UTC, datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import SecretStr
from scrapy import Request, Spider
from scrapy.exceptions import CloseSpider
from scrapy.spidermiddlewares.httperror import HttpError

from outsource_scraper.errors import (
    ConfigError,
    CredentialRefused,
    PageError,
)
from outsource_scraper.items import GonePosting, Project
from outsource_scraper.spiders._arguments import CrawlArguments, Mode
from outsource_scraper.spiders._reader import PlatformReader, R, Reading, sentence_of, text_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence

    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.settings import BaseSettings
    from twisted.python.failure import Failure

    from outsource_scraper.spiders._platform import Platform
    from outsource_scraper.spiders._reader import Page

BROWSER = "outsource_scraper.middlewares.browser.BrowserDownloadHandler"
"""By name: the browser's libraries are loaded by crawls that render, and by no other."""

PACE, RENDERED_PACE = 1.0, 5.0
"""Seconds that a request may take from one to the next where no delay is longer."""

FIELDS = {
    field.name: attrgetter(field.name)
    for field in fields(Project)
    if field.name not in {"platform", "external_id", "url", "status", "language", "project_metadata"}
}
"""What is counted of a listing: fields that vanish together tell that its layout has changed."""

MAX_FAILED_PAGES = 2
"""Listing pages that may fail one after the other before the crawl gives the listing up."""


class PlatformSpider(PlatformReader[R], Spider):
    """One platform: from its listing pages to `Project` items."""

    platform: ClassVar[Platform]
    searches: ClassVar[bool] = False
    """Whether `listing_request` hands `args.query` to the platform; if not, `query` filters what was read."""

    credentials: ClassVar[tuple[str, ...]] = ()
    """Settings without which the platform tells nothing; the environment variables have the same names."""
    credentials_from: ClassVar[str] = ""
    """The page where the operator gets them."""

    browser: ClassVar[bool] = False
    """Whether the platform's pages show nothing before their scripts have run."""
    browser_wait: ClassVar[str | None] = None
    """CSS of what a rendered page shows when it is ready."""
    conditional: ClassVar[bool] = True
    """Whether the first page may be asked for only if it has changed since the last crawl."""
    whole_listing: ClassVar[bool] = True
    """Whether the listing goes on to the oldest open posting; False where it is a window on the newest, so
    that what has left it is not gone."""

    known: Callable[[Sequence[Project]], Awaitable[tuple[set[str], set[str]]]] | None = None
    """Of projects as a listing tells them: the ids that are stored, and those of which it tells nothing new.
    Set by an extension; None where there is no database."""

    def __init__(self, **given: Any) -> None:
        super().__init__()
        self.args = CrawlArguments.parse(given, now=datetime.now(UTC))
        self.complete = False
        """Whether the whole listing was seen, so that what was not in it is gone."""
        self.ended: str | None = None
        """Why the listing ended; None while it is read, and for ever where the crawl was cut off."""
        self._last_ids: frozenset[str] = frozenset()
        self._failed_in_a_row = 0
        self._any_failed = False

    @property
    def mode(self) -> str:
        """`new` or `full`."""
        return str(self.args.mode)

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of this crawl as JSON values, for the row of the run."""
        return self.args.as_json()

    @property
    def has_details(self) -> bool:
        """Whether projects have pages of their own that tell more than the listing."""
        return type(self).detail_request is not PlatformSpider.detail_request

    @property
    def rendered(self) -> bool:
        """Whether pages are fetched with a browser."""
        return self.browser or self.args.browser

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Scrapy's constructor; every crawl gets its limits, one that renders the browser's handler.

        Raises:
            ConfigError: a credential is not set that the platform asks for, or what drives a browser is not
                installed.
        """
        cls.check_credentials(crawler.settings)
        spider = super().from_crawler(crawler, *args, **kwargs)
        if spider.rendered:
            if importlib.util.find_spec("scrapy_playwright") is None:
                raise ConfigError(
                    f"{cls.name} is to be read with a browser, and scrapy-playwright, which drives it, is not"
                    " installed: install it, or take the container image with the browser."
                )
            # Of https alone: each scheme would start a browser of its own.
            crawler.settings.set("DOWNLOAD_HANDLERS", {"https": BROWSER}, "spider")
        pace = max(crawler.settings.getfloat("DOWNLOAD_DELAY"), RENDERED_PACE if spider.rendered else PACE)
        limits = cls.platform.limits(full=spider.args.mode is Mode.FULL, pace=pace)
        crawler.settings.update(limits, "spider")
        return spider

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        """Give the site the delay its `platform` states; the command line may still override all of this."""
        settings.set("DOWNLOAD_DELAY", cls.platform.delay, priority="spider")
        # How many records of a page wait for one commit; and so many tasks does Scrapy start for every page.
        # Many for a listing that is one answer, few where most pages are of one project.
        if cls.has_next is PlatformSpider.has_next:
            settings.set("CONCURRENT_ITEMS", 1000, priority="spider")
        elif cls.detail_request is not PlatformSpider.detail_request:
            settings.set("CONCURRENT_ITEMS", 30, priority="spider")
        super().update_settings(settings)

    @classmethod
    def check_credentials(cls, settings: BaseSettings) -> None:
        """Pass where `settings` hold everything that the platform asks for.

        Raises:
            ConfigError: they do not; the sentence names what is missing and where to get it.
        """
        missing = [name for name in cls.credentials if not settings.get(name)]
        if missing:
            them = "it" if len(missing) == 1 else "them"
            raise ConfigError(
                f"{cls.name} needs {', '.join(missing)}: get {them} at {cls.credentials_from} and set {them} "
                "in the environment or in .env."
            )

    def credential(self, name: str) -> str | None:
        """The value of the setting `name`; None where it is not set, or no crawler runs this spider."""
        crawler = getattr(self, "crawler", None)
        value = None if crawler is None else crawler.settings.get(name)
        return (value.get_secret_value() if isinstance(value, SecretStr) else value) or None

    # What a platform's file says

    def listing_url(self, number: int) -> str:
        """URL of listing page `number`, newest postings first."""
        raise NotImplementedError(f"{type(self).__name__} names neither listing_url nor listing_request")

    def listing_request(self, number: int) -> Request:
        """Request of listing page `number`, where a URL alone does not say it all."""
        return Request(self.listing_url(number))

    def detail_request(self, project: Project) -> Request | None:
        """Request of the page that tells more of `project`; None where the listing tells all."""
        return None

    # Crawling

    async def start(self) -> AsyncIterator[Any]:
        """Begin with the first page of the listing."""
        yield self._listing(1)

    async def parse_listing(self, response: Response, number: int) -> AsyncIterator[Any]:
        """Read one page of the listing, ask for the details that are missing and for the next page."""
        if response.status == 304:
            self._count("listing/unchanged_pages")
            self.ended = "it is the one of the last crawl"
            return
        try:
            page = self.open_page(response, number=number)
            reading = self.read_page(page)
            has_next = self.has_next(page)
            self._check_not_hidden(page, reading, has_next)
        except CredentialRefused as error:
            raise self._closed_by(error) from None
        except Exception as error:  # noqa: BLE001 - whatever one page holds must not end the crawl
            self._count("listing/failed_pages")
            self.logger.error("page %d of the listing cannot be read: %s", number, sentence_of(error))
            yield self.reject(sentence_of(error), text_of(response), response)
            for request in self._after_failure(number):
                yield request
            return
        self._failed_in_a_row = 0
        # Of a page that has another layout what can be read is not all that there is.
        self._any_failed |= len(reading.rejected) > len(reading.projects) + reading.skipped
        self._count_fields(reading)
        self._leave_out(reading)
        self._count_reading(reading)
        for rejected in reading.rejected:
            yield rejected
        stored, unchanged = await self._ask_known(reading.projects)
        ended = self._why_ended(number, reading, has_next, stored)
        # Before the first of them goes out: an error in a platform's file must not look like a whole listing.
        outputs = [self._next_step(project, unchanged) for project in reading.projects]
        if ended is None:
            # First, so that it is fetched while this page's projects are on their way into the database.
            yield self._listing(number + 1)
        for output in outputs:
            yield output
        if ended is not None:
            self.ended = ended
            self.complete = not has_next and self._is_whole(reading)
            self.logger.info("the listing ended after page %d: %s", number, ended)

    async def parse_detail(self, response: Response, project: Project) -> AsyncIterator[Any]:
        """Complete one project from its detail page."""
        try:
            reading = self.read_detail_page(self.open_page(response), project)
        except Exception as error:  # noqa: BLE001 - as in a listing
            rejected = self.reject(sentence_of(error), text_of(response), response, project)
            reading = Reading(projects=[project], rejected=[rejected])
        self._count("detail/pages")
        self._count("detail/failed", len(reading.rejected))
        self._count("listing/rejected", len(reading.rejected))
        for item in (*reading.rejected, *reading.projects):
            yield item

    async def listing_failed(self, failure: Failure) -> AsyncIterator[Any]:
        """Go on behind a page that could not be fetched, unless it was not the first such page."""
        if isinstance(failure.value, CredentialRefused):
            raise self._closed_by(failure.value)
        number = failure.request.cb_kwargs["number"]  # type: ignore[attr-defined]
        self._count("listing/failed_pages")
        self.logger.error("page %d of the listing was not fetched: %s", number, sentence_of(failure.value))
        for request in self._after_failure(number):
            yield request

    async def detail_failed(self, failure: Failure) -> AsyncIterator[Any]:
        """Keep what the listing told of a project whose detail page could not be fetched, or is gone."""
        project = failure.request.cb_kwargs["project"]  # type: ignore[attr-defined]
        if isinstance(failure.value, HttpError) and failure.value.response.status in {404, 410}:
            self._count("detail/gone")
            yield project
            yield GonePosting(platform=self.name, external_id=project.external_id, url=project.url)
            return
        self._count("detail/failed")
        self.logger.error("%s was not fetched: %s", failure.request.url, sentence_of(failure.value))  # type: ignore[attr-defined]
        yield project

    def _closed_by(self, error: CredentialRefused) -> CloseSpider:
        """What ends a run that would be refused again and again."""
        self.crawler.stats.set_value("credential/refused", str(error))
        return CloseSpider("credential_refused")

    def _listing(self, number: int) -> Request:
        request = self.listing_request(number)
        if self.conditional and number == 1 and self.args == CrawlArguments(max_pages=self.args.max_pages):
            # Where the first page is the one of the last crawl, there is nothing new behind it either.
            request.meta.update({"conditional": True, "handle_httpstatus_list": [304]})
        return request.replace(
            callback=self.parse_listing, errback=self.listing_failed, cb_kwargs={"number": number}
        )

    def _next_step(self, project: Project, unchanged: set[str]) -> Project | Request:
        """The project as the listing tells it, or the request of its detail page where there is news."""
        detail = None if project.external_id in unchanged else self.detail_request(project)
        if detail is None:
            return project
        return detail.replace(
            callback=self.parse_detail, errback=self.detail_failed, cb_kwargs={"project": project}
        )

    async def _ask_known(self, projects: list[Project]) -> tuple[set[str], set[str]]:
        # Where everything is read and the listing tells all, nothing depends on the answer.
        matters = self.mode == "new" or self.has_details
        if self.known is None or not projects or not matters:
            return set(), set()
        return await self.known(projects)

    def _check_not_hidden(self, page: Page, reading: Reading, has_next: bool) -> None:
        """A page without a record that goes on, or says that it has results, has another layout."""
        if reading.records:
            return
        total = self.stated_total(page) if page.number == 1 else None
        if total or has_next:
            says = f"says that it has {total} results" if total else "goes on"
            raise PageError(f"{page.response.url} {says} but shows no record: its layout has changed")

    def _after_failure(self, number: int) -> Iterator[Request]:
        self._any_failed = True
        self._failed_in_a_row += 1
        if self._failed_in_a_row < MAX_FAILED_PAGES and number != self.args.max_pages:
            yield self._listing(number + 1)

    def _leave_out(self, reading: Reading) -> None:
        """Take out what the arguments do not ask for."""
        kept = reading.projects
        if self.args.since is not None:
            kept = [project for project in kept if not self._is_outdated(project)]
            reading.outdated = len(reading.projects) - len(kept)
        if self.args.query is not None and not self.searches:
            words = self.args.query.casefold().split()
            kept = [project for project in kept if all(word in _haystack(project) for word in words)]
        reading.skipped += len(reading.projects) - len(kept)
        reading.projects = kept

    def _is_outdated(self, project: Project) -> bool:
        return (
            project.posted_at is not None
            and self.args.since is not None
            and project.posted_at < self.args.since
        )

    def _is_whole(self, reading: Reading) -> bool:
        """Whether a listing whose last page is `reading` was seen from its beginning to its end."""
        whole = self.whole_listing and self.args.whole
        return whole and not self._any_failed and reading.records > 0

    def _why_ended(self, number: int, reading: Reading, has_next: bool, known: set[str]) -> str | None:
        if not has_next:
            return "it has no further page"
        if number == self.args.max_pages:
            return "max_pages was reached"
        if reading.outdated and not reading.projects:
            return "everything on the page is older than since"
        ids = frozenset(project.external_id for project in reading.projects)
        if self.mode == "new" and ids and ids <= known:
            return "everything on the page is known"
        if ids and ids == self._last_ids:
            return "the page repeats the one before"
        self._last_ids = ids
        return None

    def _count(self, name: str, count: int = 1) -> None:
        if count:
            self.crawler.stats.inc_value(name, count)

    def _count_fields(self, reading: Reading) -> None:
        """Of the listing alone: details are fetched for some projects only."""
        self._count("listing/projects", len(reading.projects))
        for name, value in FIELDS.items():
            filled = sum(value(project) not in (None, "", []) for project in reading.projects)
            self._count(f"listing/field/{name}", filled)

    def _count_reading(self, reading: Reading) -> None:
        self._count("listing/pages")
        self._count("listing/records", reading.records)
        self._count("listing/rejected", len(reading.rejected))
        self._count("listing/skipped", reading.skipped)
        self._count("listing/duplicates", reading.duplicates)


def _haystack(project: Project) -> str:
    return " ".join((project.title, project.description or "", *project.skills)).casefold()
