"""Bring a schema's tables to the form that this release writes, by Alembic, without an alembic.ini.

`database.session` imports this module only where a schema is not at `HEAD` already: Alembic costs a command
about 150 ms to import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from outsource_scraper.database.migrations import HEAD
from outsource_scraper.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from sqlalchemy import Connection


def head_revision() -> str:
    """Return the newest revision that this release knows."""
    return HEAD


def current_revision(connection: Connection, schema: str = "public") -> str | None:
    """Return the revision that the tables in `schema` are at; None where there are none of ours."""
    options = {"version_table_schema": schema}
    return MigrationContext.configure(connection, opts=options).get_current_revision()


def upgrade(connection: Connection, schema: str = "public") -> None:
    """Run the migrations that `schema` lacks, in the transaction of `connection`.

    The connection's `search_path` must begin with `schema`, because the migrations name none. Nobody else
    may run this at the same time: hold a lock.

    Raises DatabaseUnavailable where the tables are at a revision that this release does not know.
    """
    config = alembic_config()
    config.attributes.update(connection=connection, schema=schema)
    current = current_revision(connection, schema)
    if current is not None:
        try:
            ScriptDirectory.from_config(config).get_revision(current)
        except CommandError:
            raise DatabaseUnavailable(
                f'The schema "{schema}" is at revision {current}, which this release does not know: install '
                "the newer outsource_scraper that made it, or set DB_SCHEMA to a schema of its own."
            ) from None
    command.upgrade(config, "head")


def alembic_config() -> Config:
    """Return Alembic's settings for the migrations inside the package."""
    config = Config()
    config.set_main_option("script_location", "outsource_scraper.database:migrations")
    config.set_main_option("file_template", "%%(year)d%%(month).2d%%(day).2d_%%(rev)s_%%(slug)s")
    return config
