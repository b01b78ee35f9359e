"""What the store keeps of a project's life: bids and views over time, why it closed, whose repost it is."""

from __future__ import annotations

from array import array
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from outsource_scraper.commands._format import budget
from outsource_scraper.database import reposts
from outsource_scraper.database.batches import Batch
from outsource_scraper.database.changes import content_hash
from outsource_scraper.database.closing import close_absent, close_expired
from outsource_scraper.database.listings import compare
from outsource_scraper.database.models import Project as Row
from outsource_scraper.database.models import ProjectChange, ProjectCount
from outsource_scraper.database.projects import TOUCH_AFTER, store_batch
from outsource_scraper.database.runs import start_run
from outsource_scraper.items import GonePosting, Project, Status

if TYPE_CHECKING:
    from outsource_scraper.database.session import AsyncDatabase

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
TEXT = (
    "저희 쇼핑몰의 주문 관리 화면을 새로 만들어 주실 분을 찾습니다. 관리자 로그인과 재고 연동이 필요하고 "
    "기존 데이터베이스는 그대로 사용합니다. 작업 기간은 두 달이고 매주 한 번 온라인 회의를 합니다. "
    "React 와 Django 경험이 있는 분이면 좋겠습니다. 결과물은 검수 뒤에 저장소로 전달해 주세요."
)


def project(external_id: str = "1", **fields: Any) -> Project:
    given = {"title": f"일감 {external_id}", "status": Status.OPEN} | fields
    return Project(
        platform="sample", external_id=external_id, url=f"https://market.example/{external_id}", **given
    )


async def put(database: AsyncDatabase, *items: Project | GonePosting, now: datetime = NOW) -> Any:
    async with database.session() as session:
        return await store_batch(session, Batch(items), run_id=None, now=now)


async def row(database: AsyncDatabase, external_id: str = "1") -> Row:
    async with database.session() as session:
        return (await session.scalars(select(Row).where(Row.external_id == external_id))).one()


async def series(database: AsyncDatabase) -> list[tuple[timedelta, int | None, int | None]]:
    async with database.session() as session:
        found = await session.scalars(select(ProjectCount).order_by(ProjectCount.counted_at))
        return [(line.counted_at - NOW, line.bids_count, line.views_count) for line in found]


async def history(database: AsyncDatabase) -> list[tuple[str, Any]]:
    async with database.session() as session:
        found = await session.scalars(select(ProjectChange).order_by(ProjectChange.id))
        return [(line.kind, line.changes) for line in found]


async def test_a_number_that_never_moves_has_no_series(database: AsyncDatabase) -> None:
    for hours in range(5):
        await put(database, project(bids_count=3, views_count=8), now=NOW + hours * HOUR)
    assert await series(database) == []
    assert (await row(database)).counted_at is None


async def test_a_row_when_a_number_moved_and_at_most_one_an_hour(database: AsyncDatabase) -> None:
    for minutes, bids, views in [
        (0, 3, None),
        (30, 4, None),
        (60, 5, 9),
        (90, 6, 9),
        (130, 6, 9),
        (200, 6, 9),
    ]:
        moment = NOW + timedelta(minutes=minutes)
        await put(database, project(bids_count=bids, views_count=views), now=moment)
    assert await series(database) == [(timedelta(), 3, None), (HOUR, 5, 9), (timedelta(minutes=130), 6, 9)]
    after = await row(database)
    assert (after.bids_count, after.views_count, after.counted_at) == (6, 9, NOW + timedelta(minutes=130))
    # Counts are no versions.
    assert await history(database) == [("new", None)]


async def test_a_change_within_the_hour_leaves_the_numbers_to_the_next_row(database: AsyncDatabase) -> None:
    await put(database, project(bids_count=3))
    await put(database, project(bids_count=4, title="다른 제목"), now=NOW + HOUR / 2)
    assert (await row(database)).bids_count == 3
    await put(database, project(bids_count=4, title="또 다른 제목"), now=NOW + HOUR)
    assert await series(database) == [(timedelta(), 3, None), (HOUR, 4, None)]
    assert (await row(database)).bids_count == 4


