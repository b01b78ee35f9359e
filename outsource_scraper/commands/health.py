"""`scrapy health`: for every platform when it was last good, what is wrong, and what to do; for a monitor."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand

from outsource_scraper.commands._console import (
    enabled_spiders,
    intervals,
    platform_spiders,
    positionals,
    sentences,
    with_database,
)
from outsource_scraper.commands._format import coloured, moment, terminal
from outsource_scraper.config import Config
from outsource_scraper.database.copying import to_json
from outsource_scraper.database.health import records
from outsource_scraper.spans import span_text

if TYPE_CHECKING:
    import argparse
    from datetime import datetime

    from outsource_scraper.database.health import Record

LATE = 3
"""Intervals without a good run after which a platform is not well."""
LEAST = timedelta(hours=1)
"""The shortest time that counts as late, whatever the interval."""

ADVICE = {
    "failed": "mend what the reason names, then: scrapy crawl {0}",
    "empty": "look whether the page has changed: scrapy capture {0}",
    "blocked": "crawl it less often, or turn it off; nothing passes a wall",
    "partial": "look at rejected_records and the reason; a changed layout needs a new spider",
    "unstored": "see to the database and the disk; then: scrapy replay-spool",
    "interrupted": "see what killed the process (memory, a deploy); then: scrapy crawl {0}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How a platform is."""

    platform: str
    enabled: bool
    well: bool
    last_good: datetime | None
    wrong: str | None
    advice: str | None


class Command(ScrapyCommand):
    """Say how the platforms are."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        """Command syntax."""
        return "[--json]"

    def short_desc(self) -> str:
        """One line for `scrapy -h`."""
        return "Say when every platform was last good, and what is wrong; exit 1 if one is not well"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add --json."""
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="print a JSON array instead of lines")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Ask, print, and set the exit code."""
        assert self.settings is not None
        with sentences():
            positionals(args, "health")
            config = Config.load(self.settings)
            spiders = platform_spiders(self.settings)
            every = intervals(config, spiders)
            enabled = {spider.name for spider in enabled_spiders(self.settings)}
            found = with_database(config, lambda session: records(session, every))
        # One that is off is of interest only once it was crawled by hand.
        states = [
            state_of(record, every[name], enabled=name in enabled)
            for name, record in sorted(found.items())
            if name in enabled or record.runs
        ]
        if opts.json:
            print(to_json([asdict(state) for state in states]))
        else:
            _print(states)
        self.exitcode = 0 if all(state.well for state in states if state.enabled) else 1


def state_of(record: Record, interval: timedelta, *, enabled: bool) -> State:
    """How the platform of `record` is, by the runs that it had."""
    wrong, advice = _trouble(record, interval)
    return State(
        platform=record.platform,
        enabled=enabled,
        well=wrong is None,
        last_good=record.last_good,
        wrong=wrong,
        advice=advice,
    )


def _trouble(record: Record, interval: timedelta) -> tuple[str | None, str | None]:
    if bad := record.bad:
        last = bad[0]
        verdict = last.verdict or "interrupted"
        times = f" {len(bad)} times in a row" if len(bad) > 1 else ""
        reason = f": {last.reason}" if last.reason else ""
        return f"{verdict}{times}, last at {moment(last.started_at)} UTC{reason}", ADVICE.get(
            verdict, "see the log"
        ).format(record.platform)
    start = f"start it: scrapy crawl {record.platform}, or a schedule of: scrapy crawlall --due"
    if record.last_good is None:
        return ("under way for the first time", None) if record.under_way else ("never crawled", start)
    late = max(interval * LATE, LEAST)
    if record.now - record.last_good > late and record.under_way is None:
        return f"not crawled for {span_text(_rounded(record.now - record.last_good))}", start
    return None, None


def _rounded(span: timedelta) -> timedelta:
    unit = timedelta(days=1) if span > timedelta(days=2) else timedelta(minutes=1)
    return span // unit * unit


def _print(states: list[State]) -> None:
    console = terminal(highlight=False)
    for state in states:
        good = f"last good {moment(state.last_good)} UTC" if state.last_good else "never good"
        word, colour = (
            ("well", "green") if state.well else ("not well", "red") if state.enabled else ("off", "yellow")
        )
        console.print(coloured(f"{state.platform:15} ", (word, colour), f", {good}"))
        if state.wrong:
            console.print(f"  {state.wrong}")
        if state.advice:
            console.print(f"  {state.advice}")
    ill = sum(not state.well for state in states if state.enabled)
    enabled = sum(state.enabled for state in states)
    console.print(f"{enabled - ill} of {enabled} enabled platforms are well")
