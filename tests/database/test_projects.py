"""The writer against real servers: what a batch leaves in the tables, alone and beside another writer."""

from __future__ import annotations

import asyncio
import math
from array import array
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import asyncpg  # type: ignore[import-untyped]
import pytest
from sqlalchemy import delete, func, select, text

from outsource_scraper.database import faults, writer
from outsource_scraper.database.batches import Batch, BatchResult
from outsource_scraper.database.closing import close_absent
from outsource_scraper.database.models import CrawlRun, ProjectChange
from outsource_scraper.database.models import Project as Row
from outsource_scraper.database.models import RejectedRecord as RejectedRow
from outsource_scraper.database.projects import TOUCH_AFTER, store_batch
from outsource_scraper.database.runs import start_run
from outsource_scraper.database.session import AsyncDatabase
from outsource_scraper.items import PaymentType, Project, RejectedRecord, Status, WorkType

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from sqlalchemy import URL

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def project(external_id: str = "1", **fields: Any) -> Project:
    given = {"title": f"일감 {external_id}", "status": Status.OPEN} | fields
    return Project(
        platform=given.pop("platform", "sample"),
        external_id=external_id,
        url=f"https://market.example/{external_id}",
        **given,
    )


FULL = project(
    description="쇼핑몰 \\ 'quoted' \"text\"\t{a,b} \U0001f680",
    category="개발",
    skills=["C++", 'a "b", {c}', "한국어", "\\"],
    budget_min=Decimal("1500000.05"),
    budget_max=Decimal("-0.00012"),
    currency="KRW",
    payment_type=PaymentType.MONTHLY,
    work_type=WorkType.ONSITE,
    location="서울",
    country="KR",
    language="ko",
    posted_at=datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    deadline_at=datetime(2026, 3, 9, 0, 0, tzinfo=UTC),
    duration_days=90,
    bids_count=0,
    client_name="누군가",
    client_country="KR",
    client_rating=Decimal("4.95"),
    client_spent_usd=Decimal("1E+4"),
    client_verified=False,
    project_metadata={"views": 3, "말": [1.5, None, {"a": "b"}], "money": Decimal("1.10")},
)


@pytest.fixture
async def store(any_database_url: URL) -> AsyncIterator[AsyncDatabase]:
    """An initialized database, on each version of PostgreSQL."""
    async with AsyncDatabase(any_database_url) as opened:
        await opened.initialize()
        yield opened


async def put(
    database: AsyncDatabase, *items: Project | RejectedRecord, now: datetime = NOW, **options: Any
) -> BatchResult:
    async with database.session() as session:
        return await store_batch(
            session, Batch(items), run_id=options.pop("run_id", None), now=now, **options
        )


async def row(database: AsyncDatabase, external_id: str = "1") -> Row:
    async with database.session() as session:
        return (await session.scalars(select(Row).where(Row.external_id == external_id))).one()


async def history(database: AsyncDatabase) -> list[tuple[str, dict[str, Any] | None]]:
    async with database.session() as session:
        rows = await session.scalars(select(ProjectChange).order_by(ProjectChange.id))
        return [(line.kind, line.changes) for line in rows]


def counted(result: BatchResult) -> dict[str, int]:
    return {name: count for name, count in result.counts().items() if count}


async def test_every_field_is_stored_as_it_is(store: AsyncDatabase) -> None:
    result = await put(store, FULL, project("2", status=Status.UNKNOWN))
    assert counted(result) == {"new": 2}
    full, bare = await row(store, "1"), await row(store, "2")
    assert result.project_ids == [full.id, bare.id]
    for name in Project.__slots__:
        if name != "project_metadata":
            assert getattr(full, name) == getattr(FULL, name), name
    assert full.project_metadata == {"views": 3, "말": [1.5, None, {"a": "b"}], "money": "1.10"}
    assert (full.first_seen_at, full.last_seen_at, full.changed_at, full.closed_at) == (NOW, NOW, NOW, None)
    assert full.listed_at == FULL.posted_at
    unknown = {name for name in Project.__slots__ if getattr(bare, name) is None}
    assert unknown == {name for name in Project.__slots__ if getattr(project(), name) is None}
    assert (bare.skills, bare.project_metadata, bare.listed_at) == ([], {}, NOW)
    assert await history(store) == [("new", None), ("new", None)]


