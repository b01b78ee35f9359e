"""How a run ended, from its counts: a pure function, so that every rule can be tested by itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Verdict(StrEnum):
    """The end of a run, as its row, the summary and the exit code of `scrapy crawl` tell it."""

    OK = "ok"
    FAILED = "failed"
    EMPTY = "empty"
    BLOCKED = "blocked"
    PARTIAL = "partial"
    UNSTORED = "unstored"
    BUSY = "busy"

    @property
    def exit_code(self) -> int:
        """What a process ends with; 2 is a wrong argument and never the end of a run."""
        return _EXIT_CODES[self]


_EXIT_CODES = {
    Verdict.OK: 0,
    Verdict.FAILED: 1,
    Verdict.EMPTY: 3,
    Verdict.BLOCKED: 4,
    Verdict.PARTIAL: 5,
    Verdict.UNSTORED: 6,
    Verdict.BUSY: 7,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A verdict and, where it is not ok, why in one sentence."""

    verdict: Verdict
    reason: str | None = None


STORED = ("new", "updated", "unchanged", "reopened", "duplicates", "rejected")
"""Counts of the store under which every item that reached it must be found again."""


def judge(
    stats: Mapping[str, Any],
    *,
    finish_reason: str,
    ended: str | None,
    filtered: bool,
    faded: Sequence[str] = (),
) -> Outcome:
    """The verdict of a run.

    Args:
        stats: Scrapy's, with the counts of the spider, the pipelines and the middlewares.
        finish_reason: Scrapy's.
        ended: why the spider's listing ended; None where it was cut off.
        filtered: whether the arguments ask for a part only, so that nothing found is no wonder.
        faded: fields that far fewer projects have than usual, as by `coverage.faded`.
    """
    for rule in (_unopened, _busy, _unstored, _credential_refused, _blocked, _failed):
        outcome = rule(stats, finish_reason)
        if outcome is not None:
            return outcome
    wrong = _incomplete(stats, finish_reason, ended)
    if "store/unclosed" in stats:
        wrong.append(f"what is gone or too late could not be closed ({stats['store/unclosed']})")
    if faded:
        wrong.append(f"the layout has changed, or the platform: {', '.join(faded)}")
    if wrong:
        return Outcome(verdict=Verdict.PARTIAL, reason="; ".join(wrong))
    unchanged = _count(stats, "listing/unchanged_pages")
    if not _count(stats, "listing/records") and not unchanged and not filtered:
        return Outcome(
            verdict=Verdict.EMPTY,
            reason="the listing held no record at all: look with `scrapy capture` whether it has changed",
        )
    return Outcome(verdict=Verdict.OK)


def _unopened(stats: Mapping[str, Any], _finish_reason: str) -> Outcome | None:
    sentence = stats.get("store/unopened")
    return None if sentence is None else Outcome(verdict=Verdict.FAILED, reason=str(sentence))


def _busy(stats: Mapping[str, Any], finish_reason: str) -> Outcome | None:
    if finish_reason != "busy":
        return None
    return Outcome(verdict=Verdict.BUSY, reason=str(stats.get("run/busy")))


def _unstored(stats: Mapping[str, Any], finish_reason: str) -> Outcome | None:
    if spooled := _count(stats, "store/spooled"):
        reason = f"{spooled} items wait on disk for the database; the next run stores them first"
        return Outcome(verdict=Verdict.UNSTORED, reason=reason)
    if finish_reason == "storage_failed":
        return Outcome(verdict=Verdict.UNSTORED, reason="the database could not be written to")
    if "store/batches" not in stats:  # a crawl without the store pipeline, into a file
        return None
    handed = _count(stats, "validate/projects") + _count(stats, "validate/rejected")
    stored = sum(_count(stats, f"store/{name}") for name in STORED)
    if stored < handed:
        reason = f"{handed - stored} of {handed} items did not reach the database"
        return Outcome(verdict=Verdict.UNSTORED, reason=reason)
    return None


def _credential_refused(stats: Mapping[str, Any], _finish_reason: str) -> Outcome | None:
    sentence = stats.get("credential/refused")
    return None if sentence is None else Outcome(verdict=Verdict.FAILED, reason=str(sentence))


def _blocked(stats: Mapping[str, Any], finish_reason: str) -> Outcome | None:
    if not _count(stats, "blocked/count"):
        if finish_reason == "closespider_timeout" and stats.get("manners/waiting"):
            reason = "the site went on having no room for us until the time was up"
            return Outcome(verdict=Verdict.BLOCKED, reason=reason)
        return None
    return Outcome(verdict=Verdict.BLOCKED, reason=str(stats.get("blocked/reason")))


def _failed(stats: Mapping[str, Any], finish_reason: str) -> Outcome | None:
    if finish_reason == "start_error":
        return Outcome(verdict=Verdict.FAILED, reason="the spider could not start; the log says why")
    nothing = not _count(stats, "listing/pages") and not _count(stats, "validate/rejected")
    if nothing and _count(stats, "robotstxt/forbidden"):
        return Outcome(verdict=Verdict.BLOCKED, reason="robots.txt forbids the listing")
    if nothing and _count(stats, "listing/failed_pages"):
        return Outcome(verdict=Verdict.FAILED, reason="no page of the listing was fetched; the log says why")
    return None


def _incomplete(stats: Mapping[str, Any], finish_reason: str, ended: str | None) -> list[str]:
    wrong = [
        f"{count} {what}"
        for name, what in (
            ("validate/rejected", "records were rejected"),
            ("listing/failed_pages", "listing pages failed"),
            ("detail/failed", "detail pages failed"),
            ("spider_exceptions/count", "errors in the spider"),
            ("offsite/filtered", "redirects led off the site"),
        )
        if (count := _count(stats, name))
    ]
    if "validate/rejected_because" in stats:
        wrong[0] += f" ({stats['validate/rejected_because']})"
    refused = _count(stats, "store/rejected") - _count(stats, "validate/rejected")
    if refused > 0:
        wrong.append(f"{refused} records were refused by the database")
    if finish_reason != "finished":
        wrong.append(f"the crawl was cut off ({finish_reason})")
    elif ended is None and not wrong:
        wrong.append("the crawl ended before its listing did")
    return wrong


def _count(stats: Mapping[str, Any], name: str) -> int:
    return int(stats.get(name, 0))
