"""The control API for tests and the demo, from plain synchronous code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

from outsource_scraper.sandbox.control import CONTROL_PREFIX

if TYPE_CHECKING:
    from datetime import datetime, timedelta

_TIMEOUT = 60


class Control:
    """Moves the clock, sets faults and reads the log of the market at `base_url`.

    A refused request raises ValueError with the market's sentence.
    """

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url.rstrip("/") + CONTROL_PREFIX
        # The market is on loopback: a proxy of the environment must not be asked for it.
        self._opener = build_opener(ProxyHandler({}))

    def state(self, since: datetime | None = None) -> dict[str, Any]:
        """The clock, and the new, changed, closed and reopened numbers of each platform after `since`."""
        query = "" if since is None else "?" + urlencode({"since": since.isoformat()})
        found: dict[str, Any] = self._call("GET", f"/state{query}")
        return found

    def advance(self, step: timedelta) -> None:
        """Move the clock by `step`."""
        self._call("POST", "/clock", {"advance_seconds": step.total_seconds()})

    def move_to(self, instant: datetime) -> None:
        """Set the clock to `instant`, which must be aware."""
        self._call("POST", "/clock", {"now": instant.isoformat()})

    def truth(self, platform: str, *, detail: bool = False) -> list[dict[str, Any]]:
        """What a perfect spider makes of the platform's listing: objects with `project` and `precision`."""
        found: list[dict[str, Any]] = self._call("GET", f"/truth/{platform}?detail={int(detail)}")
        return found

    def fault(self, kind: str, **members: object) -> None:
        """Put a fault in force; `members` are those of `faults.Fault`."""
        self._call("POST", "/faults", {"kind": kind, **members})

    def faults(self) -> list[dict[str, Any]]:
        """The faults and how often each has hit."""
        found: list[dict[str, Any]] = self._call("GET", "/faults")
        return found

    def clear_faults(self) -> None:
        """End all faults."""
        self._call("DELETE", "/faults")

    def log(self) -> list[dict[str, Any]]:
        """The requests to the platforms, oldest first."""
        found: list[dict[str, Any]] = self._call("GET", "/log")
        return found

    def clear_log(self) -> None:
        """Forget the requests."""
        self._call("DELETE", "/log")

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = Request(self._base_url + path, data, {"Content-Type": "application/json"}, method=method)  # noqa: S310 - the URL is the market's own
        try:
            with self._opener.open(request, timeout=_TIMEOUT) as response:
                return json.load(response)
        except HTTPError as error:
            raise ValueError(json.load(error)["error"]) from None
