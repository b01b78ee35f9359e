"""The arguments that every spider takes, checked before anything is fetched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from outsource_scraper.errors import UsageError
from outsource_scraper.spans import parse_span

if TYPE_CHECKING:
    from collections.abc import Mapping


class Mode(StrEnum):
    """How far a crawl goes."""

    NEW = "new"
    """Newest first, until a page holds nothing that is not known."""
    FULL = "full"
    """The whole listing; only such a crawl can say what is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlArguments:
    """The arguments of one crawl, typed. Built by `parse` from what the operator typed."""

    max_pages: int | None = None
    query: str | None = None
    since: datetime | None = None
    mode: Mode = Mode.NEW
    browser: bool = False
    """Whether pages are fetched with a browser that runs their scripts, whatever the platform needs."""

    @classmethod
    def parse(cls, given: Mapping[str, Any], *, now: datetime) -> Self:
        """Check and type `given`.

        Names beginning with an underscore are Scrapyd's own and are passed over. An empty value counts as
        not given, so that a template of a schedule may leave one blank.

        Raises:
            UsageError: a name that no spider takes, or a value that is none.
        """
        known = {"max_pages", "query", "since", "mode", "browser"}
        values = {name: str(value).strip() for name, value in given.items() if not name.startswith("_")}
        if unknown := sorted(set(values) - known):
            raise UsageError(
                f"there is no argument {unknown[0]!r}; a spider takes {', '.join(sorted(known))}"
            )
        values = {name: value for name, value in values.items() if value}
        return cls(
            max_pages=_max_pages(values.get("max_pages")),
            query=values.get("query"),
            since=_since(values.get("since"), now),
            mode=_mode(values.get("mode")),
            browser=_browser(values.get("browser")),
        )

    @property
    def whole(self) -> bool:
        """Whether a crawl with these sees the whole listing if it reaches its end."""
        return self.mode is Mode.FULL and self.max_pages is None and self.query is None and self.since is None

    def as_json(self) -> dict[str, Any]:
        """Only what was given, as JSON values, for the row of the run."""
        given: dict[str, Any] = {"mode": str(self.mode)}
        if self.max_pages is not None:
            given["max_pages"] = self.max_pages
        if self.query is not None:
            given["query"] = self.query
        if self.since is not None:
            given["since"] = self.since.isoformat()
        if self.browser:
            given["browser"] = True
        return given


def _browser(text: str | None) -> bool:
    if text not in {None, "0", "1"}:
        raise UsageError(f"browser must be 1 or 0, not {text!r}")
    return text == "1"


def _max_pages(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or not 1 <= len(text) <= 6 or int(text) < 1:
        raise UsageError(f"max_pages must be a whole number from 1 to 999999, not {text!r}")
    return int(text)


def _mode(text: str | None) -> Mode:
    if text is None:
        return Mode.NEW
    try:
        return Mode(text.lower())
    except ValueError:
        raise UsageError(f"mode must be new or full, not {text!r}") from None


def _since(text: str | None, now: datetime) -> datetime | None:
    if text is None:
        return None
    wrong = UsageError(
        f"since must be an age such as 90m, 24h, 7d or 2w, or an ISO date such as 2026-01-31, not {text!r}"
    )
    age = parse_span(text)
    if age is not None:
        try:
            return now - age
        except OverflowError:
            raise wrong from None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise wrong from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    if moment > now:
        raise UsageError(f"since must lie in the past, and {text!r} does not")
    return moment
