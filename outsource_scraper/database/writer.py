"""Writes what was read of one platform, inside the transaction of `projects.store_batch`.

The writer speaks to asyncpg: COPY has no other way, and ten thousand rows a second leave no room for an
object each. It makes one round trip for each kind of work, whatever the size of the batch, and none for a
kind that the batch has not got; only of changed rows it makes several, so that the next are compared while
PostgreSQL writes.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from outsource_scraper.database import copying, counts, faults, reposts, updating
from outsource_scraper.database.batches import BatchResult, refused
from outsource_scraper.database.changes import COMPARED, Merged, deadline_moved, merge
from outsource_scraper.database.copying import to_json
from outsource_scraper.items import ClosedReason, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from outsource_scraper.database.batches import Reading
    from outsource_scraper.items import Project, RejectedRecord

_CHANGED_AT_ONCE = 500
"""Rows of one UPDATE."""
_TEXT_AT_ONCE = 2**25
"""Characters of one statement, about: PostgreSQL takes no message of more than a gigabyte."""

# LATERAL with a LIMIT leaves the planner one way only, a look into the unique index for each key. Left free,
# and without statistics yet, it reads all open projects of the platform and compares each with every key.
# A key that is not known gets its id here: one round trip less for new rows. The first sighting behind a
# deadline is always written, so that what was seen since is not closed as too late.
_READ = """
SELECT key.external_id, coalesce(known.id, nextval('projects_id_seq')) AS id, known.id IS NULL AS is_new,
    known.content_hash, known.deadline_at,
    known.last_seen_at < greatest($3, CASE WHEN known.deadline_at <= $4 THEN known.deadline_at END)
        AS is_stale,
    known.bids_count, known.views_count, known.first_seen_at, known.counted_at
FROM unnest($2::text[]) AS key (external_id) LEFT JOIN LATERAL (
    SELECT id, content_hash, deadline_at, first_seen_at, last_seen_at, bids_count, views_count, counted_at
    FROM projects WHERE platform = $1 AND external_id = key.external_id LIMIT 1
) AS known ON true
"""
_READ_FULL = f"""
SELECT id, content_hash, closed_at, closed_reason, first_seen_at, last_seen_at, changed_at, counted_at,
    {", ".join(COMPARED)}
