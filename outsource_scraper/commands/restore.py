"""`scrapy restore`: the tables as a backup holds them."""

from __future__ import annotations

import os.path
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand
from sqlalchemy import exists, func, inspect, select

from outsource_scraper.commands._console import positionals, sentences, wait_for
from outsource_scraper.config import Config
from outsource_scraper.database.archive import contents, restore
from outsource_scraper.database.models import Base, CrawlRun, Project
from outsource_scraper.database.runs import living
from outsource_scraper.database.session import AsyncDatabase
from outsource_scraper.errors import OutsourceScraperError, UsageError

if TYPE_CHECKING:
    import argparse


class Command(ScrapyCommand):
    """Bring a backup back."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        """Command syntax."""
        return "[--replace] FILE"

    def short_desc(self) -> str:
        """One line for `scrapy -h`."""
        return "Bring the tables back from a file that `scrapy backup` wrote"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add --replace."""
        super().add_options(parser)
        parser.add_argument("--replace", action="store_true", help="even where the tables hold rows")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Restore, migrate where the backup is older, and say what is there."""
        assert self.settings is not None
        with sentences():
            (name,) = positionals(args, "restore", 1, "name one file: scrapy restore FILE")
            file = Path(name)
            if not os.path.isfile(file):  # noqa: PTH113 - no error where a folder is closed to us
                raise UsageError(f"{file} is no file")
            config = Config.load(self.settings)
            _check(file, config.db_schema)
            count = wait_for(_restore(config, file, replace=opts.replace))
        print(f"{count:,} projects are back from {file}")


def _check(file: Path, schema: str) -> None:
    """Refuse a file that does not belong here, before a database is as much as reached."""
    from outsource_scraper.database.migrate import is_known  # noqa: PLC0415 - Alembic, for this alone

    held = contents(file)
    if held.schema != schema:
        raise UsageError(
            f"{file} holds the schema {held.schema!r} and DB_SCHEMA is {schema!r}: set it to that"
        )
    if not is_known(held.revision):
        raise OutsourceScraperError(
            f"{file} is at revision {held.revision}, which this release does not know: restore it with the "
            "newer outsource_scraper that made it; nothing was changed."
        )


async def _restore(config: Config, file: Path, *, replace: bool) -> int:
    database = await AsyncDatabase.from_config(config)
    try:
        last_run = await _make_sure(database, replace=replace)
        restore(config.async_db_url or database.engine.url, config.db_schema, file, last_run=last_run)
        await database.migrate()
        async with database.reachable() as connection:
            return await connection.scalar(select(func.count()).select_from(Project)) or 0
    finally:
        await database.close()


async def _make_sure(database: AsyncDatabase, *, replace: bool) -> int:
    """Return the id of the latest run, 0 where there is none.

    Raises OutsourceScraperError where a run is under way, or the tables hold rows and shall not be replaced.
    """
    async with database.reachable() as connection:
        there = await connection.run_sync(lambda sync: inspect(sync).get_table_names(database.schema))
        under_way = await living(connection) if CrawlRun.__tablename__ in there else []
        if under_way:
            names = ", ".join(f"{platform} (run {run_id})" for run_id, platform in under_way)
            raise OutsourceScraperError(
                f"crawls are under way: {names}; wait for their end or stop them, and start none before the "
                "restore is done"
            )
        holding = [
            name
            for name, table in Base.metadata.tables.items()
            if name in there and await connection.scalar(select(exists(select(1).select_from(table))))
        ]
        if holding and not replace:
            raise OutsourceScraperError(
                f"the database holds rows in {', '.join(holding)}; restore into an empty one, or put the "
                "backup in the place of all tables with --replace"
            )
        if CrawlRun.__tablename__ not in there:
            return 0
        return await connection.scalar(select(func.max(CrawlRun.id))) or 0
