"""The pipeline against real servers that fail: cut connections, a restart, no server, two processes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from scrapy import Spider
from scrapy.exceptions import CloseSpider, DropItem
from scrapy.utils.test import get_crawler
from sqlalchemy import func, select, text

from outsource_scraper.config import Config
from outsource_scraper.database import runs
from outsource_scraper.database.batches import Batch
from outsource_scraper.database.embedded import EmbeddedPostgres
from outsource_scraper.database.models import CrawlRun, ProjectChange
from outsource_scraper.database.models import Project as Row
from outsource_scraper.database.models import RejectedRecord as RejectedRow
from outsource_scraper.database.session import AsyncDatabase
from outsource_scraper.database.spool import Spool
from outsource_scraper.errors import DatabaseUnavailable
from outsource_scraper.extensions.verdict import Verdict, judge
from outsource_scraper.items import GonePosting, Project, RejectedRecord, Status
from outsource_scraper.pipelines.store import StorePipeline

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator
    from datetime import tzinfo
    from pathlib import Path

    from sqlalchemy import URL


class Market(Spider):
    name = "sample"
    mode = "full"
    complete = True
    arguments = {"query": "한국어"}  # noqa: RUF012 - as a spider has it


class Elsewhere(Market):
    name = "elsewhere"


class Window(Market):
    """Sees the newest only, so that nothing is closed by absence."""

    complete = False


def project(number: int, **fields: Any) -> Project:
    given = {"title": f"일감 {number}", "status": Status.OPEN} | fields
    url = f"https://market.example/{number}"
    return Project(platform="sample", external_id=str(number), url=url, **given)


def pipeline(url: URL, folder: Path, spider: type[Spider] = Market, **settings: Any) -> StorePipeline:
    given = {
        "DATABASE_URL": url.render_as_string(hide_password=False),
        "OUTSOURCE_DATA_DIR": str(folder),
        "STORE_RETRY_DELAY": 0.01,
        "STORE_BATCH_LINGER": 0.01,
        "TWISTED_REACTOR_ENABLED": False,
    }
    crawler = get_crawler(spider, given | settings)
    crawler.spider = crawler._create_spider()
    return StorePipeline.from_crawler(crawler)


@asynccontextmanager
async def opened(*arguments: Any, **settings: Any) -> AsyncIterator[StorePipeline]:
    store = pipeline(*arguments, **settings)
    await store.open_spider()
    try:
        yield store
    finally:
        await store.close_spider()


async def put(store: StorePipeline, items: Iterable[Any]) -> list[Any]:
    return await asyncio.gather(*(store.process_item(item) for item in items), return_exceptions=True)


def stats(store: StorePipeline) -> dict[str, int]:
    counts = store._crawler.stats.get_stats().items()
    return {
        name.removeprefix("store/"): count for name, count in counts if name.startswith("store/") and count
    }


async def count(database: AsyncDatabase, table: Any, *conditions: Any) -> int:
    async with database.session() as session:
        return int(await session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0)


async def cut_connections(database: AsyncDatabase) -> None:
    async with database.session() as session:
        await session.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


async def rename(database: AsyncDatabase, table: str, name: str) -> None:
    """Hide a table from the store, or bring it back."""
    async with database.engine.begin() as connection:
        await connection.execute(text(f"ALTER TABLE {table} RENAME TO {name}"))


async def test_an_item_that_is_returned_is_in_the_database(database: AsyncDatabase, tmp_path: Path) -> None:
    async with opened(database.engine.url, tmp_path) as store:
        returned = await store.process_item(project(1))
        assert returned == project(1)
        assert await count(database, Row) == 1
        stored, same = await store.known([project(1), project(2)])
        assert (stored, same) == ({"1"}, set())
        assert await store.process_item({"something": "else"}) == {"something": "else"}
    async with database.session() as session:
        run = await session.get_one(CrawlRun, store.run_id)
    assert (run.platform, run.mode, run.arguments, run.new) == ("sample", "full", Market.arguments, 1)
    assert stats(store) == {"new": 1, "batches": 1}


async def test_a_batch_closes_at_its_size_and_after_its_linger(
    database: AsyncDatabase, tmp_path: Path
) -> None:
    settings = {"STORE_BATCH_SIZE": 10, "STORE_BATCH_LINGER": 0.05}
    async with opened(database.engine.url, tmp_path, **settings) as store:
        await put(store, map(project, range(25)))
    assert stats(store) == {"new": 25, "batches": 3}


async def test_a_batch_is_written_when_the_spider_closes(database: AsyncDatabase, tmp_path: Path) -> None:
    async with opened(database.engine.url, tmp_path, STORE_BATCH_LINGER=3600) as store:
        waiting = asyncio.gather(*(store.process_item(project(number)) for number in range(3)))
        await asyncio.sleep(0)
        assert await count(database, Row) == 0
    assert await waiting == [project(number) for number in range(3)]
    assert await count(database, Row) == 3


async def test_a_cancelled_item_takes_no_other_with_it(database: AsyncDatabase, tmp_path: Path) -> None:
    async with opened(database.engine.url, tmp_path, STORE_BATCH_LINGER=0.1) as store:
        first, second = (asyncio.create_task(store.process_item(project(number))) for number in (1, 2))
        await asyncio.sleep(0)
        first.cancel()
        assert await second == project(2)


async def test_what_is_no_row_is_dropped(database: AsyncDatabase, tmp_path: Path) -> None:
    rejected = RejectedRecord(platform="sample", external_id="9", reason="no title", source="<li>")
    async with opened(database.engine.url, tmp_path) as store:
        results = await put(store, [project(1), project(2, title="\0"), rejected])
    assert results[0] == project(1)
    assert [type(result) for result in results[1:]] == [DropItem, DropItem]
    assert stats(store) == {"new": 1, "rejected": 2, "batches": 1}
    assert await count(database, RejectedRow) == 2


async def test_closing_by_absence(database: AsyncDatabase, tmp_path: Path) -> None:
    class Partial(Market):
        complete = False

    class Newest(Market):
        mode = "new"

    async with opened(database.engine.url, tmp_path) as store:
        await put(store, map(project, range(4)))
    for spider in (Partial, Newest):
        async with opened(database.engine.url, tmp_path, spider) as store:
            await put(store, [project(1)])
        assert await count(database, Row, Row.closed_at.is_not(None)) == 0
    nameless = RejectedRecord(platform="sample", reason="no id", source="<li>")
    async with opened(database.engine.url, tmp_path) as store:
        await put(store, [project(1), nameless])
    assert await count(database, Row, Row.closed_at.is_not(None)) == 0
    known = RejectedRecord(platform="sample", external_id="2", reason="no title", source="<li>")
    async with opened(database.engine.url, tmp_path) as store:
        await put(store, [project(1), known])
    assert stats(store)["closed"] == 2
    async with database.session() as session:
        still_open = select(Row.external_id).where(Row.closed_at.is_(None)).order_by(Row.external_id)
        assert list(await session.scalars(still_open)) == ["1", "2"]


async def test_the_verdict_is_written_after_the_spider_closed(
    database: AsyncDatabase, tmp_path: Path
) -> None:
    async with opened(database.engine.url, tmp_path) as store:
        await store.process_item(project(1))
    await store.finish_run("partial", "a reason")
    async with database.session() as session:
        run = await session.get_one(CrawlRun, store.run_id)
    assert (run.verdict, run.reason, run.complete, run.new) == ("partial", "a reason", True, 1)
    assert run.stats is not None
    assert run.stats["store/new"] == 1


async def test_cut_connections_cost_nothing(any_database_url: URL, tmp_path: Path) -> None:
    async with AsyncDatabase(any_database_url) as database:
        await database.initialize()
        async with opened(any_database_url, tmp_path, STORE_BATCH_SIZE=50) as store:
            crawl = asyncio.create_task(put(store, map(project, range(2000))))
            for _ in range(3):
                await asyncio.sleep(0.03)
                await cut_connections(database)
            assert await crawl == [project(number) for number in range(2000)]
            await cut_connections(database)
            assert await store.process_item(project(2000)) == project(2000)
        assert await count(database, Row) == 2001
        assert await count(database, ProjectChange) == 2001
        assert stats(store)["retries"] >= 1
        assert "spooled" not in stats(store)
        async with database.session() as session:
            assert (await session.get_one(CrawlRun, store.run_id)).new == 2001


async def test_a_restart_is_waited_for(server_folder: Path, tmp_path: Path) -> None:
    with EmbeddedPostgres(server_folder) as server:
        url = await asyncio.to_thread(server.start)
        settings = {"STORE_RETRY_DELAY": 0.2, "STORE_RETRY_TIMES": 8}
        async with opened(url, tmp_path, **settings) as store:
            await store.process_item(project(1))
            await asyncio.to_thread(server.stop)
            waiting = asyncio.create_task(store.process_item(project(2)))
            await asyncio.sleep(0.3)
            assert not waiting.done()
            assert await asyncio.to_thread(server.start) == url
            assert await waiting == project(2)
        assert stats(store)["new"] == 2
        async with AsyncDatabase(url) as database:
            assert await count(database, Row) == 2


async def test_without_a_server_the_batch_waits_on_disk_for_the_next_run(
    server_folder: Path, tmp_path: Path
) -> None:
    with EmbeddedPostgres(server_folder) as server:
        url = await asyncio.to_thread(server.start)
        refused = RejectedRecord(platform="sample", reason="no id", source="<li>")
        async with opened(url, tmp_path, STORE_RETRY_TIMES=2) as store:
            await put(store, map(project, range(5)))
            await asyncio.to_thread(server.stop)
            results = await put(store, [*map(project, range(3, 9)), refused])
            assert {type(result) for result in results} == {DropItem}
            results = await put(store, [project(20)])
            assert {type(result) for result in results} == {DropItem}
        assert stats(store) == {"new": 5, "batches": 1, "retries": 2, "spooled": 8}
        await store.finish_run("unstored", "8 items wait")
        spool = Spool.of(Config.load(store._crawler.settings))
        assert len(spool.waiting()) == 2
        with pytest.raises(DatabaseUnavailable):
            await pipeline(url, tmp_path).open_spider()

        await asyncio.to_thread(server.start)
        async with AsyncDatabase(url) as database:
            async with opened(url, tmp_path) as store:
                assert spool.waiting() == []
                assert await count(database, Row) == 10
                assert await count(database, RejectedRow) == 1
                await put(store, map(project, range(10)))
            assert stats(store)["unspooled"] == 8
            assert stats(store)["new"] == 1
            assert await count(database, ProjectChange, ProjectChange.kind == "new") == 11
            async with database.session() as session:
                verdicts = list(await session.scalars(select(CrawlRun.verdict).order_by(CrawlRun.id)))
            assert verdicts == ["interrupted", None]


async def test_a_spooled_batch_that_was_stored_already_changes_nothing(
    database: AsyncDatabase, tmp_path: Path
) -> None:
    async with opened(database.engine.url, tmp_path, STORE_RETRY_TIMES=0) as store:
        await rename(database, "project_changes", "hidden")
        bad = RejectedRecord(platform="sample", reason="no id", source="<li>")
        dropped = await put(store, [*map(project, range(3)), bad])
        assert {type(result) for result in dropped} == {DropItem}
    await rename(database, "hidden", "project_changes")
    spool = Spool.of(Config.load(store._crawler.settings))
    (path,) = spool.waiting()
    content = path.read_bytes()
    for _ in range(2):
        path.write_bytes(content)
        async with opened(database.engine.url, tmp_path):
            assert spool.waiting() == []
    assert await count(database, Row) == 3
    assert await count(database, ProjectChange) == 3
    assert await count(database, RejectedRow) == 1
    async with database.session() as session:
        run = await session.get_one(CrawlRun, store.run_id)
    assert (run.new, run.rejected) == (3, 1)


async def test_what_waited_is_stored_in_the_name_of_the_run_that_read_it(
    database: AsyncDatabase, tmp_path: Path
) -> None:
    async with opened(database.engine.url, tmp_path, STORE_RETRY_TIMES=0) as first:
        await rename(database, "project_changes", "hidden")
        bad = RejectedRecord(platform="sample", reason="no id", source="<li>")
        await put(first, [*map(project, range(3)), bad])
    await rename(database, "hidden", "project_changes")
    async with opened(database.engine.url, tmp_path, Elsewhere) as second:
        assert stats(second)["unspooled"] == 4
    async with database.session() as session:
        runs = {run.id: run for run in await session.scalars(select(CrawlRun))}
        changes = list(await session.scalars(select(ProjectChange.run_id)))
        rejected = list(await session.scalars(select(RejectedRow.run_id)))
    assert first.run_id is not None
    assert second.run_id is not None
    assert (runs[first.run_id].new, runs[first.run_id].rejected) == (3, 1)
    assert (runs[second.run_id].new, runs[second.run_id].rejected) == (0, 0)
    assert changes == [first.run_id] * 3
    assert rejected == [first.run_id]


async def test_of_a_run_that_is_deleted_the_batch_is_nobodys(database: AsyncDatabase, tmp_path: Path) -> None:
    store = pipeline(database.engine.url, tmp_path)
    spool = Spool.of(Config.load(store._crawler.settings))
    rejected = RejectedRecord(platform="sample", reason="no id", source="<li>")
    spool.write(Batch([project(1), rejected]), datetime.now(UTC), 4711)
    async with opened(database.engine.url, tmp_path):
        assert spool.waiting() == []
    assert await count(database, ProjectChange, ProjectChange.run_id.is_(None)) == 1
    assert await count(database, RejectedRow, RejectedRow.run_id.is_(None)) == 1


async def test_what_is_lost_in_a_way_that_nobody_foresaw_closes_nothing(
    database: AsyncDatabase, tmp_path: Path
) -> None:
    async with opened(database.engine.url, tmp_path) as store:
        await put(store, map(project, range(10)))
    async with opened(database.engine.url, tmp_path, STORE_RETRY_TIMES=0, STORE_BATCH_SIZE=5) as store:
        await rename(database, "project_changes", "hidden")
        # No error of the disk: the record cannot be written down.
        deep: list[Any] = []
        for _ in range(100_000):
            deep = [deep]
        odd = RejectedRecord(platform="sample", reason="deep", source=deep)  # type: ignore[arg-type]
        dropped = await put(store, [*(project(number, title="anew") for number in range(4)), odd])
        assert {type(result) for result in dropped} == {DropItem}
        await rename(database, "hidden", "project_changes")
        await put(store, map(project, range(5, 10)))
    assert stats(store)["lost"] == 5
    assert await count(database, Row, Row.closed_at.is_not(None)) == 0


async def test_where_the_usual_cannot_be_asked_nothing_is_closed(
    database: AsyncDatabase, tmp_path: Path
) -> None:
    async with opened(database.engine.url, tmp_path) as store:
        await put(store, map(project, range(10)))
    async with opened(database.engine.url, tmp_path, STORE_RETRY_TIMES=0) as store:
        await put(store, map(project, range(5)))
        await rename(database, "crawl_runs", "hidden")
    await rename(database, "hidden", "crawl_runs")
    assert await count(database, Row, Row.closed_at.is_not(None)) == 0
    told = store._crawler.stats.get_stats()
    assert "crawl_runs" in told["store/unclosed"]
    outcome = judge(told | {"listing/records": 5}, finish_reason="finished", ended="the end", filtered=False)
    assert outcome.verdict is Verdict.PARTIAL
    assert "could not be closed" in str(outcome.reason)


async def test_a_database_that_does_not_take_what_waited_is_no_crawl_that_was_cut_off(
    database: AsyncDatabase, tmp_path: Path
) -> None:
    store = pipeline(database.engine.url, tmp_path, STORE_RETRY_TIMES=0)
    Spool.of(Config.load(store._crawler.settings)).write(Batch([project(1)]), datetime.now(UTC))
    await rename(database, "project_changes", "hidden")
    with pytest.raises(DatabaseUnavailable, match="cannot be written to now"):
        await store.open_spider()
    outcome = judge(store._crawler.stats.get_stats(), finish_reason="shutdown", ended=None, filtered=False)
    assert outcome.verdict is Verdict.FAILED
    assert "cannot be written to now" in str(outcome.reason)


async def test_neither_database_nor_disk(database: AsyncDatabase, tmp_path: Path) -> None:
    async with opened(database.engine.url, tmp_path, STORE_RETRY_TIMES=0) as store:
        (tmp_path / "spool").write_text("a file where the folder should be")
        async with database.engine.begin() as connection:
            await connection.execute(text("DROP TABLE project_changes"))
        assert {type(result) for result in await put(store, map(project, range(3)))} == {DropItem}
    assert stats(store) == {"lost": 3}


async def test_a_database_that_cannot_be_reached_says_so(tmp_path: Path) -> None:
    store = pipeline(AsyncDatabase(f"postgresql:///none?host={tmp_path}").engine.url, tmp_path)
    with pytest.raises(DatabaseUnavailable, match=r"^The database none at .* cannot be reached") as raised:
        await store.open_spider()
    # Scrapy closes what it could not open, and there must be nothing to do.
    await store.close_spider()
    assert stats(store) == {"unopened": str(raised.value)}


CRAWL = """
import asyncio, json, sys
from scrapy import Spider, signals
from scrapy.crawler import AsyncCrawlerProcess
from outsource_scraper.items import Project, Status

