"""Deletes what is kept of a person who wants to be forgotten, and blanks the name in the rows of others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Text, cast, func, or_, select, update

from outsource_scraper.database.deleting import (
    Deleted,
    count_projects,
    delete_or_count,
    delete_projects,
    rows,
)
from outsource_scraper.database.driver import lock_platforms
from outsource_scraper.database.models import CrawlRun, PageValidator, Project, ProjectChange, RejectedRecord
from outsource_scraper.database.names import Name

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncSession

TEXTS = ("title", "description", "category", "skills", "location")
"""Fields of a project in which another person's name may stand. Its id and its link are its key and stay."""
_AT_ONCE = 100
"""Rows that are fetched at once: the source of a rejected record may be a whole page."""


async def ids_of(session: AsyncSession, platform: str, client: str) -> set[str]:
    """The external ids of the projects of a client."""
    async with session.begin():
        return set(await session.scalars(select(Project.external_id).where(_theirs(platform, client))))


async def forget(session: AsyncSession, platform: str, client: str, *, dry_run: bool = False) -> Deleted:
    """Delete what is kept of a client of `platform`, and blank the name where else it stands.

    The client's projects go whole, with their history and series, and so do rejected records of them or with
    the name, and validators of pages with the name in their address. In the texts of the platform's other
    projects, of their history and of runs the name is blanked, as `names.Name` finds it.

    `client` is the name as it stands in `projects.client_name`. One transaction, so that after a fault
    nothing is done and a repeat finds everything again; writers of the platform wait for its end. With
    `dry_run` everything is only counted.
    """
    name = Name(client)
    theirs = _theirs(platform, client)
    others = (Project.platform == platform) & func.coalesce(Project.client_name != client, True)
    async with session.begin():
        if not dry_run:
            await lock_platforms(session, [platform])
        rejected = await _naming(session, name, platform, RejectedRecord.id, ("source", "reason", "url"))
        rejected |= RejectedRecord.external_id.in_(select(Project.external_id).where(theirs))
        pages = await _naming(session, name, platform, PageValidator.url, ("url",))
        deleted = Deleted(
            rejected=await delete_or_count(
                session, RejectedRecord, (RejectedRecord.platform == platform) & rejected, dry_run=dry_run
            ),
            pages=await delete_or_count(
                session, PageValidator, (PageValidator.platform == platform) & pages, dry_run=dry_run
            ),
        )
        if dry_run:
            deleted += await count_projects(session, theirs)
        else:
            while (part := await delete_projects(session, theirs)).projects:
                deleted += part
        blanks = _Blanks(session, name, dry_run)
        told = ProjectChange.project_id.in_(select(Project.id).where(others))
        deleted.mentions = await blanks.put(Project, others, (*TEXTS, "project_metadata"))
        deleted.mentions += await blanks.put(ProjectChange, told, ("changes",))
        deleted.runs = await blanks.put(
            CrawlRun, CrawlRun.platform == platform, ("arguments", "stats", "reason")
        )
    return deleted


class _Blanks:
    """Puts blanks in the place of a name, in the transaction of `session`."""

    def __init__(self, session: AsyncSession, name: Name, dry_run: bool) -> None:
        self._session = session
        self._name = name
        self._dry_run = dry_run

    async def put(self, table: Any, which: ColumnElement[bool], columns: Sequence[str]) -> int:
        """Blank the name in `columns` of the rows of `table`; return of how many.

        What is JSON is walked here and not replaced as text, which would hit numbers and keys.
        """
        count = 0
        async for row in _spelling(self._session, self._name, table.id, which, columns):
            values = {
                column: blank
                for column, value in zip(columns, row[1:], strict=True)
                if (blank := self._blanked(column, value)) != value
            }
            count += bool(values)
            if values and not self._dry_run:
                await rows(self._session, update(table).where(table.id == row[0]).values(values))
        return count

    def _blanked(self, column: str, value: Any) -> Any:
        if column != "changes" or value is None:
            return self._name.blanked(value)
        # Amounts, times and words of ours, such as a status, are texts here too.
        return {field: self._name.blanked(both) if field in TEXTS else both for field, both in value.items()}


def _theirs(platform: str, client: str) -> ColumnElement[bool]:
    return (Project.platform == platform) & (Project.client_name == client)


async def _naming(
    session: AsyncSession, name: Name, platform: str, key: Any, columns: Sequence[str]
) -> ColumnElement[bool]:
    """Which rows of the platform have the name in one of `columns`."""
    found = _spelling(session, name, key, key.class_.platform == platform, columns)
    return key.in_([row[0] async for row in found if name.is_in(*row[1:])])  # type: ignore[no-any-return]


async def _spelling(
    session: AsyncSession, name: Name, key: Any, which: ColumnElement[bool], columns: Sequence[str]
) -> AsyncIterator[Any]:
    """Yield `key` and `columns` of the rows in which the letters of the name stand, be it within a word."""
    found = [getattr(key.class_, column) for column in columns]
    texts = (
        func.array_to_string(column, "\n") if column.key == "skills" else cast(column, Text)
        for column in found
    )
    spelt = or_(*(text.regexp_match(name.pattern) for text in texts))
    keys = (await session.scalars(select(key).where(which, spelt).order_by(key))).all()
    for start in range(0, len(keys), _AT_ONCE):
        for row in await session.execute(
            select(key, *found).where(which, key.in_(keys[start : start + _AT_ONCE]))
        ):
            yield row
