"""How a posting lives: when it comes, is edited, pauses and goes, and what it says from the start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Literal

from outsource_scraper.sandbox.model import Client
from outsource_scraper.sandbox.texts import Wording, language, write

if TYPE_CHECKING:
    from outsource_scraper.sandbox.model import Ladder, Profile

EditKind = Literal["budget", "title", "deadline"]

_MEAN_STAY = timedelta(hours=48)
_PAUSE_SHARE = 0.15
_COUNTRIES = ("US", "GB", "DE", "IN", "AU", "CA", "FR", "NL", "BR", "SG", "KR", "PL")
_CLIENTS = 80
_CLIENT_NAMES = ("studio-{n}", "client{n}", "team{n}", "office_{n}", "shop-{n}")


@dataclass(frozen=True, slots=True)
class Edit:
    """One change that the client makes."""

    at: datetime
    kind: EditKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """The fixed course of one posting."""

    gap: int
    posted_at: datetime
    closes_at: datetime
    pause: tuple[datetime, datetime] | None
    """Closed at the first instant, reopened at the second."""
    edits: tuple[Edit, ...]
    deadline_at: datetime | None
    extended_deadline_at: datetime | None

    def open_at(self, now: datetime) -> bool:
        """Whether proposals are taken at `now`."""
        if self.pause is not None and self.pause[0] <= now < self.pause[1]:
            return False
        return self.posted_at <= now < self.closes_at

    def lingers_at(self, now: datetime, linger: timedelta) -> bool:
        """Whether it is closed at `now`, but not longer than `linger`."""
        begun = self.pause[0] if self.pause is not None and now < self.pause[1] else self.closes_at
        return begun <= now < begun + linger

    def active_at(self, now: datetime) -> datetime:
        """When it was posted or last reopened, seen from `now`."""
        return self.pause[1] if self.pause is not None and self.pause[1] <= now else self.posted_at

    def last_event(self, now: datetime, linger: timedelta) -> datetime:
        """The last instant up to `now` at which its place or content in the listing changed."""
        instants = [
            self.posted_at,
            self.closes_at,
            self.closes_at + linger,
            *(edit.at for edit in self.edits),
        ]
        if self.pause is not None:
            instants += [*self.pause, self.pause[0] + linger]
        return max(instant for instant in instants if instant <= now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What does not depend on the time."""

    language: str
    wording: Wording
    title_edit: str
    ladder: Ladder
    step: int
    duration_days: int
    place: str
    country: str
    client: Client
    final_bids: int


def live(profile: Profile, chance: Random, posted_at: datetime) -> Life:
    """Draw the course of a posting that arrives at `posted_at`."""
    gap = chance.randrange(3)
    leaves_at = posted_at + _MEAN_STAY * chance.uniform(0.3, 1.7)
    deadline = extended = None
    if profile.bid_days:
        deadline = _deadline(profile, posted_at + timedelta(days=chance.choice(profile.bid_days)))
        extended = deadline + timedelta(days=chance.randint(1, 3))
    closes_at = _earlier(leaves_at, deadline)
    edits = _edits(profile, chance, posted_at, closes_at)
    if any(edit.kind == "deadline" for edit in edits):
        closes_at = _earlier(leaves_at, extended)
    pause = None
    if chance.random() < _PAUSE_SHARE:
        begun = posted_at + (closes_at - posted_at) * chance.uniform(0.2, 0.5)
        pause = (_second(begun), _second(begun + (closes_at - begun) * chance.uniform(0.05, 0.3)))
    return Life(
        gap=gap,
        posted_at=posted_at,
        closes_at=_second(closes_at),
        pause=pause,
        edits=edits,
        deadline_at=deadline,
        extended_deadline_at=extended,
    )


def _edits(profile: Profile, chance: Random, posted_at: datetime, closes_at: datetime) -> tuple[Edit, ...]:
    kinds: list[EditKind] = ["title"]
    if any(ladder.steps for ladder in profile.ladders):
        kinds.append("budget")
    if profile.bid_days:
        kinds.append("deadline")
    picked = [kind for kind in kinds if chance.random() < 0.35]
    moments = sorted(
        _second(posted_at + (closes_at - posted_at) * chance.uniform(0.05, 0.95)) for _ in picked
    )
    return tuple(Edit(at, kind) for at, kind in zip(moments, picked, strict=True))


def draft(profile: Profile, chance: Random, seed: int) -> Draft:
    """Draw what a posting says."""
    code = chance.choice(profile.languages)
    tongue = language(code)
    ladder = chance.choices(profile.ladders, weights=[ladder.weight for ladder in profile.ladders])[0]
    place, country = chance.choice(tongue.places)
    return Draft(
        language=code,
        wording=write(tongue, chance),
        title_edit=chance.choice(tongue.title_edits),
        ladder=ladder,
        step=chance.randrange(len(ladder.steps) - 1) if ladder.steps else 0,
        duration_days=chance.choice((3, 5, 7, 10, 14, 20, 30, 45, 60, 90)),
        place=place,
        country=country,
        client=_client(f"{seed}/{profile.name}", chance.randrange(_CLIENTS)),
        final_bids=int(chance.triangular(0, 3 * profile.typical_bids, profile.typical_bids)),
    )


@cache
def mean_open_seconds(profile: Profile) -> float:
    """How long a posting of this platform is open on average, pauses left out."""
    # The same 2,000 lives for every seed: the rate of arrivals must not depend on it.
    chance = Random(profile.name)
    noon = datetime(2020, 1, 1, 12, tzinfo=UTC)
    lives = [live(profile, chance, noon + timedelta(minutes=chance.randrange(1440))) for _ in range(2000)]
    return sum(_open_seconds(life) for life in lives) / len(lives)


def _open_seconds(life: Life) -> float:
    whole = life.closes_at - life.posted_at
    return (whole - (life.pause[1] - life.pause[0]) if life.pause is not None else whole).total_seconds()


def _client(market: str, number: int) -> Client:
    chance = Random(f"{market}/client/{number}")
    posted = chance.randint(1, 60)
    return Client(
        number=2000 + number,
        name=chance.choice(_CLIENT_NAMES).format(n=2000 + number),
        country=chance.choice(_COUNTRIES),
        rating=round(chance.uniform(3.2, 5.0), 1) if chance.random() < 0.7 else None,
        spent_usd=chance.choice((0, 120, 850, 1863, 4200, 12682, 30500)),
        verified=chance.random() < 0.6,
        jobs_posted=posted,
        jobs_hired=chance.randint(0, posted),
    )


def _deadline(profile: Profile, instant: datetime) -> datetime:
    if profile.deadline_zone is None:
        return _second(instant)
    return (
        instant.astimezone(profile.deadline_zone)
        .replace(hour=23, minute=59, second=0, microsecond=0)
        .astimezone(UTC)
    )


def _earlier(instant: datetime, other: datetime | None) -> datetime:
    return instant if other is None else min(instant, other)


def _second(instant: datetime) -> datetime:
    return instant.replace(microsecond=0)
