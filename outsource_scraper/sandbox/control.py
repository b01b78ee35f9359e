"""The control API under `/_market/` on any host: clock, truth, log and faults."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from json import JSONDecodeError
from typing import TYPE_CHECKING, Any

from aiohttp import web

from outsource_scraper.sandbox.faults import Faults, parse
from outsource_scraper.sandbox.markup import as_json
from outsource_scraper.sandbox.platforms import Platform, platforms

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from outsource_scraper.sandbox.market import Market

CONTROL_PREFIX = "/_market"


class RequestLog:
    """The requests to the platforms, oldest first; at most `length` of them."""

    def __init__(self, length: int) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=length)
        self._since = 0.0

    def add(self, entry: dict[str, Any]) -> None:
        """Take in an answered request, unless it came before the log was cleared: slow answers end late."""
        if entry["t"] >= self._since:
            self._entries.append(entry)

    def clear(self) -> None:
        """Forget everything that has come until now."""
        self._entries.clear()
        self._since = time.monotonic()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._entries)


def add_control(app: web.Application, *, market: Market, faults: Faults, log: RequestLog) -> None:
    """Add the routes of the control API to `app`."""
    control = _Control(market, faults, log)
    routes: tuple[tuple[str, str, Callable[[web.Request], Awaitable[object]]], ...] = (
        ("GET", "/state", control.state),
        ("POST", "/clock", control.move_clock),
        ("GET", "/truth/{platform}", control.truth),
        ("GET", "/log", control.read_log),
        ("DELETE", "/log", control.clear_log),
        ("GET", "/faults", control.read_faults),
        ("POST", "/faults", control.add_fault),
        ("DELETE", "/faults", control.clear_faults),
    )
    for method, path, action in routes:
        app.router.add_route(method, CONTROL_PREFIX + path, _answering(action))
    app.router.add_route("*", CONTROL_PREFIX + "/{path:.*}", _answering(_unknown))


def _answering(
    action: Callable[[web.Request], Awaitable[object]],
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            answer, status = await action(request), 200
        except ValueError as error:
            answer, status = {"error": str(error)}, 400
        return web.json_response(text=as_json(answer), status=status)

    return handle


async def _unknown(request: web.Request) -> object:
    raise ValueError(f"{request.method} {request.path} is not part of the control API")


class _Control:
    """The actions; a ValueError of any becomes a 400 with its sentence."""

    def __init__(self, market: Market, faults: Faults, log: RequestLog) -> None:
        self._market = market
        self._faults = faults
        self._log = log
        self._started_at = market.now()

    async def state(self, request: web.Request) -> object:
        """The clock and, for each platform, what happened after `since` (default: the start)."""
        given = request.query.get("since")
        since = self._started_at if given is None else _instant(given).replace(second=0, microsecond=0)
        return {
            "now": self._market.clock.now().isoformat(),
            "frozen": self._market.clock.frozen,
            "seed": self._market.seed,
            "size": self._market.size,
            "since": since.isoformat(),
            "platforms": {name: self._changes(platform, since) for name, platform in platforms().items()},
        }

    def _changes(self, platform: Platform, since: datetime) -> dict[str, Any]:
        view = self._market.view(platform.profile)
        return {
            "hosts": platform.hosts,
            "listed": len(view.postings),
            "open": sum(not posting.closed for posting in view.postings),
            **asdict(self._market.changes(platform.profile, since)),
        }

    async def move_clock(self, request: web.Request) -> object:
        """`{"advance_seconds": n}` or `{"now": ISO 8601}`."""
        given = await _json(request)
        seconds, now = given.get("advance_seconds"), given.get("now")
        clock = self._market.clock
        if isinstance(seconds, int | float) and not isinstance(seconds, bool) and now is None:
            try:
                target = clock.now() + timedelta(seconds=seconds)
            except (OverflowError, ValueError):
                raise ValueError(f"'advance_seconds' is {seconds}, which leads out of the calendar") from None
        elif isinstance(now, str) and seconds is None:
            target = _instant(now)
        else:
            raise ValueError("give either 'advance_seconds', a number, or 'now', an ISO 8601 instant")
        self._market.check(target)
        clock.move_to(target)
        return {"now": clock.now().isoformat()}

    async def truth(self, request: web.Request) -> object:
        """What a perfect spider makes of the listing; with `detail=1` of the detail pages too."""
        name = request.match_info["platform"]
        platform = platforms().get(name)
        if platform is None:
            raise ValueError(f"no platform {name!r}; known: {', '.join(platforms())}")
        view = self._market.view(platform.profile)
        detail = request.query.get("detail") == "1"
        truths = [platform.truth(posting, view.now, detail=detail) for posting in view.postings]
        return [_plain(asdict(truth)) for truth in truths if truth is not None]

    async def read_log(self, _: web.Request) -> object:
        """The requests to the platforms, oldest first."""
        return list(self._log)

    async def clear_log(self, _: web.Request) -> object:
        """Forget the requests."""
        self._log.clear()
        return []

    async def read_faults(self, _: web.Request) -> object:
        """The faults with their hits."""
        return self._faults.as_json()

    async def add_fault(self, request: web.Request) -> object:
        """Put one fault in force."""
        self._faults.add(parse(await _json(request), frozenset(platforms())))
        return self._faults.as_json()

    async def clear_faults(self, _: web.Request) -> object:
        """End all faults."""
        self._faults.clear()
        return []


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        given = await request.json()
    except JSONDecodeError:
        raise ValueError("the body is not JSON") from None
    if not isinstance(given, dict):
        raise ValueError("the body is not a JSON object")
    return given


def _instant(given: str) -> datetime:
    try:
        instant = datetime.fromisoformat(given)
    except ValueError:
        raise ValueError(f"{given!r} is no ISO 8601 instant") from None
    if instant.tzinfo is None:
        raise ValueError(f"{given!r} has no time zone: add Z or an offset")
    return instant.astimezone(UTC)


def _plain(value: Any) -> Any:
    """`value` as JSON values: amounts as strings, instants in ISO 8601."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, datetime) else value
