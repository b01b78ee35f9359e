"""Several platforms crawled side by side in one process, and the table of how that went."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from outsource_scraper.commands._format import coloured, plain_table
from outsource_scraper.extensions.run_report import outcome_of
from outsource_scraper.extensions.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console
    from rich.table import Table
    from scrapy.crawler import Crawler, CrawlerProcessBase

    from outsource_scraper.spiders._base import PlatformSpider

COUNTS = ("new", "updated", "unchanged", "closed", "rejected")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """One crawl that has ended."""

    platform: str
    outcome: Outcome
    counts: Mapping[str, int]
    seconds: float


def crawl_side_by_side(
    process: CrawlerProcessBase,
    spiders: Sequence[type[PlatformSpider[Any]]],
    console: Console,
    seen: Mapping[str, int] = MappingProxyType({}),
    **arguments: str,
) -> list[Ended]:
    """Crawl `spiders` at the same time, each by itself: the failure of one leaves the others alone.

    `seen` is, by platform, the last run that a schedule has seen (see `database.runs.start_run`).
    """
    # Draws with Rich, which nothing else in a crawl needs.
    from outsource_scraper.extensions.progress import ProgressBoard  # noqa: PLC0415

    crawlers = [process.create_crawler(spider) for spider in spiders]
    for crawler in crawlers:
        crawler.settings.set("CRAWL_SEEN_RUN", seen.get(crawler.spidercls.name), priority="cmdline")
    runs = [process.crawl(crawler, **arguments) for crawler in crawlers]
    with ProgressBoard(crawlers).shown(console):
        process.start()
    return [_ended(crawler, run) for crawler, run in zip(crawlers, runs, strict=True)]


def worst(ended: Sequence[Ended]) -> int:
    """The exit code for all: 0 if every verdict is ok, else that of the gravest."""
    gravity = [
        Verdict.OK, Verdict.BUSY, Verdict.EMPTY, Verdict.PARTIAL, Verdict.BLOCKED, Verdict.FAILED,
        Verdict.UNSTORED,
    ]  # fmt: skip
    verdicts = [one.outcome.verdict for one in ended]
    return max(verdicts, key=gravity.index).exit_code if verdicts else 0


def table_of(ended: Sequence[Ended]) -> Table:
    """The summary that a person reads, within 80 columns."""
    table = plain_table(header_style="bold")
    table.add_column("platform")
    table.add_column("verdict")
    for name in (*COUNTS, "seconds"):
        table.add_column(name, justify="right")
    for one in ended:
        colour = "green" if one.outcome.verdict is Verdict.OK else "red"
        counts = (str(one.counts[name]) for name in COUNTS)
        table.add_row(one.platform, coloured((one.outcome.verdict, colour)), *counts, f"{one.seconds:.1f}")
    return table


def _ended(crawler: Crawler, run: Any) -> Ended:
    error = run.exception() if isinstance(run, asyncio.Task) and run.done() else None
    if error is not None:
        outcome = Outcome(verdict=Verdict.FAILED, reason=str(error))
        return Ended(
            platform=crawler.spidercls.name, outcome=outcome, counts=dict.fromkeys(COUNTS, 0), seconds=0.0
        )
    stats = crawler.stats.get_stats()
    counts = {name: int(stats.get(f"store/{name}", 0)) for name in COUNTS}
    counts["updated"] += int(stats.get("store/reopened", 0))
    return Ended(
        platform=crawler.spidercls.name,
        outcome=outcome_of(crawler),
        counts=counts,
        seconds=float(stats.get("elapsed_time_seconds", 0.0)),
    )
