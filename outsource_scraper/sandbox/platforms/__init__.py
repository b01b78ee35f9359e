"""The platforms of the market: each is one module here that defines `PLATFORM`; none is named elsewhere.

What a platform's module needs besides may stand in one whose name begins with an underscore.

To add one, write `platforms/<name>.py` with a subclass of `Platform` and `PLATFORM = ThatClass()`. Say in its
docstring which saved page or documentation its structure was taken from. The words come from
`sandbox.texts`.
"""

from __future__ import annotations

import pkgutil
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from outsource_scraper.items import Project
    from outsource_scraper.sandbox.market import View
    from outsource_scraper.sandbox.model import Posting, Profile

HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"
RSS = "application/rss+xml; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request as a platform sees it."""

    method: str
    path: str
    query: Mapping[str, Sequence[str]]
    """All values of every parameter, decoded."""
    headers: Mapping[str, str]
    """By lower-case names."""
    body: bytes
    view: View
    find: Callable[[int], Posting | None]
    """The posting of a number, closed or not."""

    @property
    def now(self) -> datetime:
        """The market's instant."""
        return self.view.now

    def value(self, name: str) -> str | None:
        """The first value of a query parameter."""
        values = self.query.get(name)
        return values[0] if values else None

    def number(self, name: str, default: int) -> int:
        """A query parameter as a number, `default` where it is missing or none."""
        value = self.value(name)
        return int(value) if value is not None and value.isdecimal() else default


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a platform answers with."""

    body: str
    content_type: str = HTML
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    last_modified: datetime | None = None
    """None: the body tells ages or proposals and so is of this minute."""


@dataclass(frozen=True, slots=True)
class Route:
    """Which handler answers a path; `path` is a regular expression for the whole of it."""

    method: str
    path: re.Pattern[str]
    handler: Callable[[Ask, re.Match[str]], Page | None]


def get(path: str, handler: Callable[[Ask, re.Match[str]], Page | None]) -> Route:
    """A route for GET."""
    return Route("GET", re.compile(path), handler)


def post(path: str, handler: Callable[[Ask, re.Match[str]], Page | None]) -> Route:
    """A route for POST."""
    return Route("POST", re.compile(path), handler)


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What a perfect spider makes of one posting.

    `project.skills` are as the page writes them: bring both sides to canonical names before comparing.
    """

    project: Project
    precision: Mapping[str, int] = field(default_factory=dict)
    """Seconds by which a time of the project may be off because the page tells it no better."""
    description_is_cut: bool = False
    """The page shows only the beginning of the description, which may be followed by an ellipsis."""


class Platform(ABC):
    """One platform of the market."""

    profile: ClassVar[Profile]
    hosts: ClassVar[tuple[str, ...]]
    """Host names it answers for, the usual one first; `<host>.localhost` is understood too."""
    robots: ClassVar[str]
    """Its robots.txt."""

    @property
    def name(self) -> str:
        """Its id, as in `Project.platform`."""
        return self.profile.name

    @abstractmethod
    def routes(self) -> Sequence[Route]:
        """Its pages; the first route that fits answers, a handler's None is a 404."""

    @abstractmethod
    def truth(self, posting: Posting, now: datetime, *, detail: bool) -> Truth | None:
        """`posting` as its listing (with `detail`: as listing and detail page) shows it at `now`.

        None where the posting is no project, such as employment among contracts.
        """

    def answer(self, ask: Ask) -> Page | None:
        """The page for `ask`, or None if there is none."""
        for route in self.routes():
            match = route.path.fullmatch(ask.path)
            if match is not None and route.method == ("GET" if ask.method == "HEAD" else ask.method):
                return route.handler(ask, match)
        return None


@cache
def platforms() -> Mapping[str, Platform]:
    """All platforms by name. Raises TypeError where a module here defines no `PLATFORM`."""
    found: dict[str, Platform] = {}
    for info in pkgutil.iter_modules(__path__):
        if info.name.startswith("_"):
            continue
        platform: Any = getattr(import_module(f"{__name__}.{info.name}"), "PLATFORM", None)
        if not isinstance(platform, Platform):
            raise TypeError(f"sandbox/platforms/{info.name}.py defines no PLATFORM")
        found[platform.name] = platform
    return found


def platform_of(host: str) -> Platform | None:
    """The platform that answers for the `Host` header `host`, with or without port and `.localhost`."""
    bare = host.rsplit(":", 1)[0].lower().removesuffix(".localhost")
    return next((platform for platform in platforms().values() if bare in platform.hosts), None)
