"""`scrapy purge`: delete what platforms' terms let nobody keep any longer; for a schedule of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand

from outsource_scraper.commands._console import platform_spiders, sentences, wait_for
from outsource_scraper.config import Config
from outsource_scraper.database.retention import purge
from outsource_scraper.database.session import AsyncDatabase

if TYPE_CHECKING:
    import argparse
    from datetime import timedelta


class Command(ScrapyCommand):
    """Delete what has outlived its retention."""

    requires_project = True
    requires_crawler_process = False

    def short_desc(self) -> str:
        """One line for `scrapy -h`."""
        return "Delete what platforms' terms let nobody keep any longer"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Purge every platform that has a limit."""
        assert self.settings is not None
        limits = {
            spider.name: spider.platform.retention
            for spider in platform_spiders(self.settings)
            if spider.platform.retention is not None
        }
        with sentences():
            for name, count in wait_for(_purge(Config.load(self.settings), limits)).items():
                hours = limits[name].total_seconds() / 3600
                print(f"{name}: {count} projects older than {hours:g} hours were deleted")


async def _purge(config: Config, limits: dict[str, timedelta]) -> dict[str, int]:
    database = await AsyncDatabase.from_config(config)
    try:
        await database.initialize()
        async with database.session() as session:
            now = datetime.now(UTC)
            return {name: await purge(session, name, now - limit) for name, limit in limits.items()}
    finally:
        await database.close()
