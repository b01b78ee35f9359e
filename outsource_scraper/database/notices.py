"""Which troubles the operator was told of lately."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert

from outsource_scraper.database.models import Notice

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

AGAIN_AFTER = timedelta(hours=1)
"""The same trouble is told once in this time."""


async def claim(session: AsyncSession, trouble: str) -> bool:
    """Whether it is for the caller to tell of `trouble` now; of many that ask at once one is told yes."""
    statement = insert(Notice).values(trouble=trouble, sent_at=func.clock_timestamp())
    claimed = statement.on_conflict_do_update(
        index_elements=[Notice.trouble],
        set_={"sent_at": func.clock_timestamp()},
        where=Notice.sent_at <= func.clock_timestamp() - AGAIN_AFTER,
    ).returning(Notice.trouble)
    async with session.begin():
        return await session.scalar(claimed) is not None
