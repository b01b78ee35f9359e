"""Databases that will not write now: tried again, then on disk, then stored once when they will again."""

from __future__ import annotations

import asyncio
import math
import os
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import asyncpg  # type: ignore[import-untyped]
import pytest
from sqlalchemy import exc, text

from outsource_scraper.database import faults
from outsource_scraper.database.batches import Batch
from outsource_scraper.database.models import Project as Row
from outsource_scraper.database.models import ProjectChange
from outsource_scraper.database.projects import store_batch
from outsource_scraper.database.session import AsyncDatabase
from tests.conftest import DEBIAN_15, Server, initialize
from tests.pipelines.test_store import count, cut_connections, opened, pipeline, project, put, stats

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy import URL

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FEW = {"STORE_RETRY_TIMES": 2, "STORE_RETRY_DELAY": 0.05}
"""Retries that are over soon."""


@asynccontextmanager
async def connection_to(url: URL) -> AsyncIterator[Any]:
    # Its own settings, whatever the database says to others.
    settings = {"default_transaction_read_only": "off", "statement_timeout": "0"}
    connection = await asyncpg.connect(
        host=url.query["host"], port=5432, user="postgres", database=url.database, server_settings=settings
    )
    try:
        yield connection
    finally:
        await connection.close()


async def alter(database: AsyncDatabase, what: str) -> None:
    """Change the database, for every connection from now on."""
    async with connection_to(database.engine.url) as connection:
        await connection.execute(f'ALTER DATABASE "{database.engine.url.database}" {what}')
    await cut_connections(database)


async def spool_and_store(database: AsyncDatabase, folder: Path, fault: Any, mend: Any) -> None:
    """A crawl that meets `fault` between two batches, and the next one behind `mend`."""
    store = pipeline(database.engine.url, folder, **FEW)
    await store.open_spider()
    await put(store, map(project, range(10)))
    await fault()
    dropped = await put(store, map(project, range(5, 20)))
    assert all(isinstance(one, Exception) for one in dropped), "nothing is reported that is not stored"
    await store.close_spider()
    assert stats(store)["spooled"] == 15
    assert stats(store)["retries"] == 2
    waiting = list((folder / "spool").rglob("*"))
    assert [path.suffix for path in waiting if path.is_file()] == [".jsonl"]
    await mend()
    async with opened(database.engine.url, folder) as after:
        assert stats(after)["unspooled"] == 15
    assert await count(database, Row) == 20
    assert await count(database, ProjectChange) == 20
    assert not [path for path in (folder / "spool").rglob("*") if path.is_file()]


async def test_read_only(database: AsyncDatabase, tmp_path: Path) -> None:
    await spool_and_store(
        database,
        tmp_path,
        lambda: alter(database, "SET default_transaction_read_only = on"),
        lambda: alter(database, "RESET default_transaction_read_only"),
    )


async def test_no_connections_allowed(database: AsyncDatabase, postgres_18: Server, tmp_path: Path) -> None:
    name = database.engine.url.database

    async def allow(answer: str) -> None:
        async with connection_to(postgres_18.url("postgres")) as connection:
            await connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS {answer}')
            ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1"
            await connection.execute(ended, name)

    await spool_and_store(database, tmp_path, lambda: allow("false"), lambda: allow("true"))


async def test_statement_timeout(database: AsyncDatabase, tmp_path: Path) -> None:
    locks: list[Any] = []

    async def lock() -> None:
        await alter(database, "SET statement_timeout = '200ms'")
        url = database.engine.url
        holder = await asyncpg.connect(
            host=url.query["host"], port=5432, user="postgres", database=url.database
        )
        await holder.execute("SET statement_timeout = 0; BEGIN; LOCK TABLE projects IN ACCESS EXCLUSIVE MODE")
        locks.append(holder)

    async def unlock() -> None:
        await locks.pop().close()
        await alter(database, "RESET statement_timeout")

    await spool_and_store(database, tmp_path, lock, unlock)


