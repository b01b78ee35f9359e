"""`scrapy backup`: all tables in one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand

from outsource_scraper.commands._console import prepare_database, sentences, wait_for
from outsource_scraper.config import Config
from outsource_scraper.database.archive import dump
from outsource_scraper.errors import UsageError

if TYPE_CHECKING:
    import argparse


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
            if len(args) != 1:
                raise UsageError("name one file: scrapy backup FILE")
            file = Path(args[0])
            if not file.parent.is_dir() or file.is_dir():
                raise UsageError(f"{file} cannot be written: name a file in a folder that exists")
            config = Config.load(self.settings)
            url = wait_for(prepare_database(config))
            dump(url, config.db_schema, file)
        print(f"{file}: {file.stat().st_size:,} bytes; `scrapy restore {file}` brings it back")