@pytest.mark.parametrize(
    "amount",
    ["0", "0.0", "-0", "1", "9999", "10000", "10001", "99990000", "123456789.123456789", "0.1", "0.00001",
     "0.000099", "-12.5", "1E+30", "1E-30", "100000000", "0.0000", "5000000"],
)  # fmt: skip
async def test_amounts(database: AsyncDatabase, amount: str) -> None:
    await put(database, project(budget_min=Decimal(amount)))
    async with database.session() as session:
        equal = await session.scalar(
            text("SELECT budget_min = CAST(CAST(:amount AS text) AS numeric) FROM projects"),
            {"amount": amount},
        )
        shown = await session.scalar(text("SELECT budget_min::text FROM projects"))
    assert equal is True
    assert Decimal(shown) == Decimal(amount)


async def test_reading_the_same_again_changes_nothing(store: AsyncDatabase) -> None:
    await put(store, FULL)
    before = await row(store)
    result = await put(store, FULL, now=LATER)
    after = await row(store)
    assert counted(result) == {"unchanged": 1}
    assert result.project_ids == [before.id]
    assert after.last_seen_at == NOW
    assert len(await history(store)) == 1


async def test_an_unchanged_project_is_touched_after_a_while(store: AsyncDatabase) -> None:
    await put(store, project(bids_count=2))
    before = await row(store)
    late = NOW + TOUCH_AFTER + timedelta(seconds=1)
    assert counted(await put(store, project(bids_count=7), now=late)) == {"unchanged": 1}
    after = await row(store)
    assert (after.last_seen_at, after.bids_count) == (late, 7)
    assert (after.changed_at, after.content_hash) == (NOW, before.content_hash)
    await put(store, project(bids_count=None), now=late + TOUCH_AFTER + timedelta(seconds=1))
    assert (await row(store)).bids_count == 7


async def test_a_changed_project(store: AsyncDatabase) -> None:
    await put(store, FULL)
    changed = project(title="새 제목", budget_max=Decimal(5), deadline_at=NOW, bids_count=4)
    assert counted(await put(store, changed, now=LATER)) == {"updated": 1}
    after = await row(store)
    assert (after.title, after.budget_min, after.budget_max, after.currency) == (
        "새 제목",
        None,
        Decimal(5),
        None,
    )
    assert (after.description, after.skills, after.bids_count) == (FULL.description, FULL.skills, 4)
    assert (after.first_seen_at, after.last_seen_at, after.changed_at) == (NOW, LATER, LATER)
    assert (await history(store))[1:] == [
        (
            "updated",
            {
                "title": ["일감 1", "새 제목"],
                "budget_min": ["1500000.05", None],
                "budget_max": ["-0.00012", "5"],
                "currency": ["KRW", None],
                "deadline_at": ["2026-03-09T00:00:00+00:00", "2026-03-02T09:30:00+00:00"],
            },
        )
    ]
    assert counted(await put(store, changed, now=LATER)) == {"unchanged": 1}


async def test_a_deadline_alone(store: AsyncDatabase) -> None:
    await put(store, project(deadline_at=NOW))
    jittered = await put(store, project(deadline_at=NOW + timedelta(hours=36)), now=LATER)
    moved = await put(store, project(deadline_at=NOW + timedelta(hours=37)), now=LATER)
    assert (counted(jittered), counted(moved)) == ({"unchanged": 1}, {"updated": 1})
    assert (await row(store)).deadline_at == NOW + timedelta(hours=37)


