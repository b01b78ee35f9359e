"""The images, built once for all tests, and a PostgreSQL that is reached over TCP."""

import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import platformdirs
import pytest
from sqlalchemy import URL

from outsource_scraper import __version__
from tests.conftest import DEBIAN_15, PROJECT, in_own_loop
from tests.deploy.conftest import need
from tests.deploy.images.containers import Buildah, Image

REVISION = "0123456789abcdef0123456789abcdef01234567"
PASSWORD = "p@ss/wörd:%41 #1"  # noqa: S105 - of a server that lives for the tests


@pytest.fixture(scope="session")
def buildah() -> Iterator[Buildah]:
    release = Path("/etc/os-release").read_text() if Path("/etc/os-release").exists() else ""
    codename = dict(line.split("=", 1) for line in release.splitlines() if "=" in line).get(
        "VERSION_CODENAME"
    )
    need("\nID=debian" in release and os.geteuid() == 0, "images are built by root on Debian alone")
    for program in ("buildah", "debootstrap"):
        need(shutil.which(program), f"{program} is missing: apt-get install buildah debootstrap")
    cache = platformdirs.user_cache_path("outsource_scraper", appauthor=False)
    started = Buildah(cache / "containers" / str(codename), str(codename))
    try:
        yield started
    finally:
        started.close()


@pytest.fixture(scope="session")
def build(buildah: Buildah) -> Callable[[str], Image]:
    """Return the image of a target, built at its first use."""
    built: dict[str, Image] = {}

    def image(target: str) -> Image:
        if target not in built:
            built[target] = buildah.build(target, PROJECT, {"VERSION": __version__, "REVISION": REVISION})
        return built[target]

    return image


@dataclass(frozen=True)
class Database:
    """A database on a server that is reached over TCP, by a user with a password."""

    port: int
    user: str
    name: str
    _socket_folder: Path

    @property
    def url(self) -> str:
        return URL.create(
            "postgresql", self.user, PASSWORD, "127.0.0.1", self.port, self.name
        ).render_as_string(hide_password=False)

    def fetch(self, statement: str, *arguments: object) -> list[Any]:
        """Ask as the superuser."""
        found: list[Any] = []

        async def ask() -> None:
            connection = await asyncpg.connect(
                host=str(self._socket_folder), port=self.port, user="postgres", database=self.name
            )
            try:
                found.extend(await connection.fetch(statement, *arguments))
            finally:
                await connection.close()

        in_own_loop(ask())
        return found


@pytest.fixture(scope="session")
def tcp_server(start_server: Callable[..., AbstractContextManager[Path]]) -> Iterator[tuple[int, Path]]:
    """The port and the socket's folder of a server that wants a password from whoever comes over TCP."""
    need(
        (DEBIAN_15 / "postgres").exists(),
        f"no PostgreSQL 15 in {DEBIAN_15}: install the package postgresql-15",
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = ("listen_addresses=127.0.0.1", f"port={port}")
    with start_server(DEBIAN_15, settings, ("--auth-host=scram-sha-256",)) as folder:
        yield port, folder


@pytest.fixture
def database(tcp_server: tuple[int, Path]) -> Iterator[Database]:
    """An empty database with an owner of the same name."""
    port, folder = tcp_server
    name = f"outsource_{os.urandom(4).hex()}"
    server = Database(port, "postgres", "postgres", folder)
    server.fetch(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
    server.fetch(f"CREATE DATABASE {name} OWNER {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'")
    try:
        yield Database(port, name, name, folder)
    finally:
        server.fetch(f"DROP DATABASE {name} WITH (FORCE)")
        server.fetch(f"DROP ROLE {name}")


@pytest.fixture
def data() -> Iterator[Path]:
    """An empty volume as an engine makes it: whose group, root's, may write."""
    folder = Path(tempfile.mkdtemp(prefix="outsource_test_"))
    folder.chmod(0o770)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
