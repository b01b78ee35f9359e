"""Faults on demand: what may be wrong with a site, which requests it hits and how often.

A fault is asked for with `POST /_market/faults` as a JSON object; see `Fault` for its members.
"""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

if TYPE_CHECKING:
    from outsource_scraper.sandbox.platforms import Platform


class Kind(StrEnum):
    """What goes wrong."""

    STATUS = "status"
    """`status`, with `Retry-After` where `retry_after` is given."""
    CHALLENGE = "challenge"
    """A page that asks for a browser, with `status` 403 or 200."""
    LOGIN_WALL = "login_wall"
    """A redirect to `/login`, where a page with status 200 asks to sign in."""

    SLOW = "slow"
    """`seconds` pass before the answer."""
    DRIP = "drip"
    """The body comes piece by piece over `seconds`."""
    TRUNCATED = "truncated"
    """The connection ends before the announced length."""
    CUT = "cut"
    """The body ends in its middle and its length says so."""

    EMPTY = "empty"
    """A valid listing without postings, its count 0."""
    EMPTY_WITH_COUNT = "empty_with_count"
    """A valid listing without postings whose count says that there are some."""
    BROKEN_CARD = "broken_card"
    """One posting cannot be read: no id and no title, or a JSON object of wrong types."""
    DUPLICATE = "duplicate"
    """One posting stands twice on the first page."""
    NUL_TITLE = "nul_title"
    """NUL characters in a title."""
    ODD_LETTERS = "odd_letters"
    """Emoji, right-to-left marks and invisible letters in a title."""
    HUGE_DESCRIPTION = "huge_description"
    """A description of ten million letters, never cut."""
    HUGE_BUDGET = "huge_budget"
    """A budget of 10^30."""
    YEAR_9999 = "year_9999"
    """A deadline in the year 9999; the day of posting where the platform states no deadline."""

    RENAMED = "renamed"
    """Every class of the page, or every key of the records, has another name: the layout has changed. With
    `only`, those whose name the regular expression finds."""
    HTML_FOR_JSON = "html_for_json"
    """An HTML page with status 200 whatever was asked for."""
    WRONG_CHARSET = "wrong_charset"
    """Bytes in another encoding than the declared UTF-8."""


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault and the requests that it hits.

    `platform` is a platform's id and None hits all; `path` is a regular expression searched in path and
    query, and None hits all but robots.txt. `since` is an ISO 8601 instant of the market's clock before which
    nothing is hit. After `count` hits the fault is over; None: when it is cleared.
    """

    kind: Kind
    platform: str | None = None
    path: str | None = None
    since: str | None = None
    count: int | None = None
    only: str | None = None
    status: int | None = None
    retry_after: int | None = None
    """Seconds from now."""
    retry_after_as_date: bool = False
    seconds: float = 0.0
    hits: int = 0

    def fits(self, platform: Platform, path_and_query: str, now: datetime) -> bool:
        """Whether this request is hit."""
        if self.since is not None and now < datetime.fromisoformat(self.since):
            return False
        if self.count is not None and self.hits >= self.count:
            return False
        if self.platform not in (None, platform.name):
            return False
        if self.path is None:
            return path_and_query.partition("?")[0] != "/robots.txt"
        return re.search(self.path, path_and_query) is not None

    def as_json(self) -> dict[str, Any]:
        """The fault as the control API shows it."""
        return asdict(self)


def parse(given: object, known_platforms: frozenset[str]) -> Fault:
    """The fault that the JSON value `given` describes; raises ValueError with a sentence for the caller."""
    if not isinstance(given, dict) or given.get("kind") not in list(Kind):
        raise ValueError(f"a fault is an object with a kind of: {', '.join(Kind)}")
    types = get_type_hints(Fault)
    allowed = [field.name for field in fields(Fault) if field.name not in ("kind", "hits")]
    members = {name: value for name, value in given.items() if name != "kind"}
    for name, value in members.items():
        if name not in allowed:
            raise ValueError(f"{name!r} is no member of a fault; known: {', '.join(allowed)}")
        if not _is_of(value, types[name]):
            raise ValueError(f"{name!r} is {value!r}, which is not a {types[name]}")
    fault = Fault(kind=Kind(given["kind"]), **members)
    if fault.platform is not None and fault.platform not in known_platforms:
        raise ValueError(f"no platform {fault.platform!r}; known: {', '.join(sorted(known_platforms))}")
    _check(fault)
    return fault


def _check(fault: Fault) -> None:
    if fault.kind is Kind.STATUS and fault.status is None:
        raise ValueError("a fault of kind 'status' needs the status")
    if not math.isfinite(fault.seconds) or fault.seconds < 0:
        raise ValueError(f"'seconds' is {fault.seconds}, which is no time to wait")
    if fault.status is not None and not 200 <= fault.status <= 599:
        raise ValueError(f"'status' is {fault.status}, which is not between 200 and 599")
    for member in ("path", "only"):
        try:
            re.compile(getattr(fault, member) or "")
        except re.error as error:
            raise ValueError(f"{member!r} is no regular expression: {error}") from None
    try:
        aware = fault.since is None or datetime.fromisoformat(fault.since).tzinfo is not None
    except ValueError:
        aware = False
    if not aware:
        raise ValueError(f"'since' is {fault.since!r}, which is no ISO 8601 instant with its zone")


def _is_of(value: object, wanted: Any) -> bool:
    types = get_args(wanted) or (wanted,)
    if isinstance(value, bool):
        return bool in types
    return isinstance(value, (*types, int) if float in types else types)


class Faults:
    """The faults that are in force."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Put `fault` in force."""
        self._faults.append(fault)

    def clear(self) -> None:
        """End all faults."""
        self._faults.clear()

    def hit(self, platform: Platform, path_and_query: str, now: datetime) -> list[Fault]:
        """The faults that hit this request of now, each counted as hit."""
        hit = [fault for fault in self._faults if fault.fits(platform, path_and_query, now)]
        for fault in hit:
            fault.hits += 1
        return hit

    def as_json(self) -> list[dict[str, Any]]:
        """All faults with their hits, those that are over too."""
        return [fault.as_json() for fault in self._faults]
