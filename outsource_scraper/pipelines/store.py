"""Stores what the spiders found: group commit, as databases do it with their own log.

An item joins the open batch and waits for that batch's commit. So an item that Scrapy reports as scraped is
in the database, and a slow database slows the crawl down by itself, because Scrapy waits for its items. While
one batch is being written the next one fills; there is one writer and one session.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from array import array
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self, TypeVar

from scrapy.exceptions import CloseSpider, DropItem

from outsource_scraper.config import Config
from outsource_scraper.database import closing, coverage, faults, listings, runs
from outsource_scraper.database.changes import content_hash
from outsource_scraper.database.projects import TOUCH_AFTER, store_batch, store_waiting
from outsource_scraper.database.retention import purge
from outsource_scraper.database.session import PATIENCE, AsyncDatabase
from outsource_scraper.database.spool import Spool, replay
from outsource_scraper.errors import DatabaseUnavailable
from outsource_scraper.items import GonePosting, Project, RejectedRecord
from outsource_scraper.pipelines._group import Group
from outsource_scraper.pipelines._run_session import RunSession

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from scrapy.crawler import Crawler
    from sqlalchemy.ext.asyncio import AsyncSession

    from outsource_scraper.database.batches import Batch, BatchResult
    from outsource_scraper.database.models import CrawlRun
    from outsource_scraper.database.spool import Waiting

logger = logging.getLogger(__name__)

T = TypeVar("T")


class StorePipeline:
    """Puts every `Project`, `RejectedRecord` and `GonePosting` into PostgreSQL; anything else passes through.

    A stored project goes on to whatever comes after the pipelines. Everything else is dropped with its
    reason: a rejected record, a row that PostgreSQL refused (both stand in `rejected_records`), what is gone,
    and an item of a batch that the database would not take and that waits on disk (see `database.spool`).

    A second crawl of a platform ends at once, with the finish reason `busy`, unless `CRAWL_FORCE` is set.
    Times are those of the database's clock, asked for once: machines that share it need not agree.

    Settings: `STORE_BATCH_SIZE` (items), `STORE_BATCH_LINGER` (seconds a batch waits for more),
    `CRAWL_FORCE`, `CRAWL_SEEN_RUN` (see `runs.start_run`), and those of `RunSession`.

    Stats `store/...`: `new`, `updated`, `unchanged`, `reopened`, `duplicates`, `rejected`, `spooled` and
    `lost` (neither the database nor the disk would take them) add up to the items taken in; then `closed`,
    `batches`, `retries`, and `unspooled`, the items that an earlier run had left on disk.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        settings = crawler.settings
        self._size = settings.getint("STORE_BATCH_SIZE", 2000)
        self._linger = settings.getfloat("STORE_BATCH_LINGER", 0.05)
        self._forced = settings.getbool("CRAWL_FORCE")
        seen_run = settings.get("CRAWL_SEEN_RUN")
        self._seen_run = None if seen_run is None else int(seen_run)

        self._stats = crawler.stats
        self._started = (datetime.now(UTC), time.monotonic())
        """When the run began, by the database's clock and by one that nobody can set."""
        self.run_id: int | None = None
        """The row of this run in `crawl_runs`, once the spider is open."""
        self.platform = ""
        self.faded: list[str] = []
        """Fields that far fewer projects have than usual, in words; known once the spider is closed."""
        self._seen: array[int] | None = None
        """`projects.id` of what was seen, where the whole listing is read. An array: 8 bytes a project."""
        self._unidentified = 0
        self._told: dict[str, bytes] = {}
        """By external id, the hash of what a listing told of projects that are not stored yet. Lost with a
        batch that goes to disk, one costs a detail page fetched once more."""
        self._open: Group | None = None
        self._closed: asyncio.Queue[Group | None] = asyncio.Queue()
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
        # The server gives up a silent connection as soon as we do: a lost one then holds no lock against us.
        patience = self._crawler.settings.getfloat("STORE_TIMEOUT", PATIENCE)
        self._database = await AsyncDatabase.from_config(config, pool_size=0, patience=patience)
        self._run_session = RunSession(self._crawler, self._database)
        try:
            await self._database.initialize()
            await self._start_run(mode, getattr(spider, "arguments", {}))
            await self._unspool()
            await self._purge()
        except CloseSpider:  # the run's row still waits for its verdict
            raise
        except BaseException as error:
            await self._release()
            if isinstance(error, DatabaseUnavailable):
                self._stats.set_value("store/unopened", str(error))
            elif faults.is_of_database(error):
                message = (
                    f"The database cannot be written to now ({faults.sentence(error)}): try again later."
                )
                self._stats.set_value("store/unopened", message)
                raise DatabaseUnavailable(message) from error
            raise
        self._writer = asyncio.create_task(self._write_groups())

    async def process_item(self, item: Any) -> Any:
        """Return a project when it is committed.

        Raises DropItem for what did not become a row of `projects`.
        """
        if not isinstance(item, Project | RejectedRecord | GonePosting):
            return item
        group = self._open
        if group is None:
            loop = asyncio.get_running_loop()
            group = self._open = Group(loop, loop.call_later(self._linger, self._close_group), self._now())
        listing_hash = self._told.pop(item.external_id, None) if isinstance(item, Project) else None
        group.batch.add(item, listing_hash)
        if len(group.batch) >= self._size:
            self._close_group()
        await group.done()
        if not group.stored:
            raise DropItem("not in the database; the log says where it is", log_level="DEBUG")
        if isinstance(item, GonePosting):
            raise DropItem("closed: its page is gone", log_level="DEBUG")
        if group.refused and (item.platform, item.external_id) in group.refused:
            raise DropItem("set aside in rejected_records", log_level="DEBUG")
        return item

    async def close_spider(self) -> None:
        """Write the last batch, close what is gone or too late, and disconnect.

        Scrapy calls this also where `open_spider` has failed: then nothing is open.
        """
        writer = self._writer
        if writer is None:
            return
        try:
            self._close_group()
            self._closed.put_nowait(None)
            await writer
            await self._look_for_drift()
            await self._close_absent()
            await self._close_expired()
        except Exception as error:
            if not faults.is_of_database(error):
                raise
            self._stats.set_value("store/unclosed", faults.sentence(error))
            logger.error("What is gone or too late could not be closed: %s", faults.sentence(error))
        finally:
            await self._release()

    async def known(
        self, projects: Iterable[Project], *, remember: bool = False
    ) -> tuple[set[str], set[str]]:
        """Of `projects` as a listing tells them: the ids that are stored, and those without news.

        With `remember` what was told of the others is noted as they are stored. Where the database fails,
        nothing is known.
        """
        hashes = {project.external_id: content_hash(project) for project in projects}
        found = await self.aside(lambda session: listings.compare(session, self.platform, hashes))
        stored, same = found or (set(), set())
        if remember:
            self._told |= {key: value for key, value in hashes.items() if key not in same}
        return stored, same

    async def aside(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T | None:
        """Do `work` for an extension, beside what is stored; None where the database fails."""
        return await self._run_session.aside(work)

    async def finish_run(self, verdict: str, reason: str | None) -> None:
        """Write the verdict into the run's row; for whoever judges the run once the spider is closed.

        A database that cannot be reached then leaves the row without one, and a line in the log.
        """
        run_id, stats = self.run_id, self._stats.get_stats()
        if run_id is None:
            return
        counts = {"pages": stats.get("listing/pages", 0), "spooled": stats.get("store/spooled", 0)}
        is_whole = not self.faded and "store/unclosed" not in stats
        complete = bool(getattr(self._crawler.spider, "complete", False)) and is_whole

        async def finish(session: AsyncSession) -> None:
            async with session.begin():
                await runs.finish_run(
                    session, run_id, verdict, reason=reason, complete=complete, counts=counts, stats=stats
                )

        try:
            await self._run_session.persistently(finish, patiently=not self._failed)
        except Exception as error:
            if not faults.is_transient(error):
                raise
            logger.error("The run's verdict is not in the database: %s", faults.sentence(error))
        finally:
            await self._release()

    async def _start_run(self, mode: str | None, arguments: dict[str, Any]) -> None:
        """Open the run's row.

        Raises CloseSpider where another crawl of the platform is under way.
        """
        process = f"{socket.gethostname()}:{os.getpid()}"
        self._started = (await self._run_session.persistently(runs.server_time), time.monotonic())
        started = await self._run_session.persistently(
            lambda session: runs.start_run(
                session, self.platform, mode, arguments, process=process, seen=self._seen_run
            )
        )
        self.run_id = started.id
        self._run_session.keep_alive(started.id)
        self._stats.set_value("run/id", started.id)
        if started.busy_with is not None and not self._forced:
            self._stats.set_value("run/busy", _busy(self.platform, started.busy_with))
            raise CloseSpider("busy")

    def _now(self) -> datetime:
        began, at = self._started
        return began + timedelta(seconds=time.monotonic() - at)

    async def _purge(self) -> None:
        """Delete what the platform's terms let nobody keep any longer."""
        retention = getattr(getattr(self._crawler.spider, "platform", None), "retention", None)
        if retention is not None:
            before = self._now() - retention
            deleted = await self._run_session.persistently(
                lambda session: purge(session, self.platform, before, with_history=True)
            )
            self._stats.set_value("store/purged", deleted.projects)

    def _close_group(self) -> None:
        group, self._open = self._open, None
        if group is not None:
            group.linger.cancel()
            self._closed.put_nowait(group)

    async def _write_groups(self) -> None:
        while (group := await self._closed.get()) is not None:
            try:
                await self._store(group)
            except Exception:
                # The writer must outlive it: items of all further batches wait for it.
                logger.exception("Unforeseen error behind a stored batch")
                self._fail()
            finally:
                group.finish()

    async def _store(self, group: Group) -> None:
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

    async def _commit(self, batch: Batch, read_at: datetime, *, patiently: bool = True) -> BatchResult:
        return await self._run_session.persistently(
            lambda session: store_batch(session, batch, run_id=self.run_id, now=read_at),
            patiently=patiently,
        )

    async def _commit_waiting(self, waiting: Waiting) -> None:
        await self._run_session.persistently(lambda session: store_waiting(session, waiting))

    async def _release(self) -> None:
        await self._run_session.close()

    async def _give_up(self, batch: Batch, read_at: datetime, error: Exception) -> None:
        """Put a batch on the disk and end the crawl."""
        reason = faults.sentence(error)
        if not faults.is_of_database(error):
            logger.error("Unforeseen error while storing", exc_info=error)
        try:
            path = await asyncio.to_thread(self._spool.write, batch, read_at, self.run_id)
        except Exception as disk_error:  # noqa: BLE001 - what is lost must be counted, whatever lost it
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
        self._fail()

    def _fail(self) -> None:
        """End the crawl, and close nothing by absence: not all that was seen is stored."""
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

    async def _unspool(self) -> None:
        replayed = await replay(self._spool, self._commit_waiting)
        if replayed.items:
            self._stats.set_value("store/unspooled", replayed.items)
        if replayed.unreadable:
            self._stats.set_value("store/unreadable", replayed.unreadable)

    async def _look_for_drift(self) -> None:
        """Compare what the listing told with what it usually does: a changed layout is not to be trusted."""
        if self._failed:  # the crawl was cut off, and nothing is closed by it
            return
        mode = getattr(self._crawler.spider, "mode", None)

        async def ask(session: AsyncSession) -> coverage.Usual | None:
            async with session.begin():
                return await coverage.usual_coverage(session, self.platform, mode)

        # Not aside: where the question failed, everything would be closed by a layout that nobody can read.
        usual = await self._run_session.persistently(ask)
        self.faded = coverage.faded(self._stats.get_stats(), usual)

    async def _close_absent(self) -> None:
        """Close what was not seen, after a run that has seen the whole listing and stored all of it."""
        seen, run_id = self._seen, self.run_id
        if (
            seen is None
            or run_id is None
            or self._failed
            or self.faded
            or not getattr(self._crawler.spider, "complete", False)
        ):
            return
        if self._unidentified:
            logger.warning(
                "Nothing is closed by absence: %d rejected records cannot be told apart", self._unidentified
            )
            return
        await self._close(
            lambda session: closing.close_absent(session, self.platform, seen, run_id, self._now())
        )

    async def _close_expired(self) -> None:
        """Close what was not seen since its deadline, whatever the run has read."""
        run_id = self.run_id
        if run_id is None or self._failed:
            return
        await self._close(
            lambda session: closing.close_expired(session, self.platform, run_id, self._now(), TOUCH_AFTER)
        )

    async def _close(self, work: Callable[[AsyncSession], Awaitable[int]]) -> None:
        closed = await self._run_session.persistently(work)
        if closed:
            self._stats.inc_value("store/closed", closed)


def _busy(platform: str, other: CrawlRun) -> str:
    if other.verdict is not None:
        return f"run {other.id} has just done what was due"
    where = f", {other.process}" if other.process else ""
    return (
        f"another crawl of {platform} is under way (run {other.id}{where}, since "
        f"{other.started_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC); --force crawls beside it"
    )
