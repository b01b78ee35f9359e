"""`scrapy purge`: delete what has outlived its time; for a schedule of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand

from outsource_scraper.commands._console import platform_spiders, positionals, sentences, with_database
from outsource_scraper.config import Config
from outsource_scraper.database.retention import Deleted, purge, purge_runs
from outsource_scraper.database.runs import server_time
from outsource_scraper.spans import span_text

if TYPE_CHECKING:
    import argparse
    from datetime import timedelta

    from sqlalchemy.ext.asyncio import AsyncSession


class Command(ScrapyCommand):
    """Delete what has outlived its retention."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        """Command syntax."""
        return "[--dry-run]"

    def short_desc(self) -> str:
        """One line for `scrapy -h`."""
        return "Delete what platforms' terms or OUTSOURCE_RETENTION let nobody keep any longer"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add --dry-run."""
        super().add_options(parser)
        parser.add_argument("--dry-run", action="store_true", help="count what would go, and delete nothing")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Purge every platform that has a limit, and old runs."""
        assert self.settings is not None
        with sentences():
            positionals(args, "purge")
            config = Config.load(self.settings)
            own = {spider.name: spider.platform.retention for spider in platform_spiders(self.settings)}
            limits = {
                name: min(both)
                for name, limit in own.items()
                if (both := [one for one in (limit, config.outsource_retention) if one is not None])
            }
            deleted, runs = with_database(
                config, lambda session: _purge(session, config, limits, dry_run=opts.dry_run)
            )
        done = "would be deleted" if opts.dry_run else "were deleted"
        for name, counts in deleted.items():
            if counts.total or own[name] is not None:
                print(f"{name}: {_told(counts)} older than {span_text(limits[name])} {done}")
        if config.outsource_retention is not None:
            print(f"{runs} runs older than {span_text(config.outsource_retention)} {done}")


def _told(counts: Deleted) -> str:
    more = {"changes": counts.changes, "counts": counts.counts, "rejected records": counts.rejected}
    with_them = ", ".join(f"{count} {name}" for name, count in more.items() if count)
    return f"{counts.projects} projects{f' ({with_them})' if with_them else ''}"


async def _purge(
    session: AsyncSession, config: Config, limits: dict[str, timedelta], *, dry_run: bool
) -> tuple[dict[str, Deleted], int]:
    now = await server_time(session)
    deleted = {
        name: await purge(session, name, now - limit, dry_run=dry_run) for name, limit in limits.items()
    }
    runs = 0
    if config.outsource_retention is not None:
        runs = await purge_runs(session, now - config.outsource_retention, dry_run=dry_run)
    return deleted, runs
