"""`scrapy crawlall`: many platforms side by side in one process, and the gravest exit code.

With `--due` it is what a schedule starts, every minute if it likes and on several machines: every enabled
platform whose interval has passed since its last good run is crawled, and no other.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from scrapy.commands import BaseRunSpiderCommand

from outsource_scraper.commands._console import (
    add_log_format,
    check_spider_arguments,
    enabled_spiders,
    intervals,
    log_sentences,
    platform_spiders,
    positionals,
    prepare_store,
    sentences,
    set_log_format,
    spider_class,
    with_database,
)
from outsource_scraper.commands._fleet import crawl_side_by_side, table_of, worst
from outsource_scraper.commands._format import moment, terminal
from outsource_scraper.config import Config
from outsource_scraper.database.health import records
from outsource_scraper.errors import UsageError
from outsource_scraper.extensions.verdict import Verdict
from outsource_scraper.middlewares.manners import check_contact

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from outsource_scraper.commands._fleet import Ended
    from outsource_scraper.database.health import Record


class Command(BaseRunSpiderCommand):
    """Crawl many platforms."""

    requires_project = True

    def syntax(self) -> str:
        """Command syntax."""
        return "[options] [platform ...]"

    def short_desc(self) -> str:
        """One line for `scrapy -h`."""
        return "Crawl all enabled platforms, or those that are named or due, side by side"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add --due and --logformat."""
        super().add_options(parser)
        add_log_format(parser)
        parser.add_argument(
            "--due",
            action="store_true",
            help="only those whose interval has passed since their last good run; for a schedule",
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Refuse what cannot be crawled, before the log begins."""
        super().process_options(args, opts)
        assert self.settings is not None
        with sentences():
            names = positionals(args, "crawlall", None)
            self._spiders = [spider_class(self.settings, name) for name in dict.fromkeys(names)]
            check_spider_arguments(opts)
            check_contact(self.settings)
            set_log_format(self.settings, opts, None)
            # A schedule asks the database what is due, whatever is written beside.
            to_file = bool(opts.output or opts.overwrite_output) and not opts.due
            prepare_store(self.settings, "crawlall", to_file=to_file)
            self._spiders = self._spiders or enabled_spiders(self.settings)
            if not self._spiders:
                raise UsageError("no platform is enabled; name those to crawl: scrapy crawlall <platform>")
            self._schedule = _Schedule.load(self) if opts.due else None

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Crawl, print the table, and set the exit code."""
        assert self.crawler_process is not None
        log_sentences()
        schedule = self._schedule
        spiders = self._spiders if schedule is None else schedule.due
        ended: list[Ended] = []
        if spiders:
            seen = {} if schedule is None else schedule.seen
            ended = crawl_side_by_side(
                self.crawler_process, spiders, terminal(stderr=True), seen, **opts.spargs
            )
        if schedule is not None:
            # Another machine is at it: nothing is wrong, and nothing was done here.
            ended = [one for one in ended if one.outcome.verdict is not Verdict.BUSY]
        if ended:
            terminal().print(table_of(ended))
        for one in ended:
            if one.outcome.reason:
                print(f"{one.platform}: {one.outcome.verdict}: {one.outcome.reason}", file=sys.stderr)
        if schedule is not None:
            print(schedule.told(ended))
        self.exitcode = worst(ended)


class _Schedule:
    """Which of the platforms are due, by what the database knows of their runs."""

    def __init__(self, command: Command, found: Mapping[str, Record], config: Config) -> None:
        assert command.settings is not None
        every = intervals(config, platform_spiders(command.settings))
        spiders = command._spiders
        self._at = {name: record.due_at(every[name]) for name, record in found.items()}
        self._now = next(iter(found.values())).now
        self.due = [spider for spider in spiders if self._is_due(found[spider.name])]
        self.seen = {name: record.runs[0].id if record.runs else 0 for name, record in found.items()}
        self._count = len(spiders)
        self._under_way = [name for name, record in found.items() if record.under_way is not None]

    @classmethod
    def load(cls, command: Command) -> _Schedule:
        """Ask the database.

        Raises ConfigError or DatabaseUnavailable.
        """
        config = Config.load(command.settings)
        names = [spider.name for spider in command._spiders]
        return cls(command, with_database(config, lambda session: records(session, names)), config)

    def _is_due(self, record: Record) -> bool:
        at = self._at[record.platform]
        return record.under_way is None and (at is None or at <= record.now)

    def told(self, ended: Sequence[Ended]) -> str:
        """The last line: what was due, how that ended, and what is next."""
        verdicts = [str(one.outcome.verdict) for one in ended]
        counted = ", ".join(f"{verdicts.count(one)} {one}" for one in dict.fromkeys(verdicts))
        waiting = {name: at for name, at in self._at.items() if at is not None and at > self._now}
        following = f"; next is {min(waiting, key=waiting.__getitem__)} at " if waiting else ""
        when = f"{moment(min(waiting.values()))} UTC" if waiting else ""
        elsewhere = f" ({len(self._under_way)} under way elsewhere)" if self._under_way else ""
        return (
            f"{len(ended)} of {self._count} platforms were due{elsewhere}"
            f"{': ' + counted if counted else ''}{following}{when}"
        )
