"""Moments as pages write them, absolute or relative, in nine languages, as aware UTC datetimes.

Two questions are asked of a text: when was this posted (`parse_datetime`), and until when can one still apply
(`parse_deadline`)? The same words answer them differently: "3일 전" is three days ago, or three days to go.

How a text is read, the surest first: a number or ISO 8601; a date with its year; a Korean or Japanese date
without year; a span of time that is past or remains; "yesterday"; a time of day alone; another date without
year. The first form that is found decides, also where it makes no date (31 February): then the answer is
None.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import cache
from typing import TYPE_CHECKING

from outsource_scraper.normalize._data import cldr
from outsource_scraper.normalize.durations import MAX_DAYS, RUN, UNIT, canonical, read_span

if TYPE_CHECKING:
    from collections.abc import Callable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Smaller numbers are counts, or the 0 that stands for "none", rather than moments before March 1973.
_FIRST_UNIX_SECOND = 100_000_000
_FIRST_UNIX_MILLISECOND = 100_000_000_000
_TAKEN = 2_000

_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.{0,30})?")
_COMPACT = re.compile(r"(\d{8})(\d{6})?")
_UNIX = re.compile(r"\d{9,13}(?:\.\d{1,9})?")

_TILDE = re.compile("[~〜～]")
_DIGIT = re.compile(r"\d")
_YEAR = re.compile(r"\d{4}")
_YEAR_FIRST = re.compile(
    r"(?<!\d)(?P<year>\d{4})\s?([-./])\s?(?P<month>\d{1,2})\s?\2\s?(?P<day>\d{1,2})(?!\d)"
)
_YEAR_LAST = re.compile(
    r"(?<![\d.])(?P<a>\d{1,2})(?P<mark>[-./])\s?(?P<b>\d{1,2})(?P=mark)\s?(?P<year>\d{4})(?!\d)"
)
_CJK = re.compile(
    r"(?:(?<!\d)(?P<year>\d{4}|\d\d(?=\s?년))\s?[년年]\s?)?"
    r"(?<!\d)(?P<month>\d{1,2})\s?[월月]\s?(?P<day>\d{1,2})\s?[일日]"
)
_DAY = r"(?<![\d:])(?P<day>\d{1,2})(?:(?:st|nd|rd|th|er|o)\b|\.)?"
_NAME = r"(?P<name>[^\W\d_]+)\.?"
_DAY_NAME = re.compile(rf"{_DAY}[\s-]?(?:(?:de|of)\s)?{_NAME}")
_NAME_DAY = re.compile(rf"{_NAME}\s{_DAY}(?![\d:])")
_DAY_NAME_YEAR = re.compile(
    rf"{_DAY}[\s/-]?(?:(?:de|of)\s)?{_NAME},?[\s/-]?(?:(?:del?|of)\s)?(?P<year>\d{{4}})(?!\d)"
)
_NAME_DAY_YEAR = re.compile(rf"{_NAME}\s{_DAY},?\s(?P<year>\d{{4}})(?!\d)")
_YEAR_APART = re.compile(r"(?<![\d:.+-])(?:19|20)\d\d(?![\d:])")

# Hours east of UTC: the zones of RFC 2822, and those names of the platforms' zones that mean one zone only.
_ZONES = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6,
    "pst": -8, "pdt": -7, "cet": 1, "cest": 2, "msk": 3, "мск": 3, "kst": 9, "jst": 9,
}  # fmt: skip
_TIME = re.compile(
    rf"""(?<![\d:]) (?:(?P<noon>오전|오후|午前|午後)\s?)? (?P<hour>\d{{1,2}})
    (?: :(?P<minute>\d\d) (?::(?P<second>\d\d)(?:[.,]\d+)?)? (?![\d:])
      | h(?P<minute_h>\d\d) (?!\d)
      | \s?[시時](?![간間]) (?:\s?(?P<minute_cjk>\d{{1,2}})\s?[분分])? )
    (?: \s?(?P<half>[ap]\.?m\b)\.? )?
    (?: \s?(?P<zone>{"|".join(sorted(_ZONES, key=len, reverse=True))})
        (?P<shift>[+-]\d{{1,2}}(?::?\d\d)?)? (?!\w)
      | (?P<offset>(?(second)\s?[+-]\d\d:?\d\d|\s[+-]\d{{4}})) (?![\d:]) )?""",
    re.VERBOSE,
)
_OFFSET = re.compile(r"([+-])(\d{1,2}):?(\d\d)?")
_AROUND_A_TIME = frozenset(["", "at", "um", "uhr", "um uhr", "à", "a las", "às", "в", "о"])

_PAST = r"(?:назад|тому|ago|earlier|atrás)(?![^\W\d_])"
_PAST_PREFIX = r"(?<![^\W\d_])(?:vor|il y a|hace|há)\s"
_BEFORE = r"(?:전(?!체)|前)"
_AGO = re.compile(
    rf"(?:{RUN}|(?<![^\W\d_]){UNIT}(?=\s?назад))(?=\s?(?:{_PAST}|{_BEFORE}))"
    rf"|{_PAST_PREFIX}(?:[^\W\d_]+[\s']){{0,3}}?(?P<run>{RUN})"
)
# "마감 3일 전" is three days to go, "3일 전 마감" was three days ago.
_CLOSING = re.compile("마감|締切|締め切り")
_OVER = re.compile(rf"{_PAST}|{_PAST_PREFIX}|{_BEFORE}에?\s?(?:마감|종료|終了|締切)")
# "8일까지" names the 8th of a month that is not told.
_LEFT = re.compile(rf"{RUN}(?!\s?(?:까지|まで))")
_D_DAY = re.compile(r"(?<![^\W_])d\s?-\s?(?:(?P<days>\d{1,3})(?!\d)|day)")
_JUST_NOW = re.compile(
    r"\b(?:just now|right now|moments? ago|только что|щойно|gerade eben|soeben|à l'instant)\b"
    r"|\b(?:ahora mismo|agora mesmo)\b"
    r"|\b(?:few|несколько|einigen?|ein paar|wenigen?|quelques|unos|alguns) (?:sec|сек|sek|seg)"
    r"|^(?:now|сейчас|jetzt|gerade|maintenant|ahora|agora)$|방금|たった今"
)
_DAYS_AWAY = {
    -2: (
        "day before yesterday|vorgestern|avant-hier|anteayer|antier|anteontem|позавчера|позавчора|"
        "그저께|그제|一昨日"
    ),
    # German "hier" is "here".
    -1: r"yesterday|gestern|hier(?=\s?(?:$|[,\d]|à))|ayer|ontem|вчера|вчора|어제|昨日",
    0: "today|heute|aujourd'hui|hoy|hoje|сегодня|сьогодні|오늘|今日|本日",
    1: "tomorrow|morgen|demain|mañana|amanhã|завтра|내일|明日",
    2: "übermorgen|après-demain|pasado mañana|depois de amanhã|послезавтра|післязавтра|모레|明後日",
}
_DAY_WORD = re.compile(
    r"(?<![a-zа-яà-ÿ])(?:"
    + "|".join(
        f"(?P<{'before' if away < 0 else 'after'}{abs(away)}>{words})" for away, words in _DAYS_AWAY.items()
    )
    + r")(?![a-zа-яà-ÿ])"
)


# Short names of Spanish and Portuguese months that are English words; they are months only beside a year.
_ENGLISH_WORDS = frozenset({"ago", "out", "set"})


@dataclass(frozen=True, slots=True)
class _Page:
    """Where and when a text was written, and what its silence means."""

    now: datetime
    """In the zone of the page."""
    tz: tzinfo
    time_of_date: time
    """Of a date that is told without a time of day."""
    time_of_day_word: time
    """Of "yesterday", "today" and "tomorrow" without a time of day."""
    horizon: timedelta
    """How far ahead of now a date without year may lie."""
    day_first: bool = True


def parse_datetime(
    value: object, *, now: datetime, tz: tzinfo = UTC, day_first: bool = True
) -> datetime | None:
    """Return the moment that `value` tells, in UTC, or None where it tells none or one outside the calendar.

    `value` is a text, a number of unix seconds or milliseconds (told apart by magnitude; below 100,000,000
    it is no moment), a `datetime` or a `date`. `now` is the aware moment of reading; `tz` the zone of the
    page, in which a time without offset is read. A date without a time of day is its midnight in `tz`. In
    "03/04/2026" the first number is the day unless `day_first` is false or it cannot be; with dots it always
    is.

    A relative time is as exact as its unit: "2 hours ago" may be an hour off. Days and longer units are
    counted by the calendar of `tz` and keep now's time of day, so do "yesterday" and "today". A date without
    year is the latest one that is not more than a month ahead of now; a time of day alone is the latest that
    has passed. What has not happened ("in 3 days", "마감 3일 전") is no answer.
    """
    try:
        local = now.astimezone(tz)
        page = _Page(local, tz, time.min, local.time(), timedelta(days=31), day_first)
        return _answer(value, page, _past)
    except (OverflowError, ValueError):  # outside the calendar
        return None


def parse_deadline(value: object, *, now: datetime, tz: tzinfo = UTC) -> datetime | None:
    """Return the moment until which a text says that something is open, in UTC, or None where it tells none.

    Takes what `parse_datetime` takes, and what remains from `now`: "마감 2주 2일 전", "6 days left",
    "あと4日". Of an absolute date and a remaining span in one text the date decides. A date without a time
    of day, "D-7" and "today" last until the end of that day in `tz` (23:59:59); a remaining span is counted
    from `now` as in `parse_datetime`. A date without year is the latest one not more than half a year ahead.
    Of a period ("2026.10.01 ~ 2026.10.18") the end counts. A text that says closed, or that tells a span
    since then ("3 days ago"), gives None, and so does a time of day alone.
    """
    if isinstance(value, str):
        value = _end_of_period(value)
    end_of_day = time(23, 59, 59)
    try:
        page = _Page(now.astimezone(tz), tz, end_of_day, end_of_day, timedelta(days=183))
        return _answer(value, page, _remaining)
    except (OverflowError, ValueError):  # outside the calendar
        return None


def _answer(value: object, page: _Page, read: Callable[[str, _Page], datetime | None]) -> datetime | None:
    if isinstance(value, str):
        found = _from_machine(value[:_TAKEN].strip(), page)
        if found is None and (text := canonical(value)):
            found = _from_dated(text, page) or read(text, page) or _from_yearless(text, page)
    elif isinstance(value, datetime):
        found = value if value.tzinfo else value.replace(tzinfo=page.tz)
    elif isinstance(value, date):
        found = datetime.combine(value, page.time_of_date, page.tz)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        found = _from_unix(value)
    else:
        found = None
    return found.astimezone(UTC) if found else None


def _end_of_period(text: str) -> str:
    end = _TILDE.split(text[:_TAKEN])[-1]
    return end if _DIGIT.search(end) else text


def _from_unix(number: float) -> datetime | None:
    if number >= _FIRST_UNIX_MILLISECOND:
        return _EPOCH + timedelta(milliseconds=number)
    if number >= _FIRST_UNIX_SECOND:
        return _EPOCH + timedelta(seconds=number)
    return None


def _from_machine(text: str, page: _Page) -> datetime | None:
    if _ISO.fullmatch(text):
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            # A form that is only like ISO ("2026-10-02 14:05 KST") is read as a date with a time.
            return None
        if len(text) == 10:
            return datetime.combine(moment, page.time_of_date, page.tz)
        return moment if moment.tzinfo else moment.replace(tzinfo=page.tz)
    if match := _COMPACT.fullmatch(text):
        day = date.fromisoformat(match[1])
        clock = time.fromisoformat(match[2]) if match[2] else page.time_of_date
        return datetime.combine(day, clock, page.tz)
    return _from_unix(float(text)) if _UNIX.fullmatch(text) else None


def _from_dated(text: str, page: _Page) -> datetime | None:
    """Read a date with its year, or a Korean or Japanese date with or without."""
    if _YEAR.search(text):
        if match := _YEAR_FIRST.search(text):
            day = date(int(match["year"]), int(match["month"]), int(match["day"]))
            return _at(day, _rest(match), page, page.time_of_date)
        if match := _YEAR_LAST.search(text):
            return _at(_day_of_year_last(match, page), _rest(match), page, page.time_of_date)
        for pattern in (_DAY_NAME_YEAR, _NAME_DAY_YEAR):
            for match in pattern.finditer(text):
                if month := _months().get(match["name"]):
                    day = date(int(match["year"]), month, int(match["day"]))
                    return _at(day, _rest(match), page, page.time_of_date)
    if match := _CJK.search(text):
        month, number = int(match["month"]), int(match["day"])
        if match["year"]:
            year = int(match["year"])
            day = date(year if year > 99 else 2000 + year, month, number)
        else:
            day = _nearest(month, number, page)
        return _at(day, _rest(match), page, page.time_of_date)
    return None


def _from_yearless(text: str, page: _Page) -> datetime | None:
    """Read a date with the name of a month and no year beside it."""
    for pattern in (_DAY_NAME, _NAME_DAY):
        for match in pattern.finditer(text):
            month = _months().get(match["name"])
            if month and match["name"] not in _ENGLISH_WORDS:
                rest = _rest(match)
                if year := _YEAR_APART.search(rest):
                    day = date(int(year[0]), month, int(match["day"]))
                else:
                    day = _nearest(month, int(match["day"]), page)
                return _at(day, rest, page, page.time_of_date)
    return None


def _past(text: str, page: _Page) -> datetime | None:
    """Read what is over: a span ago, just now, yesterday, today, a time of day that has passed."""
    if (match := _AGO.search(text)) and not _CLOSING.search(text, 0, match.start()):
        return _moved(page, match["run"] or match[0], -1)
    if _JUST_NOW.search(text):
        return page.now
    if (match := _DAY_WORD.search(text)) and (away := _days_away(match)) <= 0:
        return _at(page.now.date() + timedelta(days=away), _rest(match), page, page.time_of_day_word)
    if (clock := _TIME.search(text)) and (
        text[: clock.start()] + text[clock.end() :]
    ).strip() in _AROUND_A_TIME:
        moment = _at(page.now.date(), text, page, page.time_of_date)
        if moment <= page.now:
            return moment
        return _at(page.now.date() - timedelta(days=1), text, page, page.time_of_date)
    return None


def _remaining(text: str, page: _Page) -> datetime | None:
    """Read what is to come: D-7, a span that is not over, today, tomorrow."""
    if match := _D_DAY.search(text):
        day = page.now.date() + timedelta(days=int(match["days"] or 0))
        return datetime.combine(day, page.time_of_date, page.tz)
    if match := _LEFT.search(text):
        return None if _OVER.search(text) else _moved(page, match[0], 1)
    if match := _DAY_WORD.search(text):
        day = page.now.date() + timedelta(days=_days_away(match))
        return _at(day, _rest(match), page, page.time_of_day_word)
    return None


def _moved(page: _Page, run: str, sign: int) -> datetime:
    """Return now moved by the spans in `run`: calendar units on the page's wall clock, then exact time."""
    years, months, days, seconds = read_span(run)
    whole_months = int(years * 12 + months)
    days += (years * 12 + months - whole_months) * 30
    if whole_months * 30 + days > MAX_DAYS:
        raise ValueError(run)
    year, month = divmod(page.now.year * 12 + page.now.month - 1 + sign * whole_months, 12)
    day = min(page.now.day, monthrange(year, month + 1)[1])
    moved = page.now.replace(year=year, month=month + 1, day=day) + sign * timedelta(days=days)
    return moved.astimezone(UTC) + sign * timedelta(seconds=seconds)


