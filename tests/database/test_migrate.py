"""The migrations: they make the tables that the models declare, and know where they stand."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from outsource_scraper.database import migrate
from outsource_scraper.database.models import Base
from outsource_scraper.database.session import AsyncDatabase
from outsource_scraper.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from sqlalchemy import URL


def tables(connection: Connection, schema: str) -> set[str]:
    return set(inspect(connection).get_table_names(schema=schema))


def test_the_head_that_is_written_down_is_the_head() -> None:
    script = ScriptDirectory.from_config(migrate.alembic_config())
    assert script.get_heads() == [migrate.head_revision()]


async def test_upgrade_makes_what_the_models_declare(any_database_url: URL) -> None:
    def differences(connection: Connection) -> object:
        return compare_metadata(MigrationContext.configure(connection), Base.metadata)

    async with AsyncDatabase(any_database_url) as database:
        async with database.engine.connect() as connection:
            assert await connection.run_sync(migrate.current_revision) is None
            await connection.run_sync(migrate.upgrade)
            assert await connection.run_sync(migrate.current_revision) == migrate.head_revision()
            assert await connection.run_sync(tables, "public") >= set(Base.metadata.tables)
            await connection.run_sync(migrate.upgrade)
        async with database.engine.connect() as connection:
            assert await connection.run_sync(differences) == []


async def test_each_schema_has_its_own_tables_and_revision(database_url: URL) -> None:
    async with AsyncDatabase(database_url, schema="market_1") as database:
        async with database.engine.begin() as connection:
            await connection.execute(text("CREATE SCHEMA market_1"))
        async with database.engine.connect() as connection:
            await connection.run_sync(migrate.upgrade, "market_1")
        async with database.engine.connect() as connection:
            assert await connection.run_sync(tables, "market_1") == {*Base.metadata.tables, "alembic_version"}
            assert await connection.run_sync(tables, "public") == set()
            assert await connection.run_sync(migrate.current_revision, "market_1") == migrate.head_revision()
            assert await connection.run_sync(migrate.current_revision, "public") is None


async def test_a_failed_migration_leaves_nothing(database_url: URL) -> None:
    async with AsyncDatabase(database_url) as database:
        async with database.engine.begin() as connection:
            await connection.execute(text("CREATE TABLE projects (unexpected int)"))
        with pytest.raises(Exception, match="already exists"):
            async with database.engine.connect() as connection:
                await connection.run_sync(migrate.upgrade)
        async with database.engine.connect() as connection:
            assert await connection.run_sync(tables, "public") == {"projects"}


async def test_a_revision_of_a_newer_release_is_refused(database: AsyncDatabase) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseUnavailable, match=r'"public" is at revision 9999.*newer outsource_scraper'):
        await database.migrate()
    with pytest.raises(DatabaseUnavailable, match=r'"public" is at revision 9999.*newer outsource_scraper'):
        await database.initialize()


async def test_tables_of_an_earlier_release_are_refused_until_they_are_migrated(
    database: AsyncDatabase,
) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '0003'"))
    with pytest.raises(DatabaseUnavailable, match=r"at revision 0003 .* with `scrapy migrate`"):
        await database.initialize()
    await database.migrate()
    await database.initialize()


async def test_a_schema_of_its_own_leaves_the_indexes_of_another_alone(database_url: URL) -> None:
    for schema in ("public", "market_1"):
        async with AsyncDatabase(database_url, schema=schema) as database:
            await database.migrate()
    async with AsyncDatabase(database_url) as database, database.engine.connect() as connection:
        indexes = await connection.run_sync(
            lambda sync: inspect(sync).get_indexes("projects", schema="public")
        )
        assert "ix_projects_client" in {index["name"] for index in indexes}


async def test_downgrade_and_the_command_line_of_alembic(
    database_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url.render_as_string(hide_password=False))
    monkeypatch.setenv("DB_SCHEMA", "public")
    await asyncio.to_thread(command.upgrade, migrate.alembic_config(), "head")
    async with AsyncDatabase(database_url) as database, database.engine.connect() as connection:
        assert await connection.run_sync(tables, "public") == {*Base.metadata.tables, "alembic_version"}
    await asyncio.to_thread(command.check, migrate.alembic_config())
    await asyncio.to_thread(command.downgrade, migrate.alembic_config(), "base")
    async with AsyncDatabase(database_url) as database, database.engine.connect() as connection:
        assert await connection.run_sync(tables, "public") == {"alembic_version"}


def test_a_new_migration_is_written_from_the_template(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = migrate.alembic_config()
    config.set_main_option("version_locations", str(tmp_path))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)
    made = script.generate_revision(
        "0002", "Let a project have a colour.", head="base", version_path=str(tmp_path)
    )
    assert made is not None
    assert made.revision == "0002"
    assert made.path.endswith("_0002_let_a_project_have_a_colour.py")
    with pytest.raises(NotImplementedError):
        made.module.upgrade()


async def test_data_of_an_earlier_revision_goes_up_and_down(any_database_url: URL) -> None:
    """Rows of revision 0002 are there at the newest, with the reasons of their closing, and back again."""

    def move(connection: Connection, revision: str, direction: str) -> None:
        config = migrate.alembic_config()
        config.attributes.update(connection=connection, schema="public")
        getattr(command, direction)(config, revision)

    insert = text(
        "INSERT INTO projects (platform, external_id, url, title, status, content_hash, first_seen_at,"
        " last_seen_at, changed_at, closed_at) VALUES"
        " ('a', '1', 'u', 't', 'open', '\\x01', now(), now(), now(), NULL),"
        " ('a', '2', 'u', 't', 'closed', NULL, now(), now(), now(), now()),"
        " ('a', '3', 'u', 't', 'closed', '\\x02', now(), now(), now(), now())"
    )
    async with AsyncDatabase(any_database_url) as database:
        async with database.engine.connect() as connection:
            await connection.run_sync(move, "0002", "upgrade")
            await connection.execute(insert)
            await connection.execute(text("INSERT INTO crawl_runs (platform) VALUES ('a')"))
            await connection.commit()
        await database.migrate()
        async with database.engine.connect() as connection:
            told = text("SELECT external_id, closed_reason FROM projects ORDER BY id")
            rows = await connection.execute(told)
            assert [tuple(row) for row in rows] == [("1", None), ("2", "absent"), ("3", "stated")]
            assert await connection.scalar(text("SELECT heartbeat_at IS NOT NULL FROM crawl_runs"))
            await connection.rollback()
            await connection.run_sync(move, "0002", "downgrade")
            await connection.rollback()
            assert await connection.scalar(text("SELECT count(*) FROM projects")) == 3
            await connection.rollback()
            await connection.run_sync(move, "head", "upgrade")
            assert await connection.run_sync(migrate.current_revision) == migrate.head_revision()


async def at_revision(database: AsyncDatabase, revision: str) -> None:
    def move(connection: Connection) -> None:
        config = migrate.alembic_config()
        config.attributes.update(connection=connection, schema="public")
        command.upgrade(config, revision)

    async with database.engine.connect() as connection:
        await connection.run_sync(move)


async def test_nobody_waits_behind_a_migration_that_waits(any_database_url: URL) -> None:
    async with AsyncDatabase(any_database_url) as database:
        await at_revision(database, "0002")
        async with database.engine.connect() as holder, database.engine.connect() as reader:
            await holder.execute(text("SELECT count(*) FROM projects"))
            migrating = asyncio.create_task(database.migrate())
            waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'")
            while not await reader.scalar(waits):
                await reader.rollback()
                await asyncio.sleep(0.001)
            # Longer than the migration waits, and for ever shorter than the holder holds.
            await reader.execute(text("SET lock_timeout = '30s'"))
            await reader.execute(text("SELECT count(*) FROM projects"))
            assert not migrating.done()
            await reader.rollback()
            await holder.rollback()
            await migrating
            assert await reader.run_sync(migrate.current_revision) == migrate.head_revision()


async def test_a_table_that_is_always_in_use_is_told(
    database_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "TRIES", 2)
    async with AsyncDatabase(database_url) as database:
        await at_revision(database, "0002")
        async with database.engine.connect() as holder:
            await holder.execute(text("SELECT count(*) FROM projects"))
            with pytest.raises(
                DatabaseUnavailable, match=r'holds a table in the schema "public" all the time'
            ):
                await database.migrate()
        async with database.engine.connect() as connection:
            assert await connection.run_sync(migrate.current_revision) == "0002"
        await database.migrate()
