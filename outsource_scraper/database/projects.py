"""All SQL about projects: storing a batch in one transaction, closing by absence.

The writer speaks to asyncpg through the session's own connection, inside the session's transaction: COPY has
no other way, and ten thousand rows a second leave no room for an object each. It makes one round trip for
each kind of work, whatever the size of the batch, and none for a kind that the batch has not got.

Writers of one platform take turns, by an advisory lock that ends with the transaction: no key is inserted
twice, no two batches lock each other's rows, and what was read stays true until it is written. PostgreSQL's
unique constraint stands behind the lock; see `faults.is_transient` for the one who does not take it.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from outsource_scraper.database import copying, faults, runs
from outsource_scraper.database.changes import MUTABLE, content_hash, deadline_moved, merge
from outsource_scraper.database.copying import to_json
from outsource_scraper.items import Project, RejectedRecord

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

TOUCH_AFTER = timedelta(hours=6)
"""An unchanged project is written to, `last_seen_at` and `bids_count`, only when last seen longer ago."""

Reading = tuple[Project, bytes]
"""A project as read, and its `content_hash`."""

# LATERAL with a LIMIT leaves the planner one way only, a look into the unique index for each key. Left free,
# and without statistics yet, it reads all open projects of the platform and compares each with every key.
# A key that is not known gets its id here: one round trip less for new rows.
_READ = """
SELECT key.external_id, coalesce(known.id, nextval('projects_id_seq')), known.id IS NULL, known.content_hash,
    known.deadline_at, known.last_seen_at < $3
FROM unnest($2::text[]) AS key (external_id) LEFT JOIN LATERAL (
    SELECT id, content_hash, deadline_at, last_seen_at
    FROM projects WHERE platform = $1 AND external_id = key.external_id LIMIT 1
) AS known ON true
"""
_READ_FULL = f"""
SELECT id, content_hash, changed_at, closed_at, {", ".join(MUTABLE)}
FROM projects WHERE id = ANY ($1::bigint[]) ORDER BY id FOR NO KEY UPDATE
"""  # noqa: S608 - our own column names
_UPDATE = f"""
UPDATE projects SET content_hash = $2, last_seen_at = greatest(last_seen_at, $3), changed_at = $4,
    closed_at = $5, {", ".join(f"{name} = ${place}" for place, name in enumerate(MUTABLE, 6))}
WHERE id = $1
"""  # noqa: S608 - our own column names
_TOUCH = """
UPDATE projects SET last_seen_at = $3, bids_count = coalesce(seen.bids_count, projects.bids_count)
FROM unnest($1::bigint[], $2::int[]) AS seen (id, bids_count) WHERE projects.id = seen.id
"""
_HISTORY = """
INSERT INTO project_changes (run_id, changed_at, project_id, kind, changes)
SELECT $1, $2, project_id, kind, changes::jsonb
FROM unnest($3::bigint[], $4::text[], $5::text[]) AS line (project_id, kind, changes)
"""
_IDS = """
SELECT known.id FROM unnest($2::text[]) AS key (external_id), LATERAL (
    SELECT id FROM projects WHERE platform = $1 AND external_id = key.external_id LIMIT 1
) AS known
"""
_CLOSE_ABSENT = """
WITH absent AS (
    SELECT id, status FROM projects
    WHERE platform = $1 AND closed_at IS NULL
        -- What another run found meanwhile was not there to be seen by this one.
        AND changed_at < coalesce((SELECT started_at FROM crawl_runs WHERE id = $2), $3)
        AND NOT EXISTS (SELECT FROM unnest($4::bigint[]) AS seen (id) WHERE seen.id = projects.id)
    ORDER BY id FOR NO KEY UPDATE
), closed AS (
    UPDATE projects SET closed_at = $3, changed_at = $3, status = 'closed', content_hash = NULL
    FROM absent WHERE projects.id = absent.id RETURNING projects.id, absent.status
), history AS (
    INSERT INTO project_changes (run_id, changed_at, project_id, kind, changes)
    SELECT $2, $3, id, 'closed', jsonb_build_object('status', jsonb_build_array(status, 'closed')) FROM closed
)
SELECT count(*) FROM closed
"""


class Batch:
    """Items on their way into one transaction, duplicates of a key already folded: the last one wins.

    The hash is taken here, item by item while the batch before is being written, and not in the transaction.
    """

    __slots__ = ("_size", "duplicates", "projects", "rejected")

    def __init__(self, items: Iterable[Project | RejectedRecord] = ()) -> None:
        self.projects: dict[str, dict[str, Reading]] = {}
        """By platform and external id."""
        self.rejected: list[RejectedRecord] = []
        self.duplicates = 0
        self._size = 0
        for item in items:
            self.add(item)

    def add(self, item: Project | RejectedRecord) -> None:
        """Take an item in."""
        self._size += 1
        if isinstance(item, RejectedRecord):
            self.rejected.append(item)
            return
        try:
            read_hash = content_hash(item)
        except (TypeError, AttributeError) as error:
            self.rejected.append(_refused(item, f"a field has the wrong type: {error}"))
            return
        readings = self.projects.get(item.platform)
        if readings is None:
            readings = self.projects[item.platform] = {}
        before = len(readings)
        readings[item.external_id] = item, read_hash
        self.duplicates += len(readings) == before

    def __len__(self) -> int:
        """How many items were taken in, the folded ones among them."""
        return self._size

    def __iter__(self) -> Iterator[Project | RejectedRecord]:
        """The items, without the folded ones."""
        for readings in self.projects.values():
            for project, _ in readings.values():
                yield project
        yield from self.rejected


@dataclass(slots=True, kw_only=True)
class BatchResult:
    """What became of a batch. Every item of it is counted in one of the first six."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    reopened: int = 0
    duplicates: int = 0
    rejected: list[RejectedRecord] = field(default_factory=list)
    """What now stands in `rejected_records`: the batch's own, and the rows that PostgreSQL refused."""

    closed: int = 0
    """Of the updated ones those that the platform itself says are closed."""
    project_ids: list[int] = field(default_factory=list)
    """`projects.id` of everything that was seen, rejected records of known projects among them."""
    unidentified: int = 0
    """Rejected records without an external id: nobody can tell which project was seen."""

    def counts(self) -> dict[str, int]:
        """The counts by the names of `runs.COUNTS`."""
        names = ("new", "updated", "unchanged", "reopened", "closed", "duplicates")
        return {name: getattr(self, name) for name in names} | {"rejected": len(self.rejected)}

    def _add(self, part: BatchResult) -> None:
        for name in ("new", "updated", "unchanged", "reopened", "closed"):
            setattr(self, name, getattr(self, name) + getattr(part, name))
        self.project_ids += part.project_ids


