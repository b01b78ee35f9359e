"""What the market does without any page: a function of seed and clock that moves on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from outsource_scraper.sandbox.clock import MarketClock
from outsource_scraper.sandbox.platforms import Platform, platform_of, platforms
from outsource_scraper.sandbox.texts import language

if TYPE_CHECKING:
    from collections.abc import Callable

    from outsource_scraper.sandbox.market import Market

each_platform = pytest.mark.parametrize("platform", platforms().values(), ids=lambda platform: platform.name)
NOW = datetime(2026, 10, 5, 12, 30, tzinfo=UTC)
STEP = timedelta(minutes=45)


@each_platform
def test_the_same_seed_and_instant_give_the_same_postings(
    platform: Platform, make_market: Callable[..., Market]
) -> None:
    assert make_market(3).view(platform.profile) == make_market(3).view(platform.profile)


@each_platform
def test_another_seed_gives_other_postings(platform: Platform, make_market: Callable[..., Market]) -> None:
    titles = [{p.title for p in make_market(seed).view(platform.profile).postings} for seed in (3, 4)]
    assert titles[0] != titles[1]


@each_platform
def test_an_instant_looks_the_same_whatever_was_looked_at_before(
    platform: Platform, make_market: Callable[..., Market]
) -> None:
    wanderer = make_market(3)
    for hours in (0, 5, 90, -200):
        wanderer.view(platform.profile, NOW + timedelta(hours=hours))
    assert wanderer.view(platform.profile) == make_market(3).view(platform.profile)


@each_platform
@pytest.mark.parametrize("size", [30, 120, 600])
def test_about_as_many_postings_are_open_as_were_asked_for(
    platform: Platform, size: int, make_market: Callable[..., Market]
) -> None:
    market = make_market(size=size)
    days = [NOW + timedelta(days=day) for day in range(10)]
    counts = [sum(not p.closed for p in market.view(platform.profile, day).postings) for day in days]
    assert sum(counts) / len(counts) == pytest.approx(size, rel=0.15)


@each_platform
def test_a_market_can_be_as_small_as_one_posting(
    platform: Platform, make_market: Callable[..., Market]
) -> None:
    market = make_market(size=1)
    counts = [len(market.view(platform.profile, NOW + timedelta(days=day)).postings) for day in range(60)]
    assert 0 < sum(counts) / len(counts) < 2.5


@each_platform
def test_in_one_step_a_few_postings_come_change_and_go(platform: Platform, market: Market) -> None:
    steps = 200
    changes = [
        market.changes(platform.profile, NOW + step * STEP, NOW + (step + 1) * STEP) for step in range(steps)
    ]
    assert 1 <= sum(len(change.new) for change in changes) / steps <= 3
    assert 0.5 <= sum(len(change.changed) for change in changes) / steps <= 5
    assert 1 <= sum(len(change.closed) for change in changes) / steps <= 4
    assert sum(len(change.reopened) for change in changes) > 0


@each_platform
def test_the_changes_lead_from_one_view_to_the_next(platform: Platform, market: Market) -> None:
    later = NOW + timedelta(hours=8)
    changes = market.changes(platform.profile, NOW, later)
    before = {p.number: p for p in market.view(platform.profile, NOW).postings if not p.closed}
    after = {p.number: p for p in market.view(platform.profile, later).postings if not p.closed}
    assert set(after) == set(before) - set(changes.closed) | set(changes.new) | set(changes.reopened)
    assert min(changes.new) > max(before)
    for number in before.keys() & after.keys():
        same = before[number].content() == after[number].content()
        assert same is (number not in changes.changed)
        assert before[number].posted_at == after[number].posted_at
        assert before[number].bids <= after[number].bids


@each_platform
def test_edits_raise_budgets_extend_deadlines_and_reword_titles(platform: Platform, market: Market) -> None:
    later = NOW + timedelta(hours=24)
    before = {p.number: p for p in market.view(platform.profile, NOW).postings}
    kinds = set()
    for number in market.changes(platform.profile, NOW, later).changed:
        old, new = before[number], market.find(platform.profile, number, later)
        assert new is not None
        if new.title != old.title:
            kinds.add("title")
            assert new.title.startswith(old.title)
        if new.deadline_at != old.deadline_at:
            kinds.add("deadline")
            assert old.deadline_at is not None
            assert new.deadline_at is not None
            assert new.deadline_at > old.deadline_at
        if new.budget != old.budget:
            kinds.add("budget")
    assert "title" in kinds
    assert ("deadline" in kinds) is bool(platform.profile.bid_days)
    assert ("budget" in kinds) is any(ladder.steps for ladder in platform.profile.ladders)


@each_platform
def test_a_reopened_posting_was_open_closed_and_is_open(platform: Platform, market: Market) -> None:
    steps = [NOW + step * STEP for step in range(200)]
    reopened = {
        number: (since, until)
        for since, until in pairwise(steps)
        for number in market.changes(platform.profile, since, until).reopened
    }
    assert reopened
    for number, (since, until) in reopened.items():
        closed, again = (
            market.find(platform.profile, number, since),
            market.find(platform.profile, number, until),
        )
        assert closed is not None
        assert closed.closed
        assert again is not None
        assert not again.closed
        assert again.active_at > again.posted_at


def test_a_closed_posting_lingers_only_where_the_platform_lets_it(market: Market) -> None:
    for platform in platforms().values():
        lingering = [p for p in market.view(platform.profile).postings if p.closed]
        assert bool(lingering) is (platform.profile.linger_hours > 0), platform.name


@each_platform
def test_a_number_that_was_never_given_finds_nothing(platform: Platform, market: Market) -> None:
    newest = max(p.number for p in market.view(platform.profile).postings)
    assert market.find(platform.profile, newest) is not None
    assert market.find(platform.profile, newest + 3_000) is None
    assert market.find(platform.profile, platform.profile.first_id - 1) is None
    found = [market.find(platform.profile, newest - gap) is not None for gap in range(9)]
    assert 1 <= sum(found) <= 5, "numbers have gaps"


@each_platform
def test_texts_are_of_the_length_of_real_ones_and_all_templates_are_filled(
    platform: Platform, make_market: Callable[..., Market]
) -> None:
    postings = make_market(size=600).view(platform.profile).postings
    assert all(200 <= len(p.description) <= 900 for p in postings)
    assert not any("{" in p.title + p.description for p in postings)
    assert len({p.title for p in postings}) > 200


@pytest.mark.parametrize("code", ["en", "ru", "ko"])
def test_a_language_has_titles_enough(code: str) -> None:
    topics = language(code).topics
    assert sum(len(set(topic.titles)) for topic in topics) >= 40
    assert len({topic.key for topic in topics}) == len(topics)


def test_a_language_that_is_not_written_is_refused() -> None:
    with pytest.raises(ModuleNotFoundError):
        language("tlh")


def test_hosts_belong_to_one_platform() -> None:
    hosts = [host for platform in platforms().values() for host in platform.hosts]
    assert len(hosts) == len(set(hosts))


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("www.fl.ru", "flru"),
        ("WWW.FL.RU:80", "flru"),
        ("kwork.ru.localhost:8123", "kwork"),
        ("www.wishket.com.localhost", "wishket"),
        ("localhost:8123", None),
        ("127.0.0.1", None),
        ("notfl.ru", None),
        ("", None),
    ],
)
def test_a_host_header_names_a_platform(host: str, name: str | None) -> None:
    platform = platform_of(host)
    assert (platform.name if platform else None) == name


def test_a_clock_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        MarketClock(datetime(2026, 10, 5))  # noqa: DTZ001 - what is refused


def test_a_frozen_clock_moves_only_when_it_is_moved() -> None:
    clock = MarketClock(NOW, frozen=True)
    assert clock.now() == NOW
    clock.advance(timedelta(hours=2))
    assert clock.now() == NOW + timedelta(hours=2)
    clock.move_to(NOW)
    assert clock.now() == NOW


def test_a_running_clock_begins_at_its_start_and_goes_on() -> None:
    clock = MarketClock(NOW)
    first = clock.now()
    assert NOW <= first <= clock.now()


@pytest.mark.parametrize("year", [1970, 2019, 2100, 9999])
def test_there_is_no_market_before_its_first_or_after_its_last_year(
    year: int, make_market: Callable[..., Market]
) -> None:
    with pytest.raises(ValueError, match="move the clock"):
        make_market(now=datetime(year, 1, 1, tzinfo=UTC)).now()


@pytest.mark.parametrize("size", [0, -1])
def test_a_market_of_nothing_is_refused(size: int, make_market: Callable[..., Market]) -> None:
    with pytest.raises(ValueError, match="at least one"):
        make_market(size=size)
