"""`scrapy replay-spool`: store what earlier runs had to leave on disk, without waiting for the next crawl."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand

from outsource_scraper.commands._console import positionals, sentences, with_database
from outsource_scraper.config import Config
from outsource_scraper.database.projects import store_waiting
from outsource_scraper.database.spool import Spool, replay

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
            done = with_database(config, lambda session: replay(spool, partial(store_waiting, session)))
        print(f"{done.items} items of {done.files} files in {spool.folder} are stored")
        if done.unreadable:
            print(f"{done.unreadable} files cannot be read or stored; the lines above name them")
        if others := spool.elsewhere():
            folders = sorted({str(path.parent) for path in others})
            print(f"{len(others)} files wait for other databases, in {', '.join(folders)}")
        self.exitcode = 1 if done.unreadable else 0
