"""Storing: against plain COPY of ready-made rows, against the usual way with an ORM, and as part of a crawl.

The database is that of `DATABASE_URL`, in a schema of its own that is dropped at the end; without one an
embedded PostgreSQL is started for the run. Both sides of a ratio take turns, and the median of the rounds
counts, because a machine is never quiet.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import statistics
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, text

from benchmarks._delay import visible_after
from benchmarks._grown import grown
from benchmarks._projects import NOW, projects
from benchmarks._report import Figure
from benchmarks._servers import schema, with_database
from outsource_scraper.config import Config
from outsource_scraper.database import models
from outsource_scraper.database.batches import Batch
from outsource_scraper.database.changes import content_hash
from outsource_scraper.database.copying import COLUMNS, to_json
from outsource_scraper.database.projects import TOUCH_AFTER, store_batch
from outsource_scraper.database.runs import start_run
from outsource_scraper.database.session import AsyncDatabase

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from outsource_scraper.items import Project

ITEMS = 20_000
BATCH = 2000
"""The default of `STORE_BATCH_SIZE`."""
ROUNDS = 5
ORM_ITEMS = 1000
"""One by one they take long, and their rate does not depend on how many they are."""
CRAWL_ROUNDS = 5
MEMORY_ITEMS = 200_000
GROWN = [int(rows) for rows in os.environ.get("BENCHMARK_ROWS", "1000000,5000000").split(",") if rows]
"""Rows that are in the table already; 5,000,000 of them take 10 GB of disk."""


def measure() -> list[Figure]:
    """All figures of the store."""
    with with_database() as environment, schema(environment) as env:
        return asyncio.run(_measure(Config.load(env)))


async def _measure(config: Config) -> list[Figure]:
    database = await AsyncDatabase.from_config(config)
    try:
        await database.initialize()
        return [
            *await _rows(database),
            await visible_after(config),
            *await _crawls(config, database),
            await _memory(config, database),
            *await grown(database, _store, GROWN),
        ]
    finally:
        await database.close()


@dataclass(slots=True)
class _Round:
    """Seconds for `ITEMS` items, or for one of them in `orm`."""

    copy: float
    copy_in_batches: float
    new: float
    unchanged: float
    touched: float
    changed: float
    orm: float


async def _rows(database: AsyncDatabase) -> list[Figure]:
    items = list(projects(ITEMS))
    others = [replace(item, title=f"{item.title} (수정)", bids_count=99) for item in items]
    ready_made = [_row(number, item) for number, item in enumerate(items, 1)]
    rounds = []
    # No crawl holds 40,000 projects: the collector is not to walk through them again and again.
    gc.collect()
    gc.freeze()
    async with _bound_session(database) as session:
        for _ in range(ROUNDS):
            driver: Any = (await (await session.connection()).get_raw_connection()).driver_connection
            await session.rollback()
            await _empty(database)
            copy = await _seconds(
                driver.copy_records_to_table("projects", records=ready_made, columns=COLUMNS)
            )
            await _empty(database)
            copy_in_batches = await _seconds(_copy_in_batches(driver, ready_made))
            await _empty(database)
            run_id = (await start_run(session, "sample", "new", {})).id
            new = await _seconds(_store(session, items, run_id, NOW))
            unchanged = await _seconds(_store(session, items, run_id, NOW))
            touched = await _seconds(_store(session, items, run_id, NOW + TOUCH_AFTER + timedelta(minutes=1)))
            later = NOW + 2 * (TOUCH_AFTER + timedelta(minutes=1))
            changed = await _seconds(_store(session, others, run_id, later))
            await _empty(database)
            orm = await _seconds(_store_by_orm(database, items[:ORM_ITEMS])) / ORM_ITEMS
            rounds.append(_Round(copy, copy_in_batches, new, unchanged, touched, changed, orm))

    gc.unfreeze()

    def ratio(name: str, value: Any, at_least: float | None, what: str) -> Figure:
        rate = statistics.median(ITEMS / getattr(one, what) for one in rounds)
        return Figure(
            name=name,
            value=statistics.median(map(value, rounds)),
            at_least=at_least,
            note=f"{rate:,.0f} items/s",
        )

    return [
        ratio(
            f"new projects / plain COPY, {BATCH:,} rows a commit",
            lambda one: one.copy_in_batches / one.new,
            None,
            "new",
        ),
        ratio("new projects / plain COPY of all at once", lambda one: one.copy / one.new, 0.6, "new"),
        ratio("unchanged, seen lately / plain COPY", lambda one: one.copy / one.unchanged, 1.5, "unchanged"),
        ratio("all changed / plain COPY", lambda one: one.copy / one.changed, 0.4, "changed"),
        ratio("unchanged, touched / plain COPY", lambda one: one.copy / one.touched, None, "touched"),
        ratio(
            "new projects / select, insert, commit by ORM", lambda one: one.orm * ITEMS / one.new, 10, "new"
        ),
    ]


async def _copy_in_batches(driver: Any, ready_made: list[tuple[Any, ...]]) -> None:
    for start in range(0, len(ready_made), BATCH):
        batch = ready_made[start : start + BATCH]
        async with driver.transaction():
            await driver.copy_records_to_table("projects", records=batch, columns=COLUMNS)


@asynccontextmanager
async def _bound_session(database: AsyncDatabase) -> AsyncIterator[AsyncSession]:
    async with (
        database.engine.connect() as connection,
        database.sessions(bind=connection) as session,
    ):
        yield session


async def _empty(database: AsyncDatabase) -> None:
    async with database.engine.begin() as connection:
        tables = ", ".join(models.Base.metadata.tables)
        await connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY"))


async def _seconds(work: Awaitable[Any]) -> float:
    begun = time.perf_counter()
    await work
    return time.perf_counter() - begun


async def _store(session: AsyncSession, items: list[Project], run_id: int, now: datetime) -> None:
    """As the pipeline does: the next batch fills while one is being written."""
    closed: asyncio.Queue[Batch | None] = asyncio.Queue(1)

    async def fill() -> None:
        batch = Batch()
        for count, item in enumerate(items, 1):
            batch.add(item)
            if len(batch) == BATCH:
                await closed.put(batch)
                batch = Batch()
            elif not count % 50:
                await asyncio.sleep(0)
        await closed.put(None)

    filling = asyncio.create_task(fill())
    while (batch := await closed.get()) is not None:
        await store_batch(session, batch, run_id=run_id, now=now)
    await filling


async def _store_by_orm(database: AsyncDatabase, items: list[Project]) -> None:
    """As a pipeline is usually written: look the item up, add it, commit."""
    async with database.session() as session:
        for item in items:
            same = (models.Project.platform == item.platform) & (
                models.Project.external_id == item.external_id
            )
            if await session.scalar(select(models.Project).where(same)) is None:
                fields = {name: getattr(item, name) for name in item.__slots__}
                times = dict.fromkeys(("first_seen_at", "last_seen_at", "changed_at"), NOW)
                session.add(models.Project(**fields, **times, content_hash=content_hash(item)))
                await session.commit()


def _row(project_id: int, item: Project) -> tuple[Any, ...]:
    values = {name: getattr(item, name) for name in item.__slots__} | {
        "id": project_id,
        "content_hash": content_hash(item),
        "first_seen_at": NOW,
        "last_seen_at": NOW,
        "changed_at": NOW,
        "closed_at": None,
        "project_metadata": to_json(item.project_metadata),
    }
    return tuple(values.get(name) for name in COLUMNS)


async def _crawls(config: Config, database: AsyncDatabase) -> list[Figure]:
    rounds = []
    for _ in range(CRAWL_ROUNDS):
        await _empty(database)
        bare = await _crawl(config, database, "--no-pipelines", pages=ITEMS // 100)
        full = await _crawl(config, database, pages=ITEMS // 100)
        if not full["stored"] == full["items"] == bare["items"] == ITEMS:
            raise RuntimeError(f"a crawl of {ITEMS} items ended with {bare} and {full}")
        rounds.append((bare["seconds"], full["seconds"]))
    return [
        Figure(
            name="crawl with all pipelines / without any",
            value=statistics.median(bare / full for bare, full in rounds),
            at_least=0.6,
            note=f"{statistics.median(ITEMS / full for _, full in rounds):,.0f} items/s",
        )
    ]


async def _memory(config: Config, database: AsyncDatabase) -> Figure:
    await _empty(database)
    crawl = await _crawl(config, database, "--memory-at", str(ITEMS), pages=MEMORY_ITEMS // 100)
    if crawl["stored"] != MEMORY_ITEMS:
        raise RuntimeError(f"a crawl of {MEMORY_ITEMS} items ended with {crawl}")
    return Figure(
        name=f"memory after {MEMORY_ITEMS:,} items over that after {ITEMS:,}",
        value=(crawl["memory_at_end"] - crawl["memory"]) / 2**20,
        unit="MB",
        at_most=20,
        note=f"{crawl['memory_at_end'] / 2**20:.0f} MB",
    )


async def _crawl(config: Config, database: AsyncDatabase, *arguments: str, pages: int) -> dict[str, Any]:
    environment = {
        **os.environ,
        "DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
        "DB_SCHEMA": config.db_schema,
        "OUTSOURCE_DATA_DIR": str(config.outsource_data_dir),
    }
    command = [sys.executable, "-m", "benchmarks._crawl", "--pages", str(pages), *arguments]
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=subprocess.PIPE)
    output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    result: dict[str, Any] = json.loads(output)
    return result
