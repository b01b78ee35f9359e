"""Writes what was read of one platform, inside the transaction of `projects.store_batch`.

The writer speaks to asyncpg: COPY has no other way, and ten thousand rows a second leave no room for an
object each. It makes one round trip for each kind of work, whatever the size of the batch, and none for a
kind that the batch has not got; only of changed rows it makes several, so that the next are compared while
PostgreSQL writes.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import postgresql

from outsource_scraper.database import copying, counts, faults, listings, models, reposts
from outsource_scraper.database.batches import BatchResult, refused
from outsource_scraper.database.changes import MUTABLE, Merged, deadline_moved, merge
from outsource_scraper.database.copying import to_json
from outsource_scraper.items import ClosedReason, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from outsource_scraper.database.batches import Reading
    from outsource_scraper.items import Project, RejectedRecord

_CHANGED_AT_ONCE = 250
"""Rows of one UPDATE."""

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
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
_PARTING = "\x1f"
"""Between skills; no normalized text holds it."""
_READ_FULL = f"""
SELECT id, content_hash, changed_at, closed_at, closed_reason,
    coalesce(counted_at, first_seen_at) <= $2 AS may_count, {", ".join(MUTABLE)}
FROM projects WHERE id = ANY ($1::bigint[]) ORDER BY id FOR NO KEY UPDATE
"""  # noqa: S608 - our own column names
# An array for each column: a statement a row costs the server a tenth more, with nothing done beside it.
# Arrays in an array must be of one length, so that skills come as one text each.
_WRITTEN = (
    "id",
    "content_hash",
    "last_seen_at",
    "changed_at",
    "closed_at",
    "closed_reason",
    "listing_hash",
    *MUTABLE,
)
_ARRAYS = ", ".join(
    f"${place}::{'text' if name == 'skills' else models.Project.__table__.c[name].type.compile(_DIALECT)}[]"
    for place, name in enumerate(_WRITTEN, 1)
)
_EXCEPTIONS = {
    "last_seen_at": "greatest(projects.last_seen_at, new.last_seen_at)",
    "listing_hash": "coalesce(new.listing_hash, projects.listing_hash)",
    "skills": f"string_to_array(new.skills, '{_PARTING}')",
}
_UPDATE = f"""
UPDATE projects SET {", ".join(f"{name} = {_EXCEPTIONS.get(name, f'new.{name}')}" for name in _WRITTEN[1:])}
FROM unnest({_ARRAYS}) AS new ({", ".join(_WRITTEN)}) WHERE projects.id = new.id
"""  # noqa: S608 - our own column names
_TOUCH = "UPDATE projects SET last_seen_at = $2 WHERE id = ANY ($1::bigint[])"
_HISTORY = """
INSERT INTO project_changes (run_id, changed_at, project_id, kind, changes)
SELECT $1, $2, project_id, kind, changes::jsonb
FROM unnest($3::bigint[], $4::text[], $5::text[]) AS line (project_id, kind, changes)
"""


class Writer:
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
        history: list[tuple[int, str, str]] = []
        rows = await driver.fetch(_READ_FULL, list(changed), self._last_counts)
        writing: asyncio.Task[None] | None = None
        try:
            for start in range(0, len(rows), _CHANGED_AT_ONCE):
                some = rows[start : start + _CHANGED_AT_ONCE]
                updates, counted = self._merge(some, changed, history, result)
                if writing is not None:
                    await writing
                writing = asyncio.create_task(self._update(driver, updates, counted))
                # It is sent now, and PostgreSQL works on it while the next rows are compared.
                await asyncio.sleep(0)
        finally:
            if writing is not None:
                await writing
        if history:
            await self._append_history(driver, *map(list, zip(*history, strict=True)))

    def _merge(
        self,
        rows: Sequence[Mapping[str, Any]],
        changed: dict[int, Reading],
        history: list[tuple[int, str, str]],
        result: BatchResult,
    ) -> tuple[list[tuple[Any, ...]], dict[int, counts.Counts]]:
        """Lay the readings over `rows`: what is to be written, and which numbers have moved."""
        updates: list[tuple[Any, ...]] = []
        counted: dict[int, counts.Counts] = {}
        for row in rows:
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
        return updates, counted

    async def _update(
        self, driver: Any, updates: list[tuple[Any, ...]], counted: Mapping[int, counts.Counts]
    ) -> None:
        if counted:
            # First: it looks at the numbers as they were.
            await counts.append(driver, counted, self.now)
        if updates:
            await driver.execute(_UPDATE, *map(list, zip(*updates, strict=True)))

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
            *(_PARTING.join(values[name]) if name == "skills" else values[name] for name in MUTABLE[:-1]),
            metadata if isinstance(metadata, str) else to_json(metadata),
        )

    async def _append_history(
        self, driver: Any, ids: list[int], kinds: list[str], changes: Sequence[str | None]
    ) -> None:
        await driver.execute(_HISTORY, self.run_id, self.now, ids, kinds, changes)


class HalvingWriter(Writer):
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
            self.refused.append(refused(project, f"PostgreSQL refuses it: {reason}"))
            return BatchResult()
        everything = list(readings.items())
        middle = len(everything) // 2
        result = await self.write(driver, platform, dict(everything[:middle]))
        result.add(await self.write(driver, platform, dict(everything[middle:])))
        return result


def _closed_reason(row: Mapping[str, Any], project: Project, merged: Merged) -> str | None:
    if merged.kind == "reopened" or (row["closed_at"] is None and merged.kind != "closed"):
        return None
    # The platform's own word counts more than what was concluded before it spoke.
    return ClosedReason.STATED if project.status is Status.CLOSED else row["closed_reason"]
