"""The writer of projects: a batch is stored in one transaction.

The writer speaks to asyncpg through the session's own connection, inside the session's transaction: COPY has
no other way, and ten thousand rows a second leave no room for an object each. It makes one round trip for
each kind of work, whatever the size of the batch, and none for a kind that the batch has not got.

Writers of one platform take turns (`driver.lock_platforms`): no key is inserted twice, no two batches lock
each other's rows, and what was read stays true until it is written. PostgreSQL's unique constraint stands
behind the lock; see `faults.is_transient` for the one who does not take it.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from outsource_scraper.database import closing, copying, counts, faults, listings, reposts, runs
from outsource_scraper.database.changes import MUTABLE, Merged, content_hash, deadline_moved, merge
from outsource_scraper.database.copying import to_json
from outsource_scraper.database.driver import lock_platforms
from outsource_scraper.items import ClosedReason, GonePosting, Project, RejectedRecord, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

TOUCH_AFTER = timedelta(hours=6)
"""An unchanged project is written to, `last_seen_at` and `bids_count`, only when last seen longer ago."""

Item = Project | GonePosting | RejectedRecord
"""What a batch is made of."""

Reading = tuple[Project, bytes, bytes | None]
"""A project as read, its `content_hash`, and the hash of what its listing told, where that is to be noted."""

# LATERAL with a LIMIT leaves the planner one way only, a look into the unique index for each key. Left free,
# and without statistics yet, it reads all open projects of the platform and compares each with every key.
# A key that is not known gets its id here: one round trip less for new rows.
_READ = """
SELECT key.external_id, coalesce(known.id, nextval('projects_id_seq')) AS id, known.id IS NULL AS is_new,
    known.content_hash, known.deadline_at, known.last_seen_at < $3 AS is_stale, known.bids_count,
    known.views_count, coalesce(known.counted_at, known.first_seen_at) <= $4 AS may_count
FROM unnest($2::text[]) AS key (external_id) LEFT JOIN LATERAL (
    SELECT id, content_hash, deadline_at, first_seen_at, last_seen_at, bids_count, views_count, counted_at
    FROM projects WHERE platform = $1 AND external_id = key.external_id LIMIT 1
) AS known ON true
"""
_READ_FULL = f"""
SELECT id, content_hash, changed_at, closed_at, closed_reason,
    coalesce(counted_at, first_seen_at) <= $2 AS may_count, {", ".join(MUTABLE)}
FROM projects WHERE id = ANY ($1::bigint[]) ORDER BY id FOR NO KEY UPDATE
"""  # noqa: S608 - our own column names
_UPDATE = f"""
UPDATE projects SET content_hash = $2, last_seen_at = greatest(last_seen_at, $3), changed_at = $4,
    closed_at = $5, closed_reason = $6, listing_hash = coalesce($7, listing_hash),
    {", ".join(f"{name} = ${place}" for place, name in enumerate(MUTABLE, 8))}