async def test_a_number_that_was_not_told_at_first(database: AsyncDatabase) -> None:
    await put(database, project())
    await put(database, project(bids_count=2), now=NOW + HOUR)
    await put(database, project(), now=NOW + 2 * HOUR)
    assert await series(database) == [(HOUR, 2, None)]
    assert (await row(database)).bids_count == 2


async def test_a_late_batch_does_not_turn_the_series_back(database: AsyncDatabase) -> None:
    await put(database, project(bids_count=1))
    await put(database, project(bids_count=5), now=NOW + 4 * HOUR)
    await put(database, project(bids_count=3), now=NOW + 2 * HOUR)
    assert await series(database) == [(timedelta(), 1, None), (4 * HOUR, 5, None)]


async def test_the_platforms_word_is_the_reason(database: AsyncDatabase) -> None:
    await put(database, project(), project("2", status=Status.CLOSED))
    await put(database, project(status=Status.CLOSED), now=NOW + HOUR)
    assert [(await row(database, one)).closed_reason for one in "12"] == ["stated", "stated"]
    await put(database, project(), now=NOW + 2 * HOUR)
    assert (await row(database)).closed_reason is None
    kinds = [(kind, changes and changes["closed_reason"]) for kind, changes in await history(database)]
    assert kinds[2:] == [("closed", [None, "stated"]), ("reopened", ["stated", None])]


async def test_absence_is_the_reason_until_the_platform_speaks(database: AsyncDatabase) -> None:
    await put(database, project(), project("2"))
    moment = datetime.now(UTC)
    async with database.session() as session:
        run_id = (await start_run(session, "sample", "full", {})).id
        seen = array("q", [(await row(database, "2")).id])
        assert await close_absent(session, "sample", seen, run_id, moment) == 1
    assert (await row(database)).closed_reason == "absent"
    await put(database, project(status=Status.CLOSED), now=moment + HOUR)
    after = await row(database)
    assert (after.closed_reason, after.closed_at) == ("stated", moment)


async def test_a_passed_deadline_closes_what_was_not_seen_since(database: AsyncDatabase) -> None:
    deadline = NOW + 2 * HOUR
    await put(database, *(project(one, deadline_at=deadline) for one in "123"), project("4"))
    async with database.session() as session:
        run_id = (await start_run(session, "sample", "new", {})).id

        async def close(now: datetime) -> int:
            return await close_expired(session, "sample", run_id, now, TOUCH_AFTER)

        assert await close(deadline + HOUR) == 0  # the next crawl may still see it
        # Still listed behind its deadline: the platform means something else by it.
        await put(database, project("2", deadline_at=deadline), now=NOW + TOUCH_AFTER + HOUR)
        assert await close(deadline + TOUCH_AFTER + timedelta(minutes=1)) == 2
        assert await close(deadline + TOUCH_AFTER + timedelta(minutes=2)) == 0
    states = {one: (await row(database, one)).closed_reason for one in "1234"}
    assert states == {"1": "deadline", "2": None, "3": "deadline", "4": None}
    assert (await history(database))[-1] == (
        "closed",
        {"status": ["open", "closed"], "closed_reason": [None, "deadline"]},
    )
    await put(database, project("1", deadline_at=deadline), now=deadline + 8 * HOUR)
    assert (await row(database, "1")).closed_at is None
    assert (await row(database, "1")).last_seen_at > deadline


async def test_the_first_sighting_behind_a_deadline_is_written(database: AsyncDatabase) -> None:
    deadline = NOW + 2 * HOUR
    seen = []
    for hours in (0, 1, 3, 4):
        await put(database, project(deadline_at=deadline), project("2"), now=NOW + hours * HOUR)
        seen.append(((await row(database)).last_seen_at - NOW) / HOUR)
    assert seen == [0, 0, 3, 3]
    assert (await row(database, "2")).last_seen_at == NOW
    async with database.session() as session:
        run_id = (await start_run(session, "sample", "new", {"query": "앱"})).id
        now = deadline + TOUCH_AFTER + HOUR
        assert await close_expired(session, "sample", run_id, now, TOUCH_AFTER) == 0
    assert (await row(database)).closed_at is None


