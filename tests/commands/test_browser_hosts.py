"""The browser asks nobody but the site and those whom its pages name: its vendor's hosts are never asked."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from tests.commands.board import served
from tests.commands.saved_site import SAVED

if TYPE_CHECKING:
    from pathlib import Path

    from tests.commands.conftest import Scrapy

LONG_ENOUGH = 6
"""Seconds that the browser is open: what it asks for by itself, it asks for in the first five."""
SCRIPT = b'<script src="http://scripts.example/app.js"></script></body>'


async def test_nobody_but_the_site_is_asked(scrapy: Scrapy, tmp_path: Path) -> None:
    listing = (SAVED / "flru" / "listing.html").read_bytes()
    assert b"</body>" in listing
    asked: dict[str, str] = {}

    async def answer(request: web.BaseRequest) -> web.Response:
        host = request.headers["Host"].partition(":")[0]
        asked[host] = f"{request.method} {request.path_qs}"
        if host == "www.fl.ru" and request.path == "/robots.txt":
            return web.Response(text="")
        if host != "www.fl.ru.localhost":
            return web.Response(status=403)
        await asyncio.sleep(LONG_ENOUGH)
        return web.Response(body=listing.replace(b"</body>", SCRIPT), content_type="text/html")

    async with served(answer) as site:
        ended = await asyncio.to_thread(
            scrapy,
            *(
                "crawl",
                "flru",
                "-a",
                "browser=1",
                "-a",
                "max_pages=1",
                "-O",
                str(tmp_path / "out.jsonl"),
            ),
            *("-s", f"SANDBOX_URL={site}", "-s", "HTTPPROXY_ENABLED=0"),
            # As its proxy too, the site hears of every host, and of those that are asked by TLS.
            env={"http_proxy": site, "https_proxy": site, "no_proxy": ""},
        )
    assert ended.returncode == 0, ended.stderr
    assert asked.pop("scripts.example") == "GET /app.js", "whom the page names is asked: nothing goes unheard"
    assert asked.keys() == {"www.fl.ru", "www.fl.ru.localhost"}, asked
