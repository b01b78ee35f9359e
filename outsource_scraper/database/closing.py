"""Closing what the platform itself did not say is closed: gone from the listing, its page gone, too late.

Every way notes its reason in the row and in the history (`items.ClosedReason`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outsource_scraper.database import runs
from outsource_scraper.database.driver import lock_platforms
from outsource_scraper.items import ClosedReason

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterable, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy.ext.asyncio import AsyncSession


def _closing(which: str, reason: ClosedReason, and_set: str) -> str:
    """SQL that closes the open projects of platform $1 of which `which` holds, at $3, with history of run $2.

    One round trip; gives the ids of what was closed.
    """
    return f"""
WITH open AS (
    SELECT id, status FROM projects
    WHERE platform = $1 AND closed_at IS NULL AND {which}
    ORDER BY id FOR NO KEY UPDATE
), closed AS (
    UPDATE projects
    SET closed_at = $3, changed_at = $3, status = 'closed', closed_reason = '{reason}', {and_set}
    FROM open WHERE projects.id = open.id RETURNING projects.id, open.status
), history AS (
    INSERT INTO project_changes (run_id, changed_at, project_id, kind, changes)
    SELECT $2, $3, id, 'closed', jsonb_build_object(
        'status', jsonb_build_array(status, 'closed'), 'closed_reason', jsonb_build_array(null, '{reason}')
    ) FROM closed
)
SELECT id FROM closed
"""  # noqa: S608 - our own words


# The hash of what was closed without anybody's word is taken away, so that the next sighting, even one that
# says nothing of the status, reopens it.
_CLOSE_ABSENT = _closing(
    # What another run found meanwhile was not there to be seen by this one.
    "changed_at < coalesce((SELECT started_at FROM crawl_runs WHERE id = $2), $3)"
    " AND NOT EXISTS (SELECT FROM unnest($4::bigint[]) AS seen (id) WHERE seen.id = projects.id)",
    ClosedReason.ABSENT,
    "content_hash = NULL",
)
# A project's first sighting behind its deadline is always written (`writer._READ`).
_CLOSE_EXPIRED = _closing(
    "deadline_at < $4 AND last_seen_at < deadline_at", ClosedReason.DEADLINE, "content_hash = NULL"
)
# The hash stays: a listing that goes on telling the same does not reopen what is gone. That of the listing
# goes: while it is listed, its page is looked at in every crawl, for it may come back.
_CLOSE_GONE = _closing(
    "external_id = ANY ($4::text[]) AND changed_at <= $3", ClosedReason.PAGE_GONE, "listing_hash = NULL"
)
# Of what was closed before as well: a batch just before this one may have noted what its listing tells.
_LOOK_AGAIN = """
UPDATE projects SET listing_hash = NULL
WHERE platform = $1 AND external_id = ANY ($2::text[]) AND changed_at <= $3 AND listing_hash IS NOT NULL
"""


async def close_gone(
    driver: Any, platform: str, external_ids: Iterable[str], run_id: int | None, now: datetime
) -> int:
    """Close those of `external_ids` that are open; return how many. Transaction and lock are the caller's.

    Of all of them the hash of the listing is forgotten.
    """
    ids = [runs.storable(external_id) for external_id in external_ids]
    closed = len(await driver.fetch(_CLOSE_GONE, platform, run_id, now, ids))
    await driver.execute(_LOOK_AGAIN, platform, ids, now)
    return closed


async def close_absent(
    session: AsyncSession, platform: str, seen: array[int] | Sequence[int], run_id: int, now: datetime
) -> int:
    """Close the open projects of `platform` that a run over its whole listing has not seen; return how many.

    `seen` holds `projects.id`. A run that saw nothing at all closes nothing: a listing is never that empty.
    One transaction of its own, with history and the run's count.
    """
    return await _close(session, _CLOSE_ABSENT, platform, run_id, now, seen) if len(seen) else 0


async def close_expired(
    session: AsyncSession, platform: str, run_id: int, now: datetime, touch_after: timedelta
) -> int:
    """Close the open projects of `platform` that were not seen since their deadline; return how many.

    Only `touch_after` behind the deadline: the next crawls have to have had their chance to see it. One
    transaction of its own, with history and the run's count.
    """
    return await _close(session, _CLOSE_EXPIRED, platform, run_id, now, now - touch_after)


async def _close(  # noqa: PLR0913, PLR0917 - the parameters of a statement
    session: AsyncSession, statement: str, platform: str, run_id: int, now: datetime, which: Any
) -> int:
    async with session.begin():
        driver = await lock_platforms(session, [platform])
        count = len(await driver.fetch(statement, platform, run_id, now, which))
        await runs.add_counts(driver, run_id, {"closed": count})
    return count