async def test_a_gone_page_closes_and_stays_closed_while_the_listing_tells_the_same(
    database: AsyncDatabase,
) -> None:
    gone = GonePosting(platform="sample", external_id="1", url="https://market.example/1")
    result = await put(database, project(), gone, GonePosting(platform="sample", external_id="9", url="x"))
    assert (result.new, result.closed) == (1, 1)
    assert (await row(database)).closed_reason == "page_gone"
    assert (await put(database, project(), gone, now=NOW + HOUR)).closed == 0
    assert (await row(database)).status == "closed"
    # The page is back, and tells more than the listing.
    await put(database, project(description="자세한 설명"), now=NOW + 2 * HOUR)
    assert ((await row(database)).status, (await row(database)).closed_reason) == ("open", None)
    kinds = [kind for kind, _ in await history(database)]
    assert kinds == ["new", "closed", "reopened"]


@pytest.mark.parametrize("status", [Status.OPEN, Status.CLOSED])
async def test_a_gone_page_is_looked_at_again_however_its_items_fall_into_batches(
    database: AsyncDatabase, status: Status
) -> None:
    gone = GonePosting(platform="sample", external_id="1", url="https://market.example/1")
    listed, other = project(status=status), project("2")
    hashes = {"1": content_hash(listed), "2": content_hash(other)}

    async def forgotten_after(hour: int, *batches: list[Project | GonePosting]) -> set[str]:
        async with database.session() as session:
            for items in batches:
                batch = Batch()
                for item in items:
                    batch.add(item, hashes[item.external_id])
                await store_batch(session, batch, run_id=None, now=NOW + hour * HOUR)
        async with database.session() as session:
            stored, same = await compare(session, "sample", hashes)
        return stored - same

    assert await forgotten_after(0, [listed, other, gone]) == {"1"}
    assert (await row(database)).status == "closed"
    assert await forgotten_after(1, [listed, gone]) == {"1"}
    assert await forgotten_after(2, [listed], [gone]) == {"1"}
    # The page is back; a batch that waited on disk does not know it.
    assert await forgotten_after(4, [project(description="자세한 설명")]) == set()
    assert (await row(database)).status == "open"
    assert await forgotten_after(3, [gone]) == set()


EDITED = TEXT.replace("두 달", "세 달")
OTHER = " ".join(reversed(TEXT.split()))


