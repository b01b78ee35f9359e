"""The one session of a run: kept on one connection, replaced when that breaks, alive by its heartbeat.

Apart from the pipeline because it is what stands between a crawl and a database that fails: what is tried
again, how long, and what says to other processes that this run is alive.
"""

from __future__ import annotations

import asyncio
import logging
import random
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self, TypeVar

from outsource_scraper.database import faults, runs
from outsource_scraper.database.session import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from scrapy.crawler import Crawler
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

    from outsource_scraper.database.session import AsyncDatabase

logger = logging.getLogger(__name__)

T = TypeVar("T")

_FAREWELL = 5.0
"""Seconds for taking leave of a connection."""


class RunSession:
    """A session on a connection of its own, which holds the run's lock, and one for what is asked beside.

    Two connections and no pool: a pool waits for the connections that it gave out, and one whose other end is
    gone may never come back.

    Settings: `STORE_RETRY_TIMES`, `STORE_RETRY_DELAY` (seconds before the first retry, doubled for each
    further one), `STORE_TIMEOUT` (seconds for one piece of work, so that a network that swallows everything
    is a fault like any other). Stat: `store/retries`.
    """

    def __init__(self, crawler: Crawler, database: AsyncDatabase) -> None:
        settings = crawler.settings
        self._times = settings.getint("STORE_RETRY_TIMES", 5)
        self._delay = settings.getfloat("STORE_RETRY_DELAY", 0.5)
        self._timeout = settings.getfloat("STORE_TIMEOUT", PATIENCE)
        self._stats = crawler.stats
        self._database = database
        self._line: _Line | None = None
        self._second: _Line | None = None
        self._lost: set[int] = set()
        """Ids of the server's processes of connections that were torn: it may not know yet."""
        self._one_aside = asyncio.Lock()
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
                line = await self._ready()
                return await line.within(self._timeout, work)
            except Exception as error:
                broken, self._line = self._line, None
                if broken is not None:
                    self._lost.add(broken.process)
                    await broken.throw_away()
                if not retries or not faults.is_transient(error):
                    raise
                logger.warning("The database failed (%s); next try soon", faults.sentence(error))
            retries -= 1
            self._stats.inc_value("store/retries")
            # Jitter: many crawlers lose the same server at the same moment.
            await asyncio.sleep(delay * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
            delay *= 2

    async def aside(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T | None:
        """Do `work` once, on a second connection; None where the database fails, which is no loss here."""

        async def and_end(session: AsyncSession) -> T:
            found = await work(session)
            # A question begins a transaction too, and the next one wants to begin its own.
            await session.rollback()
            return found

        async with self._one_aside:
            try:
                if self._second is None:
                    self._second = await _in_time(self._timeout, _Line.open(self._database))
                return await self._second.within(self._timeout, and_end)
            except Exception as error:
                broken, self._second = self._second, None
                if broken is not None:
                    await broken.throw_away()
                if not faults.is_transient(error):
                    raise
                logger.warning("The database failed (%s); the crawl does without", faults.sentence(error))
                return None

    async def close(self) -> None:
        """Disconnect, which lets go of the run's lock, and close the database."""
        pulse, self._pulse = self._pulse, None
        if pulse is not None:
            pulse.cancel()
            with suppress(asyncio.CancelledError):
                await pulse
        for line in (self._line, self._second):
            if line is not None:
                await line.throw_away()
        self._line = self._second = None
        # A connection whose other end is gone may never be closed.
        with suppress(TimeoutError):
            await _in_time(_FAREWELL, self._database.close())

    async def _ready(self) -> _Line:
        """The connection, with the run's lock as soon as PostgreSQL has let a lost connection go."""
        if self._line is None:
            self._line = await _in_time(self._timeout, _Line.open(self._database))
            self._is_held = False
            if lost := self._lost - {self._line.process}:
                await self._line.within(self._timeout, lambda session: runs.end_lost(session, lost))
            self._lost.clear()
        run_id = self._run_id
        if run_id is not None and not self._is_held:
            self._is_held = await self._line.within(
                self._timeout, lambda session: runs.hold_run(session, run_id)
            )
        return self._line

    async def _beat(self) -> None:
        run_id = self._run_id
        assert run_id is not None  # noqa: S101 - keep_alive has set it
        while True:
            await asyncio.sleep(runs.HEARTBEAT.total_seconds())
            try:
                await self.aside(lambda session: runs.beat(session, run_id))
            except Exception:
                logger.exception("Unforeseen error of a heartbeat")


class _Line:
    """A connection, the session on it, and the driver's connection below, by which it can be torn."""

    def __init__(self, connection: AsyncConnection, session: AsyncSession, driver: Any) -> None:
        self._connection = connection
        self._session = session
        self._driver = driver
        self.process: int = driver.get_server_pid()
        """The id of the server's process at the other end."""

    @classmethod
    async def open(cls, database: AsyncDatabase) -> Self:
        """Connect."""
        connection = await database.engine.connect()
        raw = await connection.get_raw_connection()
        return cls(connection, database.sessions(bind=connection), raw.driver_connection)

    async def within(self, seconds: float, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Do `work`, or raise TimeoutError behind `seconds`.

        Work that is only cancelled goes on to wait for the end of its transaction, from a server that may
        never answer; a torn connection answers at once.
        """
        return await _in_time(seconds, _awaiting(work(self._session)), self._driver.terminate)

    async def throw_away(self) -> None:
        """Tear the connection, whatever state it is in."""
        self._driver.terminate()
        # What is thrown away may be broken in any way.
        with suppress(Exception):
            await _in_time(_FAREWELL, self._session.close())
        with suppress(Exception):
            await _in_time(_FAREWELL, self._connection.invalidate())
        with suppress(Exception):
            await _in_time(_FAREWELL, self._connection.close())


async def _awaiting(work: Awaitable[T]) -> T:
    return await work


async def _in_time(
    seconds: float, work: Coroutine[Any, Any, T], wake: Callable[[], object] | None = None
) -> T:
    """Return what `work` returns; behind `seconds` let it go, woken by `wake`, and raise TimeoutError."""
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if task.cancelled():
            # By the driver, whose connection was torn; not by whoever waits here.
            raise ConnectionAbortedError("the connection was torn")
        if done:
            return task.result()
        if wake is not None:
            wake()
            await asyncio.wait({task}, timeout=_FAREWELL)
        raise TimeoutError(f"no answer in {seconds:g} s")
    finally:
        task.cancel()
        # Nobody asks any more how it ended.
        task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
