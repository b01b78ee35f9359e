"""What cannot be encoded for COPY is a ValueError, by which the store finds the row and sets it aside."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from outsource_scraper.database.changes import content_hash
from outsource_scraper.database.copying import COLUMNS, binary_rows
from outsource_scraper.items import Project

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


async def encoded(**fields: Any) -> bytes:
    project = Project(platform="board", external_id="1", url="https://board.example/1", title="One")
    digest = content_hash(project)
    for name, value in fields.items():
        setattr(project, name, value)
    return b"".join([chunk async for chunk in binary_rows({7: (project, digest, None)}, NOW)])


async def test_a_row_is_encoded() -> None:
    rows = await encoded(project_metadata={"a": nested(50)})
    assert rows.startswith(b"PGCOPY\n")
    assert int.from_bytes(rows[19:21], "big") == len(COLUMNS)


@pytest.mark.parametrize(
    "fields",
    [
        {"project_metadata": {"a": nested(5_000)}},
        {"bids_count": 2**31},
        {"views_count": 2**40},
        {"duration_days": "30"},
        {"external_id": {"id": 7}},
        {"external_id": ["7"]},
        {"external_id": True},
        {"title": "\ud800"},
        {"skills": [{"name": "Python"}]},
        {"category": ["a"]},
        {"posted_at": "2026-11-01"},
        {"posted_at": datetime(2026, 11, 1)},  # noqa: DTZ001 - that is what is wrong with it
        {"budget_min": 5},
    ],
    ids=lambda fields: (
        "-".join(f"{name}={str(value)[:20]}" for name, value in fields.items())
        if "project_metadata" not in fields
        else "nested"
    ),
)
async def test_what_cannot_be_encoded_is_a_value_error(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the sentence is the encoder's
        await encoded(**fields)