async def test_less_detail_is_looked_at_once(store: AsyncDatabase) -> None:
    card = project(description="긴 설명의…", skills=[])
    await put(store, project(description="긴 설명의 나머지", skills=["Go"]))
    assert counted(await put(store, card, now=LATER)) == {"unchanged": 1}
    after = await row(store)
    assert (after.description, after.skills, after.changed_at) == ("긴 설명의 나머지", ["Go"], NOW)
    seen_version = await version(store)
    assert counted(await put(store, card, now=LATER)) == {"unchanged": 1}
    assert await version(store) == seen_version


async def version(database: AsyncDatabase) -> str:
    async with database.session() as session:
        return str(await session.scalar(text("SELECT ctid FROM projects")))


async def test_closing_and_reopening_by_the_platforms_word(store: AsyncDatabase) -> None:
    results = []
    for hour, status in enumerate((Status.OPEN, Status.CLOSED, Status.UNKNOWN, Status.CLOSED, Status.OPEN)):
        results.append(counted(await put(store, project(status=status), now=NOW + timedelta(hours=hour))))
    assert results == [
        {"new": 1},
        {"updated": 1, "closed": 1},
        {"unchanged": 1},
        {"unchanged": 1},
        {"reopened": 1},
    ]
    assert await history(store) == [
        ("new", None),
        ("closed", {"status": ["open", "closed"], "closed_reason": [None, "stated"]}),
        ("reopened", {"status": ["closed", "open"], "closed_reason": ["stated", None]}),
    ]
    after = await row(store)
    assert (after.status, after.closed_at, after.changed_at) == ("open", None, NOW + timedelta(hours=4))


async def test_a_project_may_be_closed_when_first_seen(store: AsyncDatabase) -> None:
    await put(store, project(status=Status.CLOSED))
    assert (await row(store)).closed_at == NOW


async def test_duplicates_in_a_batch_are_folded_and_the_last_wins(store: AsyncDatabase) -> None:
    result = await put(store, project(title="a"), project("2"), project(title="b"), project(platform="other"))
    assert counted(result) == {"new": 3, "duplicates": 1}
    async with store.session() as session:
        titles = await session.execute(select(Row.platform, Row.external_id, Row.title).order_by(Row.title))
        assert [tuple(line) for line in titles] == [
            ("sample", "1", "b"),
            ("other", "1", "일감 1"),
            ("sample", "2", "일감 2"),
        ]


async def test_a_batch_older_than_the_last_change_leaves_the_row_alone(store: AsyncDatabase) -> None:
    await put(store, project(title="newer"), now=LATER)
    assert counted(await put(store, project(title="older"), now=NOW)) == {"unchanged": 1}
    assert (await row(store)).title == "newer"


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param({"title": "nul \0 inside"}, id="NUL"),
        pytest.param({"title": "half of a pair \ud800"}, id="surrogate"),
        pytest.param({"bids_count": 2**31}, id="integer out of range"),
        pytest.param({"budget_max": Decimal("1E+200000")}, id="numeric out of range"),
        pytest.param({"client_spent_usd": Decimal("Infinity")}, id="infinite"),
        pytest.param({"project_metadata": {"n": math.nan}}, id="not JSON"),
        pytest.param({"posted_at": datetime(2026, 1, 1)}, id="naive time"),  # noqa: DTZ001
        pytest.param({"status": "paused"}, id="check constraint"),
        pytest.param({"duration_days": "ten"}, id="wrong type"),
        pytest.param({"title": 5}, id="title of a wrong type"),
        pytest.param(
            {"external_id": "".join(map(chr, range(0xAC00, 0xAC00 + 4000)))}, id="too long to index"
        ),
    ],
)
async def test_a_refused_row_is_set_aside_and_the_rest_is_stored(
    store: AsyncDatabase, bad: dict[str, Any]
) -> None:
    async with store.session() as session:
        run_id = (await start_run(session, "sample", "new", {})).id
    good = [project(str(number)) for number in range(40)]
    fields = {"external_id": "bad"} | bad
    result = await put(store, *good[:17], project(**fields), *good[17:], run_id=run_id)
    assert counted(result) == {"new": 40, "rejected": 1}
    async with store.session() as session:
        rejected = (await session.scalars(select(RejectedRow))).one()
        assert rejected.run_id == run_id
        assert rejected.external_id == fields["external_id"]
        assert rejected.url is not None
        assert len(rejected.reason) > 20
        assert "일감" in rejected.source or "title" in bad
        assert await session.scalar(select(func.count()).select_from(Row)) == 40
        assert await session.scalar(select(func.count()).select_from(ProjectChange)) == 40
        run = await session.get_one(CrawlRun, run_id)
        assert (run.new, run.rejected) == (40, 1)


