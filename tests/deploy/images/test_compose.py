"""compose.yaml: its structure, and its services against one PostgreSQL one after another, as compose does."""

import json
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from outsource_scraper.config import Config
from tests.conftest import DEBIAN_15, PROJECT, Market
from tests.deploy.conftest import PATIENCE, wait_until
from tests.deploy.images.conftest import PASSWORD, Database
from tests.deploy.images.containers import Image, Running

FILE = PROJECT / "compose.yaml"
SANDBOX = ("flru", "freelancer", "freelanceru", "guru", "kwork", "remoteok", "weblancer", "weworkremotely")
"""Platforms that are on and that the market shows."""


def compose(environment: Mapping[str, str]) -> Any:
    """The file with its variables replaced, as compose reads them."""

    def value(match: re.Match[str]) -> str:
        name, operator, rest = match["name"], match["operator"], match["rest"]
        given = environment.get(name)
        assert given or operator != ":?", f"{name}: {rest}"
        return json.dumps(given or (rest if operator == ":-" else ""))

    form = r"\$\{(?P<name>\w+)(?P<operator>:[-?])(?P<rest>[^}]*)\}"
    return yaml.safe_load(re.sub(form, value, FILE.read_text("utf-8")))


SERVICES = compose({"OUTSOURCE_CONTACT": "a@example.org"})["services"]


def in_order(services: Mapping[str, Any]) -> list[str]:
    """The names of the services, each behind those that it waits for."""
    ordered: list[str] = []
    while len(ordered) < len(services):
        ready = [
            name
            for name, service in services.items()
            if name not in ordered and set(service.get("depends_on", ())) <= set(ordered)
        ]
        assert ready, "the services wait for each other"
        ordered += ready
    return ordered


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


class Services:
    """The services of the file on this machine: their own commands, variables, mounts and images."""

    def __init__(self, folder: Path, port: int, build: Callable[[str], Image]) -> None:
        self._port = port
        self._build = build
        self.data = folder / "data"
        self.data.mkdir()
        self.data.chmod(0o770)
        secret = folder / "postgres_password"
        secret.write_text(f"{PASSWORD}\n", "utf-8")
        secret.chmod(0o644)
        hosts = folder / "hosts"
        hosts.write_text("127.0.0.1 localhost postgres\n")
        self._mounts = {"/run/secrets/postgres_password": secret, "/etc/hosts": hosts}

    def image(self, name: str) -> Image:
        return self._build(SERVICES[name]["build"]["target"])

    @contextmanager
    def started(
        self, name: str, *command: str, entrypoint: Sequence[str] | None = None, **variables: str
    ) -> Iterator[Running]:
        """Start a service; `command` and `entrypoint` in the place of its own, as by `docker compose run`."""
        service = SERVICES[name]
        image = self.image(name)
        variables["POSTGRES_PORT"] = str(self._port)  # in a network of the project's own it would be 5432
        with image.start(
            *(command or service.get("command") or image.config.get("Cmd") or ()),
            data=self.data,
            env={**service["environment"], **variables},
            mounts=self._mounts,
            entrypoint=entrypoint or service.get("entrypoint"),
        ) as running:
            yield running

    def run(self, name: str, *command: str, **options: Any) -> Running:
        with self.started(name, *command, **options) as running:
            running.wait(PATIENCE)
            return running


@pytest.fixture
def services(
    tcp_server: tuple[int, Path], build: Callable[[str], Image], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Services, Database]]:
    """The services beside a database as PostgreSQL's image makes it from the variables in the file."""
    port, folder = tcp_server
    variables = SERVICES["postgres"]["environment"]
    user, name = variables["POSTGRES_USER"], variables["POSTGRES_DB"]
    form = "ENCODING 'UTF8' LOCALE 'C.UTF-8'"
    assert variables["POSTGRES_INITDB_ARGS"] == "--encoding=UTF8 --locale=C.UTF-8"
    server = Database(port, "postgres", "postgres", folder)
    server.fetch(f"CREATE ROLE {user} LOGIN PASSWORD '{PASSWORD}'")
    server.fetch(f"CREATE DATABASE {name} OWNER {user} TEMPLATE template0 {form}")
    try:
        yield Services(tmp_path_factory.mktemp("compose"), port, build), Database(port, user, name, folder)
    finally:
        server.fetch(f"DROP DATABASE {name} WITH (FORCE)")
        server.fetch(f"DROP ROLE {user}")


