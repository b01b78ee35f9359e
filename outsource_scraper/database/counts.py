"""Bids and views over time: a row of `project_counts` when a number has moved, at most one an hour.

The first row of a project tells its first sight; it is written with the second, so that a project whose
numbers never move costs nothing. In between `projects` shows the numbers of the last row, not newer ones:
else nobody could tell later what has moved since.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from outsource_scraper.items import Project

COUNT_AFTER = timedelta(hours=1)
"""Time between two rows of a project."""

Counts = tuple[int | None, int | None]
"""Bids and views."""

# One statement: the parts of a WITH all see the numbers as they were before it.
_COUNT = """
WITH seen AS (
    SELECT * FROM unnest($1::bigint[], $2::int[], $3::int[]) AS seen (id, bids_count, views_count)
), first_sight AS (
    SELECT id, first_seen_at, projects.bids_count, projects.views_count
    FROM projects JOIN seen USING (id)
    WHERE counted_at IS NULL AND (projects.bids_count IS NOT NULL OR projects.views_count IS NOT NULL)
), counted AS (
    UPDATE projects SET counted_at = $4, last_seen_at = greatest(last_seen_at, $4),
        bids_count = coalesce(seen.bids_count, projects.bids_count),
        views_count = coalesce(seen.views_count, projects.views_count)
    FROM seen WHERE projects.id = seen.id
    RETURNING projects.id, projects.bids_count, projects.views_count
)
INSERT INTO project_counts (project_id, counted_at, bids_count, views_count)
SELECT id, first_seen_at, bids_count, views_count FROM first_sight
UNION ALL SELECT id, $4, bids_count, views_count FROM counted
"""


def moved(project: Project, known: Mapping[str, Any]) -> bool:
    """Whether `project` tells other numbers than the row `known`; what it does not tell has not moved."""
    bids, views = project.bids_count, project.views_count
    return (bids is not None and bids != known["bids_count"]) or (
        views is not None and views != known["views_count"]
    )


async def append(driver: Any, counts: Mapping[int, Counts], now: datetime) -> None:
    """Add a row for each project in `counts`, by `projects.id`, and write the numbers into `projects`.

    The caller has seen that the last row is an hour old, and holds the transaction.
    """
    bids, views = zip(*counts.values(), strict=True)
    await driver.execute(_COUNT, list(counts), list(bids), list(views), now)
