"""Deletes what has outlived its time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, union
from sqlalchemy.dialects.postgresql import distinct_on

from outsource_scraper.database.deleting import Deleted, count_projects, delete_or_count, delete_projects
from outsource_scraper.database.driver import lock_platforms
from outsource_scraper.database.health import was_whole
from outsource_scraper.database.models import (
    CrawlRun,
    PageValidator,
    Project,
    ProjectChange,
    ProjectCount,
    RejectedRecord,
)

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncSession


async def purge(
    session: AsyncSession,
    platform: str,
    before: datetime,
    *,
    with_history: bool = False,
    dry_run: bool = False,
) -> Deleted:
    """Delete the projects of `platform` not fetched since `before`, with their history and series.

    Rejected records that were read before go too, because they hold the same contents, and so do validators
    of pages: a 304 would hide what is deleted here. With `with_history` so does what is older in the history
    and series of the projects that stay: it holds texts that a platform's terms may let nobody keep. With
    `dry_run` all are only counted.
    `last_seen_at` may be some hours behind the last fetch, never ahead of it, so nothing is kept too long.
    """
    outdated = (Project.platform == platform) & (Project.last_seen_at < before)
    rejected = (RejectedRecord.platform == platform) & (RejectedRecord.created_at < before)
    pages = (PageValidator.platform == platform) & (PageValidator.stored_at < before)
    deleted = Deleted()
    while not dry_run and (part := await _purge_some(session, platform, outdated)).projects:
        deleted += part
    async with session.begin():
        if dry_run:
            deleted = await count_projects(session, outdated)
        if with_history:
            living = select(Project.id).where(Project.platform == platform, ~outdated)
            changes = ProjectChange.project_id.in_(living) & (ProjectChange.changed_at < before)
            counts = ProjectCount.project_id.in_(living) & (ProjectCount.counted_at < before)
            deleted += Deleted(
                changes=await delete_or_count(session, ProjectChange, changes, dry_run=dry_run),
                counts=await delete_or_count(session, ProjectCount, counts, dry_run=dry_run),
            )
        deleted.rejected = await delete_or_count(session, RejectedRecord, rejected, dry_run=dry_run)
        deleted.pages = await delete_or_count(session, PageValidator, pages, dry_run=dry_run)
    return deleted


async def purge_runs(session: AsyncSession, before: datetime, *, dry_run: bool = False) -> int:
    """Delete the rows of runs that ended before `before`; their history stays. Return how many.

    Killed ones go too, which nobody may have marked as such. The last good run of each platform stays: by it
    `database.health` tells when the platform is due, and that it was ever crawled.
    """
    last_good = (
        select(CrawlRun.id)
        .where(CrawlRun.verdict == "ok", was_whole())
        .ext(distinct_on(CrawlRun.platform))
        .order_by(CrawlRun.platform, CrawlRun.started_at.desc())
    )
    outdated = (
        (CrawlRun.started_at < before)
        & (CrawlRun.verdict.is_not(None) | (CrawlRun.heartbeat_at < before))
        & CrawlRun.id.not_in(last_good)
    )
    async with session.begin():
        return await delete_or_count(session, CrawlRun, outdated, dry_run=dry_run)


async def kept_platforms(session: AsyncSession) -> set[str]:
    """The platforms of which there are rows that `purge` looks at, those that the code has no more too."""
    tables = (Project.platform, RejectedRecord.platform, PageValidator.platform)
    async with session.begin():
        return set(await session.scalars(union(*(select(platform) for platform in tables))))


async def _purge_some(session: AsyncSession, platform: str, outdated: ColumnElement[bool]) -> Deleted:
    """Delete some projects in a transaction of their own, so that no writer waits long."""
    async with session.begin():
        await lock_platforms(session, [platform])
        return await delete_projects(session, outdated)
