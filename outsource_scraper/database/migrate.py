"""Bring a schema's tables to the form that this release writes, by Alembic, without an alembic.ini.

Every revision is a transaction of its own, and one may do without: a large table gets its indexes
concurrently.

`database.session` imports this module only where a schema is not at `HEAD` already: Alembic costs a command
about 150 ms to import.
"""

from __future__ import annotations

import asyncio
import logging
import random
from contextlib import suppress
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from outsource_scraper.database import faults
from outsource_scraper.database.migrations import HEAD
from outsource_scraper.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

logger = logging.getLogger(__name__)

LOCK_TIMEOUT = 100
"""Milliseconds for which a change of a table waits for those who use it, and all others behind it."""
TRIES = 300
"""How often it is tried, about once a second."""
_LOCK_NOT_AVAILABLE = "55P03"


def head_revision() -> str:
    """Return the newest revision that this release knows."""
    return HEAD


def current_revision(connection: Connection, schema: str = "public") -> str | None:
    """Return the revision that the tables in `schema` are at; None where there are none of ours."""
    options = {"version_table_schema": schema}
    return MigrationContext.configure(connection, opts=options).get_current_revision()


def upgrade(connection: Connection, schema: str = "public") -> None:
    """Run the migrations that `schema` lacks.

    `connection` has no transaction open, and its `search_path` must begin with `schema`, because the
    migrations name none. Nobody else may run this at the same time: hold a lock.

    Raises DatabaseUnavailable where the tables are at a revision that this release does not know.
    """
    current = current_revision(connection, schema)
    connection.rollback()
    if current is not None and not is_known(current):
        raise misfit(current, schema)
    config = alembic_config()
    config.attributes.update(connection=connection, schema=schema)
    command.upgrade(config, "head")


async def upgrade_online(connection: AsyncConnection, schema: str = "public") -> None:
    """Run the migrations as `upgrade` does, while others use the tables.

    A change of a table needs it for itself for a moment. Where somebody's transaction holds it for longer,
    all others would wait behind the one that waits; so it gives way and tries again.

    Raises DatabaseUnavailable where the table was held at every try.
    """
    await connection.execute(text(f"SET lock_timeout = {LOCK_TIMEOUT}"))
    await connection.commit()
    try:
        for tries_left in reversed(range(TRIES)):
            try:
                await connection.run_sync(upgrade, schema)
            except DBAPIError as error:
                await connection.rollback()
                if faults.sqlstate(error) != _LOCK_NOT_AVAILABLE:
                    raise
                if not tries_left:
                    raise DatabaseUnavailable(
                        f'A transaction holds a table in the schema "{schema}" all the time: end it '
                        "(pg_stat_activity names it), or try later; what was migrated stays migrated."
                    ) from error
                logger.info("A table is in use; next try soon")
                await asyncio.sleep(random.uniform(0.5, 1.5))  # noqa: S311 - no secret
            else:
                return
    finally:
        with suppress(DBAPIError):  # a connection that is lost has told why
            await connection.rollback()
            await connection.execute(text("RESET lock_timeout"))
            await connection.commit()


def misfit(current: str, schema: str) -> DatabaseUnavailable:
    """Return what tells the operator that the tables are not those of this release, and what to do."""
    if is_known(current):
        return DatabaseUnavailable(
            f'The tables in the schema "{schema}" are at revision {current} and this release writes {HEAD}: '
            "bring them to it with `scrapy migrate`."
        )
    return DatabaseUnavailable(
        f'The schema "{schema}" is at revision {current}, which this release does not know: install '
        "the newer outsource_scraper that made it, or set DB_SCHEMA to a schema of its own."
    )


def is_known(revision: str) -> bool:
    """Whether this release has the migrations that lead to `revision`."""
    try:
        ScriptDirectory.from_config(alembic_config()).get_revision(revision)
    except CommandError:
        return False
    return True


def alembic_config() -> Config:
    """Return Alembic's settings for the migrations inside the package."""
    config = Config()
    config.set_main_option("script_location", "outsource_scraper.database:migrations")
    config.set_main_option("file_template", "%%(year)d%%(month).2d%%(day).2d_%%(rev)s_%%(slug)s")
    return config
