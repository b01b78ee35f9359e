"""`scrapy forget`: delete what is kept of a person who asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand

from outsource_scraper.commands._console import positionals, readable, sentences, spider_class, with_database
from outsource_scraper.config import Config
from outsource_scraper.database.retention import forget
from outsource_scraper.database.spool import Spool, UnreadableSpool
from outsource_scraper.errors import OutsourceScraperError, UsageError

if TYPE_CHECKING:
    import argparse


class Command(ScrapyCommand):
    """Forget a client."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        """Command syntax."""
        return "--client NAME --platform PLATFORM [--dry-run]"

    def short_desc(self) -> str:
        """One line for `scrapy -h`."""
        return "Delete everything that is kept of a client of a platform"

    def long_desc(self) -> str:
        """The text of `scrapy forget -h`."""
        return (
            "Delete a client's projects with their history, counts and rejected records, on disk too, and"
            " blank the name where it stands in other rows of the platform. What the platform still shows"
            " comes back with the next crawl: the platform has to take it down first."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add --client, --platform and --dry-run."""
        super().add_options(parser)
        parser.add_argument(
            "--client", metavar="NAME", help="the name as the platform shows it, letter by letter"
        )
        parser.add_argument("--platform", metavar="PLATFORM")
        parser.add_argument("--dry-run", action="store_true", help="count what would go, and delete nothing")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Delete and say what."""
        assert self.settings is not None
        with sentences():
            positionals(args, "forget")
            if not (opts.client or "").strip() or not opts.platform:
                raise UsageError("name both: scrapy forget --client NAME --platform PLATFORM")
            client = readable(opts.client, "the name")
            config = Config.load(self.settings)
            platform = spider_class(self.settings, opts.platform).name
            try:
                waiting = Spool.of(config).forget(platform, client, dry_run=opts.dry_run)
            except UnreadableSpool as error:
                raise OutsourceScraperError(str(error)) from None
            deleted = with_database(
                config, lambda session: forget(session, platform, client, dry_run=opts.dry_run)
            )
        done = "would be deleted" if opts.dry_run else "were deleted"
        blanked = "would be blanked" if opts.dry_run else "were blanked"
        print(
            f"{deleted.projects} projects, {deleted.changes} changes, {deleted.counts} counts,"
            f" {deleted.rejected} rejected records and {waiting} items on disk {done}"
        )
        print(f"{deleted.mentions} mentions in other rows and {deleted.runs} in runs {blanked}")
        if not deleted.total and not waiting:
            print(f"nothing of {platform} holds that name; it is compared letter by letter")
