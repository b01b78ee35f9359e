"""The way past SQLAlchemy to the driver, inside a session's transaction, and the lock of those who write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outsource_scraper.database.runs import storable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession


_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(concat(current_schema(), '.projects.', $1::text), 0))"


async def lock_platforms(session: AsyncSession, platforms: Sequence[str]) -> Any:
    """Begin the transaction of `session` and lock out other writers of `platforms` until it ends.

    Returns the asyncpg connection on which the transaction runs. Sorted, so that writers of several platforms
    cannot wait for each other. Through SQLAlchemy, not the driver: its first statement is what begins the
    transaction.
    """
    connection = await session.connection()
    for platform in platforms or ("",):
        await connection.exec_driver_sql(_LOCK, (storable(platform),))
    return (await connection.get_raw_connection()).driver_connection
