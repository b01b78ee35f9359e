"""The numbers in a text about money, each with the currency and the multiplier that belong to it.

How a number is read is said in `money`, which decides what of all this is a budget.
"""

from __future__ import annotations

from decimal import Context, Decimal
from html import unescape
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import decimal, normalize

from outsource_scraper.normalize._money_words import (
    AMOUNT,
    ANY_CASE_CODES,
    BIG_UNITS,
    CODE_BEFORE,
    CURRENCY,
    CUT_NUMBER,
    DATE_OR_TIME,
    FAMILIES,
    GROUPED,
    INVISIBLE,
    ISO_4217,
    LETTER,
    LONGEST_PREFIX,
    MARKS,
    OTHER_DIGIT,
    POWERS,
    SMALL_UNITS,
    UNIT_PART,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TEXT_LIMIT = 300
"""Characters of a text that are read, its whitespace folded: a page given by mistake costs no more."""
_RAW_LIMIT = 4 * TEXT_LIMIT
EXPONENT_LIMIT = 400
"""Beyond every float (1e308): a `Decimal` that would need gigabytes to be written out is no amount."""
_EXACT = Context(prec=4 * TEXT_LIMIT, traps=[])
"""Holds every number that fits into a text, times any multiplier, so that nothing is rounded."""


class Amount(NamedTuple):
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
        """Whether it is money by its own marks."""
        return bool(self.base is not None and (self.marks or self.units))

    @property
    def value(self) -> Decimal:
        """The amount, exact; 0 where it cannot be read."""
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


def clean(text: str) -> str:
    """Fold what only looks different: entities, widths, digits of other scripts, invisible marks, spaces."""
    raw = text[:_RAW_LIMIT]
    if "&" in raw:
        raw = unescape(raw)
    if not raw.isascii():
        # "İ" is the one letter that grows when lowered; positions must hold in both forms.
        raw = INVISIBLE.sub("", normalize("NFKC", raw)).replace("İ", "I")
        raw = OTHER_DIGIT.sub(lambda digit: str(decimal(digit[0])), raw).replace("٫", ".").replace("٬", ",")
    shown = " ".join(raw.split())
    if len(shown) > TEXT_LIMIT or len(text) > _RAW_LIMIT:
        shown = CUT_NUMBER.sub("", shown[:TEXT_LIMIT])
    return DATE_OR_TIME.sub("|", shown)


def _known_code(shown: str, span: tuple[int, int]) -> str | None:
    word = shown[span[0] : span[1]]
    code = word.upper()
    return code if code in ISO_4217 and (word == code or code in ANY_CASE_CODES) else None


def marks_in(shown: str) -> Iterator[str]:
    """Yield every currency that a text names: codes, and families where a mark is ambiguous."""
    for match in CURRENCY.finditer(shown.lower()):
        mark = MARKS[match["mark"]] if match["mark"] else _known_code(shown, match.span("code"))
        if mark:
            yield mark


def resolve(marks: Iterable[str], default: str | None) -> str | None:
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


def amounts_in(shown: str, low: str) -> list[Amount]:
    """Find every number with the multiplier and the currency marks that touch it."""
    amounts: list[Amount] = []
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
        amounts.append(Amount(start, end, base, exponent, (*before, *after), bool(after), units or "", span))
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
