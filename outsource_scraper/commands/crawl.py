"""`scrapy crawl`, with an exit code that tells how the run ended.

Scrapy's own ends with 0 after almost any failure; a schedule or a container needs the truth:
0 ok, 1 could not start, 2 wrong arguments, 3 empty, 4 blocked, 5 partial, 6 not everything stored, 7 busy.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from scrapy.commands import crawl

from outsource_scraper.commands._console import (
    add_log_format,
    check_spider_arguments,
    last_line,
    log_sentences,
    positionals,
    prepare_store,
    sentences,
    set_log_format,
    spider_class,
)
from outsource_scraper.extensions.run_report import outcome_of
from outsource_scraper.middlewares.manners import check_contact

if TYPE_CHECKING:
    import argparse


class Command(crawl.Command):
    """Crawl one platform."""

    def syntax(self) -> str:
        """Command syntax."""
        return "[options] <platform>"

    def short_desc(self) -> str:
        """One line for `scrapy -h`."""
        return "Crawl a platform; the exit code tells how it ended"

    def long_desc(self) -> str:
        """The text of `scrapy crawl -h`."""
        return (
            "Crawl one platform into the database. Arguments (-a name=value): mode=new|full, max_pages=N,"
            " query=WORDS, since=24h|7d|ISO date. Exit code: 0 ok, 1 could not start, 2 wrong arguments,"
            " 3 empty though results are expected, 4 blocked, 5 partial, 6 not everything stored,"
            " 7 another crawl of the platform is under way."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add --force and --logformat."""
        super().add_options(parser)
        add_log_format(parser)
        parser.add_argument(
            "--force", action="store_true", help="crawl even where another crawl of the platform is under way"
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Refuse what cannot be crawled, before the log begins."""
        super().process_options(args, opts)
        assert self.settings is not None
        if opts.force:
            self.settings.set("CRAWL_FORCE", True, priority="cmdline")
        set_log_format(self.settings, opts, args[0] if args else None)
        with sentences(self.settings):
            ask = "name one platform: scrapy crawl <platform>; `scrapy platforms` lists them"
            (name,) = positionals(args, "crawl", 1, ask)
            self._spider = spider_class(self.settings, name)
            check_spider_arguments(opts)
            self._spider.check_credentials(self.settings)
            check_contact(self.settings)
            to_file = bool(opts.output or opts.overwrite_output)
            prepare_store(self.settings, f"crawl {self._spider.name}", to_file=to_file)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Crawl, and set the exit code."""
        assert self.settings is not None
        assert self.crawler_process is not None
        platform = self._spider.platform
        if not platform.enabled:  # the operator's own decision, which this does not make for them
            print(f"{platform.title} is off by default; its terms: {platform.terms}", file=sys.stderr)
        log_sentences()
        crawler = self.crawler_process.create_crawler(self._spider)
        self.crawler_process.crawl(crawler, **opts.spargs)
        self.crawler_process.start()
        if self.crawler_process.bootstrap_failed:
            self.exitcode = 1
            return
        outcome = outcome_of(crawler)
        self.exitcode = outcome.verdict.exit_code
        last_line(self.settings, self._spider.name, outcome)
