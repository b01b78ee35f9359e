"""One spoiled page on the way that a crawl would send it, and the account of what became of its records."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from scrapy import Request
from scrapy.exceptions import CloseSpider
from scrapy.http import Headers
from scrapy.responsetypes import responsetypes
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader
from scrapy.utils.test import get_crawler

from outsource_scraper.commands.extract import saved_response
from outsource_scraper.database.changes import content_hash
from outsource_scraper.database.copying import binary_rows
from outsource_scraper.database.runs import storable
from outsource_scraper.items import Project, RejectedRecord
from outsource_scraper.normalize.validity import problem
from outsource_scraper.pipelines.enrich import EnrichPipeline

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outsource_scraper.spiders._base import Page, PlatformSpider
    from tests.fuzz.pages import SavedPage

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
DATE = b"Sun, 01 Nov 2026 12:00:00 GMT"
LOADER = SpiderLoader.from_settings(Settings({"SPIDER_MODULES": ["outsource_scraper.spiders"]}))


@dataclass(slots=True, kw_only=True)
class Account:
    """What became of the records of one or many spoiled pages."""

    mutations: int = 0
    unreadable: int = 0
    """Pages that became one rejected record."""
    refused: int = 0
    """Pages that said that the credential is refused."""
    records: int = 0
    projects: int = 0
    rejected: int = 0
    skipped: int = 0
    duplicates: int = 0
    set_aside: int = 0
    """Of `projects`, those that PostgreSQL would refuse, which the store turns into rejected records."""

    def add(self, other: Account) -> None:
        """Count the pages of `other` too."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


