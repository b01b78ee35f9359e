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
from decimal import Context, Decimal
from functools import lru_cache
from html import unescape
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import decimal, normalize

from outsource_scraper.items import PaymentType
from outsource_scraper.normalize._money_words import (
    AMOUNT,
    ANY_CASE_CODES,
    BIG_UNITS,
    BOUND_AFTER,
    BOUND_BEFORE,
    CODE_BEFORE,
    COUNT_UNIT,
    CURRENCY,
    CUT_NUMBER,
    DATE_OR_TIME,
    FAMILIES,
    GLUE,
    GROUPED,
    INVISIBLE,
    ISO_4217,
    LABEL,
    LABELS,
    LETTER,
    LINK,
    LONGEST_PREFIX,
    MARKS,
    MONTH_NAME,
    MONTHLY_BEFORE,
    OTHER_DIGIT,
    POWERS,
    RATE,
    RATE_UNITS,
    SMALL_UNITS,
    UNIT_PART,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_TEXT_LIMIT = 300
"""Characters of a text that are read, its whitespace folded: a page given by mistake costs no more."""
_RAW_LIMIT = 4 * _TEXT_LIMIT
_EXPONENT_LIMIT = 400
"""Beyond every float (1e308): a `Decimal` that would need gigabytes to be written out is no amount."""
_EXACT = Context(prec=4 * _TEXT_LIMIT, traps=[])
"""Holds every number that fits into a text, times any multiplier, so that nothing is rounded."""


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


class _Amount(NamedTuple):
    """One number of a text with everything that belongs to it; its value is `base` times ten to `power`."""

    start: int
    end: int
    base: Decimal | None
    """`None` where the number cannot be read or is negative."""
    power: int
    marks: tuple[str, ...]
    closed: bool
    """A currency follows, so a multiplier further on is not meant for this number."""
    units: str
    """Its East Asian units, which prove money as a currency does."""
    digits: tuple[int, int]
    """Where the bare number stands."""

    @property
    def stated(self) -> bool:
        return bool(self.base is not None and (self.marks or self.units))

    @property
    def value(self) -> Decimal:
        return canonical((self.base or Decimal()).scaleb(self.power, _EXACT))


def canonical(amount: Decimal) -> Decimal:
    """Return the same amount without exponent and superfluous zeros, so that equal amounts are equal as text.

    `Decimal("1500.00")` and `Decimal("1.5E+3")` both give `Decimal("1500")`; nothing is rounded.
    The digits are written out: an exponent of millions costs as many bytes.
    """
    if not amount:
        return Decimal(0)
    text = format(amount, "f")
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


def parse_amount(value: object) -> Decimal | None:
    """Read one number of an API: int, float, `Decimal`, or a numeric string ("1500.00", "1,500").

    In a string the dot is the decimal mark and commas group digits, as APIs write them ("1.500" is one and
    a half); anything else in it gives `None`. So do bool, NaN, infinity, a negative number, and zero, which
    on every known platform means that no amount was stated.
    """
    if isinstance(value, str):
        text = value.strip()
        if len(text) > _TEXT_LIMIT or not _API_NUMBER.fullmatch(text):
            return None
        amount = Decimal(text.replace(",", ""))
    elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        amount = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    else:
        return None
    if not amount.is_finite() or amount <= 0 or abs(amount.adjusted()) > _EXPONENT_LIMIT:
        return None
    return canonical(amount)


def parse_currency(text: str | None) -> str | None:
    """Return the ISO 4217 code of the first unambiguous mark, else of the first ambiguous one, else `None`.

    A mark is a code, a symbol or a word: "EUR", "US$", "руб.", "만원". A text that is nothing but a code may
    be in any case.
    """
    if not text:
        return None
    shown = _clean(text)
    if shown.upper() in ISO_4217:
        return shown.upper()
    return _resolve(_marks(shown), None)


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
    shown = _clean(text)
    low = shown.lower()
    chosen = _choose(_amounts(shown, low), low)
    if not chosen:
        return Budget(payment_type=_labelled(low))
    marks = [mark for amount in chosen for mark in amount.marks] or list(_marks(shown))
    if marks:
        found = _resolve(marks, currency)
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


def _clean(text: str) -> str:
    """Fold what only looks different: entities, widths, digits of other scripts, invisible marks, spaces."""
    raw = text[:_RAW_LIMIT]
    if "&" in raw:
        raw = unescape(raw)
    if not raw.isascii():
        # "İ" is the one letter that grows when lowered; positions must hold in both forms.
        raw = INVISIBLE.sub("", normalize("NFKC", raw)).replace("İ", "I")
        raw = OTHER_DIGIT.sub(lambda digit: str(decimal(digit[0])), raw).replace("٫", ".").replace("٬", ",")
    shown = " ".join(raw.split())
    if len(shown) > _TEXT_LIMIT or len(text) > _RAW_LIMIT:
        shown = CUT_NUMBER.sub("", shown[:_TEXT_LIMIT])
    return DATE_OR_TIME.sub("|", shown)


def _known_code(shown: str, span: tuple[int, int]) -> str | None:
    word = shown[span[0] : span[1]]
    code = word.upper()
    return code if code in ISO_4217 and (word == code or code in ANY_CASE_CODES) else None


def _marks(shown: str) -> Iterator[str]:
    """Yield every currency that a text names: codes, and families where a mark is ambiguous."""
    for match in CURRENCY.finditer(shown.lower()):
        mark = MARKS[match["mark"]] if match["mark"] else _known_code(shown, match.span("code"))
        if mark:
            yield mark


def _resolve(marks: Iterable[str], default: str | None) -> str | None:
    """Return the first unambiguous currency, else what the first family means on this platform."""
    meant = None
    for mark in marks:
        if mark not in FAMILIES:
            return mark
        fallback, members = FAMILIES[mark]
        meant = meant or (default if default in members else fallback)
    return meant


def _read_number(text: str, *, scaled: bool) -> Decimal | None:
    """Read digits with separators by the rules of the module; `scaled` tells that a multiplier follows."""
    if text.isdigit():
        return Decimal(text)
    text = text.replace(" ", "").replace("'", "").replace("’", "")
    mark = "." if text.rfind(".") > text.rfind(",") else ","
    other = "," if mark == "." else "."
    whole, _, fraction = text.rpartition(mark) if mark in text else (text, "", "")
    if other in text or mark in whole:
        if mark in whole:  # it repeats, so it can only group
            whole, fraction = text, ""
        if not GROUPED.fullmatch(whole):
            return None
    elif len(fraction) == 3 and GROUPED.fullmatch(text) and not (mark == "." and scaled):
        whole, fraction = text, ""
    elif mark == "," and len(fraction) > 3:
        return None
    return Decimal(f"{whole.replace(',', '').replace('.', '')}.{fraction}")


def _read_units(text: str) -> tuple[Decimal | None, int]:
    """Read "1억 2,000만" or "2천5백만"; a single part keeps its big unit as a power, to share in a range."""
    total = section = Decimal(0)
    last, parts = 99, UNIT_PART.findall(text)
    for number, units in parts:
        base = _read_number(number, scaled=True)
        big = sum(BIG_UNITS.get(unit, 0) for unit in units)
        if base is None or big >= last:
            return None, 0
        small = sum(SMALL_UNITS.get(unit, 0) for unit in units)
        if last == 8 and small and not big:
            big = 4  # "2억 5천" leaves 만 unsaid
        section = _EXACT.add(section, base.scaleb(small, _EXACT))
        if len(parts) == 1:
            return section, big
        if big:
            total, section, last = _EXACT.add(total, section.scaleb(big, _EXACT)), Decimal(0), big
    return (_EXACT.add(total, section), 0) if section.adjusted() < last else (None, 0)


def _amounts(shown: str, low: str) -> list[_Amount]:
    """Find every number with the multiplier and the currency marks that touch it."""
    amounts: list[_Amount] = []
    previous = 0
    for match in AMOUNT.finditer(low):
        number, units, mark = match.group("number", "units", "mark")
        after = [MARKS[mark]] if mark else []
        end = match.end()
        if match["code"]:
            code = _known_code(shown, match.span("code"))
            if code:
                after.append(code)
            else:
                end = match.start("code")
                end -= low[end - 1] == " "
        before, start, minus = _marks_before(shown, low, previous, match.start())
        power = match["power"] or match["letter"] or match["apart"]
        if units:
            base, exponent = _read_units(number + units)
        else:
            base, exponent = _read_number(number, scaled=bool(power)), POWERS[power] if power else 0
        if minus:
            base = None
        span = match.span("number")
        amounts.append(_Amount(start, end, base, exponent, (*before, *after), bool(after), units or "", span))
        previous = end
    return amounts


def _marks_before(shown: str, low: str, previous: int, start: int) -> tuple[list[str], int, bool]:
    """Return the marks before a number, where the amount therefore begins, and whether it is negative."""
    stop = start
    minus = stop > previous and low[stop - 1] in "-−–"
    stop -= minus
    while stop > previous and low[stop - 1] in " .":
        stop -= 1
    marks: list[str] = []
    begin = start
    for place in range(max(previous, stop - LONGEST_PREFIX), stop):
        found = MARKS.get(low[place:stop])
        if found and not (place and LETTER.match(low[place]) and LETTER.match(low[place - 1])):
            marks, begin, stop = [found], place, place
            break
    match = CODE_BEFORE.search(low, max(previous, stop - 4), stop)
    code = _known_code(shown, match.span("code")) if match else None
    # "TOP $500" speaks of no Tongan money.
    if match and code and (not marks or code == marks[0] or code in FAMILIES.get(marks[0], ((), ()))[1]):
        marks, begin = [*marks, code], match.start("code")
    # A dash after a number begins a range; a sign stands behind a mark or in front of everything.
    lead = low[:begin] if previous == 0 else ""
    return marks, begin, (minus and bool(marks)) or lead in {"-", "−"} or lead.endswith((" -", " −"))


def _is_plain(low: str, amount: _Amount) -> bool:
    """Tell whether nothing speaks against a bare number's being money."""
    first, last = amount.digits
    return amount.base is not None and not (
        LETTER.match(low[first - 1 : first])
        or low[first - 1 : first] == "+"
        or LETTER.match(low, amount.end)
        or COUNT_UNIT.match(low, last)
    )


def _choose(amounts: Sequence[_Amount], low: str) -> Sequence[_Amount]:
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
    runs: list[list[_Amount]] = []
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


def _one_range(one: _Amount, two: _Amount) -> bool:
    """Tell whether two linked amounts are in one currency, at least one of them saying so."""
    if one.base is None or two.base is None or not (one.stated or two.stated):
        return False
    first, second = (
        {code for mark in amount.marks for code in FAMILIES.get(mark, (None, {mark}))[1]}
        for amount in (one, two)
    )
    return not first or not second or not first.isdisjoint(second)


def _share_power(one: _Amount, two: _Amount) -> _Amount:
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


def _bounds(chosen: Sequence[_Amount], bound: str | None) -> tuple[Decimal | None, Decimal | None]:
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
