"""Stores what the spiders found: group commit, as databases do it with their own log.

An item joins the open batch and waits for that batch's commit. So an item that Scrapy reports as scraped is
in the database, and a slow database slows the crawl down by itself, because Scrapy waits for its items. While
one batch is being written the next one fills; there is one writer and one session.
"""

from __future__ import annotations

import asyncio
import logging
import random
from array import array
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self, TypeVar

from scrapy.exceptions import DropItem

from outsource_scraper.config import Config
from outsource_scraper.database import faults, listings, runs
from outsource_scraper.database.changes import content_hash
from outsource_scraper.database.projects import Batch, BatchResult, close_absent, store_batch
from outsource_scraper.database.retention import purge
from outsource_scraper.database.session import AsyncDatabase
from outsource_scraper.database.spool import Spool, UnreadableSpool
from outsource_scraper.errors import DatabaseUnavailable
from outsource_scraper.items import Project, RejectedRecord

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from pathlib import Path

    from scrapy.crawler import Crawler
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

logger = logging.getLogger(__name__)

T = TypeVar("T")


class _Group:
    """A batch, and the items that wait for it."""

    __slots__ = ("batch", "done", "linger", "opened_at", "refused", "stored")

    def __init__(self, linger: asyncio.TimerHandle) -> None:
        self.batch = Batch()
        self.done = asyncio.Event()
        self.linger = linger
        self.opened_at = datetime.now(UTC)
        self.stored = False
        self.refused: frozenset[tuple[str, str | None]] = frozenset()
        """Platform and external id of what stands in `rejected_records` now."""


