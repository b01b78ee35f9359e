"""Whole crawls whose database fails in their middle: they get over it, or what they read waits on disk.

Every fault is a real one, of a real PostgreSQL, and meets a `scrapy crawl` process behind its first hundreds
of items. What passes while the crawl still tries costs nothing: the crawl ends as it would have. What stays
makes it end with 6, and when the database is well again the next crawl, or `scrapy replay-spool`, stores
everything once. (A crawl of this board that meets no fault ends with 5: ten records of its site are broken.)
"""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg  # type: ignore[import-untyped]
import pytest
from sqlalchemy import URL

from outsource_scraper.config import DRIVER
from tests.conftest import DEBIAN_15, Server, reachable_folder
from tests.faults.board import PROJECTS, REJECTED, REPEATED
from tests.faults.conftest import Bench, Crawl, migrated
from tests.faults.proxy import proxied
from tests.faults.server import OwnServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SLOWLY = ("-s", "DOWNLOAD_DELAY=0.05")
"""The middle of a crawl is two seconds long."""
SOON_OVER = ("-s", "STORE_RETRY_TIMES=2", "-s", "STORE_TIMEOUT=3")
"""Retries for a fault that stays."""
PATIENT = ("-s", "STORE_RETRY_TIMES=8")
"""Retries for one that passes."""
A_MOMENT = 0.7
"""Seconds of a fault that passes."""
ENDED = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name LIKE 'outsource%' AND pid <> pg_backend_pid()"
)


class Operator:
    """A connection of somebody else to the database of a bench, whatever it says to others."""

    def __init__(self, url: URL) -> None:
        settings = {
            "default_transaction_read_only": "off",
            "default_transaction_isolation": "read committed",
            "statement_timeout": "0",
            "deadlock_timeout": "10s",  # so that the crawl is the one that finds it
        }
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._connection = self._runner.run(
            asyncpg.connect(
                host=url.query["host"],
                port=5432,
                user="postgres",
                database=url.database,
                server_settings=settings,
            )
        )

    def do(self, statement: str) -> None:
        """Execute it."""
        self._runner.run(self._connection.execute(statement))

    def ask(self, statement: str) -> Any:
        """The one value of its answer."""
        return self._runner.run(self._connection.fetchval(statement))

    def has_room(self, size: int) -> bool:
        """Put so many bytes more into the table `ballast`; whether the disk had room for them."""
        try:
            self._runner.run(self._connection.execute("INSERT INTO ballast VALUES (repeat('x', $1))", size))
        except asyncpg.DiskFullError:
            return False
        return True

    def wait_until(self, condition: str, seconds: float = 60) -> None:
        """Wait until SQL is true."""
        end = time.monotonic() + seconds
        while not self.ask(f"SELECT {condition}"):
            assert time.monotonic() < end, f"it never came to {condition}"
            time.sleep(0.01)

    def close(self) -> None:
        """Disconnect."""
        self._runner.run(self._connection.close())
        self._runner.close()


@contextmanager
def operator(url: URL) -> Iterator[Operator]:
    opened = Operator(url)
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def in_the_middle(bench: Bench, *arguments: str, url: URL | None = None) -> Iterator[Crawl]:
    """A crawl that has stored some hundred items and is not at its end."""
    with bench.crawl(*SLOWLY, *arguments, url=url) as crawl:
        crawl.wait_for_scraped(300)
        assert crawl.process.poll() is None, crawl.log.read_text()
        yield crawl


def got_over_it(bench: Bench, crawl: Crawl, tell: Callable[..., None], fault: str) -> None:
    """The crawl met the fault, tried again, and ended as if there had been none."""
    code, told = crawl.end(), crawl.log.read_text()
    assert code == 5, told
    assert f"board: partial: {REJECTED} records were rejected" in told, told
    assert "; next try soon" in told, "it met no fault"
    assert not bench.waiting()
    assert len(crawl.scraped) == PROJECTS
    tell(f"whole crawl, passing: {fault}", **bench.check(crawl))
    assert bench.ask("SELECT count(*) FROM projects")[0][0] == PROJECTS


def left_it_on_disk(crawl: Crawl, bench: Bench) -> set[str]:
    """The crawl gave the database up; the ids that wait on disk, none of which it had reported."""
    code, told = crawl.end(), crawl.log.read_text()
    assert code == 6, told
    assert "they wait in" in told
    assert "are lost" not in told
    waiting = {line["Project"]["external_id"] for line in bench.waiting() if "Project" in line}
    assert waiting
    stored_too = waiting & crawl.scraped
    assert stored_too <= REPEATED, f"items that wait on disk were reported as stored: {stored_too - REPEATED}"
    return waiting


