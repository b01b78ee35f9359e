"""Many stored projects written over by one UPDATE, of those columns alone in which any of them changes.

Each column comes as an array: a statement a row costs the server a tenth more, and a column that nobody
changes would cost its place in every row. Null in an array says that this row keeps its value, so that a
description which stands compressed, or outside of the row, is not written again because another row's has
changed.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import postgresql

from outsource_scraper.database import models
from outsource_scraper.database.changes import MONEY, MUTABLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

_NULLABLE = (*MONEY, "closed_at", "closed_reason")
"""Columns that a change may set to null; of these every row's value is sent."""
_COLUMNS = (
    "content_hash",
    "listing_hash",
    "changed_at",
    "counted_at",
    "repost_of",
    "closed_at",
    "closed_reason",
    *MUTABLE,
)

Update = tuple["Mapping[str, Any]", "Mapping[str, Any]"]
"""A stored row (its `id`, and `_NULLABLE` where one of them is written to), and its new values by column."""

_PARTING = "\x1f"
"""Between skills: arrays in an array must be of one length, and no normalized text holds this."""
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


async def update_rows(driver: Any, updates: Sequence[Update], now: datetime) -> None:
    """Write `updates` to `projects`, and that all were seen at `now`; the transaction is the caller's."""
    written = set().union(*(values for _, values in updates))
    names = tuple(name for name in _COLUMNS if name in written)
    arrays = [_array(name, updates) for name in names]
    await driver.execute(_statement(names), now, [row["id"] for row, _ in updates], *arrays)


def _array(name: str, updates: Sequence[Update]) -> list[Any]:
    if name in _NULLABLE:
        return [values[name] if name in values else row[name] for row, values in updates]
    if name == "skills":
        return [_PARTING.join(values[name]) if name in values else None for _, values in updates]
    return [values.get(name) for _, values in updates]


@lru_cache(maxsize=256)
def _statement(names: tuple[str, ...]) -> str:
    arrays, assigned = ["$2::bigint[]"], ["last_seen_at = greatest(projects.last_seen_at, $1)"]
    for place, name in enumerate(names, 3):
        kind = "text" if name == "skills" else models.Project.__table__.c[name].type.compile(_DIALECT)
        arrays.append(f"${place}::{kind}[]")
        value = f"string_to_array(new.skills, '{_PARTING}')" if name == "skills" else f"new.{name}"
        assigned.append(f"{name} = {value if name in _NULLABLE else f'coalesce({value}, projects.{name})'}")
    return f"""
    UPDATE projects SET {", ".join(assigned)}
    FROM unnest({", ".join(arrays)}) AS new ({", ".join(("id", *names))}) WHERE projects.id = new.id
    """  # noqa: S608 - our own column names
