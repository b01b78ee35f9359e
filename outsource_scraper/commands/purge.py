"""`scrapy purge`: delete what has outlived its time; for a schedule of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand

from outsource_scraper.commands._console import platform_spiders, positionals, sentences, with_database
from outsource_scraper.config import Config
from outsource_scraper.database.retention import kept_platforms, purge, purge_runs
from outsource_scraper.database.runs import server_time
from outsource_scraper.database.spool import Spool
from outsource_scraper.database.spool_upkeep import platforms_waiting, purge_waiting
from outsource_scraper.spans import span_text

if TYPE_CHECKING:
    import argparse
    from collections import Counter
    from datetime import timedelta

    from sqlalchemy.ext.asyncio import AsyncSession

    from outsource_scraper.database.deleting import Deleted


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
            own = {
                spider.name: spider.platform.retention
                for spider in platform_spiders(self.settings)
                if spider.platform.retention is not None
            }
            purged = with_database(config, lambda session: _purge(session, config, own, dry_run=opts.dry_run))
        done = "would be deleted" if opts.dry_run else "were deleted"
        for name, counts in purged.platforms.items():
            waiting = purged.waiting[name]
            if counts.total or waiting or name in own:
                print(f"{name}: {_told(counts, waiting)} older than {span_text(purged.limits[name])} {done}")
        if config.outsource_retention is not None:
            print(f"{purged.runs} runs older than {span_text(config.outsource_retention)} {done}")


@dataclass(slots=True, kw_only=True)
class _Purged:
    limits: dict[str, timedelta]
    platforms: dict[str, Deleted]
    waiting: Counter[str]
    """Items on disk, by platform."""
    runs: int = 0


def _told(counts: Deleted, waiting: int) -> str:
    more = {
        "changes": counts.changes,
        "counts": counts.counts,
        "rejected records": counts.rejected,
        "validators": counts.pages,
        "items on disk": waiting,
    }
    with_them = ", ".join(f"{count} {name}" for name, count in more.items() if count)
    return f"{counts.projects} projects{f' ({with_them})' if with_them else ''}"


async def _purge(
    session: AsyncSession, config: Config, own: dict[str, timedelta], *, dry_run: bool
) -> _Purged:
    now = await server_time(session)
    general = config.outsource_retention
    spool = Spool.of(config)
    # Those of the tables and of the disk too: the code may have dropped a platform, its rows are still there.
    kept = {*own} if general is None else {*own, *await kept_platforms(session), *platforms_waiting(spool)}
    limits = {
        name: min(limit for limit in (own.get(name), general) if limit is not None) for name in sorted(kept)
    }
    before = {name: now - limit for name, limit in limits.items()}
    waiting = purge_waiting(spool, before, dry_run=dry_run)
    platforms = {
        name: await purge(session, name, moment, with_history=name in own, dry_run=dry_run)
        for name, moment in before.items()
    }
    runs = 0 if general is None else await purge_runs(session, now - general, dry_run=dry_run)
    return _Purged(limits=limits, platforms=platforms, waiting=waiting, runs=runs)
