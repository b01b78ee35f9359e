"""The saved pages of any platform, served on loopback as the platform would, for whole crawls.

It answers in the place of a market, under the platforms' own names (see `sandbox.handler`).
"""

from __future__ import annotations

import json
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from tests.commands.board import served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SAVED = Path(__file__).parent.parent / "platforms"
KINDS = {
    ".json": "application/json",
    ".xml": "application/rss+xml; charset=utf-8",
    ".html": "text/html; charset=utf-8",
}
_OWN_NUMBER = re.compile(rb'"pno": "\d+"')
TOKEN = {"access_token": "short-lived", "token_type": "Bearer", "expires_in": 86400}
DETAIL_HEADERS = ("X-Requested-With", "Authorization", "Freelancer-OAuth-V1", "Content-Type", "User-Agent")


@dataclass
class SavedSite:
    """One platform's saved pages, each at its URL: the first that has the path and the most of the query."""

    platform: str
    url: str = ""
    asked: list[tuple[str, ...]] = field(default_factory=list)
    """Host, method, path and query, body, and what matters of the headers, but of robots.txt."""
    kinds: dict[str, str] = field(default_factory=lambda: dict(KINDS))
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    def body_of(self, path: str, query: str) -> tuple[bytes, str] | None:
        """The page for a path and a query, and its suffix."""
        pages = json.loads((SAVED / self.platform / "expected.json").read_text("utf-8"))
        wanted = set(parse_qsl(query))
        best: tuple[int, str] | None = None
        for name, case in pages.items():
            parts = urlsplit(case["url"])
            if parts.path == path and case["projects"] + case.get("rejected", []) == case["projects"]:
                fits = len(wanted & set(parse_qsl(parts.query)))
                if best is None or fits > best[0]:
                    best = (fits, name)
        if best is None:
            return None
        file = SAVED / self.platform / best[1]
        return file.read_bytes(), file.suffix

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        headers = {"Date": format_datetime(self.started, usegmt=True)}
        if request.path == "/robots.txt":
            return web.Response(text="", headers=headers)
        host = request.headers["Host"].rpartition(":")[0] or request.headers["Host"]
        shown = [f"{name}: {request.headers.get(name)}" for name in DETAIL_HEADERS]
        body = (await request.read()).decode()
        self.asked.append((host.removesuffix(".localhost"), request.method, request.path_qs, body, *shown))
        if "token" in request.path:
            return web.json_response(TOKEN, headers=headers)
        found = self.body_of(request.path, request.query_string)
        if found is None:
            return web.Response(status=404, text="<html><body>gone</body></html>", content_type="text/html")
        body_of_page, suffix = found
        asked_for = dict(parse_qsl(body)).get("pno")
        if asked_for and suffix == ".json":
            # Of the question for one of many projects one answer is saved.
            body_of_page = _OWN_NUMBER.sub(f'"pno": "{asked_for}"'.encode(), body_of_page)
        return web.Response(body=body_of_page, headers={**headers, "Content-Type": self.kinds[suffix]})


@asynccontextmanager
async def saved_site(platform: str, **kinds: str) -> AsyncIterator[SavedSite]:
    """Serve `platform`'s pages; `kinds` changes content types by suffix without its dot."""
    site = SavedSite(platform)
    site.kinds |= {f".{suffix}": kind for suffix, kind in kinds.items()}
    async with served(site.answer) as site.url:
        yield site
