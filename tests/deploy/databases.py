"""A database as a deployment has it: on a server that is reached over TCP, with a password full of traps."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
from scrapy.utils.project import get_project_settings
from sqlalchemy import URL

from outsource_scraper.commands._console import platform_spiders
from tests.conftest import in_own_loop

PASSWORD = "p@ss/wörd:%41 #1"  # noqa: S105 - of a server that lives for the tests


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


@contextmanager
def new_database(port: int, folder: Path, user: str, name: str) -> Iterator[Database]:
    """An empty database, and a user with `PASSWORD` who owns it; both are dropped at the end."""
    server = Database(port, "postgres", "postgres", folder)
    server.fetch(f"CREATE ROLE {user} LOGIN PASSWORD '{PASSWORD}'")
    server.fetch(f"CREATE DATABASE {name} OWNER {user} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'")
    try:
        yield Database(port, user, name, folder)
    finally:
        server.fetch(f"DROP DATABASE {name} WITH (FORCE)")
        server.fetch(f"DROP ROLE {user}")


def only_due(database: Database, *platforms: str) -> None:
    """Let every other platform have been crawled just now; the tables must be there."""
    for spider in platform_spiders(get_project_settings()):
        if spider.name not in platforms:
            database.fetch("INSERT INTO crawl_runs (platform, verdict) VALUES ($1, 'ok')", spider.name)
