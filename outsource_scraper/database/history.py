"""The life of one project, as the tables tell it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from outsource_scraper.database.models import Project, ProjectChange, ProjectCount

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """Everything that is kept of one project."""

    project: Project
    changes: Sequence[ProjectChange]
    """In the order in which they were stored."""
    counts: Sequence[ProjectCount]
    """Oldest first; none while no number has moved."""
    repost_of: Project | None
    reposts: Sequence[Project]
    """Later postings of the same, oldest first."""


async def life_of(session: AsyncSession, platform: str, external_id: str) -> Life | None:
    """Return the life of a project; None where none of that name is stored."""
    found = select(Project).where(Project.platform == platform, Project.external_id == external_id)
    project = (await session.scalars(found)).one_or_none()
    if project is None:
        return None
    changes = select(ProjectChange).where(ProjectChange.project_id == project.id).order_by(ProjectChange.id)
    counts = (
        select(ProjectCount).where(ProjectCount.project_id == project.id).order_by(ProjectCount.counted_at)
    )
    # Whatever their client is called by now.
    reposts = select(Project).where(Project.repost_of == project.id).order_by(Project.listed_at, Project.id)
    return Life(
        project=project,
        changes=(await session.scalars(changes)).all(),
        counts=(await session.scalars(counts)).all(),
        repost_of=None if project.repost_of is None else await session.get(Project, project.repost_of),
        reposts=(await session.scalars(reposts)).all(),
    )
