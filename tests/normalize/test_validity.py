"""What a project must be to be stored, where a page says something else than a text."""

from __future__ import annotations

from typing import Any

import pytest

from outsource_scraper.items import Project
from outsource_scraper.normalize.validity import MAX_COUNT, MAX_TEXT, TEXTS, problem


def project(**changes: Any) -> Project:
    told = {"platform": "board", "external_id": "1", "url": "https://board.example/1", "title": "One"}
    return Project(**(told | changes))


def repr_of(value: object) -> str:
    return "10**5000" if value == 10**5_000 else repr(value)


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("value", [["en"], {"en": 1}, 7, True], ids=str)
def test_a_text_must_be_one(name: str, value: object) -> None:
    assert problem(project(**{name: value})) == f"{name} {str(value)!r} is not a text"


@pytest.mark.parametrize("value", [{"id": 7}, ["7"], True, 7, 7.5], ids=str)
@pytest.mark.parametrize(
    ("name", "called"),
    [("external_id", "the id"), ("url", "the link"), ("title", "the title"), ("description", "description")],
)
def test_what_names_a_project_must_be_a_text(name: str, called: str, value: object) -> None:
    assert problem(project(**{name: value})) == f"{called} {str(value)!r} is not a text"


@pytest.mark.parametrize("value", [{}, [], False, 0], ids=str)
def test_an_id_that_is_empty_but_no_text_is_refused_too(value: object) -> None:
    assert problem(project(external_id=value)) == f"the id {str(value)!r} is not a text"


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("name", ["external_id", "currency", "bids_count", "budget_min", "client_verified"])
def test_what_is_nested_beyond_what_can_be_written_is_refused_like_the_rest(name: str) -> None:
    assert (problem(project(**{name: nested(5_000)})) or "").startswith(
        f"{'the id' if name == 'external_id' else name} "
    )


@pytest.mark.parametrize("name", ["bids_count", "views_count", "duration_days"])
@pytest.mark.parametrize("count", [-1, MAX_COUNT + 1, 10**30, 10**5_000, True, 1.5, "7", [7]], ids=repr_of)
def test_a_count_must_be_one_that_postgresql_has_room_for(name: str, count: object) -> None:
    assert problem(project(**{name: MAX_COUNT})) is None
    found = problem(project(**{name: count}))
    assert found is not None
    assert found.startswith(name)
    assert found.endswith("is not a count")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("budget_min", 5),
        ("budget_max", "5"),
        ("client_spent_usd", True),
        ("client_rating", 5),
        ("client_verified", "yes"),
        ("client_verified", 1),
        ("posted_at", "2026-11-01"),
        ("deadline_at", 0),
    ],
)
def test_another_type_is_refused_and_raises_nothing(name: str, value: object) -> None:
    assert (problem(project(**{name: value})) or "").startswith(f"{name} ")


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_has_an_end(name: str) -> None:
    assert problem(project(**{name: "x" * MAX_TEXT})) is None
    assert (
        problem(project(**{name: "x" * (MAX_TEXT + 1)})) == f"{name} is 5001 characters long, more than 5000"
    )


def test_what_is_not_told_is_no_problem() -> None:
    assert problem(project()) is None
