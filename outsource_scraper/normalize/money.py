"""What a platform writes about money, as amounts, a currency and what one amount pays for.

Three rules hold everywhere. Unknown is `None`: an amount of zero, a negative one and a text that only says
"negotiable" state nothing. A number is money only if nothing speaks against it: a currency always wins over
a bare number, and a bare number followed by a unit ("3 days", "10-30 hrs/wk", "95 %"), glued to letters,
or part of a date, a time or a telephone number is not one. Amounts are exact: no arithmetic here rounds.

How a number is read:

* Spaces of every width and apostrophes group thousands: `1 000 000`, `1'000`.
* With both a dot and a comma, the later one is the decimal mark: `1,500.00`, `10.000,50`.
* One of them before exactly three digits groups thousands, with any currency: `1,500`, `1.500`. Prices
  have no third decimal, and platforms that write in dollars also write `USD 3.000`. After a leading zero
  (`0.500`), and for a dot before a multiplier (`1.250k`), it is a decimal mark.
* Before any other number of digits it is a decimal mark: `1,5`, `4.50`.

Which currency an ambiguous mark means: `$` is the platform's default if that is a dollar currency, else
USD; `¥`, `元` and `Rs` likewise (JPY, CNY, INR). `kr` and `pesos` mean nothing without such a default.
억 and 만 in Hangul mean KRW where nothing else is said; 万 and 億 are shared by several currencies and mean
none by themselves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from outsource_scraper.items import PaymentType
from outsource_scraper.normalize._money_amounts import (
    EXPONENT_LIMIT,
    TEXT_LIMIT,
    Amount,
    amounts_in,
    canonical,
    clean,
    marks_in,
    resolve,
)
from outsource_scraper.normalize._money_words import (
    BOUND_AFTER,
    BOUND_BEFORE,
    COUNT_UNIT,
    FAMILIES,
    GLUE,
    ISO_4217,
    LABEL,
    LABELS,
    LETTER,
    LINK,
    MONTH_NAME,
    MONTHLY_BEFORE,
    RATE,
    RATE_UNITS,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_API_NUMBER = re.compile(r"(?:\d+|\d{1,3}(?:,\d{2,3})*,\d{3})(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Budget:
    """What one text says about money; what it does not say is `None`.

    A single amount stands in both bounds, "up to" has only `maximum`, "from" only `minimum`. Amounts are
    positive, finite and `canonical`; with both, `minimum <= maximum`. They are not limited in size.
    """

    minimum: Decimal | None = None
    maximum: Decimal | None = None
    currency: str | None = None
    """ISO 4217; `None` without an amount."""
    payment_type: PaymentType | None = None
    """Only what the text itself says. A weekly or yearly rate, or two kinds at once, gives `None`."""


def parse_amount(value: object) -> Decimal | None:
    """Read one number of an API: int, float, `Decimal`, or a numeric string ("1500.00", "1,500").

    In a string the dot is the decimal mark and commas group digits, as APIs write them ("1.500" is one and
    a half); anything else in it gives `None`. So do bool, NaN, infinity, a negative number, and zero, which
    on every known platform means that no amount was stated.
    """
    if isinstance(value, str):
        text = value.strip()
        if len(text) > TEXT_LIMIT or not _API_NUMBER.fullmatch(text):
            return None
        amount = Decimal(text.replace(",", ""))
    elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        amount = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    else:
        return None
    if not amount.is_finite() or amount <= 0 or abs(amount.adjusted()) > EXPONENT_LIMIT:
        return None
    return canonical(amount)


def parse_currency(text: str | None) -> str | None:
    """Return the ISO 4217 code of the first unambiguous mark, else of the first ambiguous one, else `None`.

    A mark is a code, a symbol or a word: "EUR", "US$", "руб.", "만원". A text that is nothing but a code may
    be in any case.
    """
    if not text:
        return None
    shown = clean(text)
    if shown.upper() in ISO_4217:
        return shown.upper()
    return resolve(marks_in(shown), None)


@lru_cache(maxsize=4_096)  # round amounts and a site's own price ranges repeat
def parse_budget(text: str | None, *, currency: str | None = None) -> Budget:
    """Read the budget a platform shows, in any of its languages; never raises.

    `currency` is the platform's own default (ISO 4217), used only where an amount was found and the text
    names no currency, and to decide an ambiguous mark. The first amount or range with a currency is taken;
    without any, the only bare number or range. Of several unrelated bare numbers none is believed. Only the
    first 300 characters are looked at.
    """
    if not text:
        return Budget()
    shown = clean(text)
    low = shown.lower()
    chosen = _choose(amounts_in(shown, low), low)
    if not chosen:
        return Budget(payment_type=_labelled(low))
    marks = [mark for amount in chosen for mark in amount.marks] or list(marks_in(shown))
    if marks:
        found = resolve(marks, currency)
    else:
        found = "KRW" if any(unit in amount.units for amount in chosen for unit in "천만억") else currency
    bound, rate = _surroundings(low, chosen[0].start, chosen[-1].end, found)
    minimum, maximum = _bounds(chosen, bound)
    if minimum is None and maximum is None:
        found = None
    rate = rate or RATE.match(low, chosen[0].end)
    if rate:
        payment_type = RATE_UNITS[rate["unit"]]
    elif MONTHLY_BEFORE.search(low, max(0, chosen[0].start - 8), chosen[0].start):
        payment_type = PaymentType.MONTHLY
    else:
        payment_type = _labelled(low)
    return Budget(minimum, maximum, found, payment_type)


def _is_plain(low: str, amount: Amount) -> bool:
    """Tell whether nothing speaks against a bare number's being money."""
    first, last = amount.digits
    return amount.base is not None and not (
        LETTER.match(low[first - 1 : first])
        or low[first - 1 : first] == "+"
        or LETTER.match(low, amount.end)
        or COUNT_UNIT.match(low, last)
    )


