"""Real servers for every test that needs one: the embedded PostgreSQL 18, the system's 15, and the market.

Each is started once and stopped at the end whatever happens; a PostgreSQL listens on a Unix socket in a
folder of its own. A test gets a database of its own, dropped afterwards.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg  # type: ignore[import-untyped]
import pytest
from hypothesis import settings
from sqlalchemy import URL

from outsource_scraper.config import DRIVER
from outsource_scraper.database.embedded import EmbeddedPostgres
from outsource_scraper.database.embedded_account import ENVIRONMENT, server_account
from outsource_scraper.database.session import AsyncDatabase
from outsource_scraper.sandbox.client import Control

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
    from contextlib import AbstractContextManager

# How long an example takes says more of the machine than of the code.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

T = TypeVar("T")

PROJECT = Path(__file__).resolve().parent.parent
CAPTURES = PROJECT.parent / "shared" / "captures"
DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--all-faults", action="store_true", help="every round of tests/faults, not a fifth of them"
    )
    fuzz = parser.getgroup("fuzz")
    fuzz.addoption("--fuzz-rounds", type=int, default=40, help="mutations of each saved page (default: 40)")
    fuzz.addoption("--fuzz-seed", type=int, default=1, help="what decides the mutations (default: 1)")
    fuzz.addoption(
        "--fuzz-failures",
        default=str(Path(tempfile.gettempdir()) / "fuzz-failures"),
        help="folder for the pages that failed (default: %(default)s)",
    )
    fuzz.addoption("--fuzz-number", type=int, help="the one mutation to have again")


@dataclass(frozen=True)
class Server:
    """A running server, reached as its superuser."""

    name: str
    socket_folder: Path

    def url(self, database: str) -> URL:
        query = {"host": str(self.socket_folder), "port": "5432"}
        return URL.create(DRIVER, username="postgres", database=database, query=query)

    def execute(self, *statements: str, database: str = "postgres") -> None:
        async def execute() -> None:
            connection = await asyncpg.connect(
                host=str(self.socket_folder), port=5432, user="postgres", database=database
            )
            try:
                for statement in statements:
                    await connection.execute(statement)
            finally:
                await connection.close()

        in_own_loop(execute())

    @contextmanager
    def new_database(self, template: str = "template0") -> Iterator[URL]:
        name = f"test_{uuid.uuid4().hex}"
        locale = "ENCODING 'UTF8' LOCALE 'C.UTF-8'" if template == "template0" else ""
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" {locale}')
        try:
            yield self.url(name)
        finally:
            self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


async def fetch(url: URL, statement: str) -> list[dict[str, Any]]:
    """Ask a database of one of the servers, in SQL, as the superuser."""
    connection = await asyncpg.connect(
        host=str(url.query["host"]), port=5432, user="postgres", database=url.database
    )
    try:
        return [dict(row) for row in await connection.fetch(statement)]
    finally:
        await connection.close()


def in_own_loop(coroutine: Coroutine[Any, Any, T]) -> T:
    # asyncio.run() would take the current event loop away from pytest-asyncio.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(coroutine)


@contextmanager
def reachable_folder() -> Iterator[Path]:
    """A temporary folder that the server's user may enter; pytest's own are private to root."""
    folder = Path(tempfile.mkdtemp(prefix="outsource_test_"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def server_folder() -> Iterator[Path]:
    with reachable_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def postgres_18() -> Iterator[Server]:
    with reachable_folder() as folder, EmbeddedPostgres(folder) as server:
        started = Server("embedded 18", Path(str(server.start().query["host"])))
        # The databases of tests are made and dropped by the hundred, and none outlives a crash.
        started.execute("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        yield started


def need(condition: object, reason: str) -> None:
    """Skip the test with its reason; where nothing may be skipped, fail with it."""
    if not condition:
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


def need_postgres_15() -> None:
    need(
        (DEBIAN_15 / "postgres").exists(),
        f"no PostgreSQL 15 in {DEBIAN_15}: install the package postgresql-15",
    )


@pytest.fixture(scope="session")
def postgres_15() -> Iterator[Server]:
    need_postgres_15()
    with running_server(DEBIAN_15) as socket_folder:
        yield Server("system 15", socket_folder)


@contextmanager
def running_server(
    programs: Path, settings: tuple[str, ...] = (), initdb: tuple[str, ...] = ()
) -> Iterator[Path]:
    """Run a new server of the folder `programs`; the value is its socket's folder."""
    account = server_account()
    with reachable_folder() as folder:
        data = folder / "data"
        data.mkdir(mode=0o700)
        os.chown(data, account.uid, account.gid)
        form = ("--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", *initdb)
        made = account.run(programs / "initdb", f"--pgdata={data}", "--username=postgres", *form)
        assert made.returncode == 0, made.stderr
        all_settings = ("listen_addresses=", f"unix_socket_directories={data}", "fsync=off", *settings)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [programs / "postgres", "-D", data, *(part for s in all_settings for part in ("-c", s))],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=ENVIRONMENT,
                start_new_session=True,
                **account.process_options(),
            )
        try:
            pid_file = data / "postmaster.pid"
            while not (pid_file.exists() and "ready" in pid_file.read_text()):
                assert process.poll() is None, (folder / "log").read_text()
                time.sleep(0.01)
            yield data
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


