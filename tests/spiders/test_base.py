"""The base spider through real crawls of a small JSON board on loopback."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from scrapy import Request, signals
from scrapy.crawler import AsyncCrawlerRunner
from scrapy.http import HtmlResponse, JsonResponse, Response, TextResponse, XmlResponse

from outsource_scraper.errors import PageError, RecordError
from outsource_scraper.items import GonePosting, Project, RejectedRecord
from outsource_scraper.spiders._base import (
    MOST_KEPT_LEVELS,
    MOST_LEVELS,
    ApiSpider,
    EmbeddedJsonSpider,
    FeedSpider,
    ListingSpider,
    Page,
    dig,
    kept_levels,
    required,
    whole_number,
)
from outsource_scraper.spiders._platform import Access, Platform

PLATFORM = Platform(
    title="Board", home="http://127.0.0.1/", country=None, languages=("en",), currency="USD", timezone="UTC",
    access=Access.OFFICIAL_API, robots="ours", terms="ours", evidence="ours", delay=0,
)  # fmt: skip


class BoardSpider(ApiSpider):
    name = "board"
    platform = PLATFORM
    records_path = ("projects",)
    base = ""
    details = False

    def listing_url(self, number: int) -> str:
        return f"{self.base}/list?page={number}"

    def read(self, record: dict[str, Any], page: Page) -> Project | None:
        if record.get("ad"):
            return None
        posted = record.get("posted")
        return Project(
            platform=self.name,
            external_id=required(record.get("id"), "id"),
            url=f"https://board.example/{record['id']}",
            title=required(record.get("title"), "title"),
            description=record.get("text"),
            posted_at=datetime.fromisoformat(posted) if posted else None,
        )

    def has_next(self, page: Page) -> bool:
        return bool(page.document.get("next"))

    def detail_request(self, project: Project) -> Request | None:
        return Request(f"{self.base}/detail/{project.external_id}") if self.details else None

    def read_detail(self, page: Page, project: Project | None) -> Project:
        assert project is not None
        project.description = required(page.document.get("text"), "text")
        return project


@dataclass
class Board:
    """Pages by number: a list of records, or a `web.Response`; and what was asked for."""

    pages: dict[int, Any]
    details: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def listing(self, request: web.Request) -> web.Response:
        self.asked.append(request.path_qs)
        number = int(request.query["page"])
        page = self.pages[number]
        if isinstance(page, web.Response):
            return page
        return web.json_response({"projects": page, "next": number < max(self.pages)})

    async def detail(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        found = self.details.get(request.match_info["id"])
        return web.json_response({"text": found}) if found is not None else web.Response(status=404)

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_get("/list", self.listing)
        app.router.add_get("/detail/{id}", self.detail)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


@dataclass
class Crawled:
    projects: list[Project]
    rejected: list[RejectedRecord]
    gone: list[GonePosting]
    stats: dict[str, Any]
    spider: BoardSpider

    @property
    def ids(self) -> list[str]:
        return [project.external_id for project in self.projects]


async def crawl(
    board: Board,
    *,
    known: Callable[[str], bool] | None = None,
    changed: frozenset[str] = frozenset(),
    details: bool = False,
    scraped: Callable[[Any], Awaitable[None]] | None = None,
    **arguments: str,
) -> Crawled:
    items: list[Any] = []
    async with board.served() as base:
        spider_class = type("OneBoardSpider", (BoardSpider,), {"base": base, "details": details})
        settings = {"TWISTED_REACTOR_ENABLED": False, "LOG_ENABLED": False, "TELNETCONSOLE_ENABLED": False,
                    "REMOTE_CONTROL_ENABLED": False, "RETRY_ENABLED": False}  # fmt: skip
        runner = AsyncCrawlerRunner(settings)
        crawler = runner.create_crawler(spider_class)

        def keep(item: Any) -> None:
            items.append(item)

        crawler.signals.connect(keep, signals.item_scraped, weak=False)
        if scraped is not None:
            crawler.signals.connect(scraped, signals.item_scraped, weak=False)
        if known is not None:

            async def ask(projects: list[Project]) -> tuple[set[str], set[str]]:
                stored = {project.external_id for project in projects if known(project.external_id)}
                return stored, stored - changed

            def opened(spider: BoardSpider) -> None:
                spider.known = ask

            crawler.signals.connect(opened, signals.spider_opened, weak=False)
        await runner.crawl(crawler, **arguments)
    return Crawled(
        [item for item in items if isinstance(item, Project)],
        [item for item in items if isinstance(item, RejectedRecord)],
        [item for item in items if isinstance(item, GonePosting)],
        crawler.stats.get_stats(),
        crawler.spider,
    )


def record(number: int, **changes: Any) -> dict[str, Any]:
    return {"id": number, "title": f"Project {number}", **changes}


PAGES = {1: [record(9), record(8)], 2: [record(7), record(6)], 3: [record(5)]}


async def test_a_full_crawl_reads_every_page_and_is_complete() -> None:
    got = await crawl(Board(PAGES), mode="full")
    assert got.ids == ["9", "8", "7", "6", "5"]
    assert got.spider.complete
    assert got.stats["listing/pages"] == 3
    assert got.stats["listing/records"] == 5


@pytest.mark.parametrize(
    "arguments",
    [
        {"mode": "new"},
        {"mode": "full", "max_pages": "2"},
        {"mode": "full", "query": "project"},
        {"mode": "full", "since": "7d"},
    ],
)
async def test_only_the_whole_listing_makes_a_crawl_complete(arguments: dict[str, str]) -> None:
    assert not (await crawl(Board(PAGES), **arguments)).spider.complete


async def test_the_next_page_is_fetched_while_the_projects_of_one_are_on_their_way() -> None:
    more_than_scrapy_lets_wait = 150
    asked_again = asyncio.Event()

    class Watched(Board):
        async def listing(self, request: web.Request) -> web.Response:
            if request.query["page"] == "2":
                asked_again.set()
            return await super().listing(request)

    board = Watched({1: [record(number) for number in range(more_than_scrapy_lets_wait)], 2: [record(999)]})

    async def until_the_next_page_was_asked_for(item: Any) -> None:
        async with asyncio.timeout(20):
            await asked_again.wait()

    got = await crawl(board, scraped=until_the_next_page_was_asked_for, mode="full")
    assert len(got.ids) == more_than_scrapy_lets_wait + 1
    assert got.spider.complete
    assert "log_count/ERROR" not in got.stats, "waited in vain"


async def test_an_error_in_the_platforms_file_leaves_the_listing_without_an_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(self: BoardSpider, project: Project) -> Request | None:
        if project.external_id == "8":
            raise KeyError("slug")
        return None

    monkeypatch.setattr(BoardSpider, "detail_request", broken)
    got = await crawl(Board(PAGES), mode="full")
    assert got.stats["spider_exceptions/count"] == 1
    assert not got.spider.complete
    assert got.spider.ended is None


async def test_max_pages_ends_the_listing() -> None:
    board = Board(PAGES)
    got = await crawl(board, max_pages="2")
    assert board.asked == ["/list?page=1", "/list?page=2"]
    assert got.spider.ended == "max_pages was reached"


async def test_new_stops_behind_a_page_of_known_ids() -> None:
    board = Board(PAGES)
    got = await crawl(board, known=lambda external_id: external_id in {"8", "7", "6", "5"})
    assert board.asked == ["/list?page=1", "/list?page=2"]
    assert got.ids == ["9", "8", "7", "6"], "known ones are yielded too, so that changes are seen"


async def test_full_does_not_stop_at_known_ids() -> None:
    board = Board(PAGES)
    await crawl(board, known=lambda _: True, mode="full")
    assert len(board.asked) == 3


async def test_since_leaves_out_what_is_older_and_ends_behind_a_page_of_it() -> None:
    pages = {
        1: [record(9, posted="2026-03-03T00:00:00+00:00"), record(8)],
        2: [record(7, posted="2026-03-02T00:00:00+00:00"), record(6, posted="2026-02-01T00:00:00+00:00")],
        3: [record(5, posted="2026-01-01T00:00:00+00:00")],
        4: [record(4, posted="2025-12-31T00:00:00+00:00")],
    }
    board = Board(pages)
    got = await crawl(board, since="2026-03-01")
    assert got.ids == ["9", "8", "7"]
    assert len(board.asked) == 3
    assert got.stats["listing/skipped"] == 2


async def test_query_filters_where_the_platform_cannot_search() -> None:
    pages = {
        1: [record(1, title="Vue shop"), record(2, text="A shop written in VUE"), record(3, title="Logo")]
    }
    assert (await crawl(Board(pages), query="vue shop")).ids == ["1", "2"]


async def test_a_broken_record_costs_only_itself() -> None:
    pages = {
        1: [record(1), {"title": "no id"}, {"id": 3}, "no object", record(4, ad=True), record(5), record(5)]
    }
    got = await crawl(Board(pages), mode="full")
    assert got.ids == ["1", "5"]
    assert [rejected.reason for rejected in got.rejected] == [
        "the record has no id",
        "the record has no title",
        "AttributeError: 'str' object has no attribute 'get'",
    ]
    assert json.loads(got.rejected[1].source) == {"id": 3}
    assert got.rejected[0].platform == "board"
    assert got.stats["listing/skipped"] == 1
    assert got.stats["listing/duplicates"] == 1
    assert got.stats["listing/records"] == 7


async def test_what_is_not_storable_is_rejected_with_its_source() -> None:
    pages = {1: [record(1, title="T" * 2001), record(2)]}
    got = await crawl(Board(pages))
    assert got.ids == ["2"]
    assert "2001 characters" in got.rejected[0].reason
    assert got.rejected[0].external_id == "1"


@pytest.mark.parametrize(
    "bad",
    [
        web.Response(text="<html>maintenance</html>", content_type="text/html"),
        web.Response(text='{"projects": [{"id": 7, "ti', content_type="application/json"),
        web.Response(text='{"elsewhere": []}', content_type="application/json"),
        web.Response(text='{"a":' * 100_000, content_type="application/json"),
        web.Response(body=b"\x00\xff\x00", content_type="application/octet-stream"),
        web.Response(text='["no object"]', content_type="application/json"),
    ],
    ids=["html", "truncated", "no array", "deep", "bytes", "array"],
)
async def test_an_unreadable_page_is_kept_and_the_next_is_read(bad: web.Response) -> None:
    got = await crawl(Board({**PAGES, 2: bad}), mode="full")
    assert got.ids == ["9", "8", "5"]
    assert len(got.rejected) == 1
    assert got.rejected[0].source.startswith(bytes(bad.body[:1]).decode())
    assert not got.spider.complete
    assert got.stats["listing/failed_pages"] == 1


async def test_an_error_in_reading_a_page_costs_only_that_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def has_next(self: BoardSpider, page: Page) -> bool:
        return bool(page.number < 3 if page.number != 2 else page.document["missing"]["number"])

    monkeypatch.setattr(BoardSpider, "has_next", has_next)
    got = await crawl(Board(PAGES), mode="full")
    assert got.ids == ["9", "8", "5"]
    assert [rejected.reason for rejected in got.rejected] == ["KeyError: 'missing'"]
    assert not got.spider.complete


async def test_two_bad_pages_in_a_row_end_the_listing() -> None:
    bad = web.Response(status=500)
    board = Board({**PAGES, 2: bad, 3: web.Response(status=500), 4: [record(1)]})
    got = await crawl(board, mode="full")
    assert got.ids == ["9", "8"]
    assert len(board.asked) == 3
    assert got.spider.ended is None


async def test_a_page_that_repeats_the_one_before_ends_the_listing() -> None:
    board = Board({number: [record(1)] for number in range(1, 9)})
    got = await crawl(board, mode="full")
    assert len(board.asked) == 2
    assert not got.spider.complete


async def test_an_empty_page_that_goes_on_has_another_layout() -> None:
    got = await crawl(Board({1: [record(1)], 2: [], 3: [record(2)]}), mode="full")
    assert got.ids == ["1", "2"]
    assert "goes on but shows no record: its layout has changed" in got.rejected[0].reason
    assert not got.spider.complete


async def test_a_page_without_the_results_that_it_states_has_another_layout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(BoardSpider, "stated_total", lambda self, page: 12)
    got = await crawl(Board({1: []}), max_pages="1")
    assert "says that it has 12 results but shows no record" in got.rejected[0].reason
    assert got.stats["listing/failed_pages"] == 1


async def test_the_fields_of_a_listing_are_counted_whatever_the_arguments_leave_out() -> None:
    got = await crawl(Board({1: [record(1, text="vue"), record(2)]}), query="vue")
    assert got.ids == ["1"]
    assert got.stats["listing/projects"] == 2
    assert got.stats["listing/field/title"] == 2
    assert got.stats["listing/field/description"] == 1
    assert "listing/field/budget_max" not in got.stats


async def test_a_listing_that_is_the_one_of_the_last_crawl_is_not_read() -> None:
    board = Board({1: web.Response(status=304), 2: [record(1)]})
    got = await crawl(board)
    assert board.asked == ["/list?page=1"]
    assert got.stats["listing/unchanged_pages"] == 1
    assert got.spider.ended == "it is the one of the last crawl"


async def test_details_are_fetched_only_for_what_is_not_known() -> None:
    board = Board({1: [record(1, text="short"), record(2, text="short")]}, {"1": "the whole text"})
    got = await crawl(board, details=True, known=lambda external_id: external_id == "2")
    assert {project.external_id: project.description for project in got.projects} == {
        "1": "the whole text",
        "2": "short",
    }
    assert board.asked == ["/list?page=1", "/detail/1"]


async def test_details_are_fetched_again_where_the_listing_tells_something_new() -> None:
    board = Board({1: [record(1, text="a"), record(2, text="b")]}, {"2": "the new text"})
    got = await crawl(board, details=True, known=lambda _: True, changed=frozenset({"2"}))
    assert board.asked == ["/list?page=1", "/detail/2"]
    assert sorted(got.ids) == ["1", "2"]


async def test_a_detail_page_that_fails_costs_only_the_details() -> None:
    board = Board({1: [record(1, text="short"), record(2, text="short")]}, {"1": ""})
    got = await crawl(board, details=True)
    assert sorted(got.ids) == ["1", "2"]
    assert {project.description for project in got.projects} == {"short"}
    assert (got.stats["detail/failed"], got.stats["detail/gone"]) == (1, 1)
    assert [gone.external_id for gone in got.gone] == ["2"]
    assert [rejected.reason for rejected in got.rejected] == [
        "the detail page cannot be read: the record has no text"
    ]


def test_now_is_the_server_s_unless_its_clock_is_wrong() -> None:
    spider = BoardSpider()

    def now(date: str | None) -> datetime:
        headers = {"Date": date} if date else {}
        return spider.open_page(JsonResponse("https://board.example/", body=b"{}", headers=headers)).now

    real = datetime.now(UTC)
    near = real.replace(microsecond=0, minute=0)
    assert now(near.strftime("%a, %d %b %Y %H:%M:%S GMT")) == near
    for wrong in ("Thu, 01 Jan 1970 00:00:00 GMT", "soon", None):
        assert now(wrong) >= real


def test_a_feed_that_is_none() -> None:
    class Feed(FeedSpider):
        name = "feed"
        platform = PLATFORM

        def read(self, record: Any, page: Page) -> Project | None:
            return None

    spider = Feed()
    for body, word in ((b"<html><br>", "not XML"), (b"<html></html>", "no feed")):
        reading = spider.read_saved(
            Response("https://board.example/feed", body=body).replace(cls=HtmlResponse)
        )
        assert word in reading.rejected[0].reason


def test_entities_of_a_feed_are_not_followed(tmp_path: Any) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")

    class Feed(FeedSpider):
        name = "feed"
        platform = PLATFORM

        def read(self, record: Any, page: Page) -> Project | None:
            return Project(
                platform="feed", external_id="1", url="https://board.example/", title=record.findtext("title")
            )

    body = f'<!DOCTYPE rss [<!ENTITY x SYSTEM "file://{secret}">]><rss><item><title>T&x;</title></item></rss>'
    reading = Feed().read_saved(HtmlResponse("https://board.example/feed", body=body.encode()))
    assert "secret" not in str(reading)


class CardSpider(ListingSpider):
    name = "cards"
    platform = PLATFORM
    cards = "div.card"

    def read(self, record: Any, page: Page) -> Project | None:
        return Project(
            platform=self.name,
            external_id=record.attrib["id"],
            url=f"https://board.example/{record.attrib['id']}",
            title=required(record.xpath("string(h2)").get(), "title"),
            client_name=record.attrib.get("by"),
        )


CARD = b'<div class="card" id="1"><h2>One</h2></div>'


@pytest.mark.parametrize("kind", [HtmlResponse, XmlResponse, JsonResponse, TextResponse])
def test_html_is_read_as_html_whatever_type_the_server_says(kind: type[TextResponse]) -> None:
    reading = CardSpider().read_saved(kind("https://board.example/", body=CARD))
    assert [project.title for project in reading.projects] == ["One"]


@pytest.mark.parametrize("charset", ["base64", "idna", "undefined"])
def test_a_page_in_a_codec_that_is_no_charset_is_rejected(charset: str) -> None:
    headers = {"Content-Type": f"text/html; charset={charset}"}
    reading = CardSpider().read_saved(HtmlResponse("https://board.example/", headers=headers, body=CARD))
    assert reading.projects == []
    assert [rejected.source for rejected in reading.rejected] == [CARD.decode()]


@pytest.mark.parametrize("levels", [MOST_LEVELS + 1, 100_000])
def test_html_nested_deeper_than_any_page_is_rejected_whole(levels: int) -> None:
    # The parser itself leaves out what is deeper than some 2,000 levels, and the cards behind it.
    body = CARD + b"<div>" * levels + b"</div>" * levels + CARD
    reading = CardSpider().read_saved(HtmlResponse("https://board.example/", body=body))
    assert reading.projects == []
    assert ["levels deep" in rejected.reason for rejected in reading.rejected] == [True]


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def test_json_that_is_nested_deep_costs_only_its_own_record() -> None:
    records = [
        {"id": 1, "title": "read, whatever else it holds", "unread": nested(700)},
        {"id": 2, "title": "two"},
        {"id": nested(700), "title": "no id"},
    ]
    body = b'{"projects": [%s]}' % b",".join(json.dumps(record).encode() for record in records)
    reading = BoardSpider().read_saved(JsonResponse("https://board.example/", body=body))
    assert [project.external_id for project in reading.projects] == ["1", "2"]
    assert [rejected.reason for rejected in reading.rejected] == ["the record has no id"]
    assert json.loads(reading.rejected[0].source) == records[2]


def test_a_record_that_is_nested_beyond_what_can_be_written_has_a_source_all_the_same() -> None:
    source = BoardSpider().source({"id": 7, "unread": nested(5_000)})
    assert json.loads(source) == {"id": 7, "unread": kept_levels(nested(100), MOST_KEPT_LEVELS - 1)}
    assert source.count("[") == MOST_KEPT_LEVELS - 1


def test_a_document_nested_beyond_what_can_be_read_is_rejected_whole() -> None:
    body = b'{"projects": [{"id": 1, "title": "one", "unread": %s1%s}]}' % (b"[" * 100_000, b"]" * 100_000)
    reading = BoardSpider().read_saved(JsonResponse("https://board.example/", body=body))
    assert reading.projects == []
    assert ["is not JSON (maximum recursion depth" in rejected.reason for rejected in reading.rejected] == [
        True
    ]


def test_a_text_that_is_none_or_has_no_end_is_no_field_of_a_project() -> None:
    body = CARD + f'<div class="card" id="2" by="{"x" * 5_001}"><h2>Two</h2></div>'.encode()
    reading = CardSpider().read_saved(HtmlResponse("https://board.example/", body=body))
    assert [project.external_id for project in reading.projects] == ["1"]
    assert reading.rejected[0].reason == "client_name is 5001 characters long, more than 5000"


async def test_what_a_failed_detail_page_had_changed_is_undone() -> None:
    class Changing(BoardSpider):
        details = True

        def read_detail(self, page: Page, project: Project | None) -> Project:
            assert project is not None
            project.title = "changed"
            project.project_metadata["changed"] = True
            raise RecordError("and then it failed")

    spider = Changing()
    told = Project(platform="board", external_id="1", url="https://board.example/1", title="as told")
    page = spider.open_page(JsonResponse("https://board.example/1", body=b"{}"))
    reading = spider.read_detail_page(page, told)
    assert len(reading.rejected) == 1
    assert (reading.projects[0].title, reading.projects[0].project_metadata) == ("as told", {})


def test_json_inside_a_page() -> None:
    class Embedded(EmbeddedJsonSpider):
        name = "embedded"
        platform = PLATFORM
        embedded_after = "window.state ="

        def read(self, record: dict[str, Any], page: Page) -> Project | None:
            return None

    def document(text: str) -> Any:
        return Embedded().document(HtmlResponse("https://board.example/", body=text.encode()))

    assert document('<script>window.state = \n{"a": "</b>;"};window.other = 1</script>') == {"a": "</b>;"}
    for broken in ("<script>nothing</script>", '<script>window.state = {"a": ', "window.state ="):
        with pytest.raises(PageError):
            document(broken)


@pytest.mark.parametrize(
    ("value", "number"),
    [(7, 7), ("7", 7), (7.0, 7), (0, 0), (True, None), (None, None), ("", None), ("x", None), (-1, None),
     (7.5, None), (10**400, 10**400), (-(10**400), None),
     (float("nan"), None), (float("inf"), None), ([], None)],
)  # fmt: skip
def test_whole_number(value: Any, number: int | None) -> None:
    assert whole_number(value) == number


def test_dig() -> None:
    value = {"a": [{"b": 1}]}
    assert dig(value, "a", 0, "b") == 1
    assert dig(value, "a", 1, "b") is None
    assert dig(value, "a", "b") is None
    assert dig(None, "a") is None


async def test_a_window_on_the_newest_is_never_the_whole_listing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BoardSpider, "whole_listing", False)
    got = await crawl(Board(PAGES), mode="full")
    assert len(got.ids) == 5
    assert not got.spider.complete
