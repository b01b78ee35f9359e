"""All SQL about runs: the row of a run from its start to its verdict, and the records it set aside.

A run whose process was killed leaves a row without a verdict. So that the next run can tell it from one that
is still going on, a run shows in two ways that it is alive. It holds a session-level advisory lock on its id
for as long as its connection lives: PostgreSQL lets go of it the moment the process is gone. And it writes a
heartbeat: where a machine or a network is gone and nobody told PostgreSQL, the lock stays, the beats do not.
The beats come by a second connection, which a server without room does not grant; what the run stores by its
first one is a beat too.
All times are those of the database's clock, so that machines need not agree on the time.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast, overload

from sqlalchemy import DateTime, func, insert, literal_column, select, text, update
from sqlalchemy import cast as cast_to
from sqlalchemy.dialects.postgresql import JSONB

from outsource_scraper.database.models import CrawlRun

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

    from outsource_scraper import items

COUNTS = ("new", "updated", "unchanged", "reopened", "closed", "rejected", "duplicates", "spooled")
"""Counts of a run, as columns of its row and as `store/...` stats."""

_REJECTED = ("platform", "external_id", "url", "reason", "source")
_REJECT = """
INSERT INTO rejected_records (run_id, created_at, platform, external_id, url, reason, source)
SELECT $1, $2, one.platform, one.external_id, one.url, one.reason, one.source
FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
    WITH ORDINALITY AS one (platform, external_id, url, reason, source, place)
WHERE NOT EXISTS (
    SELECT FROM rejected_records AS same
    WHERE same.platform = one.platform AND same.created_at = $2
        AND same.reason = one.reason AND same.source = one.source
)
ORDER BY one.place
"""
_ADD_COUNTS = f"""
UPDATE crawl_runs SET {", ".join(f"{name} = {name} + ${place}" for place, name in enumerate(COUNTS, 2))},
    heartbeat_at = clock_timestamp()
WHERE id = $1
"""  # noqa: S608 - our own column names

_END_LOST = text(
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE pid = ANY(CAST(:processes AS integer[])) AND usename = current_user"
    " AND datname = current_database() AND application_name = current_setting('application_name')"
)

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

INTERRUPTED = "interrupted"
"""The verdict of a run that ended without telling one."""

HEARTBEAT = timedelta(seconds=15)
"""Time between two signs of life."""
DEAD_AFTER = timedelta(seconds=90)
"""A run that has not shown a sign of life for so long is dead, whatever locks its connection still holds."""


@dataclass(frozen=True, slots=True)
class Started:
    """The row of a run that was just opened."""

    id: int
    busy_with: CrawlRun | None
    """Another run of the platform that is under way: a reason for the new one to end."""


async def start_run(  # noqa: PLR0913 - the columns of a row
    session: AsyncSession,
    platform: str,
    mode: str | None,
    arguments: Mapping[str, Any],
    *,
    process: str | None = None,
    seen: int | None = None,
) -> Started:
    """Open the row of a run, mark the abandoned ones of the same platform, and commit.

    Starts of a platform take turns, so that of two at the same moment the second sees the first. The run
    counts as alive while the connection of `session` lives and `beat` is called: bind the session to one
    connection for the whole run, and call `hold_run` on a new one.

    `seen` is the id of the latest run that a schedule has seen when it found the platform due (0: none): a
    later one that has ended by now counts as under way, for it has done what was due.
    """
    async with session.begin():
        name = func.concat(func.current_schema(), ".crawl_runs.start.", platform)
        await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
        await _mark_abandoned(session, platform)
        is_in_the_way: ColumnElement[bool] = CrawlRun.verdict.is_(None)
        if seen is not None:
            is_in_the_way |= (CrawlRun.id > seen) & (CrawlRun.verdict == "ok")
        under_way = (
            select(CrawlRun)
            .where(CrawlRun.platform == platform, is_in_the_way)
            .order_by(CrawlRun.id.desc())
            .limit(1)
        )
        other = (await session.scalars(under_way)).first()
        statement = (
            insert(CrawlRun)
            .values(platform=platform, mode=mode, arguments=_storable_json(arguments), process=process)
            .returning(CrawlRun.id)
        )
        run_id = (await session.execute(statement)).scalar_one()
        # Before the commit, so that nobody ever sees the row of a living run unlocked. Tried, not waited for:
        # nobody else holds a new id, but for one who truncated the table and gave the ids out anew.
        await session.execute(select(func.pg_try_advisory_lock(_lock_key(run_id))))
    return Started(run_id, other)


async def known(session: AsyncSession, run_id: int | None, platforms: Iterable[str]) -> int | None:
    """Return `run_id` where that is a run of one of `platforms`, else None: it may be deleted since."""
    if run_id is None:
        return None
    statement = select(CrawlRun.id).where(CrawlRun.id == run_id, CrawlRun.platform.in_(platforms))
    async with session.begin():
        return cast("int | None", await session.scalar(statement))


async def hold_run(session: AsyncSession, run_id: int) -> bool:
    """Take the lock that says the run is alive, on the new connection of a run that lost its own.

    False where the lost connection still has it, because PostgreSQL does not know yet that it is lost.
    """
    async with session.begin():
        return bool(await session.scalar(select(func.pg_try_advisory_lock(_lock_key(run_id)))))


async def living(connection: AsyncConnection) -> list[tuple[int, str]]:
    """Return id and platform of every run that is under way.

    Also in the tables of a release whose runs had a lock and no heartbeat yet.
    """
    row = func.to_jsonb(literal_column(CrawlRun.__tablename__), type_=JSONB)
    heartbeat = cast_to(row["heartbeat_at"].astext, DateTime(timezone=True))
    open_runs = (
        select(CrawlRun.id, CrawlRun.platform, func.coalesce(heartbeat, func.clock_timestamp()).label("beat"))
        .where(CrawlRun.verdict.is_(None))
        .cte("open_runs")
        .prefix_with("MATERIALIZED")
    )
    statement = (
        select(open_runs.c.id, open_runs.c.platform)
        .where(~_is_dead(open_runs.c.id, open_runs.c.beat))
        .order_by(open_runs.c.id)
    )
    return [(run_id, platform) for run_id, platform in await connection.execute(statement)]


async def end_lost(session: AsyncSession, processes: Iterable[int]) -> None:
    """End the server's processes of connections that this run has torn; those of others are left alone.

    One that waits for more of a COPY waits for ever where nobody tells it that the network is gone, and what
    it has locked is what the run's next transaction has to lock.
    """
    async with session.begin():
        await session.execute(_END_LOST, {"processes": list(processes)})


async def beat(session: AsyncSession, run_id: int) -> None:
    """Show that the run is alive, in a transaction of its own."""
    async with session.begin():
        await session.execute(
            update(CrawlRun).where(CrawlRun.id == run_id).values(heartbeat_at=func.clock_timestamp())
        )


async def server_time(session: AsyncSession) -> datetime:
    """Return the time by the database's clock, aware."""
    async with session.begin():
        return cast("datetime", await session.scalar(select(func.clock_timestamp())))