def replayed(bench: Bench, crawl: Crawl, waiting: set[str]) -> None:
    """`scrapy replay-spool` stores what waits, and a second one finds nothing to do."""
    count = len(bench.waiting())
    assert bench.replay().startswith(f"{count} items of ")
    stored = [row[0] for row in bench.ask("SELECT external_id FROM projects")]
    assert sorted(stored) == sorted(crawl.scraped | waiting), "what was read is stored, each once"
    assert bench.replay().startswith("0 items of 0 files ")


def history_is_single(bench: Bench) -> None:
    twice = bench.ask(
        "SELECT project_id FROM project_changes WHERE kind = 'new' GROUP BY project_id HAVING count(*) > 1"
    )
    assert not twice, f"{len(twice)} projects became new twice"
    broken = bench.ask("SELECT count(*), count(DISTINCT source) FROM rejected_records")[0]
    assert broken[1] == REJECTED


def stored_later(
    bench: Bench, crawl: Crawl, waiting: set[str], tell: Callable[..., None], fault: str, *,
    by_replay: bool = False, url: URL | None = None,
) -> None:  # fmt: skip
    """Behind the fault: what waits is stored once, by `replay-spool` or the next crawl, which completes."""
    before = bench.check(crawl)
    if by_replay:
        replayed(bench, crawl, waiting)
    bench.complete(url)
    history_is_single(bench)
    tell(f"whole crawl, staying: {fault}", **before, spooled=len(waiting))


@pytest.fixture
def own_server() -> Iterator[OwnServer]:
    with reachable_folder() as folder:
        server = OwnServer(folder)
        server.start()
        try:
            yield server
        finally:
            server.kill()


@pytest.fixture
def own_bench(own_server: OwnServer, empty_bench: Bench) -> Bench:
    """A database of its own on a server of its own."""
    empty_bench.url = own_server.url
    migrated(own_server.url)
    return empty_bench


def test_restarted(own_server: OwnServer, own_bench: Bench, tell: Any) -> None:
    with in_the_middle(own_bench, *PATIENT) as crawl:
        own_server.stop()
        time.sleep(A_MOMENT)
        own_server.start()
        got_over_it(own_bench, crawl, tell, "restarted")


def test_stopped(own_server: OwnServer, own_bench: Bench, tell: Any) -> None:
    with in_the_middle(own_bench, *SOON_OVER) as crawl:
        own_server.stop()
        waiting = left_it_on_disk(crawl, own_bench)
    own_server.start()
    stored_later(own_bench, crawl, waiting, tell, "stopped", by_replay=True)


@pytest.mark.parametrize("stays", [False, True], ids=["for a moment", "for good"])
def test_connections_cut(bench: Bench, tell: Any, stays: bool) -> None:
    with proxied(Path(str(bench.url.query["host"])) / ".s.PGSQL.5432") as proxy:
        url = URL.create(
            DRIVER, username="postgres", host="127.0.0.1", port=proxy.port, database=bench.url.database
        )
        with in_the_middle(bench, *(SOON_OVER if stays else PATIENT), url=url) as crawl:
            proxy.go_down()
            if stays:
                waiting = left_it_on_disk(crawl, bench)
                proxy.come_back()
                # By the same address: the spool belongs to it.
                stored_later(bench, crawl, waiting, tell, "connections cut", url=url)
            else:
                time.sleep(A_MOMENT)
                proxy.come_back()
                got_over_it(bench, crawl, tell, "connections cut")


@pytest.mark.parametrize("stays", [False, True], ids=["for a moment", "for good"])
def test_read_only(bench: Bench, tell: Any, stays: bool) -> None:
    with operator(bench.url) as other, in_the_middle(bench, *(SOON_OVER if stays else PATIENT)) as crawl:
        other.do(f'ALTER DATABASE "{bench.url.database}" SET default_transaction_read_only = on')
        assert other.ask(ENDED)
        if not stays:
            time.sleep(A_MOMENT)
            other.do(f'ALTER DATABASE "{bench.url.database}" RESET default_transaction_read_only')
            other.ask(ENDED)
            got_over_it(bench, crawl, tell, "read-only")
            return
        waiting = left_it_on_disk(crawl, bench)
        other.do(f'ALTER DATABASE "{bench.url.database}" RESET default_transaction_read_only')
    stored_later(bench, crawl, waiting, tell, "read-only", by_replay=True)


