"""Which share of a listing's projects has each field, by the counts of runs: how a changed layout is noticed.

A field fades where its share is far below that of the platform's own recent runs, and by more than chance
explains. The shares of a few projects say little: three without a budget are no wonder where every fifth has
none, thirty are. So a share is judged by how likely it is, under what was usual.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import exp, lgamma
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from outsource_scraper.database.models import CrawlRun

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.ext.asyncio import AsyncSession

FEWEST_PROJECTS = 20
"""Of how many projects the usual share says something."""
RUNS = 10
RECENT = timedelta(days=30)
"""What the runs before that have seen is not usual any more: a platform may do away with a field for good."""
FAR_BELOW = 0.5
"""Part of the usual share under which a field has faded, if chance does not explain it."""
CHANCE = 1e-6
"""Likelihood under which chance explains nothing: 27 platforms are judged by a dozen fields every 10 min."""
WEIGHT = 100
"""Of how many projects the usual share counts at most: postings of a day resemble each other."""

_PROJECTS = "listing/projects"
_FIELD = "listing/field/"


@dataclass(frozen=True, slots=True)
class Usual:
    """What recent runs have seen."""

    projects: int
    filled: Mapping[str, int]
    """By field, how many of the projects had it."""


async def usual_coverage(session: AsyncSession, platform: str, mode: str | None) -> Usual | None:
    """What the last good runs of `platform` in the same mode, which may read other pages, have seen.

    None where those were fewer projects than say something.
    """
    statement = (
        select(CrawlRun.stats)
        .where(
            CrawlRun.platform == platform,
            CrawlRun.mode.is_not_distinct_from(mode),
            CrawlRun.verdict == "ok",
            CrawlRun.started_at > func.now() - RECENT,
            CrawlRun.stats.has_key(_PROJECTS),
        )
        .order_by(CrawlRun.id.desc())
        .limit(RUNS)
    )
    projects = 0
    filled: dict[str, int] = {}
    for stats in await session.scalars(statement):
        projects += int((stats or {}).get(_PROJECTS, 0))
        for name, count in (stats or {}).items():
            if name.startswith(_FIELD):
                field = name.removeprefix(_FIELD)
                filled[field] = filled.get(field, 0) + int(count)
    return Usual(projects, filled) if projects >= FEWEST_PROJECTS else None


def faded(stats: Mapping[str, Any], usual: Usual | None) -> list[str]:
    """What a run with these `stats` lacks, in words: each field with its share now and its usual one."""
    projects = int(stats.get(_PROJECTS, 0))
    if usual is None or not projects:
        return []
    found = []
    for name, told in sorted(usual.filled.items()):
        count = min(told, usual.projects)  # of a row that somebody wrote by hand
        filled, share = int(stats.get(f"{_FIELD}{name}", 0)), count / usual.projects
        if filled < FAR_BELOW * share * projects and chance(filled, projects, count, usual.projects) < CHANCE:
            found.append(f"{name} in {filled / projects:.0%} of the projects, usually in {share:.0%}")
    return found


def chance(filled: int, of: int, usually_filled: int, usually_of: int) -> float:
    """How likely no more than `filled` `of` projects have a field that so many had before.

    By the beta-binomial distribution: that of a share which is itself known from `usually_of` projects only.
    """
    weight = min(usually_of + 2, WEIGHT)
    present = weight * (usually_filled + 1) / (usually_of + 2)
    absent = weight - present
    total = 0.0
    for count in range(filled, -1, -1):  # from the likeliest
        likelihood = exp(
            _log_choose(of, count)
            + _log_beta(count + present, of - count + absent)
            - _log_beta(present, absent)
        )
        total += likelihood
        if total >= CHANCE or likelihood < total * 1e-9:
            break
    return total


def _log_choose(of: int, count: int) -> float:
    return lgamma(of + 1) - lgamma(count + 1) - lgamma(of - count + 1)


def _log_beta(one: float, other: float) -> float:
    return lgamma(one) + lgamma(other) - lgamma(one + other)
