"""The market over HTTP: virtual hosts by the `Host` header, validators, faults and a log of requests.

The `Date` header is the market's instant, in whole minutes as all of the market: the ages on a page count
back from exactly this instant.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING

from aiohttp import web

from outsource_scraper.sandbox.control import RequestLog, add_control
from outsource_scraper.sandbox.faults import Fault, Faults, Kind
from outsource_scraper.sandbox.platforms import Ask, Page, Platform, platform_of, platforms
from outsource_scraper.sandbox.spoil import LOGIN_PAGE, encoding, instead, spoil_page, spoil_view

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime

    from outsource_scraper.sandbox.market import Market, View
    from outsource_scraper.sandbox.model import Posting

_LOGGED_HEADERS = (
    "Accept", "Accept-Encoding", "Accept-Language", "Cookie", "If-Modified-Since", "If-None-Match", "Referer",
    "X-Requested-With",
)  # fmt: skip
_LOG_LENGTH = 100_000
_KEPT_PAGES = 1000
_DRIPS = 20
_LARGEST_BODY = 1 << 20


@dataclass(frozen=True, slots=True)
class _Ready:
    """An answer as it goes out, but for the `Date`."""

    status: int
    body: bytes
    headers: dict[str, str]
    modified_at: datetime | None


class _Site:
    """All platforms of one market behind one port."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.faults = Faults()
        self.log = RequestLog(_LOG_LENGTH)
        self._kept: dict[tuple[str, str, str], _Ready] = {}
        self._kept_at: datetime | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request to a platform and log it."""
        arrived = time.monotonic()
        response = await self._respond(request)
        self.log.add(
            {
                "t": arrived,
                "host": request.host,
                "method": request.method,
                "path": request.path_qs,
                "status": response.status,
                "user_agent": request.headers.get("User-Agent"),
                "headers": {
                    name: request.headers[name] for name in _LOGGED_HEADERS if name in request.headers
                },
            }
        )
        return response

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        platform = platform_of(request.host)
        if platform is None:
            hosts = ", ".join(known.hosts[0] for known in platforms().values())
            return web.Response(status=404, text=f"No platform answers for {request.host}. Hosts: {hosts}\n")
        faults = self.faults.hit(platform, request.path_qs, self.market.now())
        for fault in faults:
            if fault.kind is Kind.SLOW:
                await asyncio.sleep(fault.seconds)
        ready = await self._ready(request, platform, faults)
        headers = {**ready.headers, "Date": format_datetime(self.market.now(), usegmt=True)}
        if ready.status == 200 and not faults and _is_known(request, ready):
            return web.Response(status=304, headers={n: v for n, v in headers.items() if n != "Content-Type"})
        for fault in faults:
            if fault.kind in (Kind.DRIP, Kind.TRUNCATED):
                return await _send_slowly(request, ready, headers, fault)
        return web.Response(status=ready.status, body=ready.body, headers=headers)

    async def _ready(self, request: web.Request, platform: Platform, faults: Sequence[Fault]) -> _Ready:
        view = self.market.view(platform.profile)
        if view.now != self._kept_at:
            self._kept.clear()
            self._kept_at = view.now
        key = (platform.name, request.path_qs, request.headers.get("X-Requested-With", ""))
        keepable = request.method in ("GET", "HEAD") and not faults
        if keepable and key in self._kept:
            return self._kept[key]
        ready = self._finish(await self._page(request, platform, view, faults), platform, view, faults)
        if keepable and len(self._kept) < _KEPT_PAGES:
            self._kept[key] = ready
        return ready

    async def _page(
        self, request: web.Request, platform: Platform, view: View, faults: Sequence[Fault]
    ) -> Page:
        if request.path == "/login":
            return Page(body=LOGIN_PAGE)
        if (wall := instead(faults, view.now)) is not None:
            return wall
        if request.path == "/robots.txt":
            return spoil_page(_robots(platform), faults)
        shown = spoil_view(view, platform.profile, faults)

        def find(number: int) -> Posting | None:
            listed = next((posting for posting in shown.postings if posting.number == number), None)
            return listed or self.market.find(platform.profile, number)

        ask = Ask(
            method=request.method,
            path=request.path,
            query={name: request.query.getall(name) for name in request.query},
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await request.read(),
            view=shown,
            find=find,
        )
        page = platform.answer(ask)
        return spoil_page(page, faults) if page is not None else Page(body=_NOT_FOUND, status=404)

    @staticmethod
    def _finish(page: Page, platform: Platform, view: View, faults: Sequence[Fault]) -> _Ready:
        # Letters that the wrong encoding lacks become references: the fault is the encoding, not a crash.
        body = page.body.encode(encoding(platform.profile, faults), errors="xmlcharrefreplace")
        headers = {"Content-Type": page.content_type, **page.headers}
        modified_at = None
        if page.status == 200:
            modified_at = page.last_modified or view.now
            headers["ETag"] = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
            headers["Last-Modified"] = format_datetime(modified_at, usegmt=True)
        return _Ready(page.status, body, headers, modified_at)


def create_app(market: Market) -> web.Application:
    """The market as an application: every host of the platforms, and the control API on any host."""
    site = _Site(market)
    app = web.Application(client_max_size=_LARGEST_BODY)
    add_control(app, market=market, faults=site.faults, log=site.log)
    app.router.add_route("*", "/{path:.*}", site.handle)
    return app


@asynccontextmanager
async def running(market: Market, port: int = 0, host: str = "127.0.0.1") -> AsyncIterator[str]:
    """Serve `market` on loopback while the context lasts; gives the base URL, without a slash at its end.

    Port 0 takes a free one.
    """
    runner = web.AppRunner(create_app(market), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        taken = runner.addresses[0][1]
        yield f"http://{f'[{host}]' if ':' in host else host}:{taken}"
    finally:
        await runner.cleanup()


def _robots(platform: Platform) -> Page:
    return Page(body=platform.robots, content_type="text/plain; charset=utf-8")


def _is_known(request: web.Request, ready: _Ready) -> bool:
    """Whether the client's copy is good: RFC 9110, section 13.2.2."""
    tags = request.headers.get("If-None-Match")
    if tags is not None:
        known = [tag.strip().removeprefix("W/") for tag in tags.split(",")]
        return "*" in known or ready.headers["ETag"] in known
    since = request.headers.get("If-Modified-Since")
    if since is None or ready.modified_at is None:
        return False
    try:
        return ready.modified_at.replace(microsecond=0) <= parsedate_to_datetime(since)
    except (TypeError, ValueError):
        return False


async def _send_slowly(
    request: web.Request, ready: _Ready, headers: dict[str, str], fault: Fault
) -> web.StreamResponse:
    response = web.StreamResponse(status=ready.status, headers=headers)
    response.content_length = len(ready.body)
    await response.prepare(request)
    if fault.kind is Kind.TRUNCATED:
        await response.write(ready.body[: len(ready.body) // 2])
        if request.transport is not None:
            request.transport.close()
        return response
    piece = len(ready.body) // _DRIPS + 1
    for start in range(0, len(ready.body), piece):
        await asyncio.sleep(fault.seconds / _DRIPS)
        await response.write(ready.body[start : start + piece])
    return response


_NOT_FOUND = "<!DOCTYPE html><html><head><title>404</title></head><body><h1>Not found</h1></body></html>\n"