def test_the_database_s_health_check(services: tuple[Services, Database]) -> None:
    test = SERVICES["postgres"]["healthcheck"]["test"]
    assert test[:2] == ["CMD", "pg_isready"]
    _, database = services
    for port, code in ((database.port, 0), (1, 2)):
        command = [DEBIAN_15 / "pg_isready", *test[2:], f"--port={port}"]
        assert subprocess.run(command, capture_output=True, check=False).returncode == code


def test_migrate_then_the_scheduled_crawler(services: tuple[Services, Database], market: Market) -> None:
    running, database = services
    migrate = running.run("migrate")
    assert migrate.code == 0, migrate.log
    assert "the tables in postgresql+asyncpg://outsource:***@postgres" in migrate.out
    with running.started("crawler", OUTSOURCE_SANDBOX_URL=market.url) as crawler:
        wait_until(lambda: "platforms were due" in crawler.read(), "the end of the first round")
        crawler.stop()
        crawler.wait(60)
    assert set(SANDBOX) <= good(database), crawler.out + crawler.log
    for platform in SANDBOX:
        wanted = {one["project"]["external_id"] for one in market.control.truth(platform)}
        rows = database.fetch("SELECT external_id FROM projects WHERE platform = $1", platform)
        assert {row["external_id"] for row in rows} == wanted
    runs = "SELECT count(*) FROM crawl_runs WHERE platform = ANY ($1)"
    before = database.fetch(runs, list(SANDBOX))
    again = running.run("crawler", entrypoint=["scrapy"], OUTSOURCE_SANDBOX_URL=market.url)
    assert "next is" in again.out.splitlines()[-1]
    assert database.fetch(runs, list(SANDBOX)) == before


def good(database: Database) -> set[str]:
    return {row["platform"] for row in database.fetch("SELECT platform FROM crawl_runs WHERE verdict = 'ok'")}


def test_scrapyd(services: tuple[Services, Database], market: Market) -> None:
    running, database = services
    assert running.run("migrate").code == 0
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    check = running.image("scrapyd").config["Healthcheck"]["Test"]
    assert check[0] == "CMD"
    variables = {"SCRAPYD_HTTP_PORT": port, "OUTSOURCE_SANDBOX_URL": market.url}
    assert running.run("scrapyd", entrypoint=check[1:], **variables).code == 1
    with running.started("scrapyd", **variables) as scrapyd:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: "Scrapyd web console available" in scrapyd.read(), "Scrapyd")
        assert running.run("scrapyd", entrypoint=check[1:], **variables).code == 0
        assert ask(f"{url}/listprojects.json")["projects"] == ["outsource_scraper"]
        assert "flru" in ask(f"{url}/listspiders.json?project=outsource_scraper")["spiders"]
        ask(f"{url}/schedule.json", project="outsource_scraper", spider="flru")
        wait_until(lambda: "flru" in good(database), "the end of the job")
        # Its code is the image's: nobody puts any in over the network.
        with pytest.raises(urllib.error.HTTPError, match="404"):
            ask(f"{url}/addversion.json", project="outsource_scraper", version="2")
        scrapyd.stop()
        assert scrapyd.wait(10) == 0, scrapyd.log


def ask(url: str, **form: str) -> Any:
    body = urllib.parse.urlencode(form).encode() if form else None
    with urllib.request.urlopen(url, body, timeout=30) as answer:  # noqa: S310 - ours
        return json.load(answer)
