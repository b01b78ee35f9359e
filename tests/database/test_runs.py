"""The row of a run, and how a killed run is told from a living one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, text

from outsource_scraper.database.driver import lock_platforms
from outsource_scraper.database.models import CrawlRun
from outsource_scraper.database.models import RejectedRecord as RejectedRow
from outsource_scraper.database.runs import add_counts, finish_run, hold_run, reject, start_run, storable
from outsource_scraper.items import RejectedRecord

if TYPE_CHECKING:
    from outsource_scraper.database.session import AsyncDatabase


async def run_row(database: AsyncDatabase, run_id: int) -> CrawlRun:
    async with database.session() as session:
        return await session.get_one(CrawlRun, run_id)


async def start(database: AsyncDatabase, platform: str = "sample", **arguments: Any) -> int:
    """Start a run whose process is gone at once."""
    async with database.engine.connect() as connection:
        run_id = (await start_run(database.sessions(bind=connection), platform, "new", arguments)).id
        await connection.invalidate()
    return run_id


async def test_a_run_from_start_to_end(database: AsyncDatabase) -> None:
    since = datetime(2026, 1, 1, tzinfo=UTC)
    run_id = await start(database, max_pages=2, since=since)
    row = await run_row(database, run_id)
    assert (row.platform, row.mode, row.verdict, row.finished_at) == ("sample", "new", None, None)
    assert row.arguments == {"max_pages": 2, "since": str(since)}
    async with database.session() as session:
        driver = await lock_platforms(session, ["sample"])
        await add_counts(driver, run_id, {"new": 3, "rejected": 0})
        await add_counts(driver, run_id, {"new": 4, "closed": 1})
        await finish_run(
            session,
            run_id,
            "partial",
            reason="1 listing page failed",
            complete=False,
            counts={"pages": 7},
            stats={"start_time": since, "nested": {"a": since}},
        )
        await session.commit()
    row = await run_row(database, run_id)
    assert (row.new, row.rejected, row.closed, row.pages) == (7, 0, 1, 7)
    assert (row.verdict, row.reason, row.complete) == ("partial", "1 listing page failed", False)
    assert row.stats == {"start_time": str(since), "nested": {"a": str(since)}}
    assert row.finished_at is not None
    assert row.finished_at >= row.started_at


async def test_a_verdict_is_kept_whatever_the_reason_and_the_stats_quote(database: AsyncDatabase) -> None:
    run_id = await start(database, query="caf\udce9")
    async with database.session() as session:
        stats = {"because": "a\0b", "by\ud800": [1.5, {"\0": "\udfff"}], "mean": float("nan")}
        stats |= {"most": float("inf"), "least": float("-inf"), "none": None, "is": True}
        await finish_run(session, run_id, "partial", reason="the API answers: a\0b\ud800", stats=stats)
        await session.commit()
    row = await run_row(database, run_id)
    assert (row.verdict, row.reason) == ("partial", "the API answers: a\ufffdb\ufffd")
    assert row.arguments == {"query": "caf\ufffd"}
    kept = {"because": "a\ufffdb", "by\ufffd": [1.5, {"\ufffd": "\ufffd"}], "mean": "NaN"}
    assert row.stats == kept | {"most": "Infinity", "least": "-Infinity", "none": None, "is": True}


async def test_a_killed_run_is_marked_and_a_living_one_is_not(database: AsyncDatabase) -> None:
    killed = await start(database)
    elsewhere = await start(database, "other")
    async with database.engine.connect() as connection:
        living = (await start_run(database.sessions(bind=connection), "sample", "new", {})).id
        assert (await run_row(database, killed)).verdict == "interrupted"
        assert (await run_row(database, killed)).finished_at is None
        await start(database)
        assert (await run_row(database, living)).verdict is None
        assert (await run_row(database, elsewhere)).verdict is None
        await connection.invalidate()
    await start(database)
    assert (await run_row(database, living)).verdict == "interrupted"


async def test_a_run_that_lost_its_connection_takes_hold_again(database: AsyncDatabase) -> None:
    run_id = await start(database)
    async with database.engine.connect() as connection:
        await hold_run(database.sessions(bind=connection), run_id)
        await start(database)
        assert (await run_row(database, run_id)).verdict is None


@pytest.mark.parametrize("counts", [{"new": 1}, {}])
async def test_a_run_that_stores_is_alive_without_its_second_connection(
    database: AsyncDatabase, counts: dict[str, int]
) -> None:
    async with database.engine.connect() as connection:
        session = database.sessions(bind=connection)
        run_id = (await start_run(session, "sample", "full", {})).id
        async with database.engine.begin() as beside:
            await beside.execute(text("UPDATE crawl_runs SET heartbeat_at = now() - interval '5 minutes'"))
        async with session.begin():
            await add_counts(await lock_platforms(session, ["sample"]), run_id, counts)
        await start(database)
        assert (await run_row(database, run_id)).verdict is None


async def test_a_finished_run_keeps_its_verdict(database: AsyncDatabase) -> None:
    run_id = await start(database)
    async with database.session() as session:
        await finish_run(session, run_id, "ok")
        await session.commit()
    await start(database)
    assert (await run_row(database, run_id)).verdict == "ok"


async def test_rejected_records(database: AsyncDatabase) -> None:
    run_id = await start(database)
    record = RejectedRecord(
        platform="sample", reason="no \ud800 title", source="<li>\0", url="https://a.example"
    )
    read_at = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    async with database.session() as session, session.begin():
        driver = await lock_platforms(session, ["sample"])
        assert await reject(driver, run_id, [record], read_at) == 1
        assert await reject(driver, run_id, [], read_at) == 0
        assert await reject(driver, run_id, [record], read_at) == 0, "it stands there already"
        row = (await session.scalars(select(RejectedRow))).one()
        assert (row.run_id, row.external_id, row.url) == (run_id, None, "https://a.example")
        assert (row.reason, row.source, row.created_at) == ("no \ufffd title", "<li>\ufffd", read_at)
        # Two on one page may be alike; one that was read later is another.
        assert await reject(driver, run_id, [record, record], read_at + timedelta(hours=1)) == 2


def test_storable() -> None:
    assert storable("한국어 \U0001f680\n") == "한국어 \U0001f680\n"
    assert storable("\0a\udfff") == "\ufffda\ufffd"
    assert storable(None) is None
