"""The manners of whole crawls, by when requests arrive at the sandbox market or at a small site.

What is promised is the least time between two requests; only that is measured.
"""

import asyncio
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import web
from scrapy.utils.project import get_project_settings

from outsource_scraper.spiders.wishket import PAGE_SIZE
from tests.commands.board import SPIDER, served
from tests.commands.conftest import Crawl, Market, Scrapy
from tests.commands.test_crawl import Rows, last_line

CLOCK = 0.1
"""Seconds by which an arrival may be late, and so the next seem early."""


def gaps(times: list[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise(times)]


def arrivals(market: Market, path: str = "") -> list[float]:
    return [entry["t"] for entry in market.control.log() if path in entry["path"]]


def test_crawl_delay_holds_between_all_requests_to_the_site(crawl: Crawl, market: Market) -> None:
    title = market.control.truth("wishket")[0]["project"]["title"]
    ended = crawl(
        *("wishket", "-a", f"query={title}", "-a", "max_pages=1"),
        *("-s", "CRAWL_DELAY_MAX=60", "-s", "DOWNLOAD_DELAY=0", "-s", "CONCURRENT_REQUESTS_PER_DOMAIN=4"),
    )
    assert ended.returncode == 0, ended.stderr
    assert market.control.log()[0]["path"] == "/robots.txt"
    measured = gaps(arrivals(market))
    assert len(measured) >= 2
    assert min(measured) >= 5 - CLOCK


@pytest.mark.parametrize("as_date", [False, True], ids=["seconds", "date"])
def test_retry_after_holds_for_all_requests_to_the_site(as_date: bool, crawl: Crawl, market: Market) -> None:
    # Scrapy asks first for the last card of the page.
    first = market.control.truth("wishket")[PAGE_SIZE - 1]["project"]["external_id"]
    refused = f"/project/{first}/"
    market.control.fault(
        *("status",), platform="wishket", status=429, path=refused, count=1,
        retry_after=2, retry_after_as_date=as_date,
    )  # fmt: skip
    # Those under way are answered well after the refusal, and are no reason to end the wait.
    market.control.fault("slow", platform="wishket", path=rf"/project/(?!{first})\d+/", seconds=0.3)
    four = ("-s", "CONCURRENT_REQUESTS=4", "-s", "CONCURRENT_REQUESTS_PER_DOMAIN=4")
    ended = crawl("wishket", "-a", "max_pages=1", *four)
    assert ended.returncode == 0, ended.stderr
    log = [entry for entry in market.control.log() if entry["path"].removesuffix("/")[-1:].isdigit()]
    (at,) = (entry["t"] for entry in log if entry["status"] == 429)
    assert len([entry for entry in log if entry["path"] == refused]) == 2
    during = [entry["path"] for entry in log if at < entry["t"] < at + 2]
    after = [entry for entry in log if entry["t"] >= at + 2]
    assert len(during) <= 3, "only those that were under way"
    assert len(after) == PAGE_SIZE - 3


def test_without_retry_after_every_wait_is_longer_than_the_one_before(crawl: Crawl, market: Market) -> None:
    market.control.fault("status", platform="flru", status=503, count=3)
    ended = crawl("flru", "-a", "max_pages=1", "-s", "BACKOFF_BASE=0.5")
    assert ended.returncode == 0, ended.stderr
    first, second, third = gaps(arrivals(market, "/projects/"))
    assert 0.75 * 0.5 <= first < second < third


async def test_who_has_no_room_for_ever_is_given_up(crawl: Crawl, market: Market, rows: Rows) -> None:
    market.control.fault("status", platform="flru", status=503)
    ended = crawl("flru", "-s", "BACKOFF_TIMES=3")
    assert ended.returncode == 4, ended.stderr
    assert "went on having no room for us (503)" in last_line(ended)
    assert len(arrivals(market, "/projects/")) == 4
    assert [row["verdict"] for row in await rows("SELECT verdict FROM crawl_runs")] == ["blocked"]


@pytest.mark.parametrize("as_date", [False, True], ids=["seconds", "date"])
def test_a_longer_wait_than_a_run_can_give_is_not_begun(as_date: bool, crawl: Crawl, market: Market) -> None:
    market.control.fault("status", platform="flru", status=429, retry_after=301, retry_after_as_date=as_date)
    ended = crawl("flru")
    assert ended.returncode == 4, ended.stderr
    assert len(arrivals(market, "/projects/")) == 1


@pytest.mark.parametrize("by", ["environment", "setting"])
def test_every_request_names_the_contact_and_robots_txt_is_the_first(
    by: str, crawl: Crawl, market: Market
) -> None:
    contact = "https://crawler.example/about"
    ended = (
        crawl("wishket", "-a", "max_pages=1", OUTSOURCE_CONTACT=contact)
        if by == "environment"
        else crawl("wishket", "-a", "max_pages=1", "-s", f"OUTSOURCE_CONTACT={contact}")
    )
    assert ended.returncode == 0, ended.stderr
    log = market.control.log()
    assert [entry["path"] for entry in log].index("/robots.txt") == 0
    assert sum(entry["path"] == "/robots.txt" for entry in log) == 1
    assert len(log) > 5
    agents = {entry["user_agent"] for entry in log}
    assert len(agents) == 1
    assert agents.pop().endswith(f" (+{contact})")


def test_nothing_listens_for_commands() -> None:
    settings = get_project_settings()
    settings.setmodule("outsource_scraper.settings")
    assert not settings.getbool("TELNETCONSOLE_ENABLED")
    assert not settings.getbool("REMOTE_CONTROL_ENABLED")


Board = Any


@pytest.fixture
def crawl_board(scrapy: Scrapy, database_url: Any) -> Board:
    """`scrapy crawl board ARGS`, while the site that a test serves goes on."""

    async def run(base: str, *arguments: str, **env: str) -> Any:
        url = database_url.render_as_string(hide_password=False)
        contact = "https://crawler.example/about"
        given = {"DATABASE_URL": url, "OUTSOURCE_CONTACT": contact, **env}
        command = ("crawl", "board", *SPIDER, "-s", f"BOARD_URL={base}", *arguments)
        return await asyncio.to_thread(scrapy, *command, env=given)

    return run


LISTING = {"projects": [{"id": 1}, {"id": 2}], "next": False}


@pytest.mark.parametrize(
    ("robots", "asked", "code", "words"),
    [
        ("User-agent: *\nDisallow: /list", ["/robots.txt"], 4, "robots.txt forbids the listing"),
        (
            "User-agent: *\nDisallow: /\n\nUser-agent: outsource_scraper\nDisallow: /detail/2",
            ["/robots.txt", "/list?page=1", "/detail/1"], 5, "1 detail pages failed",
        ),
    ],
)  # fmt: skip
async def test_robots_txt_is_obeyed(
    robots: str, asked: list[str], code: int, words: str, crawl_board: Board
) -> None:
    seen: list[str] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        seen.append(request.path_qs)
        if request.path == "/robots.txt":
            return web.Response(text=robots)
        return web.json_response({"text": "long"} if "detail" in request.path else LISTING)

    async with served(answer) as base:
        ended = await crawl_board(base)
    assert seen == asked
    assert ended.returncode == code, ended.stderr
    assert words in last_line(ended)


@pytest.mark.parametrize("path", ["/list", "/detail/2"])
async def test_a_redirect_to_another_host_is_not_followed(path: str, crawl_board: Board) -> None:
    elsewhere: list[str] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        if request.headers["Host"].startswith("localhost"):
            elsewhere.append(request.path)
        elif request.path == "/robots.txt":
            return web.Response(text="")
        elif request.path == path:
            port = request.headers["Host"].rpartition(":")[2]
            return web.Response(status=302, headers={"Location": f"http://localhost:{port}/elsewhere"})
        return web.json_response({"text": "long"} if "detail" in request.path else LISTING)

    async with served(answer) as base:
        ended = await crawl_board(base)
    assert elsewhere == []
    assert ended.returncode in {1, 5}, ended.stderr
    assert last_line(ended).startswith(("board: failed: ", "board: partial: "))


@pytest.mark.parametrize(
    ("validator", "value", "condition"),
    [
        ("ETag", 'W/"17"', "If-None-Match"),
        ("Last-Modified", "Sun, 01 Nov 2026 12:00:00 GMT", "If-Modified-Since"),
    ],
)
async def test_a_page_is_asked_for_only_if_it_has_changed_by_either_validator(
    validator: str, value: str, condition: str, crawl_board: Board, rows: Rows
) -> None:
    answered: list[int] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        if request.path == "/robots.txt":
            return web.Response(text="")
        if "detail" in request.path:
            return web.json_response({"text": "long"})
        status = 304 if request.headers.get(condition) == value else 200
        answered.append(status)
        if status == 304:
            return web.Response(status=304, headers={validator: value})
        return web.json_response(LISTING, headers={validator: value})

    async with served(answer) as base:
        for _ in range(2):
            ended = await crawl_board(base)
            assert ended.returncode == 0, ended.stderr
    assert answered == [200, 304]
    (first, second) = await rows("SELECT * FROM crawl_runs ORDER BY id")
    assert (first["verdict"], second["verdict"], second["complete"]) == ("ok", "ok", False)
    assert not await rows("SELECT 1 FROM projects WHERE closed_at IS NOT NULL")


async def test_a_proxy_of_the_environment_is_used(crawl_board: Board) -> None:
    seen: list[str] = []

    async def proxy(request: web.BaseRequest) -> web.Response:
        target = request._message.path
        seen.append(target)
        if target.endswith("/robots.txt"):
            return web.Response(text="")
        return web.json_response({"text": "long"} if "detail" in target else LISTING)

    async with served(proxy) as base:
        ended = await crawl_board("http://board.example", http_proxy=base)
    assert ended.returncode == 0, ended.stderr
    # Nobody but the proxy could have answered: the name is none.
    expected = ["/robots.txt", "/list?page=1", "/detail/1", "/detail/2"]
    assert sorted(seen) == sorted(f"http://board.example{path}" for path in expected)
