"""`scrapy forget`: delete what is kept of a person who asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand

from outsource_scraper.commands._console import positionals, readable, sentences, spider_class, with_database
from outsource_scraper.config import Config
from outsource_scraper.database.forgetting import forget, ids_of
from outsource_scraper.database.spool import Spool
from outsource_scraper.database.spool_upkeep import Cleaned, forget_waiting
from outsource_scraper.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from sqlalchemy.ext.asyncio import AsyncSession

    from outsource_scraper.database.deleting import Deleted

MANY = 100
"""A client with more projects may be a name that stands for everybody, such as "Anonymous"."""


class Command(ScrapyCommand):
    """Forget a client."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        """Command syntax."""
        return "--client NAME --platform PLATFORM [--dry-run | --yes]"

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
        parser.add_argument(
            "--yes", action="store_true", help=f"delete even if more than {MANY} projects have that client"
        )

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
            deleted, waiting = with_database(
                config, lambda session: _forget(session, Spool.of(config), platform, client, opts)
            )
        on_disk = waiting.deleted.total()
        done = "would be deleted" if opts.dry_run else "were deleted"
        blanked = "would be blanked" if opts.dry_run else "were blanked"
        print(
            f"{deleted.projects} projects, {deleted.changes} changes, {deleted.counts} counts,"
            f" {deleted.rejected} rejected records, {deleted.pages} validators"
            f" and {on_disk} items on disk {done}"
        )
        print(
            f"{deleted.mentions} mentions in other rows, {deleted.runs} in runs"
            f" and {waiting.blanked} in items on disk {blanked}"
        )
        if not (deleted.total or on_disk or waiting.blanked or waiting.left):
            print(f"nothing of {platform} holds that name; it is compared letter by letter")
        for path in waiting.left:
            print(f"{path} holds the name and was left: look into it, delete it, and repeat the command")
        self.exitcode = 1 if waiting.left else 0


async def _forget(
    session: AsyncSession, spool: Spool, platform: str, client: str, opts: argparse.Namespace
) -> tuple[Deleted, Cleaned]:
    ids = await ids_of(session, platform, client)
    if len(ids) > MANY and not (opts.yes or opts.dry_run):
        raise UsageError(
            f"{len(ids)} projects of {platform} have that client, as if the name stood for everybody:"
            " look with --dry-run, and say --yes to delete them"
        )
    # Before the database, where the ids are found again if this fails; and what another process stores
    # meanwhile is deleted there.
    waiting = forget_waiting(spool, platform, client, ids, dry_run=opts.dry_run)
    return await forget(session, platform, client, dry_run=opts.dry_run), waiting
