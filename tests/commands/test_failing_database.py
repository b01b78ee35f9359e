"""Commands whose database fails behind the first question: one sentence that says what to do, exit code 1."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from outsource_scraper.config import Config
from outsource_scraper.database.batches import Batch
from outsource_scraper.database.spool import Spool
from tests.commands.conftest import ROOT
from tests.commands.test_keeping import env_of, everything, project, store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL

    from tests.commands.conftest import Scrapy
    from tests.conftest import Server

CLIENT = "Some Client"
FORGET = ["forget", "--client", CLIENT, "--platform", "upwork"]
HISTORY = ["history", "upwork", "1"]
PURGE = ["purge"]


@pytest.fixture
def url(database_url: URL) -> URL:
    """A database with one project that is due to be purged."""
    asyncio.run(store(database_url, project("1", "upwork", client_name=CLIENT), days_ago=40))
    return database_url


def said(ended: subprocess.CompletedProcess[str]) -> str:
    """The one sentence, with nothing of what was asked of the database."""
    assert ended.returncode == 1, ended.stderr
    assert ended.stderr.startswith("error: The database failed ("), ended.stderr
    assert ended.stderr.count("\n") == 1, ended.stderr
    assert CLIENT not in ended.stderr
    assert "DELETE FROM" not in ended.stderr
    return ended.stderr


@contextmanager
def role(server: Server, url: URL, *grants: str) -> Iterator[dict[str, str]]:
    """The environment of a user who may look at the schema and has these rights."""
    name = f"role_{uuid.uuid4().hex}"
    database = str(url.database)
    server.execute(f"CREATE ROLE {name} LOGIN")
    try:
        rights = ("USAGE ON SCHEMA public", "SELECT ON alembic_version", *grants)
        server.execute(*(f"GRANT {right} TO {name}" for right in rights), database=database)
        yield env_of(url.set(username=name))
    finally:
        server.execute(f"DROP OWNED BY {name}", database=database)
        server.execute(f"DROP ROLE {name}")


@contextmanager
def locked(url: URL, server: Server) -> Iterator[None]:
    """Nobody else gets at the projects."""
    command = [sys.executable, "-c", HOLD, str(server.socket_folder), str(url.database)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "locked\n"
            yield
        finally:
            holder.kill()


HOLD = """
import asyncio, sys, asyncpg
async def hold():
    connection = await asyncpg.connect(host=sys.argv[1], port=5432, user="postgres", database=sys.argv[2])
    await connection.execute("SET statement_timeout = 0; BEGIN; LOCK TABLE projects IN ACCESS EXCLUSIVE MODE")
    print("locked", flush=True)
    await asyncio.sleep(3600)
asyncio.run(hold())
"""


@pytest.mark.parametrize("command", [PURGE, FORGET])
def test_a_user_who_may_only_read(scrapy: Scrapy, url: URL, postgres_18: Server, command: list[str]) -> None:
    with role(postgres_18, url, "SELECT ON ALL TABLES IN SCHEMA public") as env:
        told = said(scrapy(*command, env=env))
        assert re.search(r"\(permission denied for table \w+\): grant that right to the user", told), told
        assert scrapy(*HISTORY, env=env).returncode == 0
    assert len(asyncio.run(everything(url))["projects"]) == 1


def test_a_user_who_may_not_read(scrapy: Scrapy, url: URL, postgres_18: Server) -> None:
    with role(postgres_18, url) as env:
        assert "(permission denied for table projects): grant that right" in said(scrapy(*HISTORY, env=env))


def test_a_user_without_the_right_on_a_sequence(
    scrapy: Scrapy, url: URL, postgres_18: Server, environment: dict[str, str]
) -> None:
    with role(postgres_18, url, "SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public") as env:
        spool = Spool.of(Config.load({**environment, **env}))
        spool.write(Batch([project("2", client_name=CLIENT)]), datetime.now(UTC))
        told = said(scrapy("replay-spool", env=env))
    assert "(permission denied for sequence projects_id_seq): grant that right" in told
    assert len(spool.waiting()) == 1


@pytest.mark.parametrize("command", [PURGE, FORGET])
def test_a_database_that_only_reads(
    scrapy: Scrapy, url: URL, postgres_18: Server, command: list[str]
) -> None:
    postgres_18.execute(f'ALTER DATABASE "{url.database}" SET default_transaction_read_only = on')
    told = said(scrapy(*command, env=env_of(url)))
    assert "in a read-only transaction): let DATABASE_URL name a server that can be written to" in told


@pytest.mark.parametrize("command", [HISTORY, PURGE, FORGET])
def test_a_statement_that_is_cut_off(
    scrapy: Scrapy, url: URL, postgres_18: Server, command: list[str]
) -> None:
    postgres_18.execute(f"ALTER DATABASE \"{url.database}\" SET statement_timeout = '200ms'")
    with locked(url, postgres_18):
        told = said(scrapy(*command, env=env_of(url)))
    assert "(canceling statement due to statement timeout): allow more time by statement_timeout" in told


def test_a_connection_that_is_ended(url: URL, postgres_18: Server, environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "scrapy.cmdline", *HISTORY]
    env = {**environment, **env_of(url)}
    waiting = (
        "DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND database ="
        " (SELECT oid FROM pg_database WHERE datname = current_database()))"
        " LOOP PERFORM pg_sleep(0.01); END LOOP; END $$"
    )
    ending = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()"
    with locked(url, postgres_18):
        process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        postgres_18.execute(waiting, ending, database=str(url.database))
        out, err = process.communicate(timeout=60)
    ended = subprocess.CompletedProcess(command, process.returncode, out, err)
    assert "): try again; if it goes on, the server's log says why." in said(ended)


def test_a_mistake_of_ours_shows_where_it_is(scrapy: Scrapy, url: URL, postgres_18: Server) -> None:
    postgres_18.execute("ALTER TABLE projects RENAME COLUMN title TO heading", database=str(url.database))
    ended = scrapy(*HISTORY, env=env_of(url))
    assert ended.returncode == 1
    assert "Traceback" in ended.stderr
    assert "column projects.title does not exist" in ended.stderr
