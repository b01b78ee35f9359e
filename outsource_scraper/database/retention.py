"""Deletes what a platform's terms let nobody keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from outsource_scraper.database.models import Project, ProjectChange, RejectedRecord

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession


async def purge(session: AsyncSession, platform: str, before: datetime) -> int:
    """Delete the projects of `platform` not fetched since `before`, with their history, in one transaction.

    Rejected records of before go too: they hold the same contents. Returns the number of projects.
    `last_seen_at` may be some hours behind the last fetch, never ahead of it, so nothing is kept too long.
    """
    outdated = select(Project.id).where(Project.platform == platform, Project.last_seen_at < before)
    async with session.begin():
        ids = (await session.scalars(outdated.with_for_update())).all()
        await session.execute(delete(ProjectChange).where(ProjectChange.project_id.in_(outdated)))
        await session.execute(
            delete(Project).where(Project.platform == platform, Project.last_seen_at < before)
        )
        await session.execute(
            delete(RejectedRecord).where(
                RejectedRecord.platform == platform, RejectedRecord.created_at < before
            )
        )
    return len(ids)
