"""Storing into a table that has grown, against the same into an empty one."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import text

from benchmarks._old_rows import fill
from benchmarks._projects import NOW, projects
from benchmarks._report import Figure
from outsource_scraper.database import models
from outsource_scraper.database.runs import start_run

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from outsource_scraper.database.session import AsyncDatabase
    from outsource_scraper.items import Project

    Store = Callable[[AsyncSession, list[Project], int, datetime], Awaitable[None]]

ITEMS = 20_000
ROUNDS = 3


async def grown(database: AsyncDatabase, store: Store, sizes: Sequence[int]) -> list[Figure]:
    """The rate of each kind of work at each of `sizes` over its rate in an empty table."""
    tables = ", ".join(models.Base.metadata.tables)
    async with database.engine.begin() as connection:
        await connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY"))
    empty = await _rates(database, store, 0)
    figures = []
    filled = 0
    for size in sizes:
        await fill(database, filled, size)
        filled = size
        rates = await _rates(database, store, size)
        figures += [
            Figure(
                name=f"{kind} at {size:,} rows / at none",
                value=rates[kind] / empty[kind],
                at_least=0.7,
                note=f"{rates[kind]:,.0f} items/s",
            )
            for kind in empty
        ]
    return figures


async def _rates(database: AsyncDatabase, store: Store, size: int) -> dict[str, float]:
    """Items a second by kind of work; what was stored is deleted again."""
    found: dict[str, list[float]] = defaultdict(list)
    for number in range(ROUNDS):
        items = list(projects(ITEMS, first=10_000_000 + size + number * ITEMS))
        others = [replace(item, title=f"{item.title} (수정)") for item in items]
        async with database.engine.connect() as connection, database.sessions(bind=connection) as session:
            run_id = (await start_run(session, "sample", "new", {})).id
            for kind, given, hours in (("new", items, 0), ("unchanged", items, 1), ("changed", others, 2)):
                begun = time.perf_counter()
                await store(session, given, run_id, NOW + timedelta(hours=hours))
                found[kind].append(ITEMS / (time.perf_counter() - begun))
        async with database.engine.begin() as connection:
            await connection.execute(
                text("DELETE FROM projects WHERE url LIKE 'https://market.example/projects/%'")
            )
            await connection.execute(text("TRUNCATE project_changes, project_counts"))
    return {kind: statistics.median(rates) for kind, rates in found.items()}