FROM projects WHERE id = ANY ($1::bigint[]) ORDER BY id FOR NO KEY UPDATE
"""  # noqa: S608 - our own column names
_HISTORY = """
INSERT INTO project_changes (run_id, changed_at, project_id, kind, changes)
SELECT $1, $2, project_id, kind, changes::jsonb
FROM unnest($3::bigint[], $4::text[], $5::text[]) AS line (project_id, kind, changes)
"""


class _Part:
    """What is written together of changed rows."""

    def __init__(self) -> None:
        self.updates: list[updating.Update] = []
        self.history: list[tuple[int, str, str]] = []
        self.lines: list[counts.Line] = []
        self.characters = 0


class Writer:
    """Writes the readings of one platform; the transaction and the lock are the caller's."""

    def __init__(self, run_id: int | None, now: datetime, touch_after: timedelta) -> None:
        self.run_id = run_id
        self.refused: list[RejectedRecord] = []
        self.now = now
        self._stale = now - touch_after

    async def write(self, driver: Any, platform: str, readings: Mapping[str, Reading]) -> BatchResult:
        """Write them, or raise with the transaction spoiled."""
        result = BatchResult()
        new: dict[int, Reading] = {}
        changed: dict[int, Reading] = {}
        unchanged: list[tuple[Mapping[str, Any], Reading]] = []
        for row in await driver.fetch(_READ, platform, list(readings), self._stale, self.now):
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
        updates: list[updating.Update] = []
        lines: list[counts.Line] = []
        for row, (project, _, listing_hash) in unchanged:
            result.project_ids.append(row["id"])
            values: dict[str, Any] = {} if listing_hash is None else {"listing_hash": listing_hash}
            if counts.moved(project, row) and counts.is_due(row, self.now):
                lines += counts.lines(project, row, self.now)
                _, values["counted_at"], values["bids_count"], values["views_count"] = lines[-1]
            if values or row["is_stale"]:
                updates.append((row, values))
        result.unchanged += len(unchanged)
        if updates:
            await updating.update_rows(driver, updates, self.now)
        if lines:
            await counts.append(driver, lines)

    async def _write_new(
        self, driver: Any, platform: str, new: Mapping[int, Reading], result: BatchResult
    ) -> None:
        ids = list(new)
        projects = {project_id: project for project_id, (project, *_) in new.items()}
        stored = await reposts.stored_postings(driver, platform, projects)
        # Both bit by bit: PostgreSQL works on the first rows while the last are being made, and titles are
        # compared in between.
        comparing = asyncio.create_task(reposts.with_like_titles(projects, stored))
        try:
            rows = copying.binary_rows(new, self.now)
            await driver.copy_to_table("projects", columns=copying.COLUMNS, format="binary", source=rows)
            await self._append_history(driver, ids, ["new"] * len(ids), [None] * len(ids))
            alike = await comparing
        finally:
            comparing.cancel()
        found = await reposts.with_like_texts(driver, projects, alike)
        if found:
            updates = [({"id": project_id}, {"repost_of": other}) for project_id, other in found.items()]
            await updating.update_rows(driver, updates, self.now)
        result.new += len(ids)
        result.project_ids += ids

    async def _write_changed(self, driver: Any, changed: dict[int, Reading], result: BatchResult) -> None:
        """Write what was found, and take it out of `changed`."""
        rows = await driver.fetch(_READ_FULL, list(changed))
        writing: asyncio.Task[None] | None = None
        part = _Part()
        try:
            for row in rows:
                result.project_ids.append(row["id"])
                reading = changed.pop(row["id"])
                if max(row["last_seen_at"], row["changed_at"]) > self.now:  # it waited on disk meanwhile
                    result.unchanged += 1
                else:
                    self._merge(row, reading, part, result)
                if len(part.updates) == _CHANGED_AT_ONCE or part.characters > _TEXT_AT_ONCE:
                    if writing is not None:
                        await writing
                    writing = asyncio.create_task(self._write_part(driver, part))
                    # It is sent now, and PostgreSQL works on it while the next rows are compared.
                    await asyncio.sleep(0)
                    part = _Part()
        finally:
            if writing is not None:
                await writing
        await self._write_part(driver, part)

    async def _write_part(self, driver: Any, part: _Part) -> None:
        if part.updates:
            await updating.update_rows(driver, part.updates, self.now)
        if part.history:
            await self._append_history(driver, *map(list, zip(*part.history, strict=True)))
        if part.lines:
            await counts.append(driver, part.lines)

    def _merge(self, row: Mapping[str, Any], reading: Reading, part: _Part, result: BatchResult) -> None:
        """Lay a reading over `row`: what is to be written of it goes into `part`."""
        project, read_hash, listing_hash = reading
        merged = merge(row, project)
        values = merged.values | {"content_hash": read_hash}
        if listing_hash is not None:
            values["listing_hash"] = listing_hash
        if counts.moved(project, row):
            if counts.is_due(row, self.now):
                part.lines += counts.lines(project, row, self.now)
                values["counted_at"] = self.now
            else:
                for name in ("bids_count", "views_count"):
                    values.pop(name, None)
        if "project_metadata" in values:
            values["project_metadata"] = to_json(values["project_metadata"])
        kind = merged.kind
        reason = _closed_reason(row, project, merged)
        if reason != row["closed_reason"]:
            values["closed_reason"] = reason
            merged.changes["closed_reason"] = [row["closed_reason"], reason]
            kind = kind or "updated"
        part.updates.append((row, values))
        if kind is None:
            result.unchanged += 1
            return
        values["changed_at"] = self.now
        if kind in {"closed", "reopened"}:
            values["closed_at"] = self.now if kind == "closed" else None
        result.reopened += kind == "reopened"
        result.updated += kind != "reopened"
        result.closed += kind == "closed"
        changes = to_json(merged.changes)
        part.history.append((row["id"], kind, changes))
        # What was is in the history too, beside what is.
        part.characters += len(changes)
        part.characters += sum(len(values.get(name) or "") for name in ("description", "project_metadata"))

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