async def test_out_of_connections(start_server: Any, tmp_path: Path) -> None:
    with start_server(DEBIAN_15, settings=("max_connections=8",)) as socket_folder:
        url = Server("few connections", socket_folder).url("postgres")
        await initialize(url)
        eaten: list[Any] = []

        async def eat() -> None:
            await cut_connections(database)
            while True:
                try:
                    eaten.append(await asyncpg.connect(host=url.query["host"], port=5432, user="postgres"))
                except asyncpg.TooManyConnectionsError:
                    return

        async def free() -> None:
            for connection in eaten:
                await connection.close()

        async with AsyncDatabase(url, pool_size=0) as database:
            await spool_and_store(database, tmp_path, eat, free)


async def grows(connection: Any, size: int) -> bool:
    """Whether there is room for so many bytes more."""
    try:
        await connection.execute("INSERT INTO ballast VALUES (repeat('x', $1))", size)
    except asyncpg.DiskFullError:
        return False
    return True


async def test_disk_full(small_database: URL, tmp_path: Path) -> None:
    url = small_database
    await initialize(url)

    async def fill() -> None:
        async with connection_to(url) as connection:
            await connection.execute("CREATE TABLE ballast (data text)")
            await connection.execute("ALTER TABLE ballast ALTER data SET STORAGE EXTERNAL")
            for size in (100_000, 8_000, 1_000):
                while await grows(connection, size):
                    pass

    async def empty() -> None:
        async with connection_to(url) as connection:
            await connection.execute("DROP TABLE ballast")

    async with AsyncDatabase(url, pool_size=0) as database:
        store = pipeline(url, tmp_path, **FEW)
        await store.open_spider()
        await put(store, map(project, range(10)))
        await fill()
        large = [project(number, description=os.urandom(3000).hex()) for number in range(10, 60)]
        dropped = await put(store, large)
        assert all(isinstance(one, Exception) for one in dropped)
        await store.close_spider()
        assert stats(store)["spooled"] == 50
        await empty()
        async with opened(url, tmp_path) as after:
            assert stats(after)["unspooled"] == 50
        assert await count(database, Row) == 60


async def test_a_deadlock_is_tried_again(database: AsyncDatabase, tmp_path: Path) -> None:
    url = database.engine.url
    async with opened(url, tmp_path) as store:
        await put(store, [project(1)])
        async with connection_to(url) as other:
            await other.execute("SET deadlock_timeout = '10s'")  # so that the store is the one that finds it
            transaction = other.transaction()
            await transaction.start()
            await other.execute("SELECT id FROM projects FOR UPDATE")
            writing = asyncio.create_task(put(store, [project(1, title="다른 제목")]))
            while not await other.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                await asyncio.sleep(0.01)
            key = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.projects.sample', 0))"
            await other.execute(key)
            await transaction.rollback()
        assert (await writing)[0].title == "다른 제목"
    assert stats(store)["retries"] >= 1
    assert stats(store)["updated"] == 1


async def test_serialization_failures_are_tried_again(database: AsyncDatabase, tmp_path: Path) -> None:
    await alter(database, "SET default_transaction_isolation = 'serializable'")
    url = database.engine.url
    settings = {"STORE_BATCH_SIZE": 20, "STORE_RETRY_TIMES": 20, "STORE_RETRY_DELAY": 0.01}
    async with (
        opened(url, tmp_path, **settings) as one,
        opened(url, tmp_path, CRAWL_FORCE=True, **settings) as other,
    ):
        got = await asyncio.gather(*(put(store, map(project, range(400))) for store in (one, other)))
    assert all(not isinstance(item, Exception) for items in got for item in items)
    assert await count(database, Row) == await count(database, ProjectChange) == 400
    assert stats(one).get("new", 0) + stats(other).get("new", 0) == 400