async def store_batch(
    session: AsyncSession,
    batch: Batch,
    *,
    run_id: int | None,
    now: datetime,
    touch_after: timedelta = TOUCH_AFTER,
) -> BatchResult:
    """Store a batch in one transaction of its own: projects, history, rejected records and the run's counts.

    `now` is when the batch was read. Where it lies before the last change of a stored row (a spooled batch
    that comes late), that row is left alone. A row that PostgreSQL refuses is found by halving the batch
    inside the transaction; it becomes a rejected record and the rest is stored.

    Raises what the driver or SQLAlchemy raise for every other fault, with nothing written: `faults` tells
    whether trying again makes sense, and trying again is always safe.
    """
    try:
        return await _transact(session, batch, _Writer(run_id, now, touch_after))
    except Exception as error:
        if not faults.is_refusal(error):
            raise
    return await _transact(session, batch, _HalvingWriter(run_id, now, touch_after))


async def close_absent(
    session: AsyncSession, platform: str, seen: array[int] | Sequence[int], run_id: int, now: datetime
) -> int:
    """Close the open projects of `platform` that a run over its whole listing has not seen; return how many.

    `seen` holds `projects.id`. A run that saw nothing at all closes nothing: a listing is never that empty.
    One transaction of its own, with history and the run's count. The hash of a closed row is taken away, so
    that the next sighting, even one that says nothing of the status, reopens it.
    """
    if not len(seen):
        return 0
    async with session.begin():
        await _lock(session, [platform])
        driver = await _driver(session)
        count: int = await driver.fetchval(_CLOSE_ABSENT, platform, run_id, now, seen)
        await runs.add_counts(session, run_id, {"closed": count})
    return count


async def _transact(session: AsyncSession, batch: Batch, writer: _Writer) -> BatchResult:
    result = BatchResult(duplicates=batch.duplicates, rejected=list(batch.rejected))
    async with session.begin():
        await _lock(session, sorted(batch.projects))
        driver = await _driver(session)
        for platform, readings in batch.projects.items():
            result._add(await writer.write(driver, platform, readings))
        if result.rejected or writer.refused:
            result.rejected += writer.refused
            await _identify(driver, result)
            await runs.reject(session, writer.run_id, result.rejected)
        if writer.run_id is not None:
            await runs.add_counts(session, writer.run_id, result.counts())
    return result


async def _lock(session: AsyncSession, platforms: Sequence[str]) -> None:
    # Through the session, not the driver: its first statement is what begins the transaction.
    for platform in platforms or ("",):
        name = func.concat(func.current_schema(), ".projects.", runs.storable(platform))
        await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


async def _driver(session: AsyncSession) -> Any:
    """The asyncpg connection on which the session's transaction runs."""
    connection = await (await session.connection()).get_raw_connection()
    return connection.driver_connection


async def _identify(driver: Any, result: BatchResult) -> None:
    by_platform: dict[str, list[str]] = {}
    for record in result.rejected:
        if record.external_id is None:
            result.unidentified += 1
        else:
            external_id = runs.storable(record.external_id)
            by_platform.setdefault(runs.storable(record.platform), []).append(external_id)
    for platform, external_ids in by_platform.items():
        result.project_ids += [row[0] for row in await driver.fetch(_IDS, platform, external_ids)]