class Endless(Spider):
    name = "sample"
    mode = "full"

    async def start(self):
        number = 0
        while True:
            for number in range(number, number + 50):
                url = f"https://market.example/{number}"
                yield Project(
                    platform="sample", external_id=str(number), url=url, title="t", status=Status.OPEN
                )
            number += 1
            await asyncio.sleep(0.001)

process = AsyncCrawlerProcess(json.loads(sys.argv[1]))
crawler = process.create_crawler(Endless)
crawler.signals.connect(lambda item: print(item.external_id, flush=True), signals.item_scraped, weak=False)
process.crawl(crawler)
process.start()
"""


@contextmanager
def crawl(url: URL, folder: Path, **more: Any) -> Iterator[subprocess.Popen[str]]:
    """A crawl without an end, killed at the end of the block whatever happens in it."""
    settings = {
        "DATABASE_URL": url.render_as_string(hide_password=False),
        "OUTSOURCE_DATA_DIR": str(folder),
        "ITEM_PIPELINES": {"outsource_scraper.pipelines.store.StorePipeline": 800},
        "STORE_BATCH_SIZE": 100,
        "LOG_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        **more,
    }
    command = [sys.executable, "-c", CRAWL, json.dumps(settings)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


async def test_a_killed_crawl_loses_nothing_that_was_scraped(database: AsyncDatabase, tmp_path: Path) -> None:
    with crawl(database.engine.url, tmp_path) as process:
        assert process.stdout is not None
        scraped = {process.stdout.readline().strip() for _ in range(1500)}
        process.send_signal(signal.SIGKILL)
        # The last line may have been cut by the kill.
        scraped |= set(process.stdout.read().split("\n")[:-1])
    async with database.session() as session:
        stored = set(await session.scalars(select(Row.external_id)))
        assert scraped <= stored
        assert len(scraped) >= 1500
    async with opened(database.engine.url, tmp_path) as store:
        assert store.run_id == 2
    async with database.session() as session:
        killed = await session.get_one(CrawlRun, 1)
        assert (killed.verdict, killed.finished_at) == ("interrupted", None)
        assert killed.new == len(stored)


async def test_two_processes_that_are_forced_crawl_the_same(database: AsyncDatabase, tmp_path: Path) -> None:
    url = database.engine.url
    # Both forced: nobody knows which of them is the second.
    forced = {"CRAWL_FORCE": True}
    with crawl(url, tmp_path, **forced) as one, crawl(url, tmp_path, **forced) as other:
        for process in (one, other):
            assert process.stdout is not None
            assert [process.stdout.readline().strip() for _ in range(1000)][-1].isdigit()
        for process in (one, other):
            process.kill()
    async with database.session() as session:
        runs = list(await session.scalars(select(CrawlRun).order_by(CrawlRun.id)))
    stored = await count(database, Row)
    assert stored == await count(database, ProjectChange, ProjectChange.kind == "new")
    assert sum(run.new for run in runs) == stored
    assert sum(run.unchanged for run in runs) >= 500
    assert not any(run.rejected or run.updated for run in runs)


async def test_a_second_crawl_of_a_platform_ends(database: AsyncDatabase, tmp_path: Path) -> None:
    async with opened(database.engine.url, tmp_path) as first:
        second = pipeline(database.engine.url, tmp_path)
        with pytest.raises(CloseSpider) as ended:
            await second.open_spider()
        assert ended.value.reason == "busy"
        await second.close_spider()
        await second.finish_run("busy", "another one")
        assert f"run {first.run_id}" in second._crawler.stats.get_value("run/busy")
        async with opened(database.engine.url, tmp_path, CRAWL_FORCE=True) as forced:
            await forced.process_item(project(1))
        await first.process_item(project(2))
        async with opened(database.engine.url, tmp_path, Elsewhere) as elsewhere:
            await elsewhere.process_item(project(3))
    async with database.session() as session:
        runs = list(await session.scalars(select(CrawlRun).order_by(CrawlRun.id)))
    assert [run.verdict for run in runs] == [None, "busy", None, None]
    assert all(run.process and run.process.endswith(f":{os.getpid()}") for run in runs)
    async with opened(database.engine.url, tmp_path) as after:
        assert after.run_id == 5


async def test_a_run_shows_that_it_is_alive(
    database: AsyncDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "HEARTBEAT", timedelta(milliseconds=20))

    async def beats(run_id: int | None) -> datetime:
        async with database.session() as session:
            return (await session.get_one(CrawlRun, run_id)).heartbeat_at

    async with opened(database.engine.url, tmp_path) as store:
        first = await beats(store.run_id)
        await asyncio.sleep(0.2)
        assert await beats(store.run_id) > first


async def test_a_run_without_a_heartbeat_is_dead_whatever_it_locks(
    database: AsyncDatabase, tmp_path: Path
) -> None:
    async with opened(database.engine.url, tmp_path) as silent:
        async with database.engine.begin() as connection:
            await connection.execute(
                text("UPDATE crawl_runs SET heartbeat_at = now() - interval '10 minutes'")
            )
        async with opened(database.engine.url, tmp_path) as store:
            assert "run/busy" not in store._crawler.stats.get_stats()
        async with database.session() as session:
            assert (await session.get_one(CrawlRun, silent.run_id)).verdict == "interrupted"


class MinuteBehind(datetime):
    """The clock of a machine that is a minute behind."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> MinuteBehind:
        return super().now(tz) - timedelta(minutes=1)  # type: ignore[return-value]


