"""Deletes what may not be kept: what has outlived its time, and what a person wants forgotten."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import ColumnElement, Text, cast, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB

from outsource_scraper.database.driver import lock_platforms
from outsource_scraper.database.models import CrawlRun, Project, ProjectChange, ProjectCount, RejectedRecord

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

AT_ONCE = 1000
"""Projects deleted in one transaction, so that no writer waits long."""
REMOVED = "[removed]"
"""What stands in the place of a name that was forgotten."""


@dataclass(slots=True, kw_only=True)
class Deleted:
    """How many rows were deleted, or would be, by table; blanked ones in `runs` and `mentions`."""

    projects: int = 0
    changes: int = 0
    counts: int = 0
    rejected: int = 0
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


async def purge(session: AsyncSession, platform: str, before: datetime, *, dry_run: bool = False) -> Deleted:
    """Delete the projects of `platform` not fetched since `before`, with their history and series.

    Rejected records of before go too: they hold the same contents. With `dry_run` they are only counted.
    `last_seen_at` may be some hours behind the last fetch, never ahead of it, so nothing is kept too long.
    """
    outdated = (Project.platform == platform) & (Project.last_seen_at < before)
    rejected = (RejectedRecord.platform == platform) & (RejectedRecord.created_at < before)
    if dry_run:
        return await _count(session, outdated, rejected)
    deleted = Deleted()
    while (part := await _delete_projects(session, platform, outdated)).projects:
        deleted += part
    async with session.begin():
        deleted.rejected = await _rowcount(session, delete(RejectedRecord).where(rejected))
    return deleted


async def purge_runs(session: AsyncSession, before: datetime, *, dry_run: bool = False) -> int:
    """Delete the rows of runs that ended before `before`; their history stays. Return how many."""
    outdated = (CrawlRun.started_at < before) & CrawlRun.verdict.is_not(None)
    async with session.begin():
        if dry_run:
            return await session.scalar(select(func.count()).select_from(CrawlRun).where(outdated)) or 0
        return await _rowcount(session, delete(CrawlRun).where(outdated))


async def forget(session: AsyncSession, platform: str, client: str, *, dry_run: bool = False) -> Deleted:
    """Delete what is kept of a client of `platform`, and blank the name where else it stands.

    The client's projects go whole, with their history and series, and so do rejected records whose source
    holds the name. In other rows of the platform, and in what runs were asked for, the name is blanked.
    `client` is the name as it stands in `projects.client_name`.
    """
    theirs = (Project.platform == platform) & (Project.client_name == client)
    rejected = (RejectedRecord.platform == platform) & or_(
        *(
            column.contains(form, autoescape=True)
            for column in (RejectedRecord.source, RejectedRecord.url, RejectedRecord.reason)
            for form in _forms(client)
        )
    )
    runs = (CrawlRun.platform == platform) & _holds(
        client, CrawlRun.arguments, CrawlRun.reason, CrawlRun.stats
    )
    if dry_run:
        counted = await _count(session, theirs, rejected)
        async with session.begin():
            counted.runs = await _number(session, CrawlRun, runs)
            counted.mentions = await _number(
                session, Project, _mentions(platform, client) & ~func.coalesce(theirs, False)
            )
            counted.mentions += await _number(session, ProjectChange, _told(platform, client, but=theirs))
        return counted
    deleted = Deleted()
    while (part := await _delete_projects(session, platform, theirs)).projects:
        deleted += part
    async with session.begin():
        await lock_platforms(session, [platform])
        deleted.rejected = await _rowcount(session, delete(RejectedRecord).where(rejected))
        deleted.runs = await _blank(session, CrawlRun, runs, client, ("arguments", "stats"), ("reason",))
        deleted.mentions = await _blank(
            session,
            Project,
            _mentions(platform, client),
            client,
            ("project_metadata",),
            ("title", "description"),
        )
        deleted.mentions += await _blank(
            session, ProjectChange, _told(platform, client), client, ("changes",), ()
        )
    return deleted


async def _delete_projects(session: AsyncSession, platform: str, which: ColumnElement[bool]) -> Deleted:
    """Delete some projects, in one transaction; those that nobody else deletes at the moment."""
    async with session.begin():
        # The writer of the platform reads, then writes: nothing may go away in between.
        await lock_platforms(session, [platform])
        ids: Sequence[int] = (
            await session.scalars(select(Project.id).where(which).order_by(Project.id).limit(AT_ONCE))
        ).all()
        return Deleted(
            changes=await _rowcount(session, delete(ProjectChange).where(ProjectChange.project_id.in_(ids))),
            counts=await _rowcount(session, delete(ProjectCount).where(ProjectCount.project_id.in_(ids))),
            projects=await _rowcount(session, delete(Project).where(Project.id.in_(ids))),
        )


async def _count(
    session: AsyncSession, projects: ColumnElement[bool], rejected: ColumnElement[bool]
) -> Deleted:
    ids = select(Project.id).where(projects)
    async with session.begin():
        return Deleted(
            projects=await _number(session, Project, projects),
            changes=await _number(session, ProjectChange, ProjectChange.project_id.in_(ids)),
            counts=await _number(session, ProjectCount, ProjectCount.project_id.in_(ids)),
            rejected=await _number(session, RejectedRecord, rejected),
        )


async def _number(session: AsyncSession, table: Any, which: ColumnElement[bool]) -> int:
    return await session.scalar(select(func.count()).select_from(table).where(which)) or 0


async def _rowcount(session: AsyncSession, statement: Any) -> int:
    result: Any = await session.execute(statement.execution_options(synchronize_session=False))
    return int(result.rowcount)


def _forms(name: str) -> set[str]:
    """A name as it is, and as it stands inside of JSON, where quotes and backslashes are escaped."""
    return {name, name.replace("\\", "\\\\").replace('"', '\\"')}


def _holds(name: str, *columns: Any) -> ColumnElement[bool]:
    return or_(
        *(cast(column, Text).contains(form, autoescape=True) for column in columns for form in _forms(name))
    )


def _mentions(platform: str, name: str) -> ColumnElement[bool]:
    return (Project.platform == platform) & _holds(
        name, Project.title, Project.description, Project.project_metadata
    )


def _told(platform: str, name: str, *, but: ColumnElement[bool] | None = None) -> ColumnElement[bool]:
    ids = select(Project.id).where(Project.platform == platform)
    if but is not None:
        ids = ids.where(~func.coalesce(but, False))
    return _holds(name, ProjectChange.changes) & ProjectChange.project_id.in_(ids)


async def _blank(  # noqa: PLR0913, PLR0917 - what to blank, and where
    session: AsyncSession,
    table: Any,
    which: ColumnElement[bool],
    name: str,
    objects: Sequence[str],
    texts: Sequence[str],
) -> int:
    values: dict[str, Any] = {column: func.replace(getattr(table, column), name, REMOVED) for column in texts}
    for column in objects:
        text: Any = cast(getattr(table, column), Text)
        for form in _forms(name):
            text = func.replace(text, form, REMOVED)
        values[column] = cast(text, JSONB)
    return await _rowcount(session, update(table).where(which).values(values))
