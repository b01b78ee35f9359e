"""What purging by age and forgetting a person share: rows are counted, or go with what hangs on them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import delete, func, select

from outsource_scraper.database.models import Project, ProjectChange, ProjectCount

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncSession

AT_ONCE = 1000
"""Rows deleted by one statement, or looked at in one portion."""


@dataclass(slots=True, kw_only=True)
class Deleted:
    """How many rows were deleted, or would be, by table; blanked ones in `runs` and `mentions`."""

    projects: int = 0
    changes: int = 0
    counts: int = 0
    rejected: int = 0
    pages: int = 0
    """Rows of `page_validators`."""
    runs: int = 0
    mentions: int = 0
    """Rows of other clients' projects in which the name stood."""

    def __add__(self, other: Self) -> Self:
        return type(self)(
            **{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(self)}
        )

    @property
    def total(self) -> int:
        """All of them."""
        return sum(getattr(self, one.name) for one in fields(self))


async def delete_projects(session: AsyncSession, which: ColumnElement[bool]) -> Deleted:
    """Delete at most `AT_ONCE` projects with their history and series; none is left where none was deleted.

    Transaction and lock of the platform are the caller's: its writer reads, then writes, and nothing may go
    away in between.
    """
    ids: Sequence[int] = (
        await session.scalars(select(Project.id).where(which).order_by(Project.id).limit(AT_ONCE))
    ).all()
    return Deleted(
        changes=await rows(session, delete(ProjectChange).where(ProjectChange.project_id.in_(ids))),
        counts=await rows(session, delete(ProjectCount).where(ProjectCount.project_id.in_(ids))),
        projects=await rows(session, delete(Project).where(Project.id.in_(ids))),
    )


async def count_projects(session: AsyncSession, which: ColumnElement[bool]) -> Deleted:
    """Count what `delete_projects` would delete, called until nothing is left."""
    ids = select(Project.id).where(which)
    return Deleted(
        projects=await number(session, Project, which),
        changes=await number(session, ProjectChange, ProjectChange.project_id.in_(ids)),
        counts=await number(session, ProjectCount, ProjectCount.project_id.in_(ids)),
    )


async def delete_or_count(
    session: AsyncSession, table: Any, which: ColumnElement[bool], *, dry_run: bool
) -> int:
    """Delete the rows of `table` of which `which` holds, or count them; return how many."""
    return await (number(session, table, which) if dry_run else rows(session, delete(table).where(which)))


async def number(session: AsyncSession, table: Any, which: ColumnElement[bool]) -> int:
    """How many rows of `table` there are of which `which` holds."""
    return await session.scalar(select(func.count()).select_from(table).where(which)) or 0


async def rows(session: AsyncSession, statement: Any) -> int:
    """Execute `statement`, past the session's objects, and return how many rows it has written."""
    result: Any = await session.execute(statement.execution_options(synchronize_session=False))
    return int(result.rowcount)
