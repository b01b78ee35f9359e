"""How long an item is on its way: handed to the pipeline, until another connection sees it."""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import TYPE_CHECKING, Any

from scrapy import Spider
from scrapy.utils.test import get_crawler
from sqlalchemy import select

from benchmarks._projects import projects
from benchmarks._report import Figure
from outsource_scraper.database.models import Project as Row
from outsource_scraper.database.session import AsyncDatabase
from outsource_scraper.pipelines.store import StorePipeline

if TYPE_CHECKING:
    from outsource_scraper.config import Config
    from outsource_scraper.items import Project

RATE = 500
"""Items a second."""
SECONDS = 20


class _Nothing(Spider):
    name = "delay"


async def visible_after(config: Config) -> Figure:
    """The 99th percentile of the milliseconds, at `RATE` items a second for `SECONDS`."""
    settings: dict[str, Any] = {
        "DATABASE_URL": config.async_db_url.render_as_string(hide_password=False)
        if config.async_db_url
        else None,
        "DB_SCHEMA": config.db_schema,
        "OUTSOURCE_DATA_DIR": str(config.outsource_data_dir),
        "TWISTED_REACTOR_ENABLED": False,
    }
    crawler = get_crawler(_Nothing, settings)
    crawler.spider = crawler._create_spider()
    store = StorePipeline.from_crawler(crawler)
    await store.open_spider()
    handed: dict[str, float] = {}
    seen: dict[str, float] = {}

    async def watch() -> None:
        last = 0
        async with await AsyncDatabase.from_config(config) as database, database.session() as session:
            while len(seen) < RATE * SECONDS:
                rows = await session.execute(
                    select(Row.id, Row.external_id)
                    .where(Row.platform == "delay", Row.id > last)
                    .order_by(Row.id)
                )
                now = time.perf_counter()
                for last, external_id in rows:  # noqa: B007 - the last one counts
                    seen[external_id] = now
                await session.rollback()
                await asyncio.sleep(0.005)

    async def hand(project: Project) -> None:
        handed[project.external_id] = time.perf_counter()
        await store.process_item(project)

    watching = asyncio.create_task(watch())
    begun = time.perf_counter()
    tasks = []
    for number, project in enumerate(projects(RATE * SECONDS, platform="delay")):
        await asyncio.sleep(max(0.0, begun + number / RATE - time.perf_counter()))
        tasks.append(asyncio.create_task(hand(project)))
    await asyncio.gather(*tasks)
    await asyncio.wait_for(watching, 60)
    await store.close_spider()
    delays = [(seen[key] - handed[key]) * 1000 for key in handed]
    return Figure(
        name=f"from the item to its sight, p99 at {RATE} items/s",
        value=statistics.quantiles(delays, n=100)[98],
        unit="ms",
        at_most=250,
        note=f"median {statistics.median(delays):.0f} ms",
    )