@pytest.mark.parametrize(
    ("earlier", "later", "linked"),
    [
        pytest.param({}, {}, True, id="the same"),
        pytest.param({}, {"title": "쇼핑몰 주문 관리 화면 제작 (재등록)"}, True, id="a longer title"),
        pytest.param({}, {"description": EDITED}, True, id="an edited text"),
        pytest.param({}, {"description": TEXT[:90] + "…"}, True, id="a cut text"),
        pytest.param({"description": None}, {}, True, id="no text before"),
        pytest.param({}, {"client_name": "다른 회사"}, False, id="another client"),
        pytest.param({"client_name": None}, {"client_name": None}, False, id="no client"),
        pytest.param({}, {"title": "회사 소개 홈페이지 개편"}, False, id="another title"),
        pytest.param({}, {"description": OTHER}, False, id="another text"),
        pytest.param(
            {"description": None}, {"title": "쇼핑몰 주문 관리 화면 제작 2차"}, False, id="titles differ"
        ),
    ],
)
@pytest.mark.parametrize("together", [True, False])
async def test_reposts(
    database: AsyncDatabase, earlier: dict[str, Any], later: dict[str, Any], linked: bool, together: bool
) -> None:
    shared = {"title": "쇼핑몰 주문 관리 화면 제작", "description": TEXT, "client_name": "어느 회사"}
    first, second = project("1", **shared | earlier), project("2", **shared | later)
    if together:
        await put(database, second, first)  # as a listing shows them
    else:
        await put(database, first)
        await put(database, second, now=NOW + HOUR)
    assert (await row(database, "1")).repost_of is None
    assert (await row(database, "2")).repost_of == ((await row(database, "1")).id if linked else None)


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(("others", "is_linked"), [(reposts.EARLIER - 1, True), (reposts.EARLIER, False)])
async def test_the_latest_postings_of_a_client_are_looked_at(
    database: AsyncDatabase, others: int, is_linked: bool, at_once: bool
) -> None:
    # One name may stand for thousands of clients, such as "private" does.
    titles = ["Online shop", *(chr(0x4E00 + number) * 5 for number in range(others)), "Online shop"]
    postings = [
        project(str(number), title=title, client_name="private", description=None)
        for number, title in enumerate(titles)
    ]
    for batch in [postings[::-1]] if at_once else [[posting] for posting in postings]:
        await put(database, *batch)
    last = await row(database, str(others + 1))
    assert last.repost_of == ((await row(database, "0")).id if is_linked else None)


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("known", [True, False], ids=["with the time", "without"])
async def test_of_two_the_later_posted_is_the_repost(
    database: AsyncDatabase, together: bool, known: bool
) -> None:
    """A listing, which a first crawl reads from its top, shows the newest first."""
    if not known and not together:
        return  # nobody can tell: the one that was seen later counts as the later
    shared = {"title": "쇼핑몰 주문 관리 화면 제작", "description": TEXT, "client_name": "어느 회사"}
    days = [NOW - number * timedelta(days=9) if known else None for number in range(3)]
    newest, newer, oldest = (
        project(name, **shared, posted_at=day) for name, day in zip("abc", days, strict=True)
    )
    for batch in [[newest, newer, oldest]] if together else [[newest], [newer], [oldest]]:
        await put(database, *batch)
    rows = {name: await row(database, name) for name in "abc"}
    assert rows["c"].repost_of is None
    assert rows["b"].repost_of == rows["c"].id
    # A link that stands is left: the newest was seen beside the newer one first.
    assert rows["a"].repost_of == rows["b"].id


async def test_a_repost_whose_likes_are_deleted_meanwhile(database: AsyncDatabase) -> None:
    new = {7: project("7", title="Online shop", description=None)}
    async with database.session() as session:
        connection = await session.connection()
        driver = (await connection.get_raw_connection()).driver_connection
        assert await reposts.with_like_texts(driver, new, {7: {5: 1.0}, 6: {7: 1.0}}) == {}


async def test_a_repost_of_another_platform_is_none(database: AsyncDatabase) -> None:
    fields = {"title": "같은 제목입니다", "description": TEXT, "client_name": "어느 회사"}
    elsewhere = Project(platform="other", external_id="1", url="https://other.example/1", **fields)
    async with database.session() as session:
        await store_batch(session, Batch([elsewhere]), run_id=None, now=NOW)
    await put(database, project("2", **fields))
    assert (await row(database, "2")).repost_of is None


def test_likeness() -> None:
    assert reposts.dice(reposts.pairs("React app"), reposts.pairs("react  APP")) == 1.0
    assert reposts.dice(reposts.pairs("a"), reposts.pairs("b")) == 0.0
    assert reposts.dice(reposts.pairs(""), reposts.pairs("")) == 1.0
    assert reposts.text_likeness("one two three", "one two four", 1.0) == pytest.approx(1 / 3)
    assert reposts.text_likeness(None, "text", 0.9) == 0.0
    assert reposts.text_likeness("word", "word!", 1.0) == 0.0


async def test_round_amounts_are_written_out(database: AsyncDatabase) -> None:
    amount = {"budget_min": Decimal(40_000), "currency": "RUB"}
    await put(database, project(budget_max=Decimal(40_000), **amount))
    await put(database, project(budget_max=Decimal(2_500_000), **amount), now=NOW + HOUR)
    async with database.session() as session:
        kept = await session.scalar(select(ProjectChange.changes).where(ProjectChange.kind == "updated"))
        row = (await session.scalars(select(Row))).one()
    assert kept == {"budget_max": ["40000", "2500000"]}
    values = {name: getattr(row, name) for name in ("budget_min", "budget_max", "currency", "payment_type")}
    assert budget(values) == "40,000 - 2,500,000 RUB"
