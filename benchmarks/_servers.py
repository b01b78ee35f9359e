"""What is measured against: a database, a schema of a benchmark's own in it, and the sandbox market."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import uuid
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.schema import DropSchema

from outsource_scraper.config import Config
from outsource_scraper.database.embedded import EmbeddedPostgres
from outsource_scraper.database.session import AsyncDatabase

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def with_database() -> Iterator[dict[str, str]]:
    """The environment with a data folder for the time of the block and, where it names none, a database."""
    with tempfile.TemporaryDirectory(prefix="benchmark_") as folder, ExitStack() as servers:
        # The embedded server does not run as root and must be able to enter.
        Path(folder).chmod(0o755)
        environment = {**os.environ, "OUTSOURCE_DATA_DIR": folder}
        if Config.load(environment).async_db_url is None:
            url = servers.enter_context(EmbeddedPostgres(Path(folder))).start()
            environment["DATABASE_URL"] = url.render_as_string(hide_password=False)
        yield environment


@contextmanager
def market(postings: int) -> Iterator[str]:
    """A sandbox market whose time stands still; gives its URL."""
    command = [
        *(sys.executable, "-m", "outsource_scraper.sandbox", "--frozen"),
        *("--size", str(postings), "--clock", "2026-10-05T12:30:00Z"),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()


@contextmanager
def schema(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """`environment` with an empty schema of the database."""
    given = environment | {"DB_SCHEMA": f"benchmark_{uuid.uuid4().hex[:8]}"}
    try:
        yield given
    finally:
        asyncio.run(_drop(Config.load(given)))


async def _drop(config: Config) -> None:
    database = await AsyncDatabase.from_config(config)
    try:
        async with database.engine.begin() as connection:
            await connection.execute(DropSchema(config.db_schema, cascade=True, if_exists=True))
    finally:
        await database.close()
