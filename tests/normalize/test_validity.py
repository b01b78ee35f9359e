"""What a project must be to be stored, where a page says something else than a text."""

from __future__ import annotations

from typing import Any

import pytest

from outsource_scraper.items import Project
from outsource_scraper.normalize.validity import MAX_TEXT, TEXTS, problem


def project(**changes: Any) -> Project:
    told = {"platform": "board", "external_id": "1", "url": "https://board.example/1", "title": "One"}
    return Project(**(told | changes))


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("value", [["en"], {"en": 1}, 7, True], ids=str)
def test_a_text_must_be_one(name: str, value: object) -> None:
    assert problem(project(**{name: value})) == f"{name} {str(value)!r} is not a text"


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_has_an_end(name: str) -> None:
    assert problem(project(**{name: "x" * MAX_TEXT})) is None
    assert (
        problem(project(**{name: "x" * (MAX_TEXT + 1)})) == f"{name} is 5001 characters long, more than 5000"
    )


def test_what_is_not_told_is_no_problem() -> None:
    assert problem(project()) is None