async def add_counts(driver: Any, run_id: int, counts: Mapping[str, int]) -> None:
    """Add to the counts of a run, in the transaction that they tell of, and show that it is alive.

    Names as in `COUNTS`.
    """
    await driver.execute(_ADD_COUNTS, run_id, *(counts.get(name, 0) for name in COUNTS))


async def finish_run(  # noqa: PLR0913 - the columns of a row
    session: AsyncSession,
    run_id: int,
    verdict: str,
    *,
    reason: str | None = None,
    complete: bool | None = None,
    counts: Mapping[str, int] | None = None,
    stats: Mapping[str, Any] | None = None,
) -> None:
    """Close the row of a run. The caller commits.

    `counts` sets (not adds) columns such as `pages`; what a batch stored is in the row already. Values of
    `stats` that are no JSON are written as text, and `reason` and texts in `stats` as `storable` gives them.
    """
    values: dict[str, Any] = dict(counts or {})
    # A reason may quote what a site has sent.
    values |= {"verdict": verdict, "reason": storable(reason), "complete": complete}
    values["finished_at"] = func.now()
    if stats is not None:
        values["stats"] = _storable_json(stats)
    await session.execute(update(CrawlRun).where(CrawlRun.id == run_id).values(values))


async def reject(
    driver: Any, run_id: int | None, records: Collection[items.RejectedRecord], read_at: datetime
) -> int:
    """Set records that were read at `read_at` aside in `rejected_records`, and return how many.

    What stands there already is left out: a batch is stored once more where the answer to its commit was
    lost. The transaction is the caller's.
    """
    columns = [[storable(getattr(record, name)) for record in records] for name in _REJECTED]
    status: str = await driver.execute(_REJECT, run_id, read_at, *columns)
    return int(status.rpartition(" ")[2])


@overload
def storable(text: str) -> str: ...
@overload
def storable(text: None) -> None: ...
def storable(text: str | None) -> str | None:
    """Replace what PostgreSQL cannot keep in a text, NUL and lone surrogates, by U+FFFD."""
    return None if text is None else _UNSTORABLE.sub("\ufffd", text)


async def _mark_abandoned(session: AsyncSession, platform: str) -> None:
    # Materialized, so that the lock of a run is tried only where its platform and verdict were looked at.
    open_runs = (
        select(CrawlRun.id, CrawlRun.heartbeat_at)
        .where(CrawlRun.platform == platform, CrawlRun.verdict.is_(None))
        .cte("open_runs")
        .prefix_with("MATERIALIZED")
    )
    abandoned = select(open_runs.c.id).where(_is_dead(open_runs.c.id, open_runs.c.heartbeat_at))
    # finished_at stays null: nobody knows when it was killed.
    await session.execute(
        update(CrawlRun)
        .where(CrawlRun.id.in_(abandoned), CrawlRun.verdict.is_(None))
        .values(verdict=INTERRUPTED)
        .execution_options(synchronize_session=False)
    )


def _is_dead(run_id: ColumnElement[int], heartbeat_at: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether a run without a verdict was silent for too long, or has its lock no more."""
    silent = heartbeat_at < func.clock_timestamp() - DEAD_AFTER
    return silent | func.pg_try_advisory_xact_lock(_lock_key(run_id))


def _lock_key(run_id: int | ColumnElement[int]) -> ColumnElement[int]:
    name = func.concat(func.current_schema(), ".crawl_runs.", run_id)
    return func.hashtextextended(name, 0)


def _storable_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same as JSON that PostgreSQL can keep; what it has no form for, such as a time or NaN, as text."""
    plain = json.loads(json.dumps(dict(values), default=str), parse_constant=str)
    return cast("dict[str, Any]", _with_storable_texts(plain))


def _with_storable_texts(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [_with_storable_texts(one) for one in value]
    if isinstance(value, dict):
        return {storable(name): _with_storable_texts(one) for name, one in value.items()}
    return value