WHERE id = $1
"""  # noqa: S608 - our own column names
_TOUCH = "UPDATE projects SET last_seen_at = $2 WHERE id = ANY ($1::bigint[])"
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


class Batch:
    """Items on their way into one transaction, duplicates of a key already folded: the last one wins.

    The hash is taken here, item by item while the batch before is being written, and not in the transaction.
    """

    __slots__ = ("_size", "duplicates", "gone", "projects", "rejected")

    def __init__(self, items: Iterable[Item] = ()) -> None:
        self.projects: dict[str, dict[str, Reading]] = {}
        """By platform and external id."""
        self.gone: dict[str, dict[str, GonePosting]] = {}
        """Likewise; they are closed after everything else is written."""
        self.rejected: list[RejectedRecord] = []
        self.duplicates = 0
        self._size = 0
        for item in items:
            self.add(item)

    def add(self, item: Item, listing_hash: bytes | None = None) -> None:
        """Take an item in, with how its listing told of it, to be remembered with a project."""
        self._size += 1
        if isinstance(item, GonePosting):
            self.gone.setdefault(item.platform, {})[item.external_id] = item
            listed = self.projects.get(item.platform, {})
            if item.external_id in listed:
                # Nothing is remembered of it: while it is listed, its page is looked at in every crawl.
                listed[item.external_id] = *listed[item.external_id][:2], None
            return
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
        readings[item.external_id] = item, read_hash, listing_hash
        self.duplicates += len(readings) == before

    def __len__(self) -> int:
        """How many items were taken in, the folded ones among them."""
        return self._size

    def __iter__(self) -> Iterator[Item]:
        """The items, without the folded ones."""
        for readings in self.projects.values():
            for project, *_ in readings.values():
                yield project
        for gone in self.gone.values():
            yield from gone.values()
        yield from self.rejected


@dataclass(slots=True, kw_only=True)
class BatchResult:
    """What became of a batch. Every project and rejected record is counted in one of the first six."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    reopened: int = 0
    duplicates: int = 0
    rejected: list[RejectedRecord] = field(default_factory=list)
    """What now stands in `rejected_records`: the batch's own, and the rows that PostgreSQL refused."""

    closed: int = 0
    """Those of which the platform itself says, or their own pages, that they are closed."""
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


