"""Storing into a table that has grown, against the same into an empty one."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import text

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
PART = 250_000
"""Rows made in one statement."""

# About 1.5 kB a row, of ten platforms, among them the one that is written to, and of many clients.
_FILL = """
INSERT INTO projects (platform, external_id, url, title, description, skills, budget_min, budget_max,
    currency, status, posted_at, deadline_at, client_name, content_hash, first_seen_at, last_seen_at,
    changed_at)
SELECT CASE n % 10 WHEN 0 THEN 'sample' ELSE 'platform' || n % 10 END, 'old' || n,
    'https://market.example/old/' || n, '오래된 일감 ' || n, repeat(md5(CAST(n AS text)) || ' ', 40),
    ARRAY['Python', 'React'], n, n * 2, 'KRW', 'open', timestamptz '2026-01-01' + n * interval '1 second',
    timestamptz '2027-01-01' + n * interval '1 second', '클라이언트 ' || n % 200000,
    decode(md5(CAST(n AS text)), 'hex'), now(), now(), now()
FROM generate_series(CAST(:first AS int), CAST(:last AS int)) AS n
"""


async def grown(database: AsyncDatabase, store: Store, sizes: Sequence[int]) -> list[Figure]:
    """The rate of each kind of work at each of `sizes` over its rate in an empty table."""
    tables = ", ".join(models.Base.metadata.tables)
    async with database.engine.begin() as connection:
        await connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY"))
    empty = await _rates(database, store, 0)
    figures = []
    filled = 0
    for size in sizes:
        for first in range(filled, size, PART):
            async with database.engine.begin() as connection:
                span = {"first": first + 1, "last": min(first + PART, size)}
                await connection.execute(text(_FILL), span)
        filled = size
        async with database.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.execute(text("VACUUM ANALYZE projects"))
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
