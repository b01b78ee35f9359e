"""Bring a schema's tables to the form that this release writes, by Alembic, without an alembic.ini.

Every revision is a transaction of its own, and one may do without: a large table gets its indexes
concurrently.

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
    """Run the migrations that `schema` lacks.

    `connection` has no transaction open, and its `search_path` must begin with `schema`, because the
    migrations name none. Nobody else may run this at the same time: hold a lock.

    Raises DatabaseUnavailable where the tables are at a revision that this release does not know.
    """
    current = current_revision(connection, schema)
    connection.rollback()
    if current is not None and not _is_known(current):
        raise misfit(current, schema)
    config = alembic_config()
    config.attributes.update(connection=connection, schema=schema)
    command.upgrade(config, "head")


def misfit(current: str, schema: str) -> DatabaseUnavailable:
    """Return what tells the operator that the tables are not those of this release, and what to do."""
    if _is_known(current):
        return DatabaseUnavailable(
            f'The tables in the schema "{schema}" are at revision {current} and this release writes {HEAD}: '
            "bring them to it with `scrapy migrate`."
        )
    return DatabaseUnavailable(
        f'The schema "{schema}" is at revision {current}, which this release does not know: install '
        "the newer outsource_scraper that made it, or set DB_SCHEMA to a schema of its own."
    )


def _is_known(revision: str) -> bool:
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
