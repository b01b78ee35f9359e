"""How listings told of projects: so that a detail page is fetched again only where the listing tells news."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Text, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from outsource_scraper.database.models import Project

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.ext.asyncio import AsyncSession


async def compare(
    session: AsyncSession, platform: str, hashes: Mapping[str, bytes]
) -> tuple[set[str], set[str]]:
    """Of the external ids in `hashes` those that are stored, and those whose listing still has that hash."""
    ids = bindparam(None, list(hashes), type_=ARRAY(Text))
    statement = select(Project.external_id, Project.listing_hash).where(
        Project.platform == platform, Project.external_id == any_(ids)
    )
    rows = (await session.execute(statement)).all()
    same = {external_id for external_id, listing_hash in rows if listing_hash == hashes[external_id]}
    return {external_id for external_id, _ in rows}, same
