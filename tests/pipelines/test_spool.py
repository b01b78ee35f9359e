"""Batches on disk: nothing lost on the way there and back, and nothing half written is ever read."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from outsource_scraper.config import Config
from outsource_scraper.database.batches import Batch
from outsource_scraper.database.spool import Spool, UnreadableSpool, Waiting, replay
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


def suffixes(folder: Path) -> list[str]:
    return sorted(path.suffix for path in folder.iterdir())


def test_a_batch_there_and_back(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "deep" / "spool")
    assert spool.waiting() == []
    path = spool.write(Batch([FULL, BARE, REJECTED, BARE]), NOW, 7)
    assert spool.waiting() == [path]
    waiting = spool.read(path)
    assert list(waiting.batch) == [FULL, BARE, REJECTED]
    assert (waiting.read_at, waiting.run_id) == (NOW, 7)
    restored = next(iter(waiting.batch))
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
    "content",
    [
        b"",
        b"{",
        b'{"read_at": "now"}\n',
        b'{"read_at": "2026-03-02"}\n{"X": {}}\n',
        b'{"read_at": "2026-03-02"}\n\xc3\x28\n',
        b'{"read_at": "2026-03-02"}\n' + b"[" * 100_000,
    ],
    ids=["empty", "cut", "no time", "unknown kind", "no UTF-8", "deep"],
)
def test_a_file_that_is_not_ours_is_put_aside(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)
    spool = Spool(tmp_path)
    with pytest.raises(UnreadableSpool, match=r"a\.unreadable cannot be read"):
        spool.read(path)
    assert spool.waiting() == []
    assert (tmp_path / "a.unreadable").read_bytes() == content


def test_leftovers_that_are_no_json_cost_only_themselves(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    odd = dataclasses.replace(BARE, external_id="3", project_metadata={("a", 1): 2})
    batch = spool.read(spool.write(Batch([BARE, odd]), NOW)).batch
    good, bad = batch
    assert good == BARE
    assert isinstance(bad, RejectedRecord)
    assert bad.external_id == "3"
    assert bad.reason.startswith("a field cannot be encoded: ")
    assert "('a', 1)" in bad.source


def test_nothing_half_written_is_left(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(RecursionError):
        spool.write(Batch([RejectedRecord(platform="sample", reason="deep", source=deep)]), NOW)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


async def test_whoever_comes_second_leaves_a_file_to_the_first(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    paths = [spool.write(Batch([BARE]), NOW.replace(minute=minute)) for minute in range(3)]
    stored: list[Waiting] = []

    async def commit(waiting: Waiting) -> None:
        stored.append(waiting)
        await asyncio.sleep(0)

    replayed = await asyncio.gather(*(replay(spool, commit) for _ in range(4)))
    assert len(stored) == len(paths) == sum(one.files for one in replayed)
    assert spool.waiting() == []


async def test_a_file_that_cannot_be_read_stands_in_nobodys_way(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spool = Spool(tmp_path)
    (tmp_path / "a.jsonl").mkdir()
    (tmp_path / "b.jsonl").write_bytes(b"\xff")
    spool.write(Batch([BARE]), NOW)
    spool.write(Batch([dataclasses.replace(BARE, external_id="odd")]), NOW)

    async def commit(waiting: Waiting) -> None:
        if any(isinstance(item, Project) and item.external_id == "odd" for item in waiting.batch):
            raise KeyError("a mistake of ours")

    replayed = await replay(spool, commit)
    assert (replayed.files, replayed.unreadable) == (1, 3)
    assert suffixes(tmp_path) == [".jsonl", ".jsonl", ".unreadable"]
    assert "a.jsonl cannot be read" in caplog.text
    assert "cannot be stored: it stays there" in caplog.text


async def test_a_database_that_fails_is_told(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    path = spool.write(Batch([BARE]), NOW)

    async def commit(_waiting: Waiting) -> None:
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await replay(spool, commit)
    assert spool.waiting() == [path]


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
        folder(DATABASE_URL="postgresql:///market?host=/run/two&port=5433"),
        folder(DATABASE_URL="postgresql://db.example/시장"),
        folder(DATABASE_URL="postgresql://db.example/일감"),
    ]
    assert len(set(folders)) == len(folders)
    spools = [Spool(path) for path in folders]
    written = [spool.write(Batch([BARE]), NOW) for spool in spools[:2]]
    assert [spool.elsewhere() for spool in spools[:3]] == [written[1:], written[:1], sorted(written)]
    assert {path.parent for path in folders} == {tmp_path / "spool"}
    assert "secret" not in str(folders)
