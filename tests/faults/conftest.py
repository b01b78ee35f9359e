"""Whole crawls that meet a fault, what is asked of the database behind it, and the table of all of them."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg  # type: ignore[import-untyped]
import pytest

from outsource_scraper.database.embedded_account import server_account
from tests.conftest import DEBIAN_15, PROJECT, Server, in_own_loop, initialize
from tests.faults.board import PROJECTS, REJECTED
from tests.faults.disks import small_disk

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sqlalchemy import URL


@pytest.fixture
def small_database(start_server: Callable[..., AbstractContextManager[Path]]) -> Iterator[URL]:
    """An empty database on a disk of 24 MB; the rest of its server has room enough."""
    with start_server(DEBIAN_15) as socket_folder, small_disk(24 * 2**20) as disk:
        account = server_account()
        os.chown(disk, account.uid, account.gid)
        server = Server("small disk", socket_folder)
        server.execute(f"CREATE TABLESPACE small LOCATION '{disk}'")
        server.execute("CREATE DATABASE small TABLESPACE small")
        yield server.url("small")


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """The URL of the board, served by a process of its own."""
    command = [sys.executable, "-m", "tests.faults.board"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


@dataclass
class Crawl:
    """A crawl of the board as a process of its own, and what it reported."""

    process: subprocess.Popen[str]
    scraped_file: Path
    log: Path

    @property
    def scraped(self) -> set[str]:
        """Every id that Scrapy reported as scraped until now."""
        if not self.scraped_file.exists():
            return set()
        return set(self.scraped_file.read_text().split("\n")[:-1])

    def wait_for_scraped(self, count: int) -> None:
        """Wait until so many items are reported, or the crawl has ended."""
        while self.process.poll() is None:
            size = self.scraped_file.stat().st_size if self.scraped_file.exists() else 0
            if size and self.scraped_file.read_text().count("\n") >= count:
                return
            time.sleep(0.002)

    def end(self, seconds: float = 240) -> int:
        """Wait for the end; the exit code."""
        return self.process.wait(timeout=seconds)


@dataclass
class Bench:
    """Where a round takes place: a database, a data folder, and crawls of the site into it."""

    url: URL
    folder: Path
    site: str
    crawls: int = 0
    data: Path | None = None
    """The data folder of the crawls, where it is another one."""

    @contextmanager
    def crawl(self, *arguments: str, url: URL | None = None, platform: str = "board") -> Iterator[Crawl]:
        """A crawl that is under way; it is killed at the end if it still is."""
        self.crawls += 1
        scraped_file, log = (self.folder / f"{name}-{self.crawls}" for name in ("scraped", "log"))
        settings = {
            "SPIDER_MODULES": "tests.faults.board",
            "BOARD_URL": self.site,
            "SCRAPED_FILE": scraped_file,
            "DOWNLOAD_DELAY": 0,
            "ROBOTSTXT_OBEY": False,
            "STORE_BATCH_LINGER": 0.01,
            "STORE_RETRY_DELAY": 0.1,
        }
        given = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
        command = [
            sys.executable,
            "-m",
            "scrapy.cmdline",
            "crawl",
            platform,
            "-a",
            "mode=full",
            *given,
            *arguments,
        ]
        with (
            log.open("w") as output,
            subprocess.Popen(
                command, cwd=PROJECT, env=self._environment(url), stdout=output, stderr=output, text=True
            ) as process,
        ):
            try:
                yield Crawl(process, scraped_file, log)
            finally:
                process.kill()

    def replay(self) -> str:
        """`scrapy replay-spool`, which has to end well; what it prints."""
        command = [sys.executable, "-m", "scrapy.cmdline", "replay-spool"]
        done = subprocess.run(
            command, cwd=PROJECT, env=self._environment(None), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _environment(self, url: URL | None) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        return kept | {
            "DATABASE_URL": (url or self.url).render_as_string(hide_password=False),
            "OUTSOURCE_DATA_DIR": str(self.data or self.folder),
            "OUTSOURCE_CONTACT": "tests@example.org",
        }

    def waiting(self) -> list[dict[str, Any]]:
        """The items that wait on disk, each as its kind and its fields."""
        files = ((self.data or self.folder) / "spool").rglob("*.jsonl")
        return [json.loads(line) for file in files for line in file.read_text().splitlines()[1:]]

    def ask(self, statement: str) -> list[Any]:
        """Ask the database, in SQL."""
        rows: list[Any] = []

        async def ask() -> None:
            connection = await asyncpg.connect(
                host=self.url.query["host"], port=5432, user="postgres", database=self.url.database
            )
            try:
                rows.extend(await connection.fetch(statement))
            finally:
                await connection.close()

        in_own_loop(ask())
        return rows

    def check(self, *crawls: Crawl) -> dict[str, int]:
        """What must hold at any moment; counts for the table."""
        stored = [row[0] for row in self.ask("SELECT external_id FROM projects")]
        scraped = {one for crawl in crawls for one in crawl.scraped}
        missing = scraped - set(stored)
        assert not missing, f"{len(missing)} were reported as scraped and are not stored"
        assert len(stored) == len(set(stored)), "a key is stored twice"
        wrong = self.ask(
            """
            SELECT id, new, rejected, counted.found, aside.found
            FROM crawl_runs, LATERAL (
                SELECT count(*) FILTER (WHERE kind = 'new') AS found
                FROM project_changes WHERE run_id = crawl_runs.id
            ) AS counted, LATERAL (
                SELECT count(*) AS found FROM rejected_records WHERE run_id = crawl_runs.id
            ) AS aside
            WHERE new <> counted.found OR rejected <> aside.found
            """
        )
        assert not wrong, f"the counts of a run do not agree with the rows: {wrong}"
        (total,) = self.ask(
            "SELECT (SELECT coalesce(sum(new), 0)::int FROM crawl_runs)"
            " + (SELECT count(*) FROM project_changes WHERE kind = 'new' AND run_id IS NULL)"
        )
        # What was spooled by a run is counted by the run that stores it, and by none where no run does.
        assert total[0] == len(stored)
        return {"scraped": len(scraped), "stored": len(stored), "lost": len(missing)}

    def complete(self, url: URL | None = None) -> None:
        """The next run: it ends, everything is there, and no run seems to go on."""
        with self.crawl(url=url) as crawl:
            code = crawl.end()
            told = crawl.log.read_text()
        assert code == 5, told
        assert f"board: partial: {REJECTED} records were rejected" in told, told
        self.check(crawl)
        assert self.ask("SELECT count(*) FROM projects")[0][0] == PROJECTS
        assert not self.waiting(), "something still waits on disk"
        verdicts = [row[0] for row in self.ask("SELECT verdict FROM crawl_runs ORDER BY id")]
        assert None not in verdicts, f"a run seems to go on: {verdicts}"
        assert verdicts[-1] == "partial"


@pytest.fixture(scope="session")
def durable(start_server: Any) -> Iterator[Server]:
    """A server of its own for the crawls that are killed, with everything that keeps data on."""
    programs = DEBIAN_15
    if not (programs / "postgres").exists():
        pytest.fail(f"no PostgreSQL 15 in {programs}: install the package postgresql-15")
    with start_server(programs, settings=("fsync=on", "max_connections=100")) as socket_folder:
        yield Server("durable 15", socket_folder)


@pytest.fixture
def bench(
    durable: Server, site: str, tmp_path: Path, migrated_template: Callable[[Server], str]
) -> Iterator[Bench]:
    """A database of its own on the durable server."""
    with durable.new_database(migrated_template(durable)) as url:
        yield Bench(url, tmp_path, site)


@pytest.fixture
def empty_bench(site: str, tmp_path: Path) -> Bench:
    """One without a database yet, for a test that brings a server of its own."""
    return Bench(None, tmp_path, site)  # type: ignore[arg-type]


def migrated(url: URL) -> None:
    """Make the tables."""
    in_own_loop(initialize(url))


def moment(kind: str, number: int) -> random.Random:
    """The chance of a round: the same in every run."""
    return random.Random(f"{kind} {number}")  # noqa: S311 - no secret


def interrupt(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Send a signal to a process that may have ended."""
    if process.poll() is None:
        process.send_signal(number)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker("rounds")
    if marker is not None:
        rounds: int = marker.args[0]
        if not metafunc.config.getoption("--all-faults"):
            rounds = max(2, rounds // 5)
        metafunc.parametrize("number", range(rounds))


@pytest.fixture
def tell(
    request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> Callable[..., None]:
    """Put the counts of a round into the table at the end."""

    def tell(fault: str, **counts: int) -> None:
        record_property("fault", (fault, counts))

    return tell


def pytest_terminal_summary(terminalreporter: Any) -> None:
    table: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == "fault" and report.when == "call":
                    fault, counts = value
                    table[fault]["rounds"] += 1
                    for one, count in counts.items():
                        table[fault][one] += count
    if not table:
        return
    names = ("rounds", "scraped", "stored", "lost", "interrupted", "spooled")
    terminalreporter.section("faults")
    terminalreporter.write_line("| fault | " + " | ".join(names) + " |")
    terminalreporter.write_line("|" + " --- |" * (len(names) + 1))
    for fault, counts in sorted(table.items()):
        cells = (f"{counts.get(name, 0):,}" for name in names)
        terminalreporter.write_line(f"| {fault} | " + " | ".join(cells) + " |")
