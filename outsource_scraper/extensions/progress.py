"""How far the crawls of this process are, for a person at a terminal."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console, RenderableType
    from scrapy.crawler import Crawler


class ProgressBoard:
    """A line for each crawl, drawn again a few times a second and gone when all have ended.

    It reads the crawlers' stats from its own thread: single look-ups, which need no lock.
    """

    def __init__(self, crawlers: Sequence[Crawler]) -> None:
        self._crawlers = crawlers
        self._spinner = Spinner("dots")

    @contextmanager
    def shown(self, console: Console) -> Iterator[None]:
        """Draw the board inside the block; on anything but a terminal do nothing."""
        if not console.is_terminal:
            yield
            return
        with Live(get_renderable=self._table, console=console, refresh_per_second=8, transient=True):
            yield

    def _table(self) -> RenderableType:
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("", width=1)
        table.add_column("platform")
        for name in ("pages", "details", "projects", "stored"):
            table.add_column(name, justify="right")
        for crawler in self._crawlers:
            counts = self._counts(crawler)
            verdict = counts.pop("verdict")
            mark: RenderableType = (
                self._spinner
                if verdict is None
                else Text("✓", style="green")
                if verdict == "ok"
                else Text("✗", style="red")
            )
            table.add_row(mark, crawler.spidercls.name, *(str(counts[name]) for name in counts))
        return table

    @staticmethod
    def _counts(crawler: Crawler) -> dict[str, int | str | None]:
        try:
            get = crawler.stats.get_value
        except RuntimeError:  # not begun yet
            return {"pages": 0, "details": 0, "projects": 0, "stored": 0, "verdict": None}
        stored = sum(int(get(f"store/{name}", 0)) for name in ("new", "updated", "unchanged", "reopened"))
        return {
            "pages": get("listing/pages", 0),
            "details": get("detail/pages", 0),
            "projects": get("listing/records", 0),
            "stored": stored,
            "verdict": get("run/verdict"),
        }
