"""`scrapy restore`: the tables as a backup holds them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand
from sqlalchemy import func, select
from sqlalchemy.schema import CreateSchema

from outsource_scraper.commands._console import sentences, wait_for
from outsource_scraper.config import Config
from outsource_scraper.database.archive import restore, schema_in
from outsource_scraper.database.models import Project
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
        parser.add_argument("--replace", action="store_true", help="even where the database holds projects")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Restore, migrate where the backup is older, and say what is there."""
        assert self.settings is not None
        with sentences():
            if len(args) != 1:
                raise UsageError("name one file: scrapy restore FILE")
            file = Path(args[0])
            if not file.is_file():
                raise UsageError(f"{file} is no file")
            count = wait_for(_restore(Config.load(self.settings), file, replace=opts.replace))
        print(f"{count:,} projects are back from {file}")


async def _restore(config: Config, file: Path, *, replace: bool) -> int:
    database = await AsyncDatabase.from_config(config)
    try:
        schema = schema_in(file)
        if schema != config.db_schema:
            raise UsageError(
                f"{file} holds the schema {schema!r} and DB_SCHEMA is {config.db_schema!r}: set it to that"
            )
        if not replace and await _projects(database):
            raise OutsourceScraperError(
                "the database holds projects; restore into an empty one, or put the backup in their place"
                " with --replace"
            )
        restore(database.engine.url, file)
        await database.migrate()
        return await _projects(database)
    finally:
        await database.close()


async def _projects(database: AsyncDatabase) -> int:
    """How many projects are stored; 0 where there are no tables yet."""
    async with database.reachable() as connection:
        if await connection.scalar(select(func.to_regnamespace(database.schema))) is None:
            await connection.execute(CreateSchema(database.schema))
        name = f'"{database.schema}".projects'
        if await connection.scalar(select(func.to_regclass(name))) is None:
            return 0
        return await connection.scalar(select(func.count()).select_from(Project)) or 0
