"""No text is so long that reading it hangs a crawl: what reads texts takes time in proportion to them.

A huge attribute costs a page's worth of time, not the square of it. The limit is the one of the
worker, seconds of CPU, hundreds of times what linear time takes: quadratic time on such texts is minutes.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from datetime import UTC, datetime
from re import _parser as parser  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any

import pytest
from scrapy.http import HtmlResponse

from outsource_scraper import spiders
from outsource_scraper.normalize import countries, dates, durations, languages, money, skills, text
from outsource_scraper.spiders.freelancermap import FreelancermapSpider
from tests.fuzz import hostile
from tests.fuzz.worker import Failed, Worker, cpu_limit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
CHARACTERS = 1_000_000
OF_A_PATTERN = 100_000
"""Enough: what takes quadratic time takes minutes for them."""
MORE = (
    "\t ",
    "\u3000",
    ".",
    ",",
    "-",
    "+",
    "*",
    ":",
    "x-",
    "a,b ",
    "1a",
    "a1",
    "가1",
    "&amp;",
    "<p>",
    "</p>",
    "((",
)

READERS: dict[str, Callable[[str], Any]] = {
    "fold": text.fold,
    "from_html": text.from_html,
    "is_http_url": lambda told: text.is_http_url("https://board.example/" + told),
    "parse_amount": money.parse_amount,
    "parse_budget": money.parse_budget,
    "parse_currency": money.parse_currency,
    "parse_datetime": lambda told: dates.parse_datetime(told, now=NOW),
    "parse_deadline": lambda told: dates.parse_deadline(told, now=NOW),
    "parse_duration_days": durations.parse_duration_days,
    "canonical_skill": skills.canonical_skill,
    "canonical_skills": skills.canonical_skills,
    "skills_in": skills.skills_in,
    "country_code": countries.country_code,
    "country_in": countries.country_in,
    "language_of": languages.language_of,
}
"""Everything of `normalize` that spiders give texts to."""


def patterns() -> Iterator[tuple[str, str]]:
    """Module and name of every pattern that a spider's file compiles."""
    for module in pkgutil.iter_modules(spiders.__path__, f"{spiders.__name__}."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                yield module.name, name


def literals(pattern: re.Pattern[str]) -> list[str]:
    """The words that stand in a pattern: what leads far into it, over and over, is what may hang it."""
    found = set(_words(parser.parse(pattern.pattern, pattern.flags)))
    return sorted(found, key=lambda word: (-len(word), word))[:12]


def _words(parsed: Any) -> Iterator[str]:
    word = ""
    for kind, value in parsed:
        if str(kind) == "LITERAL":
            word += chr(value)
            continue
        yield word or "a"
        word = ""
        yield from _words_within(value)
    yield word or "a"


def _words_within(value: Any) -> Iterator[str]:
    if isinstance(value, parser.SubPattern):
        yield from _words(value)
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from _words_within(inner)


def repeated(unit: str, characters: int, ending: str = "!") -> str:
    return unit * (characters // len(unit)) + ending


def read_all(begin: Callable[[str], None], name: str) -> int:
    texts = 0
    for unit in (*hostile.UNITS, *MORE):
        begin(f"{name} of {unit!r}")
        told = repeated(unit, CHARACTERS)
        with cpu_limit():
            READERS[name](told)
        texts += 1
    return texts


def search_all(begin: Callable[[str], None], module: str, name: str) -> int:
    pattern: re.Pattern[str] = getattr(importlib.import_module(module), name)
    words = literals(pattern)
    units = [*MORE, *words, " ", "1", "a", "가", "\n", "<", '"', *(word + " " for word in words)]
    texts = 0
    for unit in units:
        for beginning in ("", *words[:3]):
            begin(f"{name} of {beginning!r} and {unit!r}")
            told = beginning + repeated(unit, OF_A_PATTERN)
            with cpu_limit():
                pattern.search(told)
                pattern.fullmatch(told)
            texts += 1
    return texts


def within_the_limit(worker: Worker, function: Callable[..., int], *arguments: str) -> int:
    try:
        return int(worker.run(function, *arguments))
    except Failed as failed:
        pytest.fail(f"{failed.step}: {failed.reason}", pytrace=False)


@pytest.mark.parametrize("name", READERS)
def test_a_text_of_a_million_characters(name: str, worker: Worker) -> None:
    assert within_the_limit(worker, read_all, name) == len(hostile.UNITS) + len(MORE)


@pytest.mark.parametrize(("module", "name"), list(patterns()))
def test_a_pattern_of_a_spider(module: str, name: str, worker: Worker) -> None:
    assert within_the_limit(worker, search_all, module, name) >= len(MORE)


def test_the_patterns_are_found() -> None:
    assert len(list(patterns())) > 30
    assert literals(re.compile(r"(?:ab|cd+)\s*(?=ef)[x]")) == ["ab", "ef", "a", "c", "d", "x"]


def read_scripts_without_end(begin: Callable[[str], None], tag: str) -> int:
    begin(tag)
    response = HtmlResponse("https://www.freelancermap.de/", body=repeated(tag, CHARACTERS), encoding="utf-8")
    with cpu_limit():
        return len(FreelancermapSpider().read_saved(response, now=NOW).rejected)


@pytest.mark.parametrize("tag", ['<script data-component-name="ProjectSearch">', "<script "])
def test_scripts_that_do_not_end(tag: str, worker: Worker) -> None:
    assert within_the_limit(worker, read_scripts_without_end, tag) == 1
