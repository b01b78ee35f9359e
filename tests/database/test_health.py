"""What is said of a platform while crawls of it stand beside each other."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from outsource_scraper.commands.health import state_of
from outsource_scraper.database.health import records
from outsource_scraper.database.runs import finish_run, start_run

if TYPE_CHECKING:
    from outsource_scraper.database.health import Record
    from outsource_scraper.database.session import AsyncDatabase

INTERVAL = timedelta(minutes=10)


async def run(database: AsyncDatabase, verdict: str | None, **arguments: Any) -> int:
    """A run that has ended, or one that has just begun where there is no verdict."""
    async with database.session() as session:
        run_id = (await start_run(session, "sample", "new", arguments)).id
        if verdict is not None:
            async with session.begin():
                await finish_run(session, run_id, verdict)
    return run_id


async def record(database: AsyncDatabase) -> Record:
    async with database.session() as session:
        return (await records(session, ["sample"]))["sample"]


@pytest.mark.parametrize(
    ("verdict", "arguments", "times"),
    [
        pytest.param("ok", {"query": "python"}, 1, id="a part, ended"),
        pytest.param("failed", {"query": "python"}, 1, id="a part, failed"),
        pytest.param("ok", {"query": "python"}, 25, id="many parts, ended"),
        pytest.param(None, {"query": "python"}, 1, id="a part, going on"),
        pytest.param("busy", {}, 1, id="one that found it busy"),
        pytest.param(None, {}, 1, id="one that is about to find it busy"),
    ],
)
async def test_a_living_run_is_well_whatever_stands_beside_it(
    database: AsyncDatabase, verdict: str | None, arguments: dict[str, Any], times: int
) -> None:
    await run(database, "ok")
    async with database.engine.connect() as connection:
        session = database.sessions(bind=connection)
        living = (await start_run(session, "sample", "full", {})).id
        for _ in range(times):
            beside = await run(database, verdict, **arguments)
        found = await record(database)
        assert found.under_way is not None
        assert found.under_way.id == (living if verdict else beside)
        assert found.bad == []
        assert found.last_good is not None
        assert found.due_at(INTERVAL) == found.last_good + INTERVAL
        assert state_of(found, INTERVAL, enabled=True).wrong is None


async def test_a_dead_run_is_bad_beside_a_living_one(database: AsyncDatabase) -> None:
    killed = await run(database, None)
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE crawl_runs SET heartbeat_at = now() - interval '5 minutes'"))
    found = await record(database)
    assert found.under_way is None
    assert [one.id for one in found.bad] == [killed]
    living = await run(database, None)
    found = await record(database)
    assert found.under_way is not None
    assert found.under_way.id == living
    assert [one.id for one in found.bad] == [killed]
    assert (state_of(found, INTERVAL, enabled=True).wrong or "").startswith("interrupted, last at ")
