"""`scrapy migrate`: bring the database to this version's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand

from outsource_scraper.commands._console import sentences, wait_for
from outsource_scraper.config import Config
from outsource_scraper.database.session import AsyncDatabase

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
        with sentences():
            print(wait_for(_migrate()))


async def _migrate() -> str:
    database = await AsyncDatabase.from_config(Config.load())
    try:
        await database.initialize()
        where = database.engine.url.render_as_string(hide_password=True)
    finally:
        await database.close()
    return f"the tables in {where} are those of this version"
