"""What the market deals in: postings and their clients, free of any platform's markup."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

Unit = Literal["fixed", "hourly", "monthly"]


@dataclass(frozen=True, slots=True)
class Budget:
    """An amount or a range in `currency`; `low` is None where only an upper bound is stated."""

    unit: Unit
    currency: str
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Ladder:
    """The budgets of one kind from small to large; raising a budget is one step up.

    `weight` is how often this kind is chosen among the platform's ladders. No steps: the budget is open.
    """

    weight: int
    unit: Unit
    currency: str
    steps: tuple[tuple[int | None, int | None], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What the market must know of a platform to invent its postings."""

    name: str
    languages: tuple[str, ...]
    """Modules of `sandbox.texts`; repeat one to make it more frequent."""
    first_id: int
    """Number of the posting of the market's first hour."""
    ladders: tuple[Ladder, ...]
    bid_days: tuple[int, ...] = ()
    """Days for which proposals are taken; empty where the platform states no deadline."""
    deadline_zone: ZoneInfo | None = None
    """Where set, a deadline is the last minute of a day in this zone."""
    typical_bids: int = 20
    linger_hours: int = 0
    """How long a closed posting still stands in the listing, marked as closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """An invented client; never a person's or a company's name."""

    number: int
    name: str
    country: str
    """ISO 3166-1 alpha-2."""
    rating: float | None
    """0 to 5 with one decimal, None where nobody has rated yet."""
    spent_usd: int
    verified: bool
    jobs_posted: int
    jobs_hired: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One posting as it stands at one instant."""

    key: str
    """Seed of everything that a platform decides by itself about this posting."""
    number: int
    """The platform's id: stable, and larger for a later posting."""
    title: str
    original_title: str
    """The title before any edit: addresses keep it."""
    description: str
    topic: str
    language: str
    skills: tuple[str, ...]
    budget: Budget | None
    duration_days: int
    place: str
    country: str
    """The country of `place`, ISO 3166-1 alpha-2."""
    client: Client
    posted_at: datetime
    active_at: datetime
    """When it was posted or last reopened."""
    edited_at: datetime | None
    deadline_at: datetime | None
    closed: bool
    bids: int
    views: int
    broken: bool = False
    """A fault: the record is to be shown so that it cannot be read."""

    @property
    def budget_min(self) -> Decimal | None:
        """The lower bound as `Project` has it."""
        return None if self.budget is None or self.budget.low is None else Decimal(self.budget.low)

    @property
    def budget_max(self) -> Decimal | None:
        """The upper bound as `Project` has it."""
        return None if self.budget is None or self.budget.high is None else Decimal(self.budget.high)

    def share(self, label: str) -> float:
        """A number in [0, 1) that belongs to this posting and `label` for good."""
        return zlib.crc32(f"{self.key}/{label}".encode()) / 2**32

    def content(self) -> tuple[object, ...]:
        """All that a reader would call a change; proposals and views are not part of it."""
        return (self.title, self.description, self.budget, self.deadline_at, self.skills)