class StorePipeline:
    """Puts every `Project` and `RejectedRecord` into PostgreSQL; anything else passes through.

    A stored project goes on to whatever comes after the pipelines. Everything else is dropped with its
    reason: a rejected record, a row that PostgreSQL refused (both stand in `rejected_records`), and an item
    of a batch that the database would not take and that waits on disk (see `database.spool`).

    Settings: `STORE_BATCH_SIZE` (items), `STORE_BATCH_LINGER` (seconds a batch waits for more),
    `STORE_RETRY_TIMES`, `STORE_RETRY_DELAY` (seconds before the first retry, doubled for each further one).

    Stats `store/...`: `new`, `updated`, `unchanged`, `reopened`, `duplicates`, `rejected`, `spooled` and
    `lost` (neither the database nor the disk would take them) add up to the items taken in; then `closed`,
    `batches`, `retries`, and `unspooled`, the items that an earlier run had left on disk.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        settings = crawler.settings
        self._size = settings.getint("STORE_BATCH_SIZE", 2000)
        self._linger = settings.getfloat("STORE_BATCH_LINGER", 0.05)
        self._retry_times = settings.getint("STORE_RETRY_TIMES", 5)
        self._retry_delay = settings.getfloat("STORE_RETRY_DELAY", 0.5)

        self._stats = crawler.stats
        self._connection: AsyncConnection | None = None
        self._session: AsyncSession | None = None
        self.run_id: int | None = None
        """The row of this run in `crawl_runs`, once the spider is open."""
        self.platform = ""
        self._seen: array[int] | None = None
        """`projects.id` of what was seen, where the whole listing is read. An array: 8 bytes a project."""
        self._unidentified = 0
        self._told: dict[str, bytes] = {}
        """By external id, the hash of what a listing told of projects that are not stored yet."""
        self._open: _Group | None = None
        self._closed: asyncio.Queue[_Group | None] = asyncio.Queue()
        self._writer: asyncio.Task[None] | None = None
        """None until the spider is open."""
        self._failed = False
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor; nothing is connected before the spider is open."""
        return cls(crawler)

    async def open_spider(self) -> None:
        """Open the database and the run's row, and store what earlier runs left on disk.

        Raises DatabaseUnavailable or ConfigError, on which Scrapy crawls nothing and exits with 1.
        """
        spider = self._crawler.spider
        assert spider is not None  # noqa: S101 - Scrapy has made it before it opens the pipelines
        self.platform = spider.name
        mode = getattr(spider, "mode", None)
        self._seen = array("q") if mode == "full" else None
        self._stats.set_value("store/batches", 0)
        config = Config.load(self._crawler.settings)
        self._spool = Spool.of(config)
        self._database = await AsyncDatabase.from_config(config, pool_size=2)
        try:
            await self._database.initialize()
            arguments = getattr(spider, "arguments", {})
            self.run_id = await self._persistently(
                lambda session: runs.start_run(session, self.platform, mode, arguments)
            )
            for path in self._spool.waiting():
                await self._unspool(path)
            await self._purge()
        except BaseException as error:
            await self._release()
            if faults.is_transient(error) or faults.sqlstate(error):
                message = (
                    f"The database cannot be written to now ({faults.sentence(error)}): try again later."
                )
                raise DatabaseUnavailable(message) from error
            raise
        self._writer = asyncio.create_task(self._write_groups())

    async def process_item(self, item: Any) -> Any:
        """Return a project when it is committed.

        Raises DropItem for what did not become a row of `projects`.
        """
        if not isinstance(item, Project | RejectedRecord):
            return item
        group = self._open
        if group is None:
            linger = asyncio.get_running_loop().call_later(self._linger, self._close_group)
            group = self._open = _Group(linger)
        group.batch.add(item)
        if len(group.batch) >= self._size:
            self._close_group()
        # Not a future that all share: cancelling one waiting item would cancel the batch for the others.
        await group.done.wait()
        if not group.stored:
            raise DropItem("not in the database; the log says where it is", log_level="DEBUG")
        if group.refused and (item.platform, item.external_id) in group.refused:
            raise DropItem("set aside in rejected_records", log_level="DEBUG")
        return item

    async def close_spider(self) -> None:
        """Write the last batch, close what a run over the whole listing has not seen, and disconnect.

        Scrapy calls this also where `open_spider` has failed: then nothing is open.
        """
        writer = self._writer
        if writer is None:
            return
        try:
            self._close_group()
            self._closed.put_nowait(None)
            await writer
            await self._close_absent()
        finally:
            await self._release()

    async def known(
        self, projects: Iterable[Project], *, remember: bool = False
    ) -> tuple[set[str], set[str]]:
        """Of `projects` as a listing tells them: the ids that are stored, and those without news.

        With `remember` the others are noted as told, once they are stored.
        """
        hashes = {project.external_id: content_hash(project) for project in projects}
        async with self._database.session() as session:
            stored, same = await listings.compare(session, self.platform, hashes)
        if remember:
            self._told |= {key: value for key, value in hashes.items() if key not in same}
        return stored, same

    def session(self) -> AsyncSession:
        """A session of its own on the crawl's database, for the extensions; close it."""
        return self._database.session()

    async def finish_run(self, verdict: str, reason: str | None) -> None:
        """Write the verdict into the run's row; for whoever judges the run once the spider is closed.

        A database that cannot be reached then leaves the row without one, and a line in the log.
        """
        run_id, stats = self.run_id, self._stats.get_stats()
        if run_id is None:
            return
        counts = {"pages": stats.get("listing/pages", 0), "spooled": stats.get("store/spooled", 0)}
        complete = bool(getattr(self._crawler.spider, "complete", False))

        async def finish(session: AsyncSession) -> None:
            async with session.begin():
                await runs.finish_run(
                    session, run_id, verdict, reason=reason, complete=complete, counts=counts, stats=stats
                )

        try:
            await self._persistently(finish, patiently=not self._failed)
        except Exception as error:
            if not faults.is_transient(error):
                raise
            logger.error("The run's verdict is not in the database: %s", faults.sentence(error))
        finally:
            await self._release()

    async def _purge(self) -> None:
        """Delete what the platform's terms let nobody keep any longer."""
        retention = getattr(getattr(self._crawler.spider, "platform", None), "retention", None)
        if retention is not None:
            before = datetime.now(UTC) - retention
            count = await self._persistently(lambda session: purge(session, self.platform, before))
            self._stats.set_value("store/purged", count)

    def _close_group(self) -> None:
        group, self._open = self._open, None
        if group is not None:
            group.linger.cancel()
            self._closed.put_nowait(group)

    async def _write_groups(self) -> None:
        while (group := await self._closed.get()) is not None:
            try:
                await self._store(group)
                await self._remember(group.batch)
            except Exception:
                # The writer must outlive it: items of all further batches wait for it.
                logger.exception("Unforeseen error behind a stored batch")
            finally:
                group.done.set()

    async def _store(self, group: _Group) -> None:
        batch = group.batch
        try:
            # Once given up, not again: every further batch would wait out all its retries.
            result = await self._commit(batch, group.opened_at, patiently=not self._failed)
        except Exception as error:  # noqa: BLE001 - whatever it was, the batch must not be lost
            await self._give_up(batch, group.opened_at, error)
            return
        group.stored = True
        self._stats.inc_value("store/batches")
        for name, count in result.counts().items():
            if count:
                self._stats.inc_value(f"store/{name}", count)
        if result.rejected:
            group.refused = frozenset((record.platform, record.external_id) for record in result.rejected)
            logger.warning(
                "%d records were set aside in rejected_records, the first because: %s",
                len(result.rejected),
                result.rejected[0].reason,
            )
        if self._seen is not None:
            self._seen.extend(result.project_ids)
            self._unidentified += result.unidentified

    async def _remember(self, batch: Batch) -> None:
        """Note how the listing told of what is stored now. Lost, it costs a detail page fetched once more."""
        readings = batch.projects.get(self.platform, {})
        told = {key: self._told.pop(key) for key in readings if key in self._told} if self._told else {}
        if told:
            await self._persistently(lambda session: listings.remember(session, self.platform, told))

    async def _commit(self, batch: Batch, read_at: datetime, *, patiently: bool = True) -> BatchResult:
        return await self._persistently(
            lambda session: store_batch(session, batch, run_id=self.run_id, now=read_at),
            patiently=patiently,
        )

    async def _persistently(
        self, work: Callable[[AsyncSession], Awaitable[T]], *, patiently: bool = True
    ) -> T:
        """Do `work` with the run's session; after a transient fault again, on a fresh connection."""
        delay = self._retry_delay
        retries = self._retry_times if patiently else 0
        while True:
            try:
                return await work(self._session or await self._connect())
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

    async def _connect(self) -> AsyncSession:
        # One connection for the whole run: it holds the lock that says the run is alive.
        self._connection = await self._database.engine.connect()
        self._session = self._database.sessions(bind=self._connection)
        if self.run_id is not None:
            await runs.hold_run(self._session, self.run_id)
        return self._session

    async def _disconnect(self) -> None:
        session, self._session = self._session, None
        connection, self._connection = self._connection, None
        # What is thrown away may be broken in any way.
        with suppress(Exception):
            if session is not None:
                await session.close()
        with suppress(Exception):
            if connection is not None:
                await connection.invalidate()
                await connection.close()

    async def _release(self) -> None:
        await self._disconnect()
        await self._database.close()

    async def _give_up(self, batch: Batch, read_at: datetime, error: Exception) -> None:
        """Put a batch on the disk and end the crawl."""
        reason = faults.sentence(error)
        if not (faults.is_transient(error) or faults.sqlstate(error)):
            logger.error("Unforeseen error while storing", exc_info=error)
        try:
            path = await asyncio.to_thread(self._spool.write, batch, read_at)
        except OSError as disk_error:
            self._stats.inc_value("store/lost", len(batch))
            logger.critical(
                "%d items are lost: the database would not take them (%s), nor the disk (%s)",
                len(batch),
                reason,
                disk_error,
            )
        else:
            self._stats.inc_value("store/spooled", len(batch))
            logger.error(
                "The database would not take %d items (%s): they wait in %s for the next run",
                len(batch),
                reason,
                path,
            )
        if not self._failed:
            self._failed = True
            # Not awaited: the engine waits for the items under way, which wait for us.
            stop = asyncio.create_task(self._stop())
            self._tasks.add(stop)
            stop.add_done_callback(self._tasks.discard)

    async def _stop(self) -> None:
        engine = self._crawler.engine
        if engine is not None:
            await engine.close_spider_async(reason="storage_failed")

    async def _unspool(self, path: Path) -> None:
        try:
            batch, read_at = await asyncio.to_thread(self._spool.read, path)
        except UnreadableSpool as error:
            logger.error("%s", error)
            return
        except FileNotFoundError:
            return
        await self._commit(batch, read_at)
        self._spool.remove(path)
        self._stats.inc_value("store/unspooled", len(batch))
        logger.info("Stored %d items that an earlier run had left in %s", len(batch), path)

    async def _close_absent(self) -> None:
        """Close what was not seen, after a run that has seen the whole listing and stored all of it."""
        seen, run_id = self._seen, self.run_id
        if (
            seen is None
            or run_id is None
            or self._failed
            or not getattr(self._crawler.spider, "complete", False)
        ):
            return
        if self._unidentified:
            logger.warning(
                "Nothing is closed by absence: %d rejected records cannot be told apart", self._unidentified
            )
            return
        now = datetime.now(UTC)
        closed = await self._persistently(
            lambda session: close_absent(session, self.platform, seen, run_id, now)
        )
        self._stats.inc_value("store/closed", closed)
