"""Backup and restore: what is saved comes back, and what is there is never left half replaced."""

import asyncio
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import URL, Connection, inspect, text

from outsource_scraper.config import parse_database_url
from outsource_scraper.database import migrate
from outsource_scraper.database.archive import TABLES, contents, restore
from outsource_scraper.database.embedded_account import installation
from outsource_scraper.database.migrations import HEAD
from outsource_scraper.database.runs import start_run
from outsource_scraper.database.session import AsyncDatabase
from outsource_scraper.errors import OutsourceScraperError
from tests.commands.conftest import ROOT, Scrapy
from tests.commands.test_bad_database import PASSWORD, free_port, let_in
from tests.commands.test_keeping import CLIENT, env_of, everything, project, rejected, store
from tests.conftest import DEBIAN_15, Server, fetch, need_postgres_15


def long_project(external_id: str) -> Any:
    """One of which a backup is not much smaller."""
    return project(external_id, description=os.urandom(4_000).hex())


@pytest.fixture
def backup(scrapy: Scrapy, tmp_path: Path) -> Callable[[URL], Path]:
    """`scrapy backup` into a file of the test."""

    def save(url: URL) -> Path:
        file = tmp_path / "backup.dump"
        saved = scrapy("backup", str(file), env=env_of(url))
        assert saved.returncode == 0, saved.stderr
        return file

    return save


async def make_older(url: URL, revision: str) -> None:
    """Make the tables of an earlier revision, with one project."""

    def upgrade(connection: Connection) -> None:
        config = migrate.alembic_config()
        config.attributes.update(connection=connection, schema="public")
        command.upgrade(config, revision)

    async with AsyncDatabase(url) as database, database.engine.connect() as connection:
        await connection.run_sync(upgrade)
        await connection.execute(
            text(
                "INSERT INTO projects"
                " (platform, external_id, url, title, first_seen_at, last_seen_at, changed_at)"
                " VALUES ('flru', '1', 'https://board.example/1', 'Old', now(), now(), now())"
            )
        )
        await connection.commit()


async def tables_and_revision(url: URL) -> tuple[set[str], str | None]:
    async with AsyncDatabase(url) as database, database.engine.connect() as connection:
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        return set(names), await connection.run_sync(migrate.current_revision)


def test_a_backup_comes_back_row_by_row(
    scrapy: Scrapy, any_server: Any, tmp_path: Path, environment: dict[str, str]
) -> None:
    file = tmp_path / "backup.dump"
    with any_server.new_database() as one, any_server.new_database() as other:
        asyncio.run(
            store(one, *(project(str(n), client_name=CLIENT) for n in range(50)), days_ago=2, run=True)
        )
        asyncio.run(store(one, *(project(str(n), bids_count=n) for n in range(40)), rejected("<li>\\")))
        before = asyncio.run(everything(one))
        assert len(before["project_counts"]) == 78
        saved = scrapy("backup", str(file), env=env_of(one))
        assert saved.returncode == 0, saved.stderr
        assert not list(tmp_path.glob(".*")), "nothing unfinished is left"
        back = scrapy("restore", str(file), env=env_of(other))
        assert (back.returncode, back.stdout) == (0, f"50 projects are back from {file}\n"), back.stderr
        assert asyncio.run(everything(other)) == before
        # Identities go on behind the highest.
        asyncio.run(store(other, project("new")))
        ids = [json.loads(row)["id"] for row in asyncio.run(everything(other))["projects"]]
        assert max(ids) > max(json.loads(row)["id"] for row in before["projects"])

        refused = scrapy("restore", str(file), env=env_of(other))
        assert refused.returncode == 1
        assert refused.stderr.startswith("error: the database holds rows in projects, project_changes, ")
        assert len(asyncio.run(everything(other))["projects"]) == 51
        replaced = scrapy("restore", "--replace", str(file), env=env_of(other))
        assert replaced.returncode == 0, replaced.stderr
        assert asyncio.run(everything(other)) == before

        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
        cut = scrapy("restore", "--replace", str(file), env=env_of(other))
        assert cut.returncode == 1
        assert cut.stderr.startswith("error: ")
        assert cut.stderr.count("\n") == 1
        assert asyncio.run(everything(other)) == before
        file.write_bytes(b"garbage")
        assert scrapy("restore", "--replace", str(file), env=env_of(other)).returncode == 1
        assert asyncio.run(everything(other)) == before


