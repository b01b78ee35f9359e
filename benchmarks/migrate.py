"""Migrating a table that has grown, while others write to it and read it: how long they have to wait.

`ROWS` projects of the first revision, two of five of them closed, are brought to the newest one by a
`scrapy migrate` process. Meanwhile one connection stores a project and touches another every few
milliseconds, and one asks for the newest projects. A second time a transaction is open on the table when the
migration begins, as that of a report or a backup: whatever the migration waits for, nobody waits behind it.

What counts is how long PostgreSQL says that they wait for a lock, asked every few milliseconds by a third
connection. How long they wait for their answers is printed beside it: on a busy machine that is mostly for a
processor, as the same without a migration tells.
"""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from alembic import command
from sqlalchemy import text
from sqlalchemy.schema import CreateSchema

from benchmarks._old_rows import fill
from benchmarks._report import Figure
from benchmarks._servers import schema, with_database
from outsource_scraper.config import Config
from outsource_scraper.database import migrate
from outsource_scraper.database.session import AsyncDatabase

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy import Connection

ROWS = int(os.environ.get("BENCHMARK_ROWS", "1000000").partition(",")[0])
FIRST = "0001"
PAUSE = 0.004
"""Seconds between two statements of the writer, and of the reader."""
QUIET = 10.0
"""Seconds in which they work before the migration begins: what they wait without it."""
LONG = 5.0
"""Seconds of the transaction that is open on the table."""
MOST = 200.0
"""Milliseconds that are a moment."""

_STORE = text("""
INSERT INTO projects (platform, external_id, url, title, status, content_hash, first_seen_at, last_seen_at,
    changed_at)
VALUES ('live', CAST(:number AS text), 'https://market.example/live', '새 일감', 'open', '\\x01',
    now(), now(), now())
""")
_TOUCH = text("UPDATE projects SET last_seen_at = now() WHERE id = :id")
_WAITING = text(
    "SELECT pid, CAST(extract(epoch FROM clock_timestamp() - waitstart) AS float) FROM pg_locks"
    " WHERE NOT granted AND waitstart IS NOT NULL"
)
_READ = text(
    "SELECT id, title FROM projects WHERE closed_at IS NULL ORDER BY listed_at DESC, id DESC LIMIT 20"
)


def measure() -> list[Figure]:
    """The longest waits, and how long the migration took."""
    with with_database() as environment, schema(environment) as env:
        return asyncio.run(_measure(Config.load(env)))


async def _measure(config: Config) -> list[Figure]:
    async with await AsyncDatabase.from_config(config) as database:
        await _fill(database, config.db_schema)
        before = await _waits(config, asyncio.sleep(QUIET))
        taken, alone = await _migrated(config)
        await _move(database, config.db_schema, "downgrade")
        _, beside = await _migrated(config, _open_for_long(database))
    return [
        *_figures(f"{ROWS:,} rows", alone, before),
        *_figures(f"beside a transaction of {LONG:g} s", beside, before),
        Figure(name="the migration's own time", value=taken, unit="s", note=f"{ROWS:,} rows"),
    ]


def _figures(where: str, during: _Waits, before: _Waits) -> list[Figure]:
    return [
        Figure(
            name=f"longest wait of a {who} for a lock, {where}",
            value=during.locked.get(who, 0.0) * 1000,
            unit="ms",
            at_most=MOST,
            note=f"for an answer {max(answers) * 1000:.0f} ms, of {len(answers):,}; "
            f"without a migration {max(getattr(before, who)) * 1000:.0f} ms",
        )
        for who, answers in (("writer", during.writer), ("reader", during.reader))
    ]


async def _fill(database: AsyncDatabase, name: str) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(CreateSchema(name))
    await _move(database, name, "upgrade")
    await fill(database, 0, ROWS, closed=2)


async def _move(database: AsyncDatabase, name: str, direction: str) -> None:
    """Bring the tables to the first revision."""

    def move(connection: Connection) -> None:
        config = migrate.alembic_config()
        config.attributes.update(connection=connection, schema=name)
        getattr(command, direction)(config, FIRST)

    async with database.engine.connect() as connection:
        await connection.run_sync(move)


@dataclass(slots=True)
class _Waits:
    """Seconds of every transaction, and the longest in which PostgreSQL let it wait for a lock."""

    writer: list[float] = field(default_factory=list)
    reader: list[float] = field(default_factory=list)
    locked: dict[str, float] = field(default_factory=dict)
    processes: dict[int, str] = field(default_factory=dict)
    """Who works on which process of the server."""


async def _waits(config: Config, work: Awaitable[Any]) -> _Waits:
    """What writer and reader wait for while `work` is under way."""
    waits = _Waits()
    ended = asyncio.Event()
    chance = random.Random(1)

    async def write(connection: Any) -> None:
        await connection.execute(_STORE, {"number": f"{time.monotonic_ns()}"})
        await connection.execute(_TOUCH, {"id": chance.randrange(1, ROWS + 1)})

    async def read(connection: Any) -> None:
        await connection.execute(_READ)

    async with await AsyncDatabase.from_config(config) as database:
        working = [
            asyncio.create_task(_again_and_again(database, ended, write, waits, "writer")),
            asyncio.create_task(_again_and_again(database, ended, read, waits, "reader")),
            asyncio.create_task(_watch_locks(database, ended, waits)),
        ]
        await work
        ended.set()
        await asyncio.gather(*working)
    return waits


async def _again_and_again(
    database: AsyncDatabase,
    ended: asyncio.Event,
    transact: Callable[[Any], Awaitable[None]],
    waits: _Waits,
    who: str,
) -> None:
    async with database.engine.connect() as connection:
        waits.processes[(await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()] = who
        await connection.commit()
        while not ended.is_set():
            begun = time.perf_counter()
            await transact(connection)
            await connection.commit()
            getattr(waits, who).append(time.perf_counter() - begun)
            await asyncio.sleep(PAUSE)


async def _watch_locks(database: AsyncDatabase, ended: asyncio.Event, waits: _Waits) -> None:
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        while not ended.is_set():
            for process, seconds in await connection.execute(_WAITING):
                if who := waits.processes.get(process):
                    waits.locked[who] = max(waits.locked.get(who, 0.0), seconds)
            await asyncio.sleep(PAUSE)


async def _migrated(config: Config, beside: Awaitable[None] | None = None) -> tuple[float, _Waits]:
    """Seconds that `scrapy migrate` took, and the waits; `beside` goes on meanwhile."""
    url = config.async_db_url
    assert url is not None
    environment = {
        **os.environ,
        "DATABASE_URL": url.render_as_string(hide_password=False),
        "DB_SCHEMA": config.db_schema,
        "OUTSOURCE_DATA_DIR": str(config.outsource_data_dir),
    }
    taken = 0.0

    async def run() -> None:
        nonlocal taken
        begun = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "scrapy.cmdline", "migrate", env=environment, stdout=subprocess.DEVNULL
        )
        if await process.wait():
            raise RuntimeError(f"scrapy migrate ended with {process.returncode}")
        taken = time.perf_counter() - begun

    other = None if beside is None else asyncio.ensure_future(beside)
    waits = await _waits(config, run())
    if other is not None:
        await other
    return taken, waits


async def _open_for_long(database: AsyncDatabase) -> None:
    async with database.engine.connect() as connection:
        await connection.execute(text("SELECT id FROM projects LIMIT 1"))
        await asyncio.sleep(LONG)