class _Writer:
    """Writes the readings of one platform; the transaction and the lock are the caller's."""

    def __init__(self, run_id: int | None, now: datetime, touch_after: timedelta) -> None:
        self.run_id = run_id
        self.refused: list[RejectedRecord] = []
        self._now = now
        self._stale = now - touch_after

    async def write(self, driver: Any, platform: str, readings: Mapping[str, Reading]) -> BatchResult:
        """Write them, or raise with the transaction spoiled."""
        result = BatchResult()
        new: dict[int, Reading] = {}
        changed: dict[int, Reading] = {}
        touched: dict[int, int | None] = {}
        for row in await driver.fetch(_READ, platform, list(readings), self._stale):
            external_id, project_id, is_new, known_hash, deadline_at, is_stale = row
            project, read_hash = reading = readings[external_id]
            if is_new:
                new[project_id] = reading
                continue
            if known_hash != read_hash or (
                project.deadline_at is not None and deadline_moved(deadline_at, project.deadline_at)
            ):
                changed[project_id] = reading
                continue
            result.unchanged += 1
            result.project_ids.append(project_id)
            if is_stale:
                touched[project_id] = project.bids_count
        if touched:
            await driver.execute(_TOUCH, list(touched), list(touched.values()), self._now)
        if changed:
            await self._write_changed(driver, changed, result)
            # Deleted by somebody between the two looks: new again, under the same id.
            new |= changed
        if new:
            await self._write_new(driver, new, result)
        return result

    async def _write_new(self, driver: Any, new: Mapping[int, Reading], result: BatchResult) -> None:
        # Handed over bit by bit: PostgreSQL works on the first rows while the last are being made.
        await driver.copy_to_table(
            "projects", columns=copying.COLUMNS, format="binary", source=copying.binary_rows(new, self._now)
        )
        ids = list(new)
        await self._append_history(driver, ids, ["new"] * len(ids), [None] * len(ids))
        result.new += len(ids)
        result.project_ids += ids

    async def _write_changed(self, driver: Any, changed: dict[int, Reading], result: BatchResult) -> None:
        """Write what was found, and take it out of `changed`."""
        updates: list[tuple[Any, ...]] = []
        history: list[tuple[int, str, str]] = []
        for row in await driver.fetch(_READ_FULL, list(changed)):
            project, read_hash = changed.pop(row["id"])
            result.project_ids.append(row["id"])
            if row["changed_at"] > self._now:
                result.unchanged += 1
                continue
            merged = merge(row, project)
            if merged.kind is None:
                result.unchanged += 1
            else:
                result.reopened += merged.kind == "reopened"
                result.updated += merged.kind != "reopened"
                result.closed += merged.kind == "closed"
                history.append((row["id"], merged.kind, to_json(merged.changes)))
            updates.append(self._changed_row(row, read_hash, merged.kind, merged.values))
        if updates:
            await driver.executemany(_UPDATE, updates)
        if history:
            await self._append_history(driver, *map(list, zip(*history, strict=True)))

    def _changed_row(
        self, row: Mapping[str, Any], read_hash: bytes, kind: str | None, values: Mapping[str, Any]
    ) -> tuple[Any, ...]:
        closed_at = {"closed": self._now, "reopened": None}.get(kind or "", row["closed_at"])
        metadata = values["project_metadata"]
        return (
            row["id"],
            read_hash,
            self._now,
            row["changed_at"] if kind is None else self._now,
            closed_at,
            *(values[name] for name in MUTABLE[:-1]),
            metadata if isinstance(metadata, str) else to_json(metadata),
        )

    async def _append_history(
        self, driver: Any, ids: list[int], kinds: list[str], changes: Sequence[str | None]
    ) -> None:
        await driver.execute(_HISTORY, self.run_id, self._now, ids, kinds, changes)


class _HalvingWriter(_Writer):
    """Writes what can be written, half by half behind savepoints, and sets the rest aside."""

    async def write(self, driver: Any, platform: str, readings: Mapping[str, Reading]) -> BatchResult:
        """Write them; a single one that is refused is added to `refused`."""
        try:
            # asyncpg's own savepoint: the session sets none before it runs a statement itself.
            async with driver.transaction():
                return await super().write(driver, platform, readings)
        except Exception as error:
            if not faults.is_refusal(error):
                raise
            reason = faults.sentence(error)
        if len(readings) == 1:
            (project, _), *_ = readings.values()
            self.refused.append(_refused(project, f"PostgreSQL refuses it: {reason}"))
            return BatchResult()
        everything = list(readings.items())
        middle = len(everything) // 2
        result = await self.write(driver, platform, dict(everything[:middle]))
        result._add(await self.write(driver, platform, dict(everything[middle:])))
        return result


def _refused(project: Project, reason: str) -> RejectedRecord:
    return RejectedRecord(
        platform=project.platform,
        external_id=project.external_id,
        url=project.url,
        reason=reason,
        source=json.dumps(dataclasses.asdict(project), ensure_ascii=False, default=str),
    )