def test_a_backup_of_another_schema(scrapy: Scrapy, database_url: URL, tmp_path: Path) -> None:
    file = tmp_path / "backup.dump"
    market = env_of(database_url) | {"DB_SCHEMA": "market_1"}
    assert scrapy("backup", str(file), env=market).returncode == 0
    wrong = scrapy("restore", str(file), env=env_of(database_url))
    assert wrong.returncode == 2
    assert "holds the schema 'market_1' and DB_SCHEMA is 'public'" in wrong.stderr
    assert scrapy("restore", str(file), env=market).returncode == 0


@pytest.mark.parametrize(
    "name", ["", "no/where", "n" * 300, "folder", "file/below", "pipe"], ids=lambda name: name[:10]
)
def test_a_file_that_cannot_be_written(scrapy: Scrapy, database_url: URL, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    # As /dev/null and other devices: not to be replaced by a file.
    os.mkfifo(tmp_path / "pipe")
    ended = scrapy("backup", *([str(tmp_path / name)] if name else []), env=env_of(database_url))
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: ")
    assert ended.stderr.count("\n") == 1
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize("name", ["", "nothing.dump", "n" * 300, "/"], ids=lambda name: name[:10])
def test_a_file_that_is_none(scrapy: Scrapy, database_url: URL, name: str) -> None:
    ended = scrapy("restore", *([name] if name else []), env=env_of(database_url))
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: ")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("content", [b"", b"# A text\n", b"PGDMP\x01\x0e\x00"], ids=["empty", "text", "cut"])
def test_a_file_that_is_no_backup(scrapy: Scrapy, database_url: URL, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "a b"
    file.write_bytes(content)
    ended = scrapy("restore", str(file), env=env_of(database_url))
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"error: {file} is no backup of these tables")
    assert ended.stderr.endswith("name one that `scrapy backup` has made.\n")


def test_names_that_look_like_options_or_have_spaces(
    scrapy: Scrapy, database_url: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "--x y"
    made = scrapy("backup", str(file), env=env_of(database_url))
    hint = shlex.split(made.stdout.split("`")[1])
    assert hint == ["scrapy", "restore", str(file)]
    monkeypatch.chdir(tmp_path)
    assert contents(Path(file.name)).revision == HEAD


def test_a_backup_through_a_link_lies_where_the_link_leads(
    database_url: URL, tmp_path: Path, backup: Callable[[URL], Path]
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "backup.dump").symlink_to(elsewhere / "real.dump")
    assert backup(database_url).is_symlink()
    assert [path.name for path in elsewhere.iterdir()] == ["real.dump"]


def test_a_backup_that_finds_no_room_leaves_the_one_before(
    database_url: URL, environment: dict[str, str], tmp_path: Path, backup: Callable[[URL], Path]
) -> None:
    file = backup(database_url)
    before = file.read_bytes()
    asyncio.run(store(database_url, *(long_project(str(n)) for n in range(50))))
    limited = ["sh", "-c", 'ulimit -f 100; exec "$@"', "sh"]
    ended = subprocess.run(
        [*limited, sys.executable, "-m", "scrapy.cmdline", "backup", str(file)],
        cwd=ROOT,
        env={**environment, **env_of(database_url)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (1, "error: pg_dump failed: it was ended by SIGXFSZ.\n")
    assert file.read_bytes() == before
    assert list(tmp_path.glob(".backup*")) == []


@pytest.mark.parametrize("found", ["no tables", "empty tables", "rows"])
def test_a_backup_of_an_older_revision(
    scrapy: Scrapy, postgres_18: Server, found: str, backup: Callable[[URL], Path]
) -> None:
    with postgres_18.new_database() as old, postgres_18.new_database() as url:
        asyncio.run(make_older(old, "0002"))
        # It needs no migration: it is what one makes before.
        file = backup(old)
        assert asyncio.run(tables_and_revision(old))[1] == "0002"
        if found != "no tables":
            asyncio.run(store(url, *([project("7"), project("8")] if found == "rows" else [])))
        replace = ["--replace"] if found == "rows" else []
        back = scrapy("restore", *replace, str(file), env=env_of(url))
        assert (back.returncode, back.stdout) == (0, f"1 projects are back from {file}\n"), back.stderr
        assert asyncio.run(tables_and_revision(url)) == (set(TABLES), HEAD)
        assert [json.loads(row)["title"] for row in asyncio.run(everything(url))["projects"]] == ["Old"]
        asyncio.run(store(url, project("9"), run=True))


def test_a_backup_of_a_newer_release_is_refused_before_anything_is_replaced(
    scrapy: Scrapy, postgres_18: Server, tmp_path: Path
) -> None:
    file = tmp_path / "backup.dump"
    with postgres_18.new_database() as new, postgres_18.new_database() as url:
        asyncio.run(store(new, project("1")))
        asyncio.run(store(url, project("7"), project("8")))
        before = asyncio.run(everything(url))
        postgres_18.execute("UPDATE alembic_version SET version_num = '9999'", database=str(new.database))
        refused = scrapy("backup", str(file), env=env_of(new))
        assert refused.returncode == 1
        assert "is at revision 9999, which this release does not know" in refused.stderr
        assert not file.exists()
        save_with_pg_dump(new, file)
        refused = scrapy("restore", "--replace", str(file), env=env_of(url))
        assert refused.returncode == 1
        assert refused.stderr == (
            f"error: {file} is at revision 9999, which this release does not know: restore it with the newer "
            "outsource_scraper that made it; nothing was changed.\n"
        )
        assert asyncio.run(everything(url)) == before


def save_with_pg_dump(url: URL, file: Path) -> None:
    """Make a backup as a release does that knows the revision."""
    subprocess.run(
        [installation() / "bin" / "pg_dump", "--host", str(url.query["host"]), "--username=postgres",
         "--format=custom", f"--file={file}", str(url.database)],
        check=True,
    )  # fmt: skip


def test_rows_of_any_table_are_replaced_only_if_asked(
    scrapy: Scrapy, postgres_18: Server, backup: Callable[[URL], Path]
) -> None:
    with postgres_18.new_database() as empty, postgres_18.new_database() as url:
        file = backup(empty)
        asyncio.run(store(url, rejected("<li>"), run=True))
        before = asyncio.run(everything(url))
        refused = scrapy("restore", str(file), env=env_of(url))
        assert refused.returncode == 1
        assert refused.stderr == (
            "error: the database holds rows in crawl_runs, rejected_records; restore into an empty one, or "
            "put the backup in the place of all tables with --replace\n"
        )
        assert asyncio.run(everything(url)) == before
        postgres_18.execute("CREATE VIEW mine AS SELECT id FROM crawl_runs", database=str(url.database))
        stopped = scrapy("restore", "--replace", str(file), env=env_of(url))
        assert stopped.returncode == 1
        assert "view mine depends on table crawl_runs); nothing was changed.\n" in stopped.stderr
        assert asyncio.run(everything(url)) == before
        postgres_18.execute("DROP VIEW mine", database=str(url.database))
        assert scrapy("restore", "--replace", str(file), env=env_of(url)).returncode == 0
        assert not any(asyncio.run(everything(url)).values())


async def test_nothing_is_replaced_under_a_living_run(
    scrapy: Scrapy, database_url: URL, backup: Callable[[URL], Path]
) -> None:
    await store(database_url, project("1"))
    file = await asyncio.to_thread(backup, database_url)

    async def tried() -> "subprocess.CompletedProcess[str]":
        return await asyncio.to_thread(scrapy, "restore", "--replace", str(file), env=env_of(database_url))

    async with AsyncDatabase(database_url) as database, database.engine.connect() as connection:
        session = database.sessions(bind=connection)
        run_id = (await start_run(session, "flru", "full", {})).id
        before = await everything(database_url)
        refused = await tried()
        assert refused.returncode == 1
        assert refused.stderr.startswith(f"error: crawls are under way: flru (run {run_id}); wait for ")
        # One that begins between the question and the restore.
        with pytest.raises(OutsourceScraperError, match=r"a crawl has begun meanwhile.*nothing was changed"):
            await asyncio.to_thread(restore, database_url, "public", file, last_run=run_id - 1)
        assert await everything(database_url) == before
        # Runs had a lock before they had a heartbeat.
        async with database.engine.begin() as other:
            await other.execute(text("ALTER TABLE crawl_runs DROP COLUMN heartbeat_at"))
        refused = await tried()
        assert refused.stderr.startswith("error: crawls are under way: flru ")
        await connection.invalidate()
    # Without a verdict, but dead.
    back = await tried()
    assert (back.returncode, back.stderr) == (0, "")
    assert (await everything(database_url))["crawl_runs"] == []


async def test_a_restore_that_is_killed_changes_nothing(
    environment: dict[str, str], database_url: URL, backup: Callable[[URL], Path]
) -> None:
    await store(database_url, *(long_project(str(n)) for n in range(200)))
    file = await asyncio.to_thread(backup, database_url)
    await store(database_url, project("new"))
    before = await everything(database_url)

    async def wait_while(question: str, answer: bool) -> None:
        deadline = time.monotonic() + 60
        while (await fetch(database_url, f"SELECT {question} AS so"))[0]["so"] is answer:
            assert time.monotonic() < deadline, question
            await asyncio.sleep(0.05)

    async with AsyncDatabase(database_url) as database, database.engine.connect() as connection:
        await connection.execute(text("SELECT FROM projects LIMIT 1"))
        restoring = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "scrapy.cmdline", "restore", "--replace", str(file),
            cwd=ROOT, env={**environment, **env_of(database_url)},
        )  # fmt: skip
        await wait_while("EXISTS (SELECT FROM pg_locks WHERE NOT granted)", False)
        restoring.kill()
        await restoring.wait()
    await wait_while(
        "EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() "
        "AND application_name = 'psql')",
        True,
    )
    assert await everything(database_url) == before


def test_the_programs_reach_the_database_as_a_crawl_does(
    scrapy: Scrapy, start_server: Callable[..., AbstractContextManager[Path]], tmp_path: Path
) -> None:
    need_postgres_15()
    port = free_port()
    passfile = tmp_path / "passfile"
    passfile.write_text(f"*:{port}:*:crawler:{PASSWORD}\n")
    passfile.chmod(0o600)
    with start_server(DEBIAN_15, ("listen_addresses=127.0.0.1", f"port={port}")) as folder:
        let_in(folder, port, "host")
        query = f"port={port}&passfile={passfile}&target_session_attrs=primary&connect_timeout=20"
        env = {
            # No host: asyncpg looks for a socket in the usual folders, then at localhost.
            "DATABASE_URL": f"postgresql://crawler@/postgres?{query}",
            # libpq would obey these, asyncpg does not.
            "PGHOSTADDR": "127.0.0.2",
            "PGSERVICE": "nobody",
            "PGOPTIONS": "-c default_transaction_read_only=on",
            "PGCLIENTENCODING": "LATIN1",
        }
        own = f"postgresql://crawler:{PASSWORD}@127.0.0.1:{port}/postgres"
        asyncio.run(store(parse_database_url(own), project("1")))
        file = tmp_path / "backup.dump"
        saved = scrapy("backup", str(file), env=env)
        assert (saved.returncode, saved.stderr) == (0, "")
        back = scrapy("restore", "--replace", str(file), env=env)
        assert (back.returncode, back.stderr) == (0, "")
        assert back.stdout.startswith("1 projects are back")
