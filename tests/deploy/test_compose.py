"""compose.yaml: its structure, and its services' commands one after another against one PostgreSQL.

As compose does it, but for the containers: `tests/deploy/images` runs the same in the images.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from outsource_scraper.config import Config
from tests.conftest import DEBIAN_15, PROJECT, Market
from tests.deploy.composed import FILE, SERVICES, ask, compose, good, in_order, of_the_project, secret_in
from tests.deploy.conftest import PATIENCE, wait_until
from tests.deploy.databases import Database, only_due

DUE = ("flru", "remoteok")
"""Platforms that are due in these tests; the market shows both."""


@pytest.fixture
def project_database(tcp_server: tuple[int, Path]) -> Iterator[Database]:
    with of_the_project(*tcp_server) as database:
        yield database


def test_the_structure_is_compose_s() -> None:
    check = (sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE))
    ended = subprocess.run(check, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_order_and_who_is_started_unasked() -> None:
    assert in_order(SERVICES)[:2] == ["postgres", "migrate"]
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in ("crawler", "scrapyd"):
        assert SERVICES[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert [name for name, service in SERVICES.items() if "profiles" in service] == ["scrapyd"]


def test_a_contact_is_asked_for() -> None:
    with pytest.raises(AssertionError, match="OUTSOURCE_CONTACT: set it in"):
        compose({})


def test_every_setting_of_the_operator_s_reaches_the_containers() -> None:
    """The others are the file's own: the database's address, and what is set in the image."""
    own = {
        "DATABASE_URL",
        "POSTGRES_PASSWORD",
        "POSTGRES_PORT",
        "OUTSOURCE_DATA_DIR",
        "OUTSOURCE_BROWSER_SANDBOX",
    }
    for name in ("migrate", "crawler", "scrapyd"):
        missing = {field.upper() for field in Config.model_fields} - set(SERVICES[name]["environment"]) - own
        assert not missing


def test_the_database_s_health_check(project_database: Database) -> None:
    test = SERVICES["postgres"]["healthcheck"]["test"]
    assert test[:2] == ["CMD", "pg_isready"]
    for port, code in ((project_database.port, 0), (1, 2)):
        command = [DEBIAN_15 / "pg_isready", *test[2:], f"--port={port}"]
        assert subprocess.run(command, capture_output=True, check=False).returncode == code


def entrypoint(target: str) -> list[str]:
    """What a target of the Dockerfile starts."""
    text = (PROJECT / "Dockerfile").read_text("utf-8")
    stages = {
        name: (base, body)
        for base, name, body in re.findall(
            r"^FROM (\S+) AS (\S+)\n(.*?)(?=^FROM |\Z)", text, re.DOTALL | re.MULTILINE
        )
    }
    while True:
        target, body = stages[target]
        if found := re.search(r"^ENTRYPOINT (\[.*\])$", body, re.MULTILINE):
            return [str(word) for word in json.loads(found[1])]


class Services:
    """The services of the file as processes of this machine: their own commands and variables."""

    def __init__(self, folder: Path, port: int, market: Market) -> None:
        self.folder = folder
        configuration = (PROJECT / "deploy" / "scrapyd.conf").read_text("utf-8")
        (folder / "scrapyd.conf").write_text(configuration.replace("/data", str(folder)), "utf-8")
        image = {
            "PATH": f"{PROJECT / 'deploy'}:{Path(sys.executable).parent}:/usr/bin:/bin",
            "PYTHONPATH": str(PROJECT),
            "PYTHONUNBUFFERED": "1",
            "SCRAPY_SETTINGS_MODULE": "outsource_scraper.settings",
            "OUTSOURCE_DATA_DIR": str(folder),
            "HOME": str(folder),
        }
        # What is another here than in a network of the project's own.
        here = {
            "POSTGRES_HOST": "127.0.0.1",
            "POSTGRES_PORT": str(port),
            "POSTGRES_PASSWORD_FILE": str(secret_in(folder)),
            "OUTSOURCE_SANDBOX_URL": market.url,
        }
        self._environment = image, here

    @contextmanager
    def started(self, name: str, **variables: str) -> Iterator["Running"]:
        service = SERVICES[name]
        image, here = self._environment
        log = self.folder / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*self._program(name), *(service.get("command") or ())],
                cwd=self.folder,
                env={**image, **service["environment"], **here, **variables},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield Running(process, log)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def run(self, name: str) -> "Running":
        with self.started(name) as running:
            running.process.wait(PATIENCE)
            return running

    def _program(self, name: str) -> Sequence[str]:
        service = SERVICES[name]
        return service.get("entrypoint") or entrypoint(service["build"]["target"])


@dataclass
class Running:
    """A service that runs, or has."""

    process: subprocess.Popen[bytes]
    _log: Path

    @property
    def log(self) -> str:
        return self._log.read_text("utf-8")

    @property
    def pauses(self) -> bool:
        """Whether nothing but a pause is under way."""
        return {child.name() for child in psutil.Process(self.process.pid).children()} == {"sleep"}

    def stop(self) -> int:
        """Send SIGTERM as compose does, and return the exit code."""
        self.process.terminate()
        return self.process.wait(60)


def test_one_after_another_as_compose_starts_them(
    project_database: Database, market: Market, tmp_path: Path
) -> None:
    services = Services(tmp_path, project_database.port, market)
    for name in in_order(SERVICES)[1:]:
        match name:
            case "migrate":
                migrated = services.run(name)
                assert migrated.process.returncode == 0, migrated.log
                assert "the tables in postgresql+asyncpg://outsource:***@127.0.0.1" in migrated.log
                only_due(project_database, *DUE)
            case "crawler":
                crawl(services, project_database, market)
            case "scrapyd":
                serve(services, project_database)
            case _:
                pytest.fail(f"the service {name} is started by no test")


def crawl(services: Services, database: Database, market: Market) -> None:
    with services.started("crawler") as crawler:
        wait_until(lambda: crawler.pauses and "were due" in crawler.log, "the end of the first round")
        assert "2 of" in crawler.log.splitlines()[-1], crawler.log
        assert crawler.stop() == 0, crawler.log
    for platform in DUE:
        rows = database.fetch("SELECT external_id FROM projects WHERE platform = $1", platform)
        wanted = {one["project"]["external_id"] for one in market.control.truth(platform)}
        assert {row["external_id"] for row in rows} == wanted


def serve(services: Services, database: Database) -> None:
    database.fetch("DELETE FROM crawl_runs")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    with services.started("scrapyd", SCRAPYD_HTTP_PORT=port) as scrapyd:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: "Scrapyd web console available" in scrapyd.log, "Scrapyd")
        assert ask(f"{url}/listprojects.json")["projects"] == ["outsource_scraper"]
        ask(f"{url}/schedule.json", project="outsource_scraper", spider="flru")
        wait_until(lambda: "flru" in good(database), "the end of the job")
        with pytest.raises(urllib.error.HTTPError, match="404"):
            ask(f"{url}/addversion.json", project="outsource_scraper", version="2")
        # Having shut down, it ends itself by the signal; as the first process of a container it could not.
        assert scrapyd.stop() == -signal.SIGTERM, scrapyd.log
        assert scrapyd.log.splitlines()[-1].endswith("Server Shut Down.")
