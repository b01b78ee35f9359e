"""What is read of a platform's answers: a response as a page, a page's records as projects.

No network and no database: `scrapy extract` reads a saved response by the same methods as a crawl. A record
that cannot be read becomes a `RejectedRecord`, the others of its page go on.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from scrapy.http import Response, TextResponse

from outsource_scraper.errors import OutsourceScraperError, PageError
from outsource_scraper.items import Project, RejectedRecord
from outsource_scraper.normalize.validity import problem

if TYPE_CHECKING:
    from collections.abc import Iterable

R = TypeVar("R")
"""What one record is: a `Selector`, a JSON object, an element of a feed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One response on its way to records."""

    response: TextResponse
    number: int
    """1 for the first page of the listing."""
    now: datetime
    """The server's clock when it sent the page: what relative ages on the page count from. Aware, UTC."""
    document: Any
    """The parsed body: a `Selector`, the JSON value, or the root element of a feed."""

    def urljoin(self, link: str) -> str:
        """`link` as an absolute URL."""
        return self.response.urljoin(link)


@dataclass(slots=True, kw_only=True)
class Reading:
    """What one page gave."""

    projects: list[Project] = field(default_factory=list)
    rejected: list[RejectedRecord] = field(default_factory=list)
    skipped: int = 0
    """Records that are no projects: advertisements, employment, or what the arguments leave out."""
    duplicates: int = 0
    """Records whose id stood on the page before."""
    outdated: int = 0
    """Of `skipped`, those posted before `since`."""

    @property
    def records(self) -> int:
        """Every record of the page, whatever became of it."""
        return len(self.projects) + len(self.rejected) + self.skipped + self.duplicates


class PlatformReader(ABC, Generic[R]):
    """How one platform's answers become projects."""

    name: str
    """The platform, as in `Project.platform`."""

    # What a platform's file says

    @abstractmethod
    def document(self, response: TextResponse) -> Any:
        """Parse the body; `PageError` where it is not what was expected."""

    @abstractmethod
    def records(self, page: Page) -> Iterable[R]:
        """The records of a listing page; `PageError` where there is no place for them."""

    @abstractmethod
    def read(self, record: R, page: Page) -> Project | None:
        """One record as a project, or None where it is no project. Any exception rejects the record."""

    @abstractmethod
    def source(self, record: R) -> str:
        """The record as it came, for `RejectedRecord.source`."""

    def has_next(self, page: Page) -> bool:
        """Whether the listing goes on behind `page`."""
        return False

    def stated_total(self, page: Page) -> int | None:
        """How many results the page says it has; None where it says nothing of it."""
        return None

    def is_detail(self, response: TextResponse) -> bool:
        """Whether a saved response is a detail page and not a listing."""
        return False

    def read_detail(self, page: Page, project: Project | None) -> Project:
        """Complete `project` from its detail page; None: the page is read alone, make it from that."""
        raise NotImplementedError(f"{type(self).__name__} has no detail pages")

    # Reading: no network, no database; `scrapy extract` calls these as the crawl does

    def open_page(self, response: Response, *, number: int = 1, now: datetime | None = None) -> Page:
        """Parse `response`; `PageError` where it is not what this platform answers with."""
        if not isinstance(response, TextResponse):
            raise PageError(f"{response.url} is not text: it begins with {bytes(response.body[:20])!r}")
        return Page(
            response=response,
            number=number,
            now=now or _server_time(response),
            document=self.document(response),
        )

    def read_page(self, page: Page) -> Reading:
        """Read every record of a listing page.

        Raises:
            PageError: the page holds no place for records at all.
        """
        reading = Reading()
        seen: set[str] = set()
        for record in self.records(page):
            try:
                project = self.read(record, page)
                reason = None if project is None else problem(project)
            except Exception as error:  # noqa: BLE001 - whatever one record does must not cost the others
                project, reason = None, sentence_of(error)
            if reason is not None:
                reading.rejected.append(self.reject(reason, self.source(record), page.response, project))
            elif project is None:
                reading.skipped += 1
            elif project.external_id in seen:
                reading.duplicates += 1
            else:
                seen.add(project.external_id)
                reading.projects.append(project)
        return reading

    def read_detail_page(self, page: Page, project: Project | None) -> Reading:
        """Read a detail page. Where that fails, what the listing told of the project is kept."""
        try:
            complete = self.read_detail(page, project and _copy(project))
            reason = problem(complete)
            if reason is None:
                return Reading(projects=[complete])
        except Exception as error:  # noqa: BLE001 - as above
            reason = f"the detail page cannot be read: {sentence_of(error)}"
        rejected = self.reject(reason, text_of(page.response), page.response, project)
        return Reading(projects=[project] if project else [], rejected=[rejected])

    def read_saved(self, response: Response, *, now: datetime | None = None) -> Reading:
        """Read one saved response, listing or detail, by itself."""
        try:
            page = self.open_page(response, now=now)
            if self.is_detail(page.response):
                return self.read_detail_page(page, None)
            return self.read_page(page)
        except Exception as error:  # noqa: BLE001 - as in a crawl
            return Reading(rejected=[self.reject(sentence_of(error), text_of(response), response)])

    def reject(
        self, reason: str, source: str, response: Response, project: Project | None = None
    ) -> RejectedRecord:
        """What cannot be read, as it came, with the reason."""
        return RejectedRecord(
            platform=self.name,
            reason=reason,
            source=source,
            url=response.url,
            external_id=project.external_id or None if project else None,
        )


def _copy(project: Project) -> Project:
    """The project with lists and objects of its own; in half the time of `deepcopy`, once a detail page."""
    metadata = _copy_json(project.project_metadata)
    return replace(project, skills=list(project.skills), project_metadata=metadata)


def _copy_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy_json(inner) for key, inner in value.items()}
    return [_copy_json(inner) for inner in value] if isinstance(value, list) else value


_STARTED = (datetime.now(UTC), monotonic())


def _our_time() -> datetime:
    """The time by our own clock, as it was when the process began: it may be set while pages are read."""
    began, at = _STARTED
    return began + timedelta(seconds=monotonic() - at)


def _server_time(response: Response) -> datetime:
    """When the server sent `response`: its Date header, unless that is a day off our own clock."""
    now = _our_time()
    header = response.headers.get("Date")
    if header is None:
        return now
    try:
        sent = parsedate_to_datetime(header.decode("latin-1"))
        sent = sent.replace(tzinfo=UTC) if sent.tzinfo is None else sent.astimezone(UTC)
    except (ValueError, OverflowError):
        return now
    return sent if abs(sent - now) < timedelta(days=1) else now


def sentence_of(error: BaseException | None) -> str:
    if isinstance(error, OutsourceScraperError):
        return str(error)
    return f"{type(error).__name__}: {error}"


def text_of(response: Response) -> str:
    if not isinstance(response, TextResponse):
        return response.body.decode("latin-1")
    try:
        return response.text
    except (LookupError, UnicodeError):  # Python has codecs that are no text's, and a page may claim one
        return response.body.decode("utf-8", "replace")
