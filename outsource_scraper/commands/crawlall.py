"""`scrapy crawlall`: the enabled platforms side by side in one process, and the gravest exit code."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console
from scrapy.commands import BaseRunSpiderCommand

from outsource_scraper.commands._console import (
    log_sentences,
    platform_spiders,
    prepare_store,
    sentences,
    spider_class,
)
from outsource_scraper.commands._fleet import crawl_side_by_side, table_of, worst
from outsource_scraper.errors import ConfigError, UsageError
from outsource_scraper.middlewares.manners import check_contact
from outsource_scraper.spiders._arguments import CrawlArguments

if TYPE_CHECKING:
    import argparse

    from outsource_scraper.spiders._base import PlatformSpider


class Command(BaseRunSpiderCommand):
    """Crawl many platforms."""

    requires_project = True

    def syntax(self) -> str:
        """Command syntax."""
        return "[options] [platform ...]"

    def short_desc(self) -> str:
        """One line for `scrapy -h`."""
        return "Crawl all enabled platforms, or those that are named, side by side"

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Refuse what cannot be crawled, before the log begins."""
        super().process_options(args, opts)
        assert self.settings is not None
        with sentences():
            CrawlArguments.parse(opts.spargs, now=datetime.now(UTC))
            check_contact(self.settings)
            prepare_store(self.settings)
            if args:
                self._spiders = [spider_class(self.settings, name) for name in dict.fromkeys(args)]
            else:
                self._spiders = [spider for spider in platform_spiders(self.settings) if self._runs(spider)]
            if not self._spiders:
                raise UsageError("no platform is enabled; name those to crawl: scrapy crawlall <platform>")

    def _runs(self, spider: type[PlatformSpider[Any]]) -> bool:
        """Whether a platform runs unasked: it is on, or waits only for a credential that is set."""
        assert self.settings is not None
        if spider.platform.enabled or not spider.credentials:
            return spider.platform.enabled
        try:
            spider.check_credentials(self.settings)
        except ConfigError:
            return False
        return True

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Crawl, print the table, and set the exit code."""
        assert self.crawler_process is not None
        log_sentences()
        ended = crawl_side_by_side(self.crawler_process, self._spiders, Console(stderr=True), **opts.spargs)
        console = Console()
        console.print(table_of(ended))
        for one in ended:
            if one.outcome.reason:
                print(f"{one.platform}: {one.outcome.verdict}: {one.outcome.reason}", file=sys.stderr)
        self.exitcode = worst(ended)
