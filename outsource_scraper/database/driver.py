"""The way past SQLAlchemy to the driver, inside a session's transaction, and the lock of those who write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from outsource_scraper.database.runs import storable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession


async def lock_platforms(session: AsyncSession, platforms: Sequence[str]) -> None:
    """Begin the transaction of `session` and lock out other writers of `platforms` until it ends.

    Sorted, so that writers of several platforms cannot wait for each other. Through the session, not the
    driver: its first statement is what begins the transaction.
    """
    for platform in platforms or ("",):
        name = func.concat(func.current_schema(), ".projects.", storable(platform))
        await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


async def driver_of(session: AsyncSession) -> Any:
    """Return the asyncpg connection on which the session's transaction runs."""
    connection = await (await session.connection()).get_raw_connection()
    return connection.driver_connection
