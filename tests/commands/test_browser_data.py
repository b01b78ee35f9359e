"""Any platform can be read with a browser: it gets what the site sent, not what Chromium makes of it."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from outsource_scraper.sandbox.handler import HANDLER
from tests.commands.board import served
from tests.commands.saved_site import SavedSite, saved_site
from tests.spiders.test_every_spider import LOADER

if TYPE_CHECKING:
    from pathlib import Path
    from subprocess import CompletedProcess

    from tests.commands.conftest import Crawl, Market, Scrapy

PLATFORMS = sorted(LOADER.list())
CREDENTIALS = {
    name: "secret-value" for spider in map(LOADER.load, PLATFORMS) for name in spider.credentials
} | {"FREELANCER_TOKEN": "secret-value"}


async def read(
    scrapy: Scrapy, site: SavedSite, folder: Path, *arguments: str
) -> tuple[list[dict[str, Any]], list[tuple[str, ...]], CompletedProcess[str]]:
    """The projects of one crawl, what it asked for, and how it ended."""
    file = folder / "projects.jsonl"
    file.unlink(missing_ok=True)
    site.asked.clear()
    command = ("crawl", site.platform, "-a", "max_pages=1", "-O", str(file), "-s", f"SANDBOX_URL={site.url}")
    ended = await asyncio.to_thread(scrapy, *command, "-s", "BROWSER_WAIT=5", *arguments, env=CREDENTIALS)
    projects = [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []
    return sorted(projects, key=lambda one: one["external_id"]), sorted(site.asked), ended


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_a_browser_reads_the_same_projects_by_the_same_requests(
    platform: str, scrapy: Scrapy, tmp_path: Path
) -> None:
    plainly = ("-s", f'DOWNLOAD_HANDLERS={{"https": "{HANDLER}"}}')
    modes = ["new", "full"] if platform == "codeur" else ["new"]  # its feed, and its pages
    async with saved_site(platform) as site:
        for mode in modes:
            plain, asked, ended = await read(scrapy, site, tmp_path, "-a", f"mode={mode}", *plainly)
            assert ended.returncode == 0, ended.stderr
            assert len(plain) >= 3
            rendered, asked_rendered, ended = await read(
                scrapy, site, tmp_path, "-a", "browser=1", "-a", f"mode={mode}"
            )
            assert ended.returncode == 0, ended.stderr
            assert "playwright" in ended.stderr, "it was read without the browser"
            assert rendered == plain
            # What a page's own scripts or frames ask for comes on top.
            assert [one for one in asked_rendered if one in asked] == asked


@pytest.mark.parametrize(
    ("platform", "kinds"),
    [
        ("remoteok", {"json": "text/html; charset=utf-8"}),
        ("wishket", {"json": "text/html; charset=utf-8"}),
        ("remoteok", {"json": "text/plain"}),
        ("remoteok", {"json": "application/octet-stream"}),
        ("freemoa", {"json": "application/octet-stream"}),
        ("weworkremotely", {"xml": "text/html"}),
        ("weworkremotely", {"xml": "text/xml"}),
        ("weworkremotely", {"xml": "application/atom+xml"}),
        ("hackernews", {"json": ""}),
    ],
    ids=str,
)
async def test_whatever_the_site_calls_it(
    platform: str, kinds: dict[str, str], scrapy: Scrapy, tmp_path: Path
) -> None:
    async with saved_site(platform, **kinds) as site:
        plain, _, ended = await read(scrapy, site, tmp_path)
        assert ended.returncode == 0, ended.stderr
        rendered, _, ended = await read(scrapy, site, tmp_path, "-a", "browser=1")
    assert ended.returncode == 0, ended.stderr
    assert rendered == plain
    assert len(rendered) >= 3


@pytest.mark.parametrize("platform", ["flru", "freelancer", "weworkremotely"])
async def test_no_redirect_off_the_site_is_followed(platform: str, scrapy: Scrapy, tmp_path: Path) -> None:
    seen: list[tuple[str, str]] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        host = request.headers["Host"].partition(":")[0].removesuffix(".localhost")
        if request.path == "/robots.txt":
            return web.Response(text="")
        seen.append((host, request.path))
        if host == "elsewhere.example":
            return web.Response(text="<html><body>elsewhere</body></html>", content_type="text/html")
        return web.Response(status=302, headers={"Location": "http://elsewhere.example.localhost/taken"})

    async with served(answer) as url:
        site = SavedSite(platform, url)
        _, _, ended = await read(scrapy, site, tmp_path, "-a", "browser=1")
    assert "elsewhere.example" not in {host for host, _ in seen}, ended.stderr
    assert len(seen) == 1
    assert ended.returncode in {1, 5}, ended.stderr
    assert "a redirect leads off the site, to http" in ended.stderr
    assert "Traceback" not in ended.stderr


async def test_a_redirect_on_the_site_is_followed(scrapy: Scrapy, tmp_path: Path) -> None:
    async with saved_site("remoteok") as site:
        answer = site.answer

        async def redirect(request: web.BaseRequest) -> web.StreamResponse:
            if request.path == "/api" and "moved" not in request.query_string:
                return web.Response(status=301, headers={"Location": "/api?moved=1"})
            return await answer(request)

        async with served(redirect) as site.url:
            projects, asked, ended = await read(scrapy, site, tmp_path, "-a", "browser=1")
    assert ended.returncode == 0, ended.stderr
    assert len(projects) == 3
    assert [one[2] for one in asked] == ["/api?moved=1"]


@pytest.mark.parametrize("platform", ["freelancer", "remoteok", "weworkremotely"])
async def test_the_whole_listing_of_the_market_is_read_with_a_browser(
    platform: str, crawl: Crawl, market: Market, rows: Any
) -> None:
    ended = crawl(platform, "-a", "browser=1", "-a", "mode=full")
    assert ended.returncode == 0, ended.stderr
    truth = market.control.truth(platform)
    stored = {row["external_id"]: row["title"] for row in await rows("SELECT * FROM projects")}
    assert stored == {one["project"]["external_id"]: one["project"]["title"] for one in truth}
    assert len(truth) > 10
