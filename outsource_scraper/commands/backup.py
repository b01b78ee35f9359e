"""`scrapy backup`: all tables in one file."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand

from outsource_scraper.commands._console import positionals, sentences, wait_for
from outsource_scraper.config import Config
from outsource_scraper.database.archive import dump
from outsource_scraper.database.session import AsyncDatabase
from outsource_scraper.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from sqlalchemy import URL


class Command(ScrapyCommand):
    """Back the database up."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        """Command syntax."""
        return "FILE"

    def short_desc(self) -> str:
        """One line for `scrapy -h`."""
        return "Write all tables into FILE, in pg_dump's custom format"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Dump, and say how much it was."""
        assert self.settings is not None
        with sentences():
            (name,) = positionals(args, "backup", 1, "name one file: scrapy backup FILE")
            file = Path(name)
            if not _is_fit(file):
                raise UsageError(f"{file} cannot be written: name a file in a folder that exists")
            config = Config.load(self.settings)
            url = wait_for(_prepare(config))
            dump(config.async_db_url or url, config.db_schema, file)
        print(
            f"{file}: {file.stat().st_size:,} bytes; `scrapy restore {shlex.quote(str(file))}` brings it back"
        )


def _is_fit(file: Path) -> bool:
    """Whether `file` may be written or replaced: a device such as /dev/null may not."""
    try:
        return file.parent.is_dir() and (file.is_file() or not file.exists())
    except OSError:  # a folder that is closed to us, a name that is too long
        return False


async def _prepare(config: Config) -> URL:
    """Return the address of the database, in which there are tables.

    Those of an earlier release are left as they are: a backup is what one makes before `scrapy migrate`.
    """
    from outsource_scraper.database import migrate  # noqa: PLC0415 - Alembic, for this alone

    async with await AsyncDatabase.from_config(config) as database:
        async with database.reachable() as connection:
            revision = await connection.run_sync(migrate.current_revision, config.db_schema)
        if revision is None or not migrate.is_known(revision):
            await database.initialize()
        return database.engine.url
