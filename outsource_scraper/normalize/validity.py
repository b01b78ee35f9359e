"""What a `Project` must be to be stored, in one place for the spiders and the validate pipeline."""

from __future__ import annotations

import reprlib
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from outsource_scraper.normalize.text import is_http_url

if TYPE_CHECKING:
    from outsource_scraper.items import Project

MAX_AMOUNT = Decimal(10) ** 15
"""In any currency; a budget above it is a slip of the pen or an attack, not a budget."""
MAX_TITLE = 2_000
MAX_DESCRIPTION = 1_000_000
"""Characters; `tsvector` of PostgreSQL ends at 1 MB."""
MAX_TEXT = 5_000
"""Characters of every other text; the longest known is a list of all countries. The store keeps such words
in memory, because most of them come again."""
MAX_ID = 300
MAX_COUNT = 2**31 - 1
"""The largest `integer` of PostgreSQL."""
EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
TEXTS = ("category", "currency", "location", "country", "language", "client_name", "client_country")
_ZERO = Decimal(0)
_SHORT = reprlib.Repr()
_SHORT.maxlong = 100
_MAX_RATING = Decimal(5)


def problem(project: Project) -> str | None:  # noqa: PLR0911 - a list of rules, each with its own sentence
    """Why `project` cannot be stored, in one sentence; None where it can. Never raises."""
    if not project.platform or project.external_id is None or project.external_id == "":
        return "the record has no id"
    for name, text in (
        ("the id", project.external_id),
        ("the link", project.url),
        ("the title", project.title),
        ("description", project.description),
    ):
        if text is not None and not isinstance(text, str):
            return f"{name} {_written(text)!r} is not a text"
    if len(project.external_id) > MAX_ID:
        return f"the id is {len(project.external_id)} characters long, more than {MAX_ID}"
    if not is_http_url(project.url):
        return f"the link {project.url[:200]!r} is not an http or https URL"
    if not project.title:
        return "the record has no title"
    if "\ufffd" in project.title:
        return "the title cannot be decoded: the page is in another charset than it says"
    if len(project.title) > MAX_TITLE:
        return f"the title is {len(project.title)} characters long, more than {MAX_TITLE}"
    if project.description is not None and len(project.description) > MAX_DESCRIPTION:
        return f"the description is {len(project.description)} characters long, more than {MAX_DESCRIPTION}"
    return (
        _text_problem(project)
        or _money_problem(project)
        or _number_problem(project)
        or _time_problem(project)
    )


def _text_problem(project: Project) -> str | None:
    for name in TEXTS:
        text = getattr(project, name)
        if text is None:
            continue
        if not isinstance(text, str):
            return f"{name} {_written(text)!r} is not a text"
        if len(text) > MAX_TEXT:
            return f"{name} is {len(text)} characters long, more than {MAX_TEXT}"
    return None


def _money_problem(project: Project) -> str | None:
    low, high = project.budget_min, project.budget_max
    for name, amount in (
        ("budget_min", low),
        ("budget_max", high),
        ("client_spent_usd", project.client_spent_usd),
    ):
        if amount is None:
            continue
        if not isinstance(amount, Decimal) or not amount.is_finite() or amount < _ZERO:
            return f"{name} {_written(amount)} is not an amount"
        if amount > MAX_AMOUNT:
            return f"{name} {amount:.3E} is more than {MAX_AMOUNT:.0E}"
    if low is not None and high is not None and low > high:
        return f"budget_min {low} is more than budget_max {high}"
    return None


def _number_problem(project: Project) -> str | None:
    for name, count in (
        ("bids_count", project.bids_count),
        ("views_count", project.views_count),
        ("duration_days", project.duration_days),
    ):
        # Not by isinstance: True is an int to Python and none to PostgreSQL.
        if count is not None and not (type(count) is int and 0 <= count <= MAX_COUNT):
            return f"{name} {_written(count)} is not a count"
    rating = project.client_rating
    if rating is not None and not (
        isinstance(rating, Decimal) and rating.is_finite() and _ZERO <= rating <= _MAX_RATING
    ):
        return f"client_rating {_written(rating)} is not on the scale of 0 to 5"
    verified = project.client_verified
    if verified is not None and not isinstance(verified, bool):
        return f"client_verified {_written(verified)} is neither true nor false"
    return None


def _time_problem(project: Project) -> str | None:
    for name, moment in (("posted_at", project.posted_at), ("deadline_at", project.deadline_at)):
        if moment is None:
            continue
        if not isinstance(moment, datetime):
            return f"{name} {_written(moment)!r} is not a time"
        if moment.tzinfo is None:
            return f"{name} {moment.isoformat()} has no time zone"
        if not EARLIEST <= moment < LATEST:
            return f"{name} {moment.isoformat()} is not between {EARLIEST.year} and {LATEST.year}"
    return None


def _written(value: object) -> str:
    """The beginning of `value`, also where it is nested or long beyond what `str` can write."""
    try:
        return (str(value) if isinstance(value, Decimal) else _SHORT.repr(value))[:100]
    except ValueError:  # of a whole number with thousands of digits
        return "of that length"
