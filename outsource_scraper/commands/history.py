"""`scrapy history`: the life of one project, from its posting to its end."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from scrapy.commands import ScrapyCommand
from sqlalchemy import inspect

from outsource_scraper.commands._console import positionals, readable, sentences, spider_class, with_database
from outsource_scraper.commands._format import CLOSED_REASONS, budget, moment, plain_table, terminal
from outsource_scraper.config import Config
from outsource_scraper.database.changes import MONEY, MUTABLE
from outsource_scraper.database.copying import to_json
from outsource_scraper.database.history import Life, life_of
from outsource_scraper.errors import OutsourceScraperError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from outsource_scraper.database.models import Project

_STATES = ("status", "closed_reason")


class Command(ScrapyCommand):
    """Print a project's history."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        """Command syntax."""
        return "[--json] <platform> <id>"

    def short_desc(self) -> str:
        """One line for `scrapy -h`."""
        return "Print the life of one project: posted, changed, bids, closed, reopened"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add --json."""
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Look it up and print it."""
        assert self.settings is not None
        with sentences():
            ask = "name a platform and the id of a project: scrapy history <platform> <id>"
            name, external_id = positionals(args, "history", 2, ask)
            platform = spider_class(self.settings, name).name
            readable(external_id, "the id")
            life = with_database(
                Config.load(self.settings), lambda session: life_of(session, platform, external_id)
            )
            if life is None:
                raise OutsourceScraperError(f"no project {external_id!r} of {platform} is stored")
        if opts.json:
            print(to_json(as_json(life)))
        else:
            _print(life)


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a life."""

    at: datetime
    text: str


def events(life: Life) -> list[Event]:
    """The life in words, oldest first."""
    project = life.project
    found = [] if project.posted_at is None else [Event(project.posted_at, "posted")]
    for change, before, after in _states(life):
        found += [Event(change.changed_at, text) for text in _words(change.kind, before, after, life)]
    found += [
        Event(count.counted_at, ", ".join(_counted(count.bids_count, count.views_count)))
        for count in life.counts
    ]
    found += [Event(repost.first_seen_at, f"posted again as {repost.external_id}") for repost in life.reposts]
    return sorted(found, key=lambda event: event.at)


def as_json(life: Life) -> dict[str, Any]:
    """The life for programs."""
    return {
        "project": _row(life.project),
        "changes": [_row(change) for change in life.changes],
        "counts": [_row(count) for count in life.counts],
        "repost_of": life.repost_of and life.repost_of.external_id,
        "reposts": [repost.external_id for repost in life.reposts],
    }


def _row(row: Any) -> dict[str, Any]:
    values = {column.key: getattr(row, column.key) for column in inspect(type(row)).columns}
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in values.items()}


def _states(life: Life) -> list[tuple[Any, dict[str, Any], dict[str, Any]]]:
    """Every change with the values before and behind it, found by going back from what stands now.

    What a line tells itself counts more: the reason of a closing may have moved since without a line.
    """
    values = {name: getattr(life.project, name) for name in (*MUTABLE, "closed_reason")}
    found = []
    for change in reversed(life.changes):
        told = change.changes or {}
        after = values | {name: new for name, (_, new) in told.items()}
        values = after | {name: old for name, (old, _) in told.items()}
        if change.kind == "closed":
            values["closed_reason"] = None  # lines of earlier releases do not tell
        found.append((change, values, after))
    return found[::-1]


def _words(kind: str, before: Mapping[str, Any], after: Mapping[str, Any], life: Life) -> Iterator[str]:
    reason = CLOSED_REASONS.get(after["closed_reason"])
    if kind == "new":
        origin = life.repost_of
        repost = f", a repost of {origin.external_id}" if origin else ""
        yield f"first seen{repost}" + (f", closed already: {reason}" if reason else "")
        return
    if kind == "closed":
        yield f"closed: {reason}" if reason else "closed"
    elif kind == "reopened":
        yield "reopened"
    elif before["closed_reason"] != after["closed_reason"]:
        yield f"still closed: {reason}"
    if any(before[name] != after[name] for name in MONEY):
        yield f"budget {_direction(before, after)} from {_budget(before)} to {_budget(after)}"
    for name in before:
        if name not in MONEY and name not in _STATES and before[name] != after[name]:
            yield _changed(name, before[name], after[name])


def _budget(values: Mapping[str, Any]) -> str:
    stated = values["budget_min"] is not None or values["budget_max"] is not None
    return budget(values) if stated else "none"


def _direction(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    ends = [
        (Decimal(before[name]), Decimal(after[name]))
        for name in ("budget_min", "budget_max")
        if before[name] is not None and after[name] is not None
    ]
    like = all(before[name] == after[name] for name in ("currency", "payment_type"))
    moved = {new > old for old, new in ends if new != old} if like else set()
    if len(moved) != 1:
        return "changed"
    return "raised" if moved.pop() else "lowered"


def _changed(name: str, before: Any, after: Any) -> str:
    if name == "deadline_at":
        return f"deadline moved from {moment(before) if before else 'none'} to {moment(after)}"
    if name == "description":
        return f"description changed ({len(before or ''):,} to {len(after or ''):,} characters)"
    if name == "skills":
        gone, come = set(before or ()) - set(after), set(after) - set(before or ())
        return "skills: " + ", ".join(
            [f"+{one}" for one in sorted(come)] + [f"-{one}" for one in sorted(gone)]
        )
    what = name.removesuffix("_at").replace("_", " ")
    return f"{what} changed from {'none' if before is None else before} to {after}"


def _counted(bids: int | None, views: int | None) -> Iterator[str]:
    for count, one, many in ((bids, "bid", "bids"), (views, "view", "views")):
        if count is not None:
            yield f"{count:,} {one if count == 1 else many}"


def _print(life: Life) -> None:
    project = life.project
    console = terminal(highlight=False)
    console.print(f"{project.platform} {project.external_id}: {project.title}")
    console.print(project.url)
    console.print(_now(project))
    console.print()
    table = plain_table(show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for event in events(life):
        table.add_row(moment(event.at), event.text)
    console.print(table)


def _now(project: Project) -> str:
    counted = [f", {text}" for text in _counted(project.bids_count, project.views_count)]
    state = "closed" if project.closed_at else "open"
    return f"{state}, {budget(vars(project))}{''.join(counted)}, last seen {moment(project.last_seen_at)} UTC"
