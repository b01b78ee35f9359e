"""What the boards for remote jobs share: which postings are projects, their pay, and where one may live."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from outsource_scraper.items import PaymentType
from outsource_scraper.normalize.countries import country_code, country_in
from outsource_scraper.normalize.money import Budget, parse_amount, parse_currency
from outsource_scraper.normalize.skills import canonical_skills

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

KINDS = frozenset({"contract", "contractor", "freelance", "freelancer"})
"""Kinds of employment, and tags, that name an engagement; as tags they are no skill."""

_SAID_IN_TITLE = re.compile(
    r"\bfreelance(?:rs?)?\b"
    r"|(?<!\bsmart\s)\bcontract(?:or)?(?=\W*$|\s*\)|[\s-]+to[\s-]+(?:perm|hire)|\s+(?:role|position|basis)\b)",
    re.IGNORECASE,
)
_REGIONS = frozenset({
    "worldwide", "anywhere", "global", "africa", "americas", "apac", "asia", "central america", "emea", "eu",
    "europe", "latam", "latin america", "mena", "middle east", "north america", "oceania", "south america",
    "southeast asia",
})  # fmt: skip
_PERIODS = {
    "hour": PaymentType.HOURLY,
    "hourly": PaymentType.HOURLY,
    "day": PaymentType.DAILY,
    "daily": PaymentType.DAILY,
    "month": PaymentType.MONTHLY,
    "monthly": PaymentType.MONTHLY,
}


def is_project(title: str | None, tags: Sequence[str]) -> bool:
    """Whether a posting offers a contract or freelance work: a tag names it, or the title says so.

    A title says so with "freelance", or with "contract" where that is the engagement: at its end or before
    ")", "to hire", "role". "Contract Manager" and "Smart Contract Engineer" do not say so.
    """
    return any(tag.casefold() in KINDS for tag in tags) or _SAID_IN_TITLE.search(title or "") is not None


def skills_of(tags: Sequence[str]) -> list[str]:
    """The skills among `tags`, which may name the engagement too."""
    return canonical_skills([tag for tag in tags if tag.casefold() not in KINDS])


def one_country(places: str | None) -> str | None:
    """The alpha-2 code of the country in which one must live, or None where `places` is wider or unclear.

    `places` is such a board's list of where one may work from: "Canada", "Lisbon, Portugal", "LATAM, Spain".
    Several countries, or a country beside a region of the world, are no single country.
    """
    parts = [part.strip() for part in (places or "").split(",")]
    if any(part.casefold() in _REGIONS for part in parts):
        return None
    if len({code for part in parts if (code := country_code(part))}) > 1:
        return None
    return country_in(places)


def read_pay(
    low: object, high: object, currency: str | None, period: str | None
) -> tuple[Budget, dict[str, Any]]:
    """Budget of a posting whose fields name both ends of its pay, and what of it goes to the metadata.

    By the hour, the day or the month it is a budget. No payment type fits a year, a week or an unnamed
    period: then the budget is empty and the metadata holds the `salary_...` as they were given.
    """
    ends = [amount for amount in (parse_amount(low), parse_amount(high)) if amount is not None]
    if not ends:
        return Budget(), {}
    payment_type = _PERIODS.get((period or "").casefold())
    if payment_type is None:
        given = {
            "salary_min": _json_number(parse_amount(low)),
            "salary_max": _json_number(parse_amount(high)),
            "salary_currency": currency,
            "salary_period": period,
        }
        return Budget(), {name: value for name, value in given.items() if value is not None}
    if len(ends) == 2:
        minimum, maximum = sorted(ends)
        return Budget(minimum, maximum, parse_currency(currency), payment_type), {}
    return Budget(parse_amount(low), parse_amount(high), parse_currency(currency), payment_type), {}


def _json_number(amount: Decimal | None) -> int | float | None:
    if amount is None:
        return None
    return int(amount) if amount == int(amount) else float(amount)
