"""`scrapy migrate`: bring the database to this version's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand

from outsource_scraper.commands._console import positionals, prepare_database, sentences, wait_for
from outsource_scraper.config import Config

if TYPE_CHECKING:
    import argparse


class Command(ScrapyCommand):
    """Create or migrate the tables."""

    requires_project = True
    requires_crawler_process = False

    def short_desc(self) -> str:
        """One line for `scrapy -h`."""
        return "Create the tables in the database, or bring them to this version"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Migrate and say where."""
        assert self.settings is not None
        with sentences():
            positionals(args, "migrate")
            url = wait_for(prepare_database(Config.load(self.settings), migrating=True))
            print(f"the tables in {url.render_as_string(hide_password=True)} are those of this version")