def test_statement_timeout(bench: Bench, tell: Any) -> None:
    with operator(bench.url) as other, in_the_middle(bench, *SOON_OVER) as crawl:
        other.do(f"ALTER DATABASE \"{bench.url.database}\" SET statement_timeout = '200ms'")
        assert other.ask(ENDED)
        other.do("BEGIN; LOCK TABLE projects IN ACCESS EXCLUSIVE MODE")
        waiting = left_it_on_disk(crawl, bench)
        assert "canceling statement due to statement timeout" in crawl.log.read_text()
        other.do("ROLLBACK")
        other.do(f'ALTER DATABASE "{bench.url.database}" RESET statement_timeout')
    stored_later(bench, crawl, waiting, tell, "statement timeout", by_replay=True)


def test_out_of_connections(start_server: Any, empty_bench: Bench, tell: Any) -> None:
    bench = empty_bench
    with start_server(DEBIAN_15, settings=("max_connections=8",)) as socket_folder:
        bench.url = Server("few connections", socket_folder).url("postgres")
        migrated(bench.url)
        eaten: list[Operator] = []
        try:
            with operator(bench.url) as other, in_the_middle(bench, *SOON_OVER) as crawl:
                # The crawl may be the first to take what it has lost: again until it is not.
                while len(eaten) < 7:
                    other.ask(ENDED)
                    try:
                        eaten.append(Operator(bench.url))
                    except asyncpg.TooManyConnectionsError:
                        continue
                waiting = left_it_on_disk(crawl, bench)
                assert "too many clients already" in crawl.log.read_text()
        finally:
            for one in eaten:
                one.close()
        stored_later(bench, crawl, waiting, tell, "out of connections")


def test_disk_full(small_database: URL, empty_bench: Bench, tell: Any) -> None:
    bench = empty_bench
    bench.url = small_database
    migrated(bench.url)
    with operator(bench.url) as other, in_the_middle(bench, *SOON_OVER) as crawl:
        other.do("CREATE TABLE ballast (data text)")
        other.do("ALTER TABLE ballast ALTER data SET STORAGE EXTERNAL")
        for size in (100_000, 8_000, 1_000):
            while other.has_room(size):
                pass
        waiting = left_it_on_disk(crawl, bench)
        assert "No space left on device" in crawl.log.read_text()
        other.do("DROP TABLE ballast")
    stored_later(bench, crawl, waiting, tell, "disk full")


def changed_behind_its_back(bench: Bench, other: Operator) -> None:
    """Everything is stored, and looks as if the platform had changed all of it since."""
    bench.complete()
    other.do("UPDATE projects SET title = 'another', content_hash = decode(md5(external_id), 'hex')")


def updated_once(bench: Bench) -> None:
    assert bench.ask("SELECT count(*) FROM project_changes WHERE kind = 'updated'")[0][0] == PROJECTS
    assert bench.ask("SELECT count(*) FROM projects WHERE title = 'another'")[0][0] == 0


LOCK = "pg_advisory_xact_lock(hashtextextended(current_schema() || '.projects.board', 0))"
SOMEBODY_WAITS = "EXISTS (SELECT FROM pg_locks WHERE NOT granted)"


def test_deadlock(bench: Bench, tell: Any) -> None:
    with operator(bench.url) as other:
        changed_behind_its_back(bench, other)
        with in_the_middle(bench, *PATIENT) as crawl:
            other.do("BEGIN; SELECT id FROM projects FOR UPDATE")
            other.wait_until(SOMEBODY_WAITS)
            other.ask(f"SELECT {LOCK}")  # which the crawl holds, and it waits for a row of ours
            other.do("COMMIT")
            got_over_it(bench, crawl, tell, "deadlock")
        assert "deadlock detected" in crawl.log.read_text()
    updated_once(bench)


def test_serialization_failure(bench: Bench, tell: Any) -> None:
    with operator(bench.url) as other:
        changed_behind_its_back(bench, other)
        other.do(
            f"ALTER DATABASE \"{bench.url.database}\" SET default_transaction_isolation = 'repeatable read'"
        )
        with in_the_middle(bench, *PATIENT) as crawl:
            other.do(f"BEGIN; SELECT {LOCK}")
            other.wait_until(SOMEBODY_WAITS)  # the crawl, whose transaction sees the rows as they are now
            other.do("UPDATE projects SET views_count = 7")
            other.do("COMMIT")
            got_over_it(bench, crawl, tell, "serialization failure")
        assert "could not serialize access" in crawl.log.read_text()
    updated_once(bench)
