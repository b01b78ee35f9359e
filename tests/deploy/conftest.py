"""A Scrapyd as `docs/deploying.md` says how to run one: its commands, in a clean checkout, run as written.

And a PostgreSQL that is reached over TCP.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from outsource_scraper.database.embedded_account import installation
from tests.conftest import DEBIAN_15, PROJECT, Market, Server, need_postgres_15
from tests.deploy.databases import Database, new_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import URL

GIT = shutil.which("git") or "git"
SHELL = "/bin/sh"
PATIENCE = 90
"""Seconds after which what is waited for will not come any more."""
PASSWORD = "a+b c%41/@비"  # noqa: S105 - what a URL and a form could both spoil


def blocks_of(section: str) -> list[str]:
    """The shell blocks of a section of `docs/deploying.md`, in their order."""
    text = (PROJECT / "docs" / "deploying.md").read_text("utf-8")
    found = re.search(rf"^## {section}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found is not None, f"docs/deploying.md has no section {section!r}"
    return re.findall(r"^```sh\n(.*?)^```$", found[1], re.DOTALL | re.MULTILINE)


def wait_until(true: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.3)


@dataclass
class Shell:
    """Commands in a checkout as an operator types them, with what the documentation tells to set."""

    checkout: Path
    environment: dict[str, str]

    def run(self, block: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [SHELL, "-eu", "-c", block],
            cwd=self.checkout,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    @contextmanager
    def running(self, block: str, output: Path) -> Iterator[subprocess.Popen[bytes]]:
        """Run a command that does not end by itself, and end it and all that it started."""
        with output.open("wb") as file:
            process = subprocess.Popen(
                [SHELL, "-eu", "-c", block],
                cwd=self.checkout,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tracked files as they are now, in a repository of their own, with the environment of `./run`."""
    folder = tmp_path_factory.mktemp("checkout")
    listed = subprocess.run([GIT, "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, folder / name)
    venv = PROJECT / ".venv"
    assert venv.exists(), "this is run by ./run test, which makes .venv"
    (folder / ".venv").symlink_to(venv.resolve())
    author = ("-c", "user.name=tests", "-c", "user.email=tests@example.org")
    for command in (("init", "-q"), ("add", "-A"), (*author, "commit", "-qm", "The tracked files")):
        subprocess.run([GIT, *command], cwd=folder, check=True)
    return folder


@pytest.fixture(scope="session")
def password_server(start_server: Callable[..., AbstractContextManager[Path]]) -> Iterator[Server]:
    """A PostgreSQL that asks the user `crawler` for `PASSWORD`."""
    with start_server(installation() / "bin") as folder:
        server = Server("with a password", folder)
        server.execute(f"CREATE ROLE crawler LOGIN PASSWORD '{PASSWORD}'")
        (folder / "pg_hba.conf").write_text("local all postgres trust\nlocal all all scram-sha-256\n")
        server.execute("SELECT pg_reload_conf()")
        yield server


@contextmanager
def crawlers_database(server: Server) -> Iterator[URL]:
    with server.new_database() as url:
        server.execute(f'ALTER DATABASE "{url.database}" OWNER TO crawler')
        yield url.set(username="crawler", password=PASSWORD)


@pytest.fixture
def storage(password_server: Server) -> Iterator[URL]:
    """An empty database of its own; its address has a `+` in the driver, and `%` in the rest."""
    with crawlers_database(password_server) as url:
        yield url


@dataclass
class Scrapyd:
    """A Scrapyd in a process of its own, with the project deployed to it."""

    shell: Shell
    url: str
    output: Path
    default: URL
    """The database that its environment names."""
    deployed: subprocess.CompletedProcess[str]
    ran: set[str] = field(default_factory=set)
    """The blocks of the documentation that brought it here."""

    @property
    def home(self) -> Path:
        """The folder that it runs in."""
        return Path(self.shell.environment["HOME"]) / "scrapyd"

    def ask(self, name: str, *form: tuple[str, str], **query: str) -> dict[str, Any]:
        """Ask one of its services, with `form` as the body or `query` in the address."""
        url = f"{self.url}/{name}.json" + (f"?{urlencode(query)}" if query else "")
        body = urlencode(form).encode() if form else None
        with urllib.request.urlopen(url, body, timeout=PATIENCE) as answer:  # noqa: S310
            told: dict[str, Any] = json.load(answer)
        assert told["status"] == "ok", told
        return told

    def schedule(self, spider: str, storage: URL | str, *settings: str, **arguments: str) -> str:
        """Schedule a job that stores into `storage`; its id."""
        address = storage if isinstance(storage, str) else storage.render_as_string(hide_password=False)
        told = self.ask(
            "schedule",
            ("project", "outsource_scraper"),
            ("spider", spider),
            *(("setting", setting) for setting in (f"DATABASE_URL={address}", *settings)),
            *arguments.items(),
        )
        return str(told["jobid"])

    def jobs(self, state: str) -> dict[str, dict[str, Any]]:
        """Its jobs that are `pending`, `running` or `finished`, by id."""
        told = self.ask("listjobs", project="outsource_scraper")
        return {job["id"]: job for job in told[state]}

    def wait_for(self, *jobs: str) -> None:
        wait_until(lambda: set(jobs) <= self.jobs("finished").keys(), f"the end of {jobs}")

    def wait_for_all(self) -> None:
        wait_until(lambda: not self.jobs("pending") and not self.jobs("running"), "the end of all jobs")

    def log(self, job: str) -> list[str]:
        """The lines of the log of a job, as its own page shows them."""
        page = self.url + self.jobs("finished")[job]["log_url"]
        with urllib.request.urlopen(page, timeout=PATIENCE) as answer:  # noqa: S310
            text: str = answer.read().decode()
        return text.splitlines()

    def exit_status(self, job: str) -> int:
        """What Scrapyd's own output says that a job ended with."""
        ended = rf"Process (?:finished:|died: exitstatus=(\d+)) project=.*job='{job}'"
        found = re.search(ended, self.output.read_text())
        assert found is not None, f"Scrapyd says nothing of the end of the job {job}"
        return int(found[1] or 0)

    def cancel(self, job: str) -> str:
        """Cancel a job; the state it was in."""
        return str(self.ask("cancel", ("project", "outsource_scraper"), ("job", job))["prevstate"])


def only(blocks: list[str], words: str) -> str:
    (found,) = [block for block in blocks if words in block]
    return found


@pytest.fixture(scope="session")
def scrapyd_process(
    checkout: Path,
    password_server: Server,
    market_process: Market,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Scrapyd]:
    folder = tmp_path_factory.mktemp("scrapyd")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    blocks = blocks_of("Scrapyd")
    prepare, serve = only(blocks, "scrapyd.conf"), only(blocks, "exec scrapyd'")
    deploy = next(block for block in blocks if "scrapyd-deploy" in block)
    with crawlers_database(password_server) as default:
        environment = {
            **kept,
            "HOME": str(folder),
            "DATABASE_URL": default.render_as_string(hide_password=False),
            "OUTSOURCE_CONTACT": "tests@example.org",
            "OUTSOURCE_DATA_DIR": str(folder / "data"),
            "OUTSOURCE_SANDBOX_URL": market_process.url,
            "SCRAPYD_HTTP_PORT": str(port),
            "SCRAPYD_URL": f"http://127.0.0.1:{port}",
        }
        shell = Shell(checkout, environment)
        prepared = shell.run(prepare)
        assert prepared.returncode == 0, prepared.stderr
        output = folder / "scrapyd.output"
        with shell.running(serve, output) as process:
            wait_until(lambda: process.poll() is not None or _answers(port), "Scrapyd")
            assert process.poll() is None, output.read_text()
            deployed = shell.run(deploy)
            assert deployed.returncode == 0, deployed.stderr
            yield Scrapyd(
                shell, environment["SCRAPYD_URL"], output, default, deployed, {prepare, serve, deploy}
            )


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/daemonstatus.json")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


@pytest.fixture
def scrapyd(scrapyd_process: Scrapyd, market: Market) -> Iterator[Scrapyd]:
    """Scrapyd without a job under way; none is left behind."""
    yield scrapyd_process
    for job in (*scrapyd_process.jobs("pending"), *scrapyd_process.jobs("running")):
        scrapyd_process.cancel(job)
    scrapyd_process.wait_for_all()


@pytest.fixture(scope="session")
def tcp_server(start_server: Callable[..., AbstractContextManager[Path]]) -> Iterator[tuple[int, Path]]:
    """The port and the socket's folder of a server that wants a password from whoever comes over TCP."""
    need_postgres_15()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = ("listen_addresses=127.0.0.1", f"port={port}")
    with start_server(DEBIAN_15, settings, ("--auth-host=scram-sha-256",)) as folder:
        yield port, folder


@pytest.fixture
def database(tcp_server: tuple[int, Path]) -> Iterator[Database]:
    """An empty database with an owner of the same name."""
    name = f"outsource_{os.urandom(4).hex()}"
    with new_database(*tcp_server, name, name) as database:
        yield database
