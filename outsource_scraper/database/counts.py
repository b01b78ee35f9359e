"""Bids and views over time: a row of `project_counts` when a number has moved, at most one an hour.

The first row of a project tells its first sight; it is written with the second, so that a project whose
numbers never move costs nothing. In between `projects` shows the numbers of the last row, not newer ones:
else nobody could tell later what has moved since.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from outsource_scraper.items import Project

COUNT_AFTER = timedelta(hours=1)
"""Time between two rows of a project."""

Line = tuple[int, "datetime", int | None, int | None]
"""`projects.id`, when, bids and views."""

_APPEND = """
INSERT INTO project_counts (project_id, counted_at, bids_count, views_count)
SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::int[], $4::int[])
"""


def moved(project: Project, known: Mapping[str, Any]) -> bool:
    """Whether `project` tells other numbers than the row `known`; what it does not tell has not moved."""
    bids, views = project.bids_count, project.views_count
    return (bids is not None and bids != known["bids_count"]) or (
        views is not None and views != known["views_count"]
    )


def is_due(known: Mapping[str, Any], now: datetime) -> bool:
    """Whether the last row is old enough for another."""
    last: datetime = known["counted_at"] or known["first_seen_at"]
    return now - last >= COUNT_AFTER


def lines(project: Project, known: Mapping[str, Any], now: datetime) -> Iterator[Line]:
    """Yield the row that `project` adds to those of the row `known`, after the one of its first sight."""
    bids, views = known["bids_count"], known["views_count"]
    if known["counted_at"] is None and (bids is not None or views is not None):
        yield known["id"], known["first_seen_at"], bids, views
    yield (
        known["id"],
        now,
        bids if project.bids_count is None else project.bids_count,
        views if project.views_count is None else project.views_count,
    )


async def append(driver: Any, lines: Sequence[Line]) -> None:
    """Add `lines`; the caller has seen that an hour has passed, and holds the transaction."""
    await driver.execute(_APPEND, *zip(*lines, strict=True))
