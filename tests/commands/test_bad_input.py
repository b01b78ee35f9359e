"""What may come in the place of a platform's answer, in whole crawls: it is told, and nothing is lost."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from outsource_scraper.sandbox.handler import HANDLER
from tests.commands.board import served
from tests.commands.saved_site import SAVED, TOKEN, saved_site
from tests.commands.test_browser_data import CREDENTIALS
from tests.commands.test_crawl import last_line
from tests.platforms.hackernews.test_hackernews import THREADS, comments

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path
    from subprocess import CompletedProcess

    from sqlalchemy import URL

    from tests.commands.conftest import Crawl, Market, Scrapy
    from tests.commands.test_crawl import Rows

    CrawlAt = Callable[..., Awaitable[CompletedProcess[str]]]


@pytest.fixture
def crawl_at(scrapy: Scrapy, database_url: URL) -> CrawlAt:
    """`scrapy crawl PLATFORM ARGS` of what answers at a URL, while that goes on."""

    async def run(url: str, platform: str, *arguments: str) -> CompletedProcess[str]:
        env = CREDENTIALS | {"DATABASE_URL": database_url.render_as_string(hide_password=False)}
        command = ("crawl", platform, "-s", f"SANDBOX_URL={url}", "-s", "RETRY_TIMES=1", *arguments)
        return await asyncio.to_thread(scrapy, *command, env=env)

    return run


def refused(status: int, answer: dict[str, Any]) -> Callable[[], web.Response]:
    return lambda: web.json_response(answer, status=status)


GRAPHQL = (SAVED / "upwork" / "error.json").read_text("utf-8")
NOT_PERMITTED = (SAVED / "upwork" / "refused.json").read_text("utf-8")


@pytest.mark.parametrize(
    ("platform", "answers", "variable", "asked"),
    [
        ("freelancehunt", {"/v2/projects": refused(401, {"error": "no"})}, "FREELANCEHUNT_TOKEN", 1),
        ("freelancehunt", {"/v2/projects": refused(403, {"error": "no"})}, "FREELANCEHUNT_TOKEN", 1),
        ("freelancer", {"/api/": refused(401, {"status": "error"})}, "FREELANCER_TOKEN", 1),
        ("upwork", {"/token": refused(400, {"error": "invalid_grant"})}, "UPWORK_REFRESH_TOKEN", 1),
        ("upwork", {"/token": refused(401, {"error": "invalid_client"})}, "UPWORK_CLIENT_ID", 1),
        # An access token may have run out and is renewed, once.
        ("upwork", {"/graphql": refused(401, {"message": "no"})}, "UPWORK_REFRESH_TOKEN", 4),
        ("upwork", {"/graphql": refused(200, json.loads(NOT_PERMITTED))}, "UPWORK_REFRESH_TOKEN", 2),
    ],
)
async def test_a_credential_that_is_refused_is_one_sentence_and_asked_for_once(
    platform: str,
    answers: dict[str, Callable[[], web.Response]],
    variable: str,
    asked: int,
    crawl_at: CrawlAt,
    rows: Rows,
) -> None:
    seen: list[str] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        if request.path == "/robots.txt":
            return web.Response(text="")
        seen.append(request.path)
        for part, refusal in answers.items():
            if part in request.path:
                return refusal()
        return web.json_response(TOKEN)

    async with served(answer) as url:
        ended = await crawl_at(url, platform)
    assert ended.returncode == 1, ended.stderr
    assert variable in last_line(ended)
    assert last_line(ended).startswith(f"{platform}: failed: ")
    assert "Traceback" not in ended.stderr
    assert "secret-value" not in ended.stderr
    assert len(seen) == asked, seen
    (run,) = await rows("SELECT verdict, complete FROM crawl_runs")
    assert (run["verdict"], run["complete"]) == ("failed", False)


async def test_errors_of_graphql_inside_a_200_are_told(crawl_at: CrawlAt, rows: Rows) -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        if "token" in request.path:
            return web.json_response(TOKEN)
        return web.json_response(text=GRAPHQL)

    async with served(answer) as url:
        ended = await crawl_at(url, "upwork")
    assert ended.returncode == 5, ended.stderr
    message = json.loads(GRAPHQL)["errors"][0]["message"]
    assert f"the API of Upwork answers with an error: {message}" in last_line(ended)
    assert not await rows("SELECT 1 FROM projects")


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE html><html><head><title>Welcome</title></head><body><p>Hello<br></p></body></html>",
        b'{"status": "maintenance"}',
        b'<?xml version="1.0"?><rss version="2.0"><channel><title>Jobs</title><item><title>A job',
        b'<?xml version="1.0"?><urlset><url><loc>https://board.example/</loc></url></urlset>',
        b"\x1f\x8b\x08\x00 not what it says",
        b"\x89PNG\r\n\x1a\n\x00\x00",
        b"",
    ],
    ids=["html", "json", "cut", "sitemap", "gzip", "picture", "nothing"],
)
@pytest.mark.parametrize("platform", ["weworkremotely", "codeur"])
async def test_a_feed_that_is_no_xml_is_told_and_closes_nothing(
    platform: str, body: bytes, crawl_at: CrawlAt, rows: Rows
) -> None:
    spoiled = False
    async with saved_site(platform) as site:

        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            if spoiled and request.path.endswith(".rss"):
                return web.Response(body=body, content_type="application/rss+xml")
            return await site.answer(request)

        async with served(answer) as url:
            good = await crawl_at(url, platform)
            assert good.returncode == 0, good.stderr
            stored = await rows("SELECT external_id, closed_at FROM projects ORDER BY external_id")
            assert stored
            spoiled = True
            ended = await crawl_at(url, platform)
    assert ended.returncode == 5, ended.stderr
    assert last_line(ended).startswith(f"{platform}: partial: 1 records were rejected (https://")
    assert "Traceback" not in ended.stderr
    assert stored == await rows("SELECT external_id, closed_at FROM projects ORDER BY external_id")


@pytest.mark.parametrize("count", [1000, 2500])
async def test_a_thread_of_a_thousand_comments_is_stored_whole(
    count: int, crawl_at: CrawlAt, rows: Rows
) -> None:
    """As the search answers: the newest thousand of what it finds, and how many that were."""
    newest = 1_793_600_000
    asked: list[str] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        query = parse_qs(request.query_string)
        if request.path == "/robots.txt":
            return web.Response(text="")
        asked.append(request.path_qs)
        if "author_whoishiring" in query["tags"][0]:
            return web.json_response(body=THREADS)
        limit = int(query.get("numericFilters", [f"<={newest}"])[0].partition("<=")[2])
        first = max(1, (newest - limit) // 60)
        return web.json_response(body=comments(first, min(count, first + 999), count - first + 1))

    async with served(answer) as url:
        ended = await crawl_at(url, "hackernews", "-a", "mode=full")
    assert ended.returncode == 0, ended.stderr
    stored = await rows("SELECT external_id FROM projects")
    assert {int(row["external_id"]) - 50_000_000 for row in stored} == set(range(1, count + 1))
    assert len(asked) == 1 + (1 if count == 1000 else 3)


@pytest.mark.parametrize("platform", ["freelancer", "freelanceru", "kwork", "wishket"])
async def test_results_that_are_hidden_are_no_empty_listing(
    platform: str, crawl: Crawl, market: Market, rows: Rows
) -> None:
    assert crawl(platform, "-a", "mode=full").returncode == 0
    market.control.fault("empty_with_count", platform=platform)
    for mode in ("new", "full"):
        ended = crawl(platform, "-a", f"mode={mode}")
        assert ended.returncode == 5, ended.stderr
        assert "results but shows no record: its layout has changed" in last_line(ended)
    assert not await rows("SELECT 1 FROM projects WHERE closed_reason = 'absent'")


async def test_a_site_that_has_no_room_until_the_time_is_up_is_blocked(
    crawl: Crawl, market: Market, rows: Rows
) -> None:
    market.control.fault("status", platform="kwork", status=429, retry_after=30)
    ended = crawl("kwork", "-s", "CLOSESPIDER_TIMEOUT=1")
    assert ended.returncode == 4, ended.stderr
    assert "no room for us until the time was up" in last_line(ended)


async def test_a_proxy_is_not_asked_for_whom_no_proxy_names(scrapy: Scrapy, tmp_path: Path) -> None:
    plain = f'DOWNLOAD_HANDLERS={{"https": "{HANDLER}"}}'
    async with saved_site("remoteok") as site:
        for no_proxy, code in (("remoteok.com", 0), ("elsewhere.example", 1)):
            ended = await asyncio.to_thread(
                scrapy,
                *(
                    "crawl",
                    "remoteok",
                    "-O",
                    str(tmp_path / "projects.jsonl"),
                    "-s",
                    f"SANDBOX_URL={site.url}",
                    "-s",
                    plain,
                ),
                *("-s", "RETRY_TIMES=0"),
                env={"https_proxy": "http://127.0.0.1:9", "no_proxy": no_proxy},
            )
            assert ended.returncode == code, ended.stderr