async def test_machines_need_not_agree_on_the_time(
    database: AsyncDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(database.engine.url, tmp_path) as store:
        await store.process_item(project(1))
    monkeypatch.setattr("outsource_scraper.pipelines.store.datetime", MinuteBehind)
    async with opened(database.engine.url, tmp_path) as store:
        assert store._now() - MinuteBehind.now(UTC) > timedelta(seconds=50)
        await store.process_item(project(1, title="다른 일감"))
    # A batch that seems older than the row would have been taken for one that comes late from the spool.
    assert stats(store)["updated"] == 1


async def test_what_is_gone_or_too_late_is_closed(database: AsyncDatabase, tmp_path: Path) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=3)
    async with opened(database.engine.url, tmp_path, Window) as store:
        await put(store, [project(1), project(2), project(3, deadline_at=long_ago)])
        async with database.engine.begin() as connection:
            await connection.execute(
                text("UPDATE projects SET last_seen_at = :seen, first_seen_at = :seen"),
                {"seen": long_ago - timedelta(days=1)},
            )
        (dropped,) = await put(
            store, [GonePosting(platform="sample", external_id="2", url="https://a.example")]
        )
        assert isinstance(dropped, DropItem)
    async with database.session() as session:
        found = await session.execute(select(Row.external_id, Row.status, Row.closed_reason).order_by(Row.id))
        assert [tuple(row) for row in found] == [
            ("1", "open", None),
            ("2", "closed", "page_gone"),
            ("3", "closed", "deadline"),
        ]
        assert (await session.get_one(CrawlRun, store.run_id)).closed == 2
    assert stats(store)["closed"] == 2
