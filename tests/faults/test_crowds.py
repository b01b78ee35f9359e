"""Crawls beside each other, on one database."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

from outsource_scraper.config import Config
from outsource_scraper.database.batches import Batch
from outsource_scraper.database.spool import Spool
from outsource_scraper.items import Project, RejectedRecord
from tests.conftest import DEBIAN_15, Server, in_own_loop, initialize
from tests.faults.board import CROWD, PROJECTS, REJECTED
from tests.faults.conftest import Bench, interrupt


def test_the_second_crawl_of_a_platform_says_so_and_ends(bench: Bench) -> None:
    with bench.crawl("-s", "DOWNLOAD_DELAY=1") as first:
        first.wait_for_scraped(1)
        with bench.crawl() as second:
            assert second.end() == 7
        said = second.log.read_text().strip().splitlines()[-1]
        assert said.startswith("board: busy: another crawl of board is under way (run 1, ")
        assert said.endswith("; --force crawls beside it")
        assert second.scraped == set()
        interrupt(first.process, signal.SIGTERM)
        first.end()
    bench.check(first)
    assert [row[0] for row in bench.ask("SELECT verdict FROM crawl_runs ORDER BY id")] == ["partial", "busy"]


def test_two_forced_crawls_of_a_platform_both_finish(bench: Bench) -> None:
    # Both with --force: nobody knows which of them is the second.
    with bench.crawl("--force") as first, bench.crawl("--force") as second:
        assert (first.end(), second.end()) == (5, 5), second.log.read_text()
    bench.check(first, second)
    runs = bench.ask("SELECT verdict, reason, new, unchanged, duplicates FROM crawl_runs ORDER BY id")
    assert [row["reason"] for row in runs] == [
        f"{REJECTED} records were rejected (the record has no title)"
    ] * 2
    assert sum(row["new"] for row in runs) == PROJECTS


def test_twenty_platforms_at_once(start_server: Any, site: str, tmp_path: Any) -> None:
    settings = ("max_connections=48", "fsync=on", "log_lock_waits=on", "deadlock_timeout=200ms")
    with start_server(DEBIAN_15, settings=settings) as socket_folder:
        server = Server("a crowd's", socket_folder)
        url = server.url("postgres")
        in_own_loop(initialize(url))
        benches = [Bench(url, tmp_path / str(number), site) for number in range(CROWD)]
        crawls = []
        managers = []
        for number, bench in enumerate(benches):
            bench.folder.mkdir()
            manager = bench.crawl(platform=f"board{number}")
            managers.append(manager)
            crawls.append(manager.__enter__())
        try:
            codes = [crawl.end(600) for crawl in crawls]
        finally:
            for manager in managers:
                manager.__exit__(None, None, None)
        told = [crawl.log.read_text() for crawl in crawls]
        assert codes == [5] * CROWD, next(text for text, code in zip(told, codes, strict=True) if code != 5)
        # Two connections each, and room for no third.
        assert not any("too many clients" in text or "The database failed" in text for text in told)
        stored = benches[0].ask("SELECT platform, count(*) AS n FROM projects GROUP BY platform")
        assert {row["platform"]: row["n"] for row in stored} == {
            f"board{number}": PROJECTS for number in range(CROWD)
        }
        assert benches[0].ask("SELECT sum(deadlocks) FROM pg_stat_database")[0][0] == 0


def test_crawls_that_begin_at_once_share_what_waits_on_disk(bench: Bench) -> None:
    spool = Spool.of(
        Config.load(
            {
                "DATABASE_URL": bench.url.render_as_string(hide_password=False),
                "OUTSOURCE_DATA_DIR": str(bench.folder),
            }
        )
    )
    files, size = 40, 100
    for number in range(files):
        projects = [
            Project(platform="old", external_id=f"{number}-{place}", url="https://board.example/", title="t")
            for place in range(size)
        ]
        odd = RejectedRecord(platform="old", reason="no title", source=f"<li>{number}</li>")
        spool.write(Batch([*projects, odd]), datetime.now(UTC))
    platforms = [f"board{number}" for number in range(4)]
    with ExitStack() as stack:
        crawls = [stack.enter_context(bench.crawl(platform=platform)) for platform in platforms]
        codes = [crawl.end() for crawl in crawls]
        told = "".join(crawl.log.read_text() for crawl in crawls)
    assert codes == [5] * len(platforms), told
    assert spool.waiting() == []
    assert told.count("items that an earlier run had left in") == files
    assert bench.ask("SELECT count(*) FROM projects WHERE platform = 'old'")[0][0] == files * size
    assert bench.ask("SELECT count(*) FROM rejected_records WHERE platform = 'old'")[0][0] == files
    # What others had read is not in the counts of these runs.
    runs = bench.ask("SELECT platform, new, updated, rejected FROM crawl_runs ORDER BY platform")
    assert [tuple(run) for run in runs] == [(platform, PROJECTS, 0, REJECTED) for platform in platforms]