def _nearest(month: int, day: int, page: _Page) -> date:
    """Return the latest such day within the page's horizon; a leap day may be eight years back."""
    latest = (page.now + page.horizon).date()
    for year in range(latest.year, latest.year - 9, -1):
        if day <= monthrange(year, month)[1] and (found := date(year, month, day)) <= latest:
            return found
    raise ValueError(month, day)


def _day_of_year_last(match: re.Match[str], page: _Page) -> date:
    day, month = int(match["a"]), int(match["b"])
    month_comes_first = match["mark"] != "." and (month > 12 or (not page.day_first and day <= 12))
    if month_comes_first:
        day, month = month, day
    return date(int(match["year"]), month, day)


def _at(day: date, rest: str, page: _Page, default: time) -> datetime:
    """Return the time of day told in `rest`, else `default`, on `day`."""
    clock = _TIME.search(rest)
    if clock is None:
        return datetime.combine(day, default, page.tz)
    hour = int(clock["hour"])
    if half := clock["noon"] or clock["half"]:
        if hour == 12:
            hour = 0
        if half in {"오후", "午後"} or half.startswith("p"):
            hour += 12 if hour < 12 else 0
    minute = int(clock["minute"] or clock["minute_h"] or clock["minute_cjk"] or 0)
    # Korean and Japanese pages write the end of a day as 24:00.
    if hour > 24 or (hour == 24 and minute):
        raise ValueError(clock[0])
    at = time(hour % 24, minute, int(clock["second"] or 0))
    return datetime.combine(day + timedelta(days=hour // 24), at, _zone(clock) or page.tz)


def _zone(clock: re.Match[str]) -> tzinfo | None:
    offset = timedelta(hours=_ZONES[clock["zone"]]) if clock["zone"] else timedelta()
    if match := _OFFSET.fullmatch((clock["shift"] or clock["offset"] or "").strip()):
        shift = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        offset += shift if match[1] == "+" else -shift
    elif not clock["zone"]:
        return None
    return timezone(offset)


def _days_away(match: re.Match[str]) -> int:
    name = match.lastgroup or ""
    return -int(name[-1]) if name.startswith("before") else int(name[-1])


def _rest(match: re.Match[str]) -> str:
    """Return what stands around a date, where its time of day is looked for."""
    return f"{match.string[: match.start()]} {match.string[match.end() :]}"


@cache
def _months() -> dict[str, int]:
    """Return every month's number by its names in CLDR, with and without accents, and by their beginnings."""
    months = dict(cldr()["months"])
    for word, number in list(months.items()):
        months.setdefault(_without_accents(word), number)
    for beginning in {word[:3] for word in months}:
        meant = {number for word, number in months.items() if word.startswith(beginning)}
        if len(meant) == 1:
            months.setdefault(beginning, *meant)
    return months


def _without_accents(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
