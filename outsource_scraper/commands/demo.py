"""`scrapy demo`: the whole way on this machine alone, against the sandbox market.

PostgreSQL (the embedded one where DATABASE_URL is not set), the migrations, the market over HTTP, the real
spiders, and a table. Its rows lie in the schema `demo`, apart from those of live crawls. Every run finds the
market moved on.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand

from outsource_scraper.commands._console import (
    log_sentences,
    platform_spiders,
    positionals,
    prepare_database,
    sentences,
    stop,
    wait_for,
    with_database,
)
from outsource_scraper.commands._fleet import crawl_side_by_side, table_of, worst
from outsource_scraper.commands._format import budget, coloured, plain_table, terminal
from outsource_scraper.config import Config
from outsource_scraper.errors import ConfigError, OutsourceScraperError
from outsource_scraper.market.search import newest
from outsource_scraper.middlewares.chromium import has_browser
from outsource_scraper.sandbox.platforms import platforms

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rich.table import Table

    from outsource_scraper.database.models import Project

SCHEMA = "demo"
STEP = timedelta(minutes=45)
"""How far the market moves from one run to the next, at least."""
AHEAD = timedelta(hours=12)
"""How far its clock may run ahead of ours before it slows down; spiders trust no clock that is a day off."""


class Command(ScrapyCommand):
    """Crawl the sandbox market."""

    requires_project = True

    def short_desc(self) -> str:
        """One line for `scrapy -h`."""
        return "Crawl a market on this machine into PostgreSQL and show what came of it"

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Keep the log out of the way of the table, unless the operator asks for it."""
        super().process_options(args, opts)
        assert self.settings is not None
        with sentences():
            positionals(args, "demo")
            self._config = Config.load({**self.settings, "DB_SCHEMA": SCHEMA})
            self._log = _log_file(self._config.outsource_data_dir)
        if not opts.logfile and not opts.loglevel:
            self.settings.setdict({"LOG_FILE": str(self._log), "LOG_FILE_APPEND": False}, priority="cmdline")
        self.settings.set("DB_SCHEMA", SCHEMA, priority="cmdline")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Start what is needed, crawl, print."""
        assert self.settings is not None
        assert self.crawler_process is not None
        console = terminal()
        log_sentences()
        with sentences():
            where = "your PostgreSQL" if self._config.async_db_url else "the embedded PostgreSQL"
            with console.status(f"preparing {where}"):
                wait_for(prepare_database(self._config, migrating=True))
            clock = _next_clock(self._config.outsource_data_dir)
            with _market(clock) as url:
                self.settings.set("SANDBOX_URL", url, priority="cmdline")
                spiders = [spider for spider in platform_spiders(self.settings) if spider.name in platforms()]
                rendered = [spider.name for spider in spiders if spider.browser]
                if rendered and not has_browser():
                    console.print(
                        f"{', '.join(rendered)} is left out: it needs Chromium, which is not installed"
                    )
                    spiders = [spider for spider in spiders if not spider.browser]
                console.print(
                    f"{where} is ready; crawling a market of {len(spiders)} platforms at {url},"
                    f" where it is {clock:%Y-%m-%d %H:%M} UTC\n"
                )
                ended = crawl_side_by_side(self.crawler_process, spiders, console, mode="full")
        console.print(table_of(ended))
        for one in ended:
            if one.outcome.reason:
                console.print(coloured((one.platform, "red"), f": {one.outcome.reason}"))
        self.exitcode = worst(ended)
        with sentences():
            console.print()
            console.print(newest_table(with_database(self._config, lambda session: newest(session, 10))))
        console.print(
            "\nRun it again and the market has moved on. A live crawl, with your address for the platform:\n"
            "  OUTSOURCE_CONTACT=you@example.org ./run scrapy crawl freelancer",
            highlight=False,
        )
        if self.exitcode:
            console.print(f"The log is in {self._log}.", highlight=False)


def _log_file(data_dir: Path) -> Path:
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{data_dir} cannot be made ({error.strerror}); set OUTSOURCE_DATA_DIR to a folder that can"
        ) from None
    return data_dir / "demo.log"


def _next_clock(data_dir: Path) -> datetime:
    """The market's time for this run: now, or a step behind the last run's where that is later."""
    state = data_dir / "demo.json"
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        last = datetime.fromisoformat(json.loads(state.read_text("utf-8"))["clock"])
    except (OSError, ValueError, KeyError, TypeError):
        last = now - STEP
    clock = max(now, last + (STEP if last < now + AHEAD else STEP / 15))
    state.write_text(json.dumps({"clock": clock.isoformat()}), "utf-8")
    return clock


@contextmanager
def _market(clock: datetime) -> Iterator[str]:
    """The market in a process of its own, as the platforms are; its base URL."""
    command = [sys.executable, "-m", "outsource_scraper.sandbox", "--clock", clock.isoformat()]
    # A session of its own: Ctrl-C in the terminal lets the crawls end before the market is taken away.
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:  # noqa: S603
        try:
            assert process.stdout is not None
            line = process.stdout.readline().split()
            if not line:
                stop(OutsourceScraperError("the sandbox market did not start; what it said stands above"))
            yield line[-1]
        finally:
            process.terminate()


def newest_table(projects: Sequence[Project]) -> Table:
    """What was posted last, within 80 columns."""
    table = plain_table(header_style="bold", expand=True)
    table.add_column("platform", min_width=14)
    table.add_column("posted", min_width=11)
    table.add_column("budget", min_width=20)
    table.add_column("the newest projects", no_wrap=True, overflow="ellipsis", ratio=1)
    for project in projects:
        posted = f"{project.posted_at:%m-%d %H:%M}" if project.posted_at else ""
        table.add_row(project.platform, posted, budget(vars(project)), project.title)
    return table
