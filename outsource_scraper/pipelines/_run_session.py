"""The one session of a run: kept on one connection, replaced when that breaks, alive by its heartbeat.

Apart from the pipeline because it is what stands between a crawl and a database that fails: what is tried
again, how long, and what says to other processes that this run is alive.
"""

from __future__ import annotations

import asyncio
import logging
import random
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from outsource_scraper.database import faults, runs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from scrapy.crawler import Crawler
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

    from outsource_scraper.database.session import AsyncDatabase

logger = logging.getLogger(__name__)

T = TypeVar("T")

_FAREWELL = 5.0
"""Seconds for taking leave of a connection."""


class RunSession:
    """A session on a connection of its own, which holds the lock of the run.

    Settings: `STORE_RETRY_TIMES`, `STORE_RETRY_DELAY` (seconds before the first retry, doubled for each
    further one), `STORE_TIMEOUT` (seconds for one piece of work, so that a network that swallows everything
    is a fault like any other). Stat: `store/retries`.
    """

    def __init__(self, crawler: Crawler, database: AsyncDatabase) -> None:
        settings = crawler.settings
        self._times = settings.getint("STORE_RETRY_TIMES", 5)
        self._delay = settings.getfloat("STORE_RETRY_DELAY", 0.5)
        self._timeout = settings.getfloat("STORE_TIMEOUT", 60.0)
        self._stats = crawler.stats
        self._database = database
        self._connection: AsyncConnection | None = None
        self._session: AsyncSession | None = None
        self._run_id: int | None = None
        self._is_held = False
        self._pulse: asyncio.Task[None] | None = None

    def keep_alive(self, run_id: int) -> None:
        """From now on show that the run is alive; its row was opened, and its lock taken, on this session."""
        self._run_id, self._is_held = run_id, True
        self._pulse = asyncio.create_task(self._beat())

    async def persistently(
        self, work: Callable[[AsyncSession], Awaitable[T]], *, patiently: bool = True
    ) -> T:
        """Do `work`; after a transient fault again, on a fresh connection."""
        delay = self._delay
        retries = self._times if patiently else 0
        while True:
            try:
                async with asyncio.timeout(self._timeout):
                    return await work(await self._ready())
            except Exception as error:
                await self._disconnect()
                if not retries or not faults.is_transient(error):
                    raise
                logger.warning("The database failed (%s); next try soon", faults.sentence(error))
            retries -= 1
            self._stats.inc_value("store/retries")
            # Jitter: many crawlers lose the same server at the same moment.
            await asyncio.sleep(delay * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
            delay *= 2

    async def close(self) -> None:
        """Disconnect, which lets go of the run's lock."""
        pulse, self._pulse = self._pulse, None
        if pulse is not None:
            pulse.cancel()
            with suppress(asyncio.CancelledError):
                await pulse
        await self._disconnect()

    async def _ready(self) -> AsyncSession:
        """The session, connected, with the run's lock as soon as PostgreSQL has let a lost connection go."""
        if self._session is None:
            self._connection = await self._database.engine.connect()
            self._session = self._database.sessions(bind=self._connection)
            self._is_held = False
        if self._run_id is not None and not self._is_held:
            self._is_held = await runs.hold_run(self._session, self._run_id)
        return self._session

    async def _disconnect(self) -> None:
        session, self._session = self._session, None
        connection, self._connection = self._connection, None
        # What is thrown away may be broken in any way, and hang.
        with suppress(Exception):
            async with asyncio.timeout(_FAREWELL):
                if session is not None:
                    await session.close()
        with suppress(Exception):
            async with asyncio.timeout(_FAREWELL):
                if connection is not None:
                    await connection.invalidate()
                    await connection.close()

    async def _beat(self) -> None:
        run_id = self._run_id
        assert run_id is not None  # noqa: S101 - keep_alive has set it
        while True:
            await asyncio.sleep(runs.HEARTBEAT.total_seconds())
            try:
                async with asyncio.timeout(self._timeout), self._database.session() as session:
                    await runs.beat(session, run_id)
            except Exception as error:  # noqa: BLE001 - the writer will meet it too, and act on it
                logger.debug("No heartbeat: %s", faults.sentence(error))
