"""Finding projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from outsource_scraper.database.models import Project

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession


async def newest(session: AsyncSession, limit: int) -> Sequence[Project]:
    """The open projects that were posted last (where that is unknown: first seen last), newest first."""
    statement = (
        select(Project)
        .where(Project.closed_at.is_(None))
        .order_by(Project.listed_at.desc(), Project.id.desc())
        .limit(limit)
    )
    return (await session.scalars(statement)).all()
