"""Which copies of pages the crawls have read, for conditional requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from outsource_scraper.database.models import PageValidator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.ext.asyncio import AsyncSession

Validators = tuple[str | None, str | None]
"""The headers ETag and Last-Modified of a page, as they came."""


async def load_validators(session: AsyncSession, platform: str) -> dict[str, Validators]:
    """By URL, those of the pages of `platform` that the last good crawl has read."""
    statement = select(PageValidator.url, PageValidator.etag, PageValidator.last_modified).where(
        PageValidator.platform == platform
    )
    return {url: (etag, last_modified) for url, etag, last_modified in await session.execute(statement)}


async def save_validators(session: AsyncSession, platform: str, pages: Mapping[str, Validators]) -> None:
    """Remember `pages`, by URL, in a transaction of its own; for a crawl that has stored what they told."""
    rows = [
        {"platform": platform, "url": url, "etag": etag, "last_modified": last_modified}
        for url, (etag, last_modified) in pages.items()
    ]
    if not rows:
        return
    statement = insert(PageValidator)
    statement = statement.on_conflict_do_update(
        index_elements=["platform", "url"],
        set_={
            "etag": statement.excluded.etag,
            "last_modified": statement.excluded.last_modified,
            "stored_at": func.now(),
        },
    )
    async with session.begin():
        await session.execute(statement, rows)