def _choose(amounts: Sequence[Amount], low: str) -> Sequence[Amount]:
    """Return the range or the single amount that is the budget, in reading order; empty where none is."""
    linked = [bool(LINK.fullmatch(low, one.end, two.start)) for one, two in pairwise(amounts)]
    for index, amount in enumerate(amounts):
        pair = amounts[index : index + 2]
        if linked[index : index + 1] == [True] and _one_range(*pair):
            return [_share_power(*pair), pair[1]]
        if amount.stated:
            return [amount]
    if MONTH_NAME.search(low):
        return []
    # Numbers held together by dashes, slashes or spaces are one run: a range, or a telephone number.
    runs: list[list[Amount]] = []
    for index, amount in enumerate(amounts):
        if index and (linked[index - 1] or GLUE.fullmatch(low, amounts[index - 1].end, amount.start)):
            runs[-1].append(amount)
        else:
            runs.append([amount])
    money = [run for run in runs if all(_is_plain(low, amount) for amount in run)]
    if len(money) != 1 or len(money[0]) > 2:
        return []
    if len(money[0]) == 2:
        one, two = money[0]
        return [_share_power(one, two), two] if LINK.fullmatch(low, one.end, two.start) else []
    return money[0]


def _one_range(one: Amount, two: Amount) -> bool:
    """Tell whether two linked amounts are in one currency, at least one of them saying so."""
    if one.base is None or two.base is None or not (one.stated or two.stated):
        return False
    first, second = (
        {code for mark in amount.marks for code in FAMILIES.get(mark, (None, {mark}))[1]}
        for amount in (one, two)
    )
    return not first or not second or not first.isdisjoint(second)


def _share_power(one: Amount, two: Amount) -> Amount:
    """Give the multiplier written once, at the end, to the lower bound too: "500~1000만원", "$1-2k"."""
    if one.power or one.closed or one.base is None or two.base is None or one.base > two.base:
        return one
    return one._replace(power=two.power, units=one.units or two.units)


def _surroundings(
    low: str, start: int, end: int, currency: str | None
) -> tuple[str | None, re.Match[str] | None]:
    """Return which bound ("max", "min") the words around an amount make of it, and the rate behind it."""
    before = BOUND_BEFORE.search(low, max(0, start - 28), start)
    after = BOUND_AFTER.match(low, end)
    rate = RATE.match(low, after.end() if after else end)
    if rate and not after:
        after = BOUND_AFTER.match(low, rate.end())
    bound = before or after
    if bound:
        return bound.lastgroup, rate
    # "~ 5,000円" and "~500만원" leave the lower end open; elsewhere a tilde in front says "about".
    open_below = currency in {"JPY", "KRW"} and low[:start].endswith(("~", "~ "))
    return "max" if open_below else None, rate


def _bounds(chosen: Sequence[Amount], bound: str | None) -> tuple[Decimal | None, Decimal | None]:
    """Put the amounts in order; one of zero states nothing, so a range from zero has only its upper end."""
    values = sorted(amount.value for amount in chosen if amount.base)
    if not values:
        return None, None
    minimum, maximum = values[0], values[-1]
    if len(chosen) == 2:
        return (minimum if len(values) == 2 else None), maximum
    return (None if bound == "max" else minimum), (None if bound == "min" else maximum)


def _labelled(low: str) -> PaymentType | None:
    """Return the one kind of payment that a text names, wherever in it."""
    kinds = {LABELS[label] for label in LABEL.findall(low)}
    return kinds.pop() if len(kinds) == 1 else None