async def test_a_batch_older_than_the_last_sight_leaves_the_row_alone(store: AsyncDatabase) -> None:
    await put(store, project())
    await put(store, project(), now=NOW + 3 * TOUCH_AFTER)
    late = await put(store, project(status=Status.CLOSED), now=NOW + TOUCH_AFTER)
    assert counted(late) == {"unchanged": 1}
    assert (await row(store)).closed_at is None
    assert await history(store) == [("new", None)]


async def test_another_reason_of_a_closing_has_a_line_of_its_own(store: AsyncDatabase) -> None:
    await put(store, project())
    async with store.session() as session:
        run_id = (await start_run(session, "sample", "full", {})).id
        await close_absent(session, "sample", array("q", [0]), run_id, LATER)
    then = await put(store, project(status=Status.CLOSED), now=LATER + timedelta(hours=1))
    assert counted(then) == {"updated": 1}
    assert ((await row(store)).closed_reason, (await row(store)).closed_at) == ("stated", LATER)
    assert (await history(store))[-1] == ("updated", {"closed_reason": ["absent", "stated"]})


async def test_texts_too_long_for_one_statement_go_into_several(
    store: AsyncDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_TEXT_AT_ONCE", 2500)
    many = [project(str(number), description="옛 글 " * 200) for number in range(20)]
    await put(store, *many)
    changed = [project(str(number), description="새 글 " * 200, bids_count=number) for number in range(20)]
    assert counted(await put(store, *changed, now=LATER)) == {"updated": 20}
    assert [(await row(store, str(number))).description for number in range(20)] == ["새 글 " * 200] * 20
    assert len(await history(store)) == 40


async def test_a_refused_update_leaves_the_known_row(store: AsyncDatabase) -> None:
    await put(store, project("1"), project("2"))
    result = await put(store, project("1", title="nul \0"), project("2", title="새 제목"), now=LATER)
    assert counted(result) == {"updated": 1, "rejected": 1}
    first, second = await row(store, "1"), await row(store, "2")
    assert (first.title, second.title) == ("일감 1", "새 제목")
    # Both were seen: neither may be closed by absence.
    assert set(result.project_ids) == {first.id, second.id}


async def test_rejected_records_are_written_with_the_batch(store: AsyncDatabase) -> None:
    await put(store, project("1"))
    known = RejectedRecord(platform="sample", external_id="1", reason="no title", source="<li>\0</li>")
    nameless = RejectedRecord(platform="sample", reason="no id", source="<li>")
    result = await put(store, known, nameless)
    assert counted(result) == {"rejected": 2}
    assert result.project_ids == [(await row(store)).id]
    assert result.unidentified == 1
    async with store.session() as session:
        rows = await session.scalars(select(RejectedRow).order_by(RejectedRow.id))
        assert [(line.external_id, line.source) for line in rows] == [
            ("1", "<li>\ufffd</li>"),
            (None, "<li>"),
        ]


async def test_an_empty_batch(store: AsyncDatabase) -> None:
    assert counted(await put(store)) == {}


async def test_a_fault_that_is_no_refusal_is_raised_and_nothing_is_written(database: AsyncDatabase) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(text("DROP TABLE project_changes"))
    with pytest.raises(asyncpg.UndefinedTableError):
        await put(database, project())
    async with database.session() as session:
        assert await session.scalar(select(func.count()).select_from(Row)) == 0


async def test_two_writers_of_the_same_new_keys(store: AsyncDatabase) -> None:
    keys = [str(number) for number in range(300)]

    async def write(writer: int, order: Iterable[str]) -> BatchResult:
        return await put(store, *(project(key, title=f"{writer} {key}") for key in order))

    results = await asyncio.gather(write(1, keys), write(2, reversed(keys)), write(3, sorted(keys)))
    assert sorted(result.new for result in results) == [0, 0, 300]
    assert sum(result.updated + result.unchanged for result in results) == 600
    async with store.session() as session:
        assert await session.scalar(select(func.count()).select_from(Row)) == 300
        news = select(func.count()).select_from(ProjectChange).where(ProjectChange.kind == "new")
        assert await session.scalar(news) == 300


async def test_two_writers_of_the_same_known_keys_in_opposite_order(store: AsyncDatabase) -> None:
    keys = [str(number) for number in range(300)]
    await put(store, *map(project, keys))

    async def write(writer: int, order: Iterable[str]) -> BatchResult:
        moment = NOW + timedelta(hours=writer)
        return await put(store, *(project(key, title=f"{writer} {key}") for key in order), now=moment)

    results = await asyncio.gather(*(write(n, keys if n % 2 else keys[::-1]) for n in range(1, 6)))
    assert sum(result.updated + result.unchanged for result in results) == 1500
    async with store.session() as session:
        last = select(func.count()).select_from(Row).where(Row.title.startswith("5 "))
        assert await session.scalar(last) == 300


async def test_the_key_is_unique_even_for_those_who_take_no_lock(store: AsyncDatabase) -> None:
    async with store.session() as session, store.engine.connect() as stranger:
        columns = "platform, external_id, url, title, first_seen_at, last_seen_at, changed_at"
        values = "'sample', '1', 'u', 't', now(), now(), now()"
        await stranger.execute(text(f"INSERT INTO projects ({columns}) VALUES ({values})"))  # noqa: S608
        writing = asyncio.create_task(store_batch(session, Batch([project()]), run_id=None, now=NOW))
        await asyncio.sleep(0.2)
        await stranger.commit()
        with pytest.raises(asyncpg.UniqueViolationError) as caught:
            await writing
        assert faults.is_transient(caught.value)
        again = await store_batch(session, Batch([project()]), run_id=None, now=datetime.now(UTC))
        assert counted(again) == {"updated": 1}


async def test_a_row_deleted_meanwhile_is_new_again(store: AsyncDatabase) -> None:
    await put(store, project())
    async with store.session() as session, store.engine.connect() as stranger:
        await stranger.execute(delete(Row))
        writing = asyncio.create_task(
            store_batch(session, Batch([project(title="b")]), run_id=None, now=LATER)
        )
        await asyncio.sleep(0.2)
        await stranger.commit()
        assert counted(await writing) == {"new": 1}
    assert (await row(store)).title == "b"


async def test_closing_by_absence(store: AsyncDatabase) -> None:
    seen, gone, done, elsewhere, unsaid = (
        project("seen"),
        project("gone"),
        project("done", status=Status.CLOSED),
        project("elsewhere", platform="other"),
        project("unsaid", status=Status.UNKNOWN),
    )
    await put(store, seen, gone, done, elsewhere, unsaid)
    async with store.session() as session:
        run_id = (await start_run(session, "sample", "full", {})).id
        moment = datetime.now(UTC)
        found = (await put(store, seen, now=moment)).project_ids
        meanwhile = await put(store, project("meanwhile"), now=moment)
        assert counted(meanwhile) == {"new": 1}
        assert await close_absent(session, "sample", array("q", found), run_id, moment) == 2
        open_ids = select(Row.external_id).where(Row.closed_at.is_(None)).order_by(Row.external_id)
        assert list(await session.scalars(open_ids)) == ["elsewhere", "meanwhile", "seen"]
        assert (await session.get_one(CrawlRun, run_id)).closed == 2
    closed = await row(store, "gone")
    assert (closed.status, closed.closed_at, closed.changed_at) == ("closed", moment, moment)
    assert {str(line) for line in (await history(store))[-2:]} == {
        str(("closed", {"status": ["open", "closed"], "closed_reason": [None, "absent"]})),
        str(("closed", {"status": ["unknown", "closed"], "closed_reason": [None, "absent"]})),
    }
    again = moment + timedelta(hours=1)
    assert counted(await put(store, gone, unsaid, done, now=again)) == {"reopened": 2, "unchanged": 1}
    assert ((await row(store, "gone")).status, (await row(store, "gone")).closed_at) == ("open", None)
    assert ((await row(store, "unsaid")).status, (await row(store, "unsaid")).closed_at) == ("unknown", None)


async def test_a_run_that_saw_nothing_closes_nothing(store: AsyncDatabase) -> None:
    await put(store, project())
    async with store.session() as session:
        run_id = (await start_run(session, "sample", "full", {})).id
        assert await close_absent(session, "sample", array("q"), run_id, LATER) == 0
    assert (await row(store)).closed_at is None


async def written(database: AsyncDatabase) -> tuple[int, int]:
    """How often a row of projects was written over, and how often of that on its page alone."""
    async with database.session() as session:
        await session.execute(text("SELECT pg_stat_force_next_flush()"))
    async with database.session() as session:
        count = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'projects'"
        updates, heap_only = (await session.execute(text(count))).one()
        return updates, heap_only


BEFORE: dict[str, Any] = {
    "description": "쇼핑몰을 만듭니다. " * 300,
    "category": "개발",
    "skills": ["Python"],
    "budget_min": Decimal(300),
    "budget_max": Decimal(400),
    "currency": "KRW",
    "deadline_at": NOW + timedelta(days=9),
    "bids_count": 3,
    "client_name": "누군가",
    "project_metadata": {"views": 3},
}
CHANGES: list[dict[str, Any]] = [
    {"title": "새 제목"},
    {"budget_min": None},
    {"description": "다른 일입니다. " * 400, "bids_count": 4},
    {"status": Status.CLOSED},
    {"skills": ["Go", "한국어"], "client_name": "다른 누군가", "client_rating": Decimal("4.5")},
    {"deadline_at": NOW + timedelta(days=20), "duration_days": 30},
    {"bids_count": 9, "views_count": 70},
    {"project_metadata": {"views": 5}},
    {},
]
WRITTEN = len(CHANGES) - 2
"""As many of `CHANGES` are written, the first; leftovers alone are not."""


async def test_many_rows_that_each_change_in_fields_of_their_own(any_database_url: URL) -> None:
    async with AsyncDatabase(any_database_url) as database:
        await database.initialize()
        numbers = range(1300)
        # A client each: a repost is written again, to link it.
        before = {number: BEFORE | {"client_name": f"의뢰인 {number}"} for number in numbers}
        await put(database, *(project(str(number), **before[number]) for number in numbers))
        now = {number: before[number] | CHANGES[number % len(CHANGES)] for number in numbers}
        result = await put(database, *(project(str(number), **now[number]) for number in numbers), now=LATER)
        changed = sum(number % len(CHANGES) < WRITTEN - 1 for number in numbers)
        assert (result.updated, result.unchanged) == (changed, len(numbers) - changed)
        assert result.closed == sum(number % len(CHANGES) == 3 for number in numbers)
        async with database.session() as session:
            rows = {int(found.external_id): found for found in await session.scalars(select(Row))}
        for number, fields in now.items():
            is_written = number % len(CHANGES) < WRITTEN
            expected = fields if is_written else before[number]
            assert {name: getattr(rows[number], name) for name in expected} == expected, number
            assert (rows[number].closed_at is None) is (number % len(CHANGES) != 3)
        # Bids, a change and what the listing told go into one new version of a row.
        assert (await written(database))[0] == sum(number % len(CHANGES) < WRITTEN for number in numbers)


async def test_touching_is_heap_only(any_database_url: URL) -> None:
    async with AsyncDatabase(any_database_url) as database:
        await database.initialize()
        for number in range(5):
            await put(database, project(), now=NOW + number * 2 * TOUCH_AFTER)
        assert await written(database) == (4, 4)
