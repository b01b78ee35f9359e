"""A market on loopback for each test, in a thread of its own, with a frozen clock."""

from __future__ import annotations

import asyncio
import http.client
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from outsource_scraper.sandbox.client import Control
from outsource_scraper.sandbox.clock import MarketClock
from outsource_scraper.sandbox.market import Market
from outsource_scraper.sandbox.server import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from email.message import Message

NOW = datetime(2026, 10, 5, 12, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")


@dataclass(frozen=True)
class Site:
    """A running market."""

    url: str
    market: Market
    control: Control

    def get(self, host: str, path: str, method: str = "GET", **headers: str) -> Answer:
        """Ask for `path` of `host`; `_` in a header's name stands for `-`."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send(method, path, None, {"Host": host, **sent})

    def send(self, method: str, path: str, body: str | None, headers: dict[str, str] | None = None) -> Answer:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()


@contextmanager
def serving(market: Market) -> Iterator[Site]:
    """Serve `market` from a thread while the context lasts."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    context = running(market)
    try:
        url = asyncio.run_coroutine_threadsafe(context.__aenter__(), loop).result(10)
        try:
            yield Site(url, market, Control(url))
        finally:
            asyncio.run_coroutine_threadsafe(context.__aexit__(None, None, None), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def new_market(seed: int = 7, *, size: int = 120, now: datetime = NOW) -> Market:
    return Market(seed, MarketClock(now, frozen=True), size=size)


@pytest.fixture
def market() -> Market:
    """A market of 120 postings a platform, its clock frozen at NOW."""
    return new_market()


@pytest.fixture
def make_market() -> Callable[..., Market]:
    return new_market


@pytest.fixture
def site(market: Market) -> Iterator[Site]:
    """The market over HTTP."""
    with serving(market) as site:
        yield site


@pytest.fixture
def serve() -> Callable[[Market], AbstractContextManager[Site]]:
    return serving
