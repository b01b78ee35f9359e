"""When a field has faded: by the share that is usual, and by how likely the share of now is under it."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from outsource_scraper.database.coverage import CHANCE, Usual, chance, faded, usual_coverage
from outsource_scraper.database.runs import finish_run, start_run

if TYPE_CHECKING:
    from outsource_scraper.database.session import AsyncDatabase

USUAL = Usual(300, {"title": 300, "budget_max": 240, "location": 90, "duration_days": 6})


def now(projects: int, **filled: int) -> list[str]:
    """The names of what has faded; what is not said of a field is as usual."""
    share = {name: count / USUAL.projects for name, count in USUAL.filled.items()}
    counts = {name: filled.get(name, round(share[name] * projects)) for name in share}
    stats = {"listing/projects": projects} | {f"listing/field/{name}": n for name, n in counts.items()}
    return [sentence.split()[0] for sentence in faded(stats, USUAL)]


@pytest.mark.parametrize(
    ("projects", "filled", "wanted"),
    [
        (30, {}, []),
        (0, {}, []),
        # Budgets in 80 %: three or six without one may well be, thirty may not.
        (1, {"budget_max": 0}, []),
        (3, {"budget_max": 0}, []),
        (6, {"budget_max": 0}, []),
        (20, {"budget_max": 0}, ["budget_max"]),
        (30, {"budget_max": 0}, ["budget_max"]),
        (30, {"budget_max": 1}, ["budget_max"]),
        (30, {"budget_max": 16}, []),
        (10_000, {"budget_max": 3_000}, ["budget_max"]),
        (10_000, {"budget_max": 6_000}, []),  # less than usual, and not far below
        # What every project has is missed sooner, what a third has later, what hardly any has never.
        (2, {"title": 0}, []),
        (5, {"title": 0}, ["title"]),
        (30, {"location": 0}, []),
        (100, {"location": 0}, ["location"]),
        (1_000, {"duration_days": 0}, []),
        (30, {"title": 0, "budget_max": 0}, ["budget_max", "title"]),
    ],
)
def test_what_has_faded(projects: int, filled: dict[str, int], wanted: list[str]) -> None:
    assert now(projects, **filled) == wanted


def test_it_is_said_in_shares() -> None:
    stats = {"listing/projects": 40, "listing/field/title": 40, "listing/field/location": 12}
    assert faded(stats, USUAL) == ["budget_max in 0% of the projects, usually in 80%"]


def test_more_than_all_is_all() -> None:
    assert faded({"listing/projects": 30}, Usual(29, {"location": 30})) == [
        "location in 0% of the projects, usually in 100%"
    ]


def test_without_a_measure_nothing_has_faded() -> None:
    assert faded({"listing/projects": 1000}, None) == []


def test_a_share_that_few_have_told_counts_for_less() -> None:
    many, few = (chance(0, 12, 8 * times, 10 * times) for times in (10, 2))
    assert many < CHANCE < few


@given(st.integers(1, 200), st.data())
def test_a_chance_is_a_probability_and_grows_with_what_is_there(of: int, data: Any) -> None:
    usually_of = data.draw(st.integers(20, 10_000))
    usually = data.draw(st.integers(0, usually_of))
    filled = data.draw(st.integers(0, of - 1))
    less, more = (chance(count, of, usually, usually_of) for count in (filled, filled + 1))
    assert 0 <= less <= 1 + 1e-9
    # Above the bound nobody asks how far.
    assert less <= more * (1 + 1e-6) or min(less, more) >= CHANCE


def test_a_chance_is_that_of_the_beta_binomial_distribution() -> None:
    # Of three, with 80 of 98 before: a = 81, b = 19, and the product says it without any function.
    by_hand = math.prod((19 + step) / (100 + step) for step in range(3))
    assert chance(0, 3, 80, 98) == pytest.approx(by_hand, rel=1e-9)


async def test_what_is_usual_is_told_by_recent_good_runs_in_the_same_mode(database: AsyncDatabase) -> None:
    async def run(verdict: str, mode: str = "new", days: int = 0, **stats: int) -> None:
        async with database.session() as session:
            run_id = (await start_run(session, "board", mode, {})).id
            told = {name.replace("__", "/"): value for name, value in stats.items()}
            async with session.begin():
                await finish_run(session, run_id, verdict, reason=None, complete=False, counts={}, stats=told)
                await session.execute(
                    text("UPDATE crawl_runs SET started_at = now() - CAST(:age AS interval) WHERE id = :id"),
                    {"age": timedelta(days=days), "id": run_id},
                )

    async def usual(mode: str = "new") -> Usual | None:
        async with database.session() as session:
            return await usual_coverage(session, "board", mode)

    assert await usual() is None
    await run("ok", listing__projects=15, listing__field__title=15, listing__field__skills=10)
    assert await usual() is None, "too few to say anything"
    await run("ok", listing__projects=25, listing__field__title=25, listing__field__skills=10)
    await run("partial", listing__projects=100, listing__field__title=100)
    await run("ok", "full", listing__projects=500, listing__field__title=500, listing__field__bids_count=500)
    await run("ok", days=31, listing__projects=50, listing__field__location=50)
    for _ in range(10):
        await run("ok", listing__unchanged_pages=1)
    assert await usual() == Usual(40, {"title": 40, "skills": 20})
    assert await usual("full") == Usual(500, {"title": 500, "bids_count": 500})
