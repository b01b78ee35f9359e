"""Stores a batch of items in one transaction.

Writers of one platform take turns (`driver.lock_platforms`): no key is inserted twice, no two batches lock
each other's rows, and what was read stays true until it is written. PostgreSQL's unique constraint stands
behind the lock; see `faults.is_transient` for the one who does not take it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from outsource_scraper.database import closing, faults, runs
from outsource_scraper.database.batches import BatchResult
from outsource_scraper.database.driver import lock_platforms
from outsource_scraper.database.writer import HalvingWriter, Writer

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from outsource_scraper.database.batches import Batch
    from outsource_scraper.database.spool import Waiting

TOUCH_AFTER = timedelta(hours=6)
"""An unchanged project is written to, `last_seen_at` and `bids_count`, only when last seen longer ago, or
when its deadline has passed since."""

_IDS = """
SELECT known.id FROM unnest($2::text[]) AS key (external_id), LATERAL (
    SELECT id FROM projects WHERE platform = $1 AND external_id = key.external_id LIMIT 1
) AS known
"""


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
        return await _transact(session, batch, Writer(run_id, now, touch_after))
    except Exception as error:
        if not faults.is_refusal(error):
            raise
    return await _transact(session, batch, HalvingWriter(run_id, now, touch_after))


async def store_waiting(session: AsyncSession, waiting: Waiting) -> BatchResult:
    """Store a batch that waited on disk, as `store_batch` does, in the name of the run that read it."""
    run_id = await runs.known(session, waiting.run_id, {item.platform for item in waiting.batch})
    return await store_batch(session, waiting.batch, run_id=run_id, now=waiting.read_at)


async def _transact(session: AsyncSession, batch: Batch, writer: Writer) -> BatchResult:
    result = BatchResult(duplicates=batch.duplicates, rejected=list(batch.rejected))
    async with session.begin():
        rejecting = {record.platform for record in batch.rejected}
        driver = await lock_platforms(session, sorted({*batch.projects, *batch.gone, *rejecting}))
        for platform, readings in batch.projects.items():
            result.add(await writer.write(driver, platform, readings))
        for platform, gone in batch.gone.items():
            result.closed += await closing.close_gone(driver, platform, gone, writer.run_id, writer.now)
        counts = result.counts()
        if result.rejected or writer.refused:
            result.rejected += writer.refused
            await _identify(driver, result)
            counts["rejected"] = await runs.reject(driver, writer.run_id, result.rejected, writer.now)
        if writer.run_id is not None:
            await runs.add_counts(driver, writer.run_id, counts)
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