async def _transact(session: AsyncSession, batch: Batch, writer: _Writer) -> BatchResult:
    result = BatchResult(duplicates=batch.duplicates, rejected=list(batch.rejected))
    async with session.begin():
        driver = await lock_platforms(session, sorted({*batch.projects, *batch.gone}))
        for platform, readings in batch.projects.items():
            result._add(await writer.write(driver, platform, readings))
        for platform, gone in batch.gone.items():
            result.closed += await closing.close_gone(driver, platform, gone, writer.run_id, writer.now)
        if result.rejected or writer.refused:
            result.rejected += writer.refused
            await _identify(driver, result)
            await runs.reject(session, writer.run_id, result.rejected)
        if writer.run_id is not None:
            await runs.add_counts(driver, writer.run_id, result.counts())
    return result


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
        self.now = now
        self._stale = now - touch_after
        self._last_counts = now - counts.COUNT_AFTER

    async def write(self, driver: Any, platform: str, readings: Mapping[str, Reading]) -> BatchResult:
        """Write them, or raise with the transaction spoiled."""
        result = BatchResult()
        new: dict[int, Reading] = {}
        changed: dict[int, Reading] = {}
        unchanged: list[tuple[Mapping[str, Any], Reading]] = []
        for row in await driver.fetch(_READ, platform, list(readings), self._stale, self._last_counts):
            project, read_hash, _ = reading = readings[row["external_id"]]
            if row["is_new"]:
                new[row["id"]] = reading
            elif row["content_hash"] != read_hash or (
                project.deadline_at is not None and deadline_moved(row["deadline_at"], project.deadline_at)
            ):
                changed[row["id"]] = reading
            else:
                unchanged.append((row, reading))
        if unchanged:
            await self._note_unchanged(driver, unchanged, result)
        if changed:
            await self._write_changed(driver, changed, result)
            # Deleted by somebody between the two looks: new again, under the same id.
            new |= changed
        if new:
            await self._write_new(driver, platform, new, result)
        return result

    async def _note_unchanged(
        self, driver: Any, unchanged: list[tuple[Mapping[str, Any], Reading]], result: BatchResult
    ) -> None:
        touched: list[int] = []
        told: dict[int, bytes] = {}
        counted: dict[int, counts.Counts] = {}
        for row, (project, _, listing_hash) in unchanged:
            project_id = row["id"]
            result.project_ids.append(project_id)
            if listing_hash is not None:
                told[project_id] = listing_hash
            if row["may_count"] and counts.moved(project, row):
                counted[project_id] = project.bids_count, project.views_count
            elif row["is_stale"]:
                touched.append(project_id)
        result.unchanged += len(unchanged)
        if touched:
            await driver.execute(_TOUCH, touched, self.now)
        if told:
            await listings.remember(driver, told)
        if counted:
            await counts.append(driver, counted, self.now)

    async def _write_new(
        self, driver: Any, platform: str, new: Mapping[int, Reading], result: BatchResult
    ) -> None:
        found = await reposts.find(driver, platform, {key: project for key, (project, *_) in new.items()})
        # Handed over bit by bit: PostgreSQL works on the first rows while the last are being made.
        rows = copying.binary_rows(new, self.now, found)
        await driver.copy_to_table("projects", columns=copying.COLUMNS, format="binary", source=rows)
        ids = list(new)
        await self._append_history(driver, ids, ["new"] * len(ids), [None] * len(ids))
        result.new += len(ids)
        result.project_ids += ids

    async def _write_changed(self, driver: Any, changed: dict[int, Reading], result: BatchResult) -> None:
        """Write what was found, and take it out of `changed`."""
        updates: list[tuple[Any, ...]] = []
        history: list[tuple[int, str, str]] = []
        counted: dict[int, counts.Counts] = {}
        for row in await driver.fetch(_READ_FULL, list(changed), self._last_counts):
            reading = changed.pop(row["id"])
            project = reading[0]
            result.project_ids.append(row["id"])
            if row["changed_at"] > self.now:
                result.unchanged += 1
                continue
            merged = merge(row, project)
            if counts.moved(project, row):
                if row["may_count"]:
                    counted[row["id"]] = project.bids_count, project.views_count
                else:
                    merged.values |= {name: row[name] for name in ("bids_count", "views_count")}
            reason = _closed_reason(row, project, merged)
            if merged.kind is None:
                result.unchanged += 1
            else:
                if reason != row["closed_reason"]:
                    merged.changes["closed_reason"] = [row["closed_reason"], reason]
                result.reopened += merged.kind == "reopened"
                result.updated += merged.kind != "reopened"
                result.closed += merged.kind == "closed"
                history.append((row["id"], merged.kind, to_json(merged.changes)))
            updates.append(self._changed_row(row, reading, merged, reason))
        if counted:
            await counts.append(driver, counted, self.now)
        if updates:
            await driver.executemany(_UPDATE, updates)
        if history:
            await self._append_history(driver, *map(list, zip(*history, strict=True)))

    def _changed_row(
        self, row: Mapping[str, Any], reading: Reading, merged: Merged, reason: str | None
    ) -> tuple[Any, ...]:
        kind, values = merged.kind, merged.values
        closed_at = {"closed": self.now, "reopened": None}.get(kind or "", row["closed_at"])
        metadata = values["project_metadata"]
        _, read_hash, listing_hash = reading
        return (
            row["id"],
            read_hash,
            self.now,
            row["changed_at"] if kind is None else self.now,
            closed_at,
            reason,
            listing_hash,
            *(values[name] for name in MUTABLE[:-1]),
            metadata if isinstance(metadata, str) else to_json(metadata),
        )

    async def _append_history(
        self, driver: Any, ids: list[int], kinds: list[str], changes: Sequence[str | None]
    ) -> None:
        await driver.execute(_HISTORY, self.run_id, self.now, ids, kinds, changes)


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
            (project, *_), *_ = readings.values()
            self.refused.append(_refused(project, f"PostgreSQL refuses it: {reason}"))
            return BatchResult()
        everything = list(readings.items())
        middle = len(everything) // 2
        result = await self.write(driver, platform, dict(everything[:middle]))
        result._add(await self.write(driver, platform, dict(everything[middle:])))
        return result


def _closed_reason(row: Mapping[str, Any], project: Project, merged: Merged) -> str | None:
    if merged.kind == "reopened" or (row["closed_at"] is None and merged.kind != "closed"):
        return None
    # The platform's own word counts more than what was concluded before it spoke.
    return ClosedReason.STATED if project.status is Status.CLOSED else row["closed_reason"]


def _refused(project: Project, reason: str) -> RejectedRecord:
    return RejectedRecord(
        platform=project.platform,
        external_id=project.external_id,
        url=project.url,
        reason=reason,
        source=json.dumps(dataclasses.asdict(project), ensure_ascii=False, default=str),
    )