@pytest.fixture(scope="session")
def start_server() -> Callable[..., AbstractContextManager[Path]]:
    """Return `running_server`, for a test that needs a server with settings of its own."""
    return running_server


@pytest.fixture
def database_url(postgres_18: Server) -> Iterator[URL]:
    """An empty database of its own on the embedded server."""
    with postgres_18.new_database() as url:
        yield url


@pytest.fixture(params=["postgres_18", "postgres_15"])
def any_server(request: pytest.FixtureRequest) -> Server:
    server: Server = request.getfixturevalue(request.param)
    return server


@pytest.fixture
def any_database_url(any_server: Server) -> Iterator[URL]:
    """An empty database of its own, on each of the servers in turn."""
    with any_server.new_database() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_template() -> Callable[[Server], str]:
    """Return the name of a server's database that holds the migrated tables, made at its first use."""
    made: dict[Server, str] = {}

    def template(server: Server) -> str:
        if server not in made:
            name = "template_migrated"
            server.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'")
            in_own_loop(initialize(server.url(name)))
            made[server] = name
        return made[server]

    return template


async def initialize(url: URL) -> None:
    async with AsyncDatabase(url) as database:
        await database.initialize()


@pytest.fixture
async def database(
    postgres_18: Server, migrated_template: Callable[[Server], str]
) -> AsyncIterator[AsyncDatabase]:
    """An initialized database of its own on the embedded server."""
    template = await asyncio.to_thread(migrated_template, postgres_18)
    manager = postgres_18.new_database(template)
    url = await asyncio.to_thread(manager.__enter__)
    try:
        async with AsyncDatabase(url) as opened:
            await opened.initialize()
            yield opened
    finally:
        await asyncio.to_thread(manager.__exit__, None, None, None)


@dataclass
class Market:
    """A sandbox market in a process of its own."""

    url: str
    control: Control


@pytest.fixture(scope="session")
def market_process() -> Iterator[Market]:
    now = datetime.now(UTC).replace(second=0, microsecond=0).isoformat()
    command = [sys.executable, "-m", "outsource_scraper.sandbox", "--size", "40", "--frozen", "--clock", now]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            yield Market(url, Control(url))
        finally:
            process.terminate()


@pytest.fixture
def market(market_process: Market) -> Iterator[Market]:
    """About forty open postings on each platform, so that FL.ru has a second page; without faults at first.

    Its time stands still.
    """
    start = datetime.fromisoformat(market_process.control.state()["now"])
    market_process.control.clear_faults()
    market_process.control.clear_log()
    yield market_process
    market_process.control.clear_faults()
    market_process.control.move_to(start)


@pytest.fixture(scope="session")
def captures() -> Path:
    """The saved pages of real platforms, which lie beside the project and are no part of it."""
    if not CAPTURES.is_dir():
        pytest.skip(f"no saved pages in {CAPTURES}")
    return CAPTURES
