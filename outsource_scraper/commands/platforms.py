"""`scrapy platforms`: what is known of every platform, as a table; README's is written by it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.commands import ScrapyCommand

from outsource_scraper.commands._console import platform_spiders, positionals, sentences
from outsource_scraper.commands._format import coloured, plain_table, terminal
from outsource_scraper.errors import UsageError
from outsource_scraper.spans import span_text

if TYPE_CHECKING:
    import argparse

    from outsource_scraper.spiders._base import PlatformSpider

BEGIN = "<!-- platforms: written by `scrapy platforms --write README.md` -->"
END = "<!-- /platforms -->"


class Command(ScrapyCommand):
    """Print the platforms."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        """Command syntax."""
        return "[--json | --write FILE]"

    def short_desc(self) -> str:
        """One line for `scrapy -h`."""
        return "List the platforms: access, credential, robots, terms, evidence, interval"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add --json and --write."""
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="print a JSON array instead of a table")
        parser.add_argument("--write", metavar="FILE", help="write the table between the marks in FILE")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Print or write the table."""
        assert self.settings is not None
        with sentences():
            positionals(args, "platforms")
        rows = [describe(spider) for spider in platform_spiders(self.settings)]
        if opts.json:
            print(json.dumps(rows, ensure_ascii=False, indent=1))
        elif opts.write:
            with sentences():
                write(Path(opts.write), rows)
        else:
            _print(rows)


def describe(spider: type[PlatformSpider[Any]]) -> dict[str, str]:
    """What is known of one platform, every value a text for a person."""
    known = spider.platform
    return {
        "platform": spider.name,
        "title": known.title,
        "home": known.home,
        "country": known.country or "international",
        "languages": ", ".join(known.languages),
        "access": str(known.access),
        "credential": known.credential or "none",
        "default": "on" if known.enabled else "off",
        "interval": span_text(known.interval),
        "delay": f"{known.delay:g} s",
        "retention": span_text(known.retention) if known.retention else "unlimited",
        "robots": known.robots,
        "terms": known.terms,
        "evidence": known.evidence,
    }


def markdown(rows: list[dict[str, str]]) -> str:
    """README's table."""
    columns = (
        "platform",
        "access",
        "credential",
        "default",
        "interval",
        "retention",
        "robots",
        "terms",
        "evidence",
    )
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    for row in rows:
        cells = {**row, "platform": f"[{row['title']}]({row['home']}) `{row['platform']}`"}
        lines.append("| " + " | ".join(cells[name].replace("|", "\\|") for name in columns) + " |")
    return "\n".join(lines)


def write(path: Path, rows: list[dict[str, str]]) -> None:
    """Put the table between the marks in `path`; `UsageError` where they are not there."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise UsageError(f"{path} has no place for the table; put these two lines there: {BEGIN} and {END}")
    path.write_text(f"{before}{BEGIN}\n{markdown(rows)}\n{END}{after}", encoding="utf-8")


def _print(rows: list[dict[str, str]]) -> None:
    """A table that fits 80 columns, with the sentences of each platform below its line."""
    console = terminal()
    table = plain_table(header_style="bold")
    for name in ("platform", "access", "credential", "default", "interval", "retention"):
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(
            *(row[name] for name in ("platform", "access", "credential", "default", "interval", "retention"))
        )
    console.print(table)
    for row in rows:
        console.print(coloured((f"\n{row['platform']}", "bold"), f" {row['home']}"), highlight=False)
        for name in ("robots", "terms", "evidence"):
            console.print(f"  {name}: {row[name]}", highlight=False)
