"""`scrapy replay-spool`: store what earlier runs had to leave on disk, without waiting for the next crawl."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand

from outsource_scraper.commands._console import positionals, sentences, wait_for
from outsource_scraper.config import Config
from outsource_scraper.database import faults
from outsource_scraper.database.projects import store_waiting
from outsource_scraper.database.session import AsyncDatabase
from outsource_scraper.database.spool import Replayed, Spool, replay
from outsource_scraper.errors import DatabaseUnavailable

if TYPE_CHECKING:
    import argparse


class Command(ScrapyCommand):
    """Store the spool."""

    requires_project = True
    requires_crawler_process = False

    def short_desc(self) -> str:
        """One line for `scrapy -h`."""
        return "Store what earlier crawls had to leave on disk because the database was gone"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Store it and say how much it was."""
        assert self.settings is not None
        logging.basicConfig(format="%(message)s", level=logging.ERROR)
        with sentences():
            positionals(args, "replay-spool")
            config = Config.load(self.settings)
            spool = Spool.of(config)
            done = wait_for(_replay(config, spool))
        print(f"{done.items} items of {done.files} files in {spool.folder} are stored")
        if done.unreadable:
            print(f"{done.unreadable} files cannot be read or stored; the lines above name them")
        if others := spool.elsewhere():
            folders = sorted({str(path.parent) for path in others})
            print(f"{len(others)} files wait for other databases, in {', '.join(folders)}")
        self.exitcode = 1 if done.unreadable else 0


async def _replay(config: Config, spool: Spool) -> Replayed:
    database = await AsyncDatabase.from_config(config)
    try:
        await database.initialize()
        async with database.session() as session:
            return await replay(spool, partial(store_waiting, session))
    except Exception as error:
        if isinstance(error, DatabaseUnavailable) or not faults.is_transient(error):
            raise
        message = (
            f"The database failed ({faults.sentence(error)}): what is not stored waits on, try again later."
        )
        raise DatabaseUnavailable(message) from error
    finally:
        await database.close()
