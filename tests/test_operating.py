"""What the guides say is there: docs/operating.md names every count, verdict, exit code and line of the log.

And docs/reliability.md names, for every promise, tests that there are.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from outsource_scraper.database.projects import BatchResult
from outsource_scraper.database.runs import INTERRUPTED
from outsource_scraper.extensions.verdict import Verdict
from tests.conftest import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = PROJECT / "outsource_scraper"
GUIDE = (PROJECT / "docs" / "operating.md").read_text("utf-8")
PROMISES = (PROJECT / "docs" / "reliability.md").read_text("utf-8")
COUNTING = {"inc_value", "set_value", "max_value", "min_value", "_count"}
TELLING = {"info", "warning", "error", "critical", "exception"}
_PLACE = re.compile(r"%[-+ #0]*\d*(?:\.\d+)?[sdrfgx]")


def calls(names: set[str]) -> Iterator[ast.expr]:
    """The first argument of each call of a method of these names; the sandbox is no operator's."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.is_relative_to(PACKAGE / "sandbox"):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(attr=name), args=[first, *_]) if name in names:
                    yield first


def stats() -> set[str]:
    """Every key of the stats; where a name is put into one, `<name>` stands in its place."""
    found = set()
    for argument in calls(COUNTING):
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            key = argument.value
        elif isinstance(argument, ast.JoinedStr):
            parts = (part.value if isinstance(part, ast.Constant) else "<name>" for part in argument.values)
            key = "".join(map(str, parts))
        else:
            continue
        if key == "store/<name>":
            found |= {f"store/{name}" for name in BatchResult().counts()}
        elif "/" in key:
            found.add(key)
    return found


def lines() -> list[str]:
    """Every line that is logged, but for those that are an error's own sentence."""
    texts = {
        one.value for one in calls(TELLING) if isinstance(one, ast.Constant) and isinstance(one.value, str)
    }
    return sorted(text for text in texts if _PLACE.sub("", text).strip())


def judged() -> set[str]:
    """Every key of the stats that decides a verdict: its rules count under no other name."""
    rules = (PACKAGE / "extensions" / "verdict.py").read_text("utf-8")
    return set(re.findall(r'"([a-z_]+/[a-z_]+)"', rules))


def commands() -> list[str]:
    """The commands whose exit code says more than that a setting or the database is wrong."""
    found = (path.stem for path in (PACKAGE / "commands").glob("[a-z]*.py"))
    return sorted(set(found) - {"crawl", "migrate", "platforms", "runs"})


@pytest.mark.parametrize("command", commands())
def test_the_exit_codes_of_a_command_are_explained(command: str) -> None:
    assert re.search(rf"^\| [^|]*`{command}`[^|]*\| [^|]+\| [^|]*\|$", GUIDE, re.MULTILINE)


@pytest.mark.parametrize("sentence", ["nothing is stored: only the file", "is off by default; its terms: "])
def test_a_sentence_before_a_crawl_is_explained(sentence: str) -> None:
    said = "".join(path.read_text("utf-8") for path in (PACKAGE / "commands").glob("*.py"))
    assert sentence in said
    assert sentence in GUIDE


@pytest.mark.parametrize("key", sorted(stats() | judged()))
def test_a_count_is_explained(key: str) -> None:
    assert f"`{key}`" in GUIDE


@pytest.mark.parametrize("line", lines())
def test_a_line_of_the_log_is_explained(line: str) -> None:
    told = [part.strip() for part in _PLACE.split(line) if any(map(str.isalpha, part))]
    assert any(all(part in row for part in told) for row in GUIDE.splitlines()), (
        f"no row of docs/operating.md has {told}"
    )


@pytest.mark.parametrize("verdict", Verdict)
def test_a_verdict_is_explained(verdict: Verdict) -> None:
    assert re.search(rf"^\| {verdict.exit_code} \| {verdict}\b", GUIDE, re.MULTILINE)


def test_the_verdict_of_a_run_that_told_none_is_explained() -> None:
    assert re.search(rf"^\| - \| {INTERRUPTED} \|", GUIDE, re.MULTILINE)


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`(tests/[\w/.]+)`", PROMISES))))
def test_a_promise_is_tested_where_it_says(named: str) -> None:
    assert (PROJECT / named).exists()


def test_every_promise_names_its_tests() -> None:
    rows = [row.split("|")[1:-1] for row in PROMISES.splitlines() if row.startswith("| ")]
    promises = [row for row in rows if len(row) == 3 and row[0].strip() not in {"promise", "---"}]
    assert len(promises) > 10
    assert [row[0] for row in promises if "tests/" not in row[2] and "the same" not in row[2]] == []


def test_what_is_looked_for_is_found() -> None:
    assert len(stats()) > 35
    assert {"store/new", "store/lost", "listing/field/<name>", "blocked/count"} <= stats()
    assert {"robotstxt/forbidden", "spider_exceptions/count", "offsite/filtered"} <= judged()
    assert {"purge", "forget", "replay-spool"} <= set(commands())
    assert len(lines()) > 15
    assert "The database failed (%s); next try soon" in lines()
