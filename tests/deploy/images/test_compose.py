"""compose.yaml's services in their own images, against one PostgreSQL one after another, as compose does."""

import socket
import urllib.error
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Market
from tests.deploy.composed import SERVICES, ask, good, of_the_project, secret_in
from tests.deploy.conftest import PATIENCE, wait_until
from tests.deploy.databases import Database
from tests.deploy.images.containers import Image, Running

SANDBOX = ("flru", "freelancer", "freelanceru", "guru", "kwork", "remoteok", "weblancer", "weworkremotely")
"""Platforms that are on and that the market shows."""


class Services:
    """The services of the file on this machine: their own commands, variables, mounts and images."""

    def __init__(self, folder: Path, port: int, build: Callable[[str], Image]) -> None:
        self._port = port
        self._build = build
        self.data = folder / "data"
        self.data.mkdir()
        self.data.chmod(0o770)
        secret = secret_in(folder)
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
    with of_the_project(*tcp_server) as database:
        yield Services(tmp_path_factory.mktemp("compose"), tcp_server[0], build), database


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
