"""What the last runs of the platforms say: for schedules, and for whoever watches over them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from outsource_scraper.database.models import CrawlRun
from outsource_scraper.database.runs import DEAD_AFTER, server_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncSession

BUSY = "busy"
"""The verdict of a run that did nothing, because another one was under way."""
_LOOKED_AT = 20
"""Runs of a platform, the latest; what has no verdict is looked at besides, for it may still go on."""


@dataclass(slots=True, kw_only=True)
class Record:
    """What is known of the runs of one platform, by the database's clock."""

    platform: str
    now: datetime
    last_good: datetime | None = None
    """When the last run began that looked at the listing as a whole and ended well."""
    runs: list[CrawlRun] = field(default_factory=list)
    """The latest first; without those that found another one under way."""

    @property
    def under_way(self) -> CrawlRun | None:
        """The run that is going on now; the latest where one was forced beside another."""
        return next((run for run in self.runs if self._is_alive(run)), None)

    @property
    def bad(self) -> list[CrawlRun]:
        """The runs that ended badly since the last good one, the latest first; killed ones among them."""
        ended = [run for run in self.runs if _is_whole(run) and not self._is_alive(run)]
        good = next((place for place, run in enumerate(ended) if run.verdict == "ok"), len(ended))
        return ended[:good]

    def _is_alive(self, run: CrawlRun) -> bool:
        return run.verdict is None and run.heartbeat_at >= self.now - DEAD_AFTER

    def due_at(self, interval: timedelta) -> datetime | None:
        """When the platform has to be crawled next; None where it has never been.

        An interval behind the last good run. After a bad one sooner, but not at once and less soon every
        time: a minute, two, four, at most the interval; a site that shut us out is left alone for an
        interval, for two, four, at most a day.
        """
        times = [] if self.last_good is None else [self.last_good + interval]
        if bad := self.bad:
            times.append(bad[0].started_at + _pause(bad, interval))
        return max(times, default=None)


def _pause(bad: Sequence[CrawlRun], interval: timedelta) -> timedelta:
    doubled: int = 2 ** min(len(bad) - 1, 10)
    if bad[0].verdict == "blocked":
        return min(interval * doubled, max(timedelta(days=1), interval))
    return min(timedelta(minutes=1) * doubled, interval)


async def records(session: AsyncSession, platforms: Iterable[str]) -> dict[str, Record]:
    """Return the record of each of `platforms`."""
    now = await server_time(session)
    found = {name: Record(platform=name, now=now) for name in platforms}
    good = (
        select(CrawlRun.platform, func.max(CrawlRun.started_at))
        .where(CrawlRun.platform.in_(found), CrawlRun.verdict == "ok", was_whole())
        .group_by(CrawlRun.platform)
    )
    ranked = (
        select(
            CrawlRun.id,
            func.row_number()
            .over(partition_by=CrawlRun.platform, order_by=CrawlRun.started_at.desc())
            .label("rank"),
        )
        .where(CrawlRun.platform.in_(found), CrawlRun.verdict.is_distinct_from(BUSY))
        .subquery()
    )
    latest = (
        select(CrawlRun)
        .join(ranked, ranked.c.id == CrawlRun.id)
        .where((ranked.c.rank <= _LOOKED_AT) | CrawlRun.verdict.is_(None))
        .order_by(CrawlRun.started_at.desc())
    )
    async with session.begin():
        for platform, started_at in await session.execute(good):
            found[platform].last_good = started_at
        for run in await session.scalars(latest):
            found[run.platform].runs.append(run)
    return found


async def latest_runs(session: AsyncSession, platform: str | None, limit: int) -> Sequence[CrawlRun]:
    """Return the last runs, of one platform or of all, the latest first."""
    statement = select(CrawlRun).order_by(CrawlRun.started_at.desc(), CrawlRun.id.desc()).limit(limit)
    if platform is not None:
        statement = statement.where(CrawlRun.platform == platform)
    async with session.begin():
        return (await session.scalars(statement)).all()


_PARTS = ("query", "since", "max_pages")
"""Arguments that ask for a part of the listing only."""


def was_whole() -> ColumnElement[bool]:
    """Whether a run looked at the listing as a whole."""
    return ~func.coalesce(func.jsonb_exists_any(CrawlRun.arguments, list(_PARTS)), False)


def _is_whole(run: CrawlRun) -> bool:
    return not set(_PARTS) & set(run.arguments)
