"""The one contract between the spiders and everything behind them.

A spider yields a `Project` for every record it could read, a `RejectedRecord` for every one it could not,
and a `GonePosting` where the page of a project is gone. This module imports nothing of ours, so that every
other room may import it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any


class PaymentType(StrEnum):
    """What one budget amount pays for."""

    FIXED = "fixed"
    HOURLY = "hourly"
    DAILY = "daily"
    MONTHLY = "monthly"


class WorkType(StrEnum):
    """Where the work is done; 상주 is on site, 도급 and 외주 are remote."""

    REMOTE = "remote"
    ONSITE = "onsite"
    HYBRID = "hybrid"


class Status(StrEnum):
    """Whether the platform still takes proposals."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"


class ClosedReason(StrEnum):
    """What told that a project is closed."""

    STATED = "stated"
    """The platform said so."""
    ABSENT = "absent"
    """A crawl saw the whole listing without it."""
    PAGE_GONE = "page_gone"
    """Its own page answers that it is gone."""
    DEADLINE = "deadline"
    """Its deadline has passed, and it was not seen in a listing since."""


@dataclass(slots=True, kw_only=True)
class Project:
    """One posting of one platform, normalized.

    Unknown is `None`, never 0, never now, never "USD". Times are aware and in UTC, money is `Decimal`
    in `currency`. An upper bound alone ("up to 500") has only `budget_max`; a single amount has both.
    """

    platform: str
    external_id: str
    """The platform's own id; with `platform` the identity of a project."""
    url: str
    """The canonical http(s) link that a person opens."""
    title: str
    """Plain text: no HTML, whitespace folded to single spaces, no NUL or control characters."""
    description: str | None = None
    """Plain text like `title`."""
    category: str | None = None
    """The platform's own category, as written."""
    skills: list[str] = field(default_factory=list)
    """Canonical names; a skill that is not in the dictionary is kept as written."""

    budget_min: Decimal | None = None
    budget_max: Decimal | None = None
    currency: str | None = None
    """ISO 4217."""
    payment_type: PaymentType | None = None

    work_type: WorkType | None = None
    location: str | None = None
    country: str | None = None
    """ISO 3166-1 alpha-2."""
    language: str | None = None
    """BCP 47."""

    posted_at: datetime | None = None
    deadline_at: datetime | None = None
    """The last moment at which the platform takes proposals."""
    duration_days: int | None = None
    """The length of the work."""
    status: Status = Status.UNKNOWN
    bids_count: int | None = None
    """Proposals or applicants."""
    views_count: int | None = None
    """How often the posting was looked at, where the platform tells the number."""

    client_name: str | None = None
    client_country: str | None = None
    """ISO 3166-1 alpha-2."""
    client_rating: Decimal | None = None
    """On a scale of 0 to 5."""
    client_spent_usd: Decimal | None = None
    client_verified: bool | None = None

    project_metadata: dict[str, Any] = field(default_factory=dict)
    """Leftovers of the platform as JSON values; never read by core code."""


@dataclass(slots=True, kw_only=True)
class GonePosting:
    """A posting whose own page answers that it is gone (404 or 410), whatever the listing still shows."""

    platform: str
    external_id: str
    url: str


@dataclass(slots=True, kw_only=True)
class RejectedRecord:
    """A record that could not become a `Project`: nothing is lost without one of these saying so."""

    platform: str
    reason: str
    """One sentence: what was wrong."""
    source: str
    """The raw record: the card's HTML, the object's JSON, or a whole page that could not be read."""
    url: str | None = None
    """The page the record was on."""
    external_id: str | None = None
