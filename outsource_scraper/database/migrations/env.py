"""What Alembic runs for each of its commands.

`database.migrate` hands over a connection and a schema. Without them, as under Alembic's own command line,
the database is the one that the environment names.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from alembic import context

from outsource_scraper.config import Config
from outsource_scraper.database.models import Base
from outsource_scraper.database.session import AsyncDatabase

if TYPE_CHECKING:
    from sqlalchemy import Connection


def run(connection: Connection, schema: str) -> None:
    """Run the command at hand, each revision in a transaction of its own."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        version_table_schema=schema,
        transaction_per_migration=True,
        # Alembic knows its own table only by the name it was given here, which no model repeats.
        include_name=lambda name, kind, _: (kind, name) != ("table", "alembic_version"),
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_with_own_connection() -> None:
    """Connect as the environment says and run the command at hand."""
    config = Config.load()
    async with await AsyncDatabase.from_config(config) as database, database.engine.connect() as connection:
        await connection.run_sync(run, config.db_schema)


given = context.config.attributes
if "connection" in given:
    run(given["connection"], given["schema"])
else:
    asyncio.run(run_with_own_connection())
