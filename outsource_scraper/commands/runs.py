"""`scrapy runs`: the last runs and how they ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy.commands import ScrapyCommand

from outsource_scraper.commands._console import positionals, sentences, spider_class, with_database
from outsource_scraper.commands._format import coloured, moment, plain_table, terminal
from outsource_scraper.config import Config
from outsource_scraper.database.copying import to_json
from outsource_scraper.database.health import latest_runs
from outsource_scraper.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from outsource_scraper.database.models import CrawlRun

FIELDS = (
    "id", "platform", "mode", "arguments", "started_at", "finished_at", "verdict", "reason", "complete",
    "process", "pages", "new", "updated", "unchanged", "reopened", "closed", "rejected", "duplicates",
    "spooled",
)  # fmt: skip
"""What `--json` prints of a run."""


class Command(ScrapyCommand):
    """List runs."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        """Command syntax."""
        return "[--platform PLATFORM] [--limit N] [--json]"

    def short_desc(self) -> str:
        """One line for `scrapy -h`."""
        return "List the last runs with their verdicts and counts"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add --platform, --limit and --json."""
        super().add_options(parser)
        parser.add_argument("--platform", metavar="PLATFORM")
        parser.add_argument("--limit", metavar="N", default="20", help="how many (default: 20)")
        parser.add_argument("--json", action="store_true", help="print a JSON array instead of a table")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Ask and print."""
        assert self.settings is not None
        with sentences():
            positionals(args, "runs")
            if not opts.limit.isdecimal() or not 1 <= int(opts.limit) <= 100_000:
                raise UsageError(f"--limit must be a whole number from 1 to 100000, not {opts.limit!r}")
            platform = opts.platform and spider_class(self.settings, opts.platform).name
            limit = int(opts.limit)
            found = with_database(
                Config.load(self.settings), lambda session: latest_runs(session, platform, limit)
            )
        if opts.json:
            print(to_json([as_json(run) for run in found]))
        elif found:
            _print(found)
        else:
            print("there are no runs yet")


def as_json(run: CrawlRun) -> dict[str, Any]:
    """A run for programs."""
    return {name: getattr(run, name) for name in FIELDS}


def took(run: CrawlRun) -> str:
    """How long a run took."""
    if run.finished_at is None:
        return "-"
    seconds = (run.finished_at - run.started_at).total_seconds()
    return f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min"


def _print(found: Sequence[CrawlRun]) -> None:
    table = plain_table(header_style="bold", expand=False)
    table.add_column("run", justify="right")
    table.add_column("platform", no_wrap=True)
    table.add_column("started (UTC)", no_wrap=True)
    table.add_column("took", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for name in ("new", "changed", "closed"):
        table.add_column(name, justify="right")
    for run in found:
        verdict = run.verdict or "running"
        colour = {"ok": "green", "running": "cyan", "busy": "yellow"}.get(verdict, "red")
        counts = (str(count) for count in (run.new, run.updated + run.reopened, run.closed))
        table.add_row(
            str(run.id), run.platform, moment(run.started_at), took(run), coloured((verdict, colour)), *counts
        )
    console = terminal(highlight=False)
    console.print(table)
    for run in found:
        if run.reason:
            console.print(f"{run.id}: {run.reason}")
