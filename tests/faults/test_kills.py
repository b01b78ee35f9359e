"""Processes that are killed at any moment, and a network that is cut: nothing that was reported is lost.

Every round is a crawl of 2,000 records that meets the fault at a moment of its own, the same in every run of
the tests. Behind it the database is looked at, then the next run has to end and to find everything.
"""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL

from outsource_scraper.config import DRIVER
from tests.conftest import reachable_folder
from tests.faults.board import PROJECTS
from tests.faults.conftest import Bench, Crawl, interrupt, migrated, moment
from tests.faults.proxy import proxied
from tests.faults.server import OwnServer


def reach(crawl: Crawl, kind: str, number: int) -> None:
    """Wait for the moment of this round: in its start, or a little after so many items are scraped."""
    chance = moment(kind, number)
    if chance.random() < 0.15:
        time.sleep(chance.uniform(0.1, 1.5))
    else:
        crawl.wait_for_scraped(chance.randrange(1, PROJECTS))
        time.sleep(chance.uniform(0, 0.03))


def interrupted(bench: Bench) -> int:
    return int(bench.ask("SELECT count(*) FROM crawl_runs WHERE verdict = 'interrupted'")[0][0])


def spooled(bench: Bench) -> int:
    return int(bench.ask("SELECT coalesce(sum(spooled), 0) FROM crawl_runs")[0][0])


@pytest.mark.rounds(50)
def test_kill_9_of_the_crawl(bench: Bench, number: int, tell: Any) -> None:
    with bench.crawl() as crawl:
        reach(crawl, "kill", number)
        interrupt(crawl.process, signal.SIGKILL)
        crawl.end()
    counts = bench.check(crawl)
    bench.complete()
    tell("kill -9 of the crawl", **counts, interrupted=interrupted(bench))


@pytest.mark.rounds(20)
def test_sigterm(bench: Bench, number: int, tell: Any) -> None:
    with bench.crawl() as crawl:
        reach(crawl, "term", number)
        early = not crawl.scraped
        interrupt(crawl.process, signal.SIGTERM)
        code = crawl.end()
    assert early or code == 5, crawl.log.read_text()
    counts = bench.check(crawl)
    # In order: every item that the spider yielded was reported, and a run that began says how it ended.
    assert counts["scraped"] == counts["stored"]
    if not early:
        assert interrupted(bench) == 0
    bench.complete()
    tell("SIGTERM to the crawl", **counts, interrupted=interrupted(bench))


@pytest.mark.rounds(20)
def test_kill_9_of_postgresql(empty_bench: Bench, number: int, tell: Any) -> None:
    bench = empty_bench
    with reachable_folder() as folder:
        server = OwnServer(folder)
        server.start()
        try:
            bench.url = server.url
            migrated(server.url)
            stays_away = number % 2 == 1
            with bench.crawl("-s", f"STORE_RETRY_TIMES={1 if stays_away else 8}") as crawl:
                reach(crawl, "postgres", number)
                begun = bool(crawl.scraped)
                server.kill()
                if stays_away:
                    crawl.end()
                server.start()
                code = crawl.end()
            if begun and crawl.scraped != set() and len(crawl.scraped) < PROJECTS and stays_away:
                assert code in {5, 6}, crawl.log.read_text()
            counts = bench.check(crawl)
            waiting = len(list((bench.folder / "spool").rglob("*.jsonl")))
            assert waiting or code != 6, crawl.log.read_text()
            bench.complete()
            tell("kill -9 of PostgreSQL", **counts, interrupted=interrupted(bench), spooled=waiting)
        finally:
            server.kill()


@pytest.mark.rounds(20)
@pytest.mark.parametrize("half_open", [False, True], ids=["cut", "half open"])
def test_the_network_is_cut(bench: Bench, number: int, half_open: bool, tell: Any) -> None:
    with proxied(Path(str(bench.url.query["host"])) / ".s.PGSQL.5432") as proxy:
        url = URL.create(
            DRIVER, username="postgres", host="127.0.0.1", port=proxy.port, database=bench.url.database
        )
        with bench.crawl("-s", "STORE_TIMEOUT=2", url=url) as crawl:
            reach(crawl, "network", number)
            if half_open:
                proxy.freeze()
            else:
                proxy.cut()
            code = crawl.end()
        told = crawl.log.read_text()
        assert code in {1, 5, 6}, told
        counts = bench.check(crawl)
        # By the same address: the spool belongs to it.
        bench.complete(url)
    fault = "network half open" if half_open else "network cut"
    tell(fault, **counts, interrupted=interrupted(bench), spooled=spooled(bench))


def test_the_network_is_lost_in_the_middle_of_a_copy(bench: Bench, tell: Any) -> None:
    # The server waits for more of it, with the lock that the next transaction needs, and is never told.
    with proxied(Path(str(bench.url.query["host"])) / ".s.PGSQL.5432") as proxy:
        url = URL.create(
            DRIVER, username="postgres", host="127.0.0.1", port=proxy.port, database=bench.url.database
        )
        with bench.crawl("-s", "STORE_TIMEOUT=2", url=url) as crawl:
            crawl.wait_for_scraped(200)
            proxy.freeze_behind = b"PGCOPY\n"
            code = crawl.end()
        told = crawl.log.read_text()
        assert proxy.freeze_behind is None, "no COPY was lost"
        assert "The database failed (no answer in 2 s); next try soon" in told
        assert code == 5, told
        assert len(crawl.scraped) == PROJECTS
        counts = bench.check(crawl)
        bench.complete(url)
    tell("network half open", **counts, interrupted=interrupted(bench), spooled=spooled(bench))