class Reader:
    """The spider of one saved page, in the state in which a crawl would meet that page."""

    def __init__(self, page: SavedPage) -> None:
        self._spider_class: type[PlatformSpider[Any]] = LOADER.load(page.platform)  # type: ignore[assignment]
        settings = {**dict.fromkeys(self._spider_class.credentials, "secret"), "ITEM_PIPELINES": {}}
        self.crawler = get_crawler(self._spider_class, settings)
        self.url = page.url
        saved = saved_response(page.path, page.url)
        self.is_detail = self._spider().is_detail(saved)
        self.project: Project | None = None
        if self.is_detail:
            reading = self._spider().read_saved(saved, now=NOW)
            self.project = reading.projects[0] if reading.projects else None
        self._enrich = EnrichPipeline()

    def _spider(self) -> PlatformSpider[Any]:
        # Not `from_crawler`, which gives a crawl that renders its download handler: the settings are closed.
        spider = self._spider_class()
        spider._set_crawler(self.crawler)
        return spider

    async def read(self, body: bytes, content_type: str) -> Account:
        """Do what a crawl does with an answer, as a listing or a detail page, and check the account.

        Raises:
            AssertionError: a record is unaccounted for, or what came out is not what may come out.
            Exception: whatever the spider let out.
        """
        headers = Headers({"Date": DATE} | ({"Content-Type": content_type} if content_type else {}))
        kind = responsetypes.from_args(headers=headers, url=self.url, body=body)
        response = kind(url=self.url, headers=headers, body=body)
        assert self.crawler.stats is not None
        self.crawler.stats.clear_stats()
        spider = self._spider()
        if self.is_detail and self.project is not None:
            found = spider.parse_detail(response, copy.deepcopy(self.project))
            return await self._check_detail([item async for item in found])
        # One spider finds its listing by a first answer; a page may be either.
        account = await self._listing(spider, response)
        if getattr(spider, "thread", "none") is None:
            spider.thread = "1"  # type: ignore[attr-defined]
            self.crawler.stats.clear_stats()
            account = await self._listing(spider, response)
        return account

    async def _listing(self, spider: PlatformSpider[Any], response: Any) -> Account:
        seen = _Counter(spider)
        try:
            found = [item async for item in spider.parse_listing(response, number=1)]
        except CloseSpider as closing:
            if closing.reason != "credential_refused" or not self._stat("credential/refused"):
                raise
            return Account(mutations=1, refused=1)
        requests = [item for item in found if isinstance(item, Request)]
        details = [request for request in requests if request.callback == spider.parse_detail]
        further = len(requests) - len(details)
        projects = [item for item in found if isinstance(item, Project)]
        rejected = [item for item in found if isinstance(item, RejectedRecord)]
        assert len(found) == len(requests) + len(projects) + len(rejected), "something else came out"
        assert further <= 1, "more than one further page is asked for"
        self._check_requests(requests)
        projects += [request.cb_kwargs["project"] for request in details]
        account = Account(mutations=1)
        if self._stat("listing/failed_pages"):
            assert not projects, "projects of a page that cannot be read"
            assert len(rejected) == 1, "a page that cannot be read is one rejected record"
            account.unreadable = 1
        elif self._stat("listing/pages"):
            account.records = self._stat("listing/records")
            account.skipped = self._stat("listing/skipped")
            account.duplicates = self._stat("listing/duplicates")
            told = len(projects) + len(rejected) + account.skipped + account.duplicates
            assert seen.records == account.records == told, (
                f"{seen.records} records were read, {account.records} counted, {told} accounted for"
            )
        else:
            assert further == 1, "nothing was counted and nothing is asked for"
        await self._check_items(account, projects, rejected)
        return account

    async def _check_detail(self, found: list[Any]) -> Account:
        projects = [item for item in found if isinstance(item, Project)]
        rejected = [item for item in found if isinstance(item, RejectedRecord)]
        assert len(found) == len(projects) + len(rejected), "something else came out"
        assert len(projects) == 1, "the project of a detail page is lost"
        assert len(rejected) <= 1
        assert self.project is not None
        assert projects[0].external_id == self.project.external_id, "another project came out"
        account = Account(mutations=1, records=1, unreadable=len(rejected))
        await self._check_items(account, projects, rejected)
        return account

    async def _check_items(
        self, account: Account, projects: list[Project], rejected: list[RejectedRecord]
    ) -> None:
        account.projects += len(projects)
        account.rejected += len(rejected)
        ids = [project.external_id for project in projects]
        assert len(ids) == len(set(ids)), "a project came out twice"
        for number, project in enumerate(projects, 1):
            assert problem(project) is None, problem(project)
            self._enrich.process_item(project)
            account.set_aside += not await _can_be_stored(number, project)
        for record in rejected:
            assert record.reason, "rejected without a reason"
            for text in (record.reason, record.source, record.url, record.external_id):
                (storable(text) or "").encode()

    def _check_requests(self, requests: Iterable[Request]) -> None:
        assert self.crawler.request_fingerprinter is not None
        prints = [
            self.crawler.request_fingerprinter.fingerprint(request)
            for request in requests
            if not request.dont_filter
        ]
        assert len(prints) == len(set(prints)), "Scrapy would filter a request, and its project with it"

    def _stat(self, name: str) -> int:
        assert self.crawler.stats is not None
        return self.crawler.stats.get_value(name, 0)  # type: ignore[no-any-return]


class _Counter:
    """Counts the records that a spider takes from its pages, apart from the spider's own count."""

    def __init__(self, spider: PlatformSpider[Any]) -> None:
        self.records = 0
        self._records = spider.records
        spider.records = self._counted  # type: ignore[method-assign]

    def _counted(self, page: Page) -> Iterable[Any]:
        for record in self._records(page):
            self.records += 1
            yield record


async def _can_be_stored(number: int, project: Project) -> bool:
    """Whether PostgreSQL would take `project`; that it cannot be encoded must be said by a ValueError."""
    try:
        async for _ in binary_rows({number: (project, content_hash(project), None)}, NOW):
            pass
    except ValueError:
        return False
    texts = _texts(project)
    return not any("\x00" in text for text in texts) and _is_jsonb(project.project_metadata)


def _texts(project: Project) -> Iterable[str]:
    for field in fields(project):
        value = getattr(project, field.name)
        if isinstance(value, str):
            yield value
    yield from project.skills


def _is_jsonb(value: Any) -> bool:
    """Whether PostgreSQL's jsonb holds `value`, which has neither NUL nor numbers that are none."""
    try:
        return "\\u0000" not in json.dumps(value, allow_nan=False, default=str).replace("\\\\", "")
    except ValueError:
        return False