async def test_neither_the_database_nor_the_disk(
    database: AsyncDatabase, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "spool").write_text("a file where the folder should be")
    store = pipeline(database.engine.url, tmp_path, **FEW)
    await store.open_spider()
    await alter(database, "SET default_transaction_read_only = on")
    assert all(isinstance(one, Exception) for one in await put(store, map(project, range(3))))
    await store.close_spider()
    assert stats(store)["lost"] == 3
    assert "3 items are lost: the database would not take them" in caplog.text


@pytest.mark.parametrize(
    ("statement", "is_ours"),
    [
        ("SELECT nothing FROM projects", True),
        ("SELECT FROM", True),
        ("SELECT CAST(:number AS integer)", True),
        ("SELECT 1 / (id - id) FROM (SELECT 7 AS id) AS one", True),
        ("SELECT pg_terminate_backend(pg_backend_pid())", False),
        ("SELECT pg_sleep(60)", False),
        ("LOCK TABLE notices NOWAIT", False),
    ],
)
async def test_what_an_operator_can_mend(database: AsyncDatabase, statement: str, is_ours: bool) -> None:
    url = database.engine.url
    given = {"number": "no number"} if ":number" in statement else {}
    async with connection_to(url) as holder, database.session() as session:
        await holder.execute("BEGIN; LOCK TABLE notices")
        await session.execute(text("SET statement_timeout = '1s'"))
        with pytest.raises(exc.DBAPIError) as raised:
            await session.execute(text(statement), given)
        await holder.execute("ROLLBACK")
    assert (faults.remedy(raised.value) is None) == is_ours


def test_a_file_is_no_fault_of_the_database(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file") as raised:
        (tmp_path / "nothing").read_text()
    assert faults.remedy(raised.value) is None
    assert faults.remedy(ConnectionResetError(104, "Connection reset by peer")) is not None


@pytest.mark.parametrize("bad", [1, 2, 50, 500])
@pytest.mark.parametrize("kind", ["the server refuses it", "it cannot be sent"])
async def test_refused_rows_of_a_batch(database: AsyncDatabase, bad: int, kind: str) -> None:
    every = 500 // bad
    refused = {number for number in range(500) if number % every == every // 2}
    assert len(refused) == bad
    # Too long for the index of the key, in letters that do not compress; a number that fits no column.
    wrong = (
        {"external_id": os.urandom(9000).hex()}
        if kind == "the server refuses it"
        else {"duration_days": 2**40}
    )

    def item(number: int) -> Any:
        made = project(number)
        for name, value in wrong.items() if number in refused else ():
            setattr(made, name, f"{number}{value}" if isinstance(value, str) else value)
        return made

    queries: list[str] = []
    async with database.engine.connect() as connection, database.sessions(bind=connection) as session:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        driver.add_query_logger(lambda logged: queries.append(logged.query))
        batch = Batch(item(number) for number in range(500))
        result = await store_batch(session, batch, run_id=None, now=NOW)
    assert (result.new, len(result.rejected)) == (500 - bad, bad)
    assert await count(database, Row) == 500 - bad
    kept = {row.external_id for row in result.rejected}
    assert len(kept) == bad
    # Halving makes a tree: a part that is refused has two halves; one that is taken, or is a row, has none.
    # Of a level with 2^l parts at most min(2^l, k) hold a bad row. Down to the level with k parts that makes
    # fewer than k refused parts in all, and below it k on each of log2(n/k) levels: k * log2(n/k) + k, with
    # two halves each, and each half is a savepoint.
    savepoints = sum(query.startswith("SAVEPOINT") for query in queries)
    bound = 2 * bad * math.log2(500 / bad) + 2 * bad
    assert savepoints <= bound
    # In each part: the savepoint, the look at what is known, the history of what is taken, the savepoint's
    # end (the driver logs no COPY). Outside: the attempt without savepoints, and what is written once.
    assert len(queries) <= 4 * bound + 12
