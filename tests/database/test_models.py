"""The migrations make exactly the tables that the models declare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.schema import CreateSchema

from outsource_scraper.database.migrations import HEAD
from outsource_scraper.database.models import Base
from outsource_scraper.database.session import AsyncDatabase

if TYPE_CHECKING:
    from sqlalchemy import URL

# What Alembic does not compare: check constraints, partial indexes, identity, storage parameters.
CATALOGUE = """
SELECT 'column', table_name || '.' || column_name,
    concat_ws(' ', udt_name, is_nullable, column_default, identity_generation, generation_expression)
FROM information_schema.columns WHERE table_schema = :schema AND table_name <> 'alembic_version'
UNION ALL
SELECT 'constraint', conname, replace(pg_get_constraintdef(oid), :schema || '.', '')
FROM pg_constraint WHERE connamespace = cast(:schema AS regnamespace) AND conname NOT LIKE 'alembic%'
UNION ALL
SELECT 'index', indexname, replace(indexdef, :schema || '.', '')
FROM pg_indexes WHERE schemaname = :schema AND tablename <> 'alembic_version'
UNION ALL
SELECT 'options', relname, array_to_string(reloptions, ',')
FROM pg_class WHERE relnamespace = cast(:schema AS regnamespace) AND reloptions IS NOT NULL
"""


async def test_alembic_finds_no_difference(any_database_url: URL) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        return list(compare_metadata(context, Base.metadata))

    async with AsyncDatabase(any_database_url) as database:
        await database.initialize()
        async with database.engine.connect() as connection:
            assert await connection.run_sync(differences) == []
            assert await connection.scalar(text("SELECT version_num FROM alembic_version")) == HEAD


async def test_the_catalogue_is_that_of_the_models(any_database_url: URL) -> None:
    async with AsyncDatabase(any_database_url, schema="migrated") as database:
        await database.initialize()
    async with AsyncDatabase(any_database_url, schema="declared") as database:
        async with database.engine.begin() as connection:
            await connection.execute(CreateSchema("declared"))
            await connection.run_sync(Base.metadata.create_all)
        async with database.engine.connect() as connection:
            described = []
            for schema in ("declared", "migrated"):
                rows = await connection.execute(text(CATALOGUE), {"schema": schema})
                described.append({tuple(row) for row in rows})
        declared, migrated = described
        assert migrated == declared
        assert ("constraint", "ck_projects_status") in {row[:2] for row in declared}
