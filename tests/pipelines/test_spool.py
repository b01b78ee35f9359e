"""Batches on disk: nothing lost on the way there and back, and nothing half written is ever read."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from outsource_scraper.config import Config
from outsource_scraper.database.batches import Batch
from outsource_scraper.database.spool import Spool, UnreadableSpool
from outsource_scraper.items import PaymentType, Project, RejectedRecord, Status, WorkType

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 3, 2, 9, 30, 1, 5, tzinfo=UTC)
FULL = Project(
    platform="sample",
    external_id="1",
    url="https://market.example/1",
    title="줄\u2028바꿈 \ud800 \0",
    description="설명",
    skills=["Python", "한국어"],
    budget_min=Decimal("0.10"),
    budget_max=Decimal("1E+3"),
    payment_type=PaymentType.HOURLY,
    work_type=WorkType.HYBRID,
    posted_at=NOW,
    deadline_at=NOW,
    duration_days=3,
    status=Status.OPEN,
    client_rating=Decimal("4.5"),
    client_spent_usd=Decimal(0),
    client_verified=True,
    project_metadata={"a": [1, None, "\x85"]},
)
BARE = Project(platform="sample", external_id="2", url="https://market.example/2", title="t")
REJECTED = RejectedRecord(platform="sample", reason="no id", source="<li>\n</li>")


def test_a_batch_there_and_back(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "deep" / "spool")
    assert spool.waiting() == []
    path = spool.write(Batch([FULL, BARE, REJECTED, BARE]), NOW)
    assert spool.waiting() == [path]
    batch, read_at = spool.read(path)
    assert list(batch) == [FULL, BARE, REJECTED]
    assert read_at == NOW
    restored = next(iter(batch))
    assert isinstance(restored, Project)
    for field in dataclasses.fields(Project):
        assert type(getattr(restored, field.name)) is type(getattr(FULL, field.name)), field.name
    spool.remove(path)
    spool.remove(path)
    assert spool.waiting() == []


def test_the_oldest_comes_first(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    paths = [spool.write(Batch([BARE]), NOW.replace(minute=minute)) for minute in (30, 10, 20)]
    assert spool.waiting() == [paths[1], paths[2], paths[0]]


@pytest.mark.parametrize(
    "content", ["", "{", '{"read_at": "now"}\n', '{"read_at": "2026-03-02"}\n{"X": {}}\n']
)
def test_a_file_that_is_not_ours_is_put_aside(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(content)
    spool = Spool(tmp_path)
    with pytest.raises(UnreadableSpool, match=r"a\.unreadable cannot be read"):
        spool.read(path)
    assert spool.waiting() == []
    assert (tmp_path / "a.unreadable").read_text() == content


def test_an_unfinished_file_is_never_read(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    path = spool.write(Batch([BARE]), NOW)
    path.rename(path.with_suffix(".part"))
    assert spool.waiting() == []


def test_each_database_has_a_spool_of_its_own(tmp_path: Path) -> None:
    def folder(**settings: str) -> Path:
        return Spool.of(Config.load({"OUTSOURCE_DATA_DIR": str(tmp_path), **settings})).folder

    url = "postgresql://user:secret@db.example:5432/market"
    folders = [
        folder(DATABASE_URL=url),
        folder(DATABASE_URL=url, DB_SCHEMA="other"),
        folder(DATABASE_URL="postgresql:///market?host=/run/one"),
        folder(DATABASE_URL="postgresql:///market?host=/run/two"),
    ]
    assert len(set(folders)) == 4
    assert {path.parent for path in folders} == {tmp_path / "spool"}
    assert "secret" not in str(folders)
