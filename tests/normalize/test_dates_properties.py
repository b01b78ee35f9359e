"""What holds of dates and durations whatever a page says and whenever it is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from outsource_scraper.normalize.dates import parse_datetime, parse_deadline
from outsource_scraper.normalize.durations import MAX_DAYS, parse_duration_days

OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
ZONES = st.one_of(OFFSETS, st.timezones())
MOMENTS = st.datetimes(timezones=ZONES)
NOWS = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=ZONES)  # noqa: DTZ001 - naive by contract
PLAUSIBLE = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001 - naive by contract

# Pieces of which the texts of pages consist, so that chance also makes texts that are nearly dates.
WORDS = """
    0 1 2 5 7 12 13 24 29 31 60 99 1000 2026 9999 99999999999 . - / : , ( ) + T Z am PM GMT +0900 +99:99 ² ٣
    년 월 일 年 月 日 오후 午前 시 時 일 주 개월 ヶ月 한 하루 어제 전 前 마감 あと まで D- Day ago left
    yesterday days weeks months years vor einem il y a an hace há назад завтра ч. мин. Oct мая août März
"""
PIECES = st.sampled_from([*WORDS.split(), " ", "\u200b", "\x00", "\ud800"])
TEXTS = st.one_of(
    st.text(max_size=60), st.lists(PIECES, max_size=12).map("".join), st.lists(PIECES).map(" ".join)
)
VALUES = st.one_of(
    TEXTS, st.integers(), st.floats(), st.booleans(), st.none(), st.dates(), st.datetimes(), MOMENTS
)


def is_utc_or_none(moment: datetime | None) -> bool:
    return moment is None or moment.utcoffset() == timedelta()


@given(VALUES, MOMENTS, ZONES, st.booleans())
def test_a_moment_is_in_utc_or_none(value: object, now: datetime, tz: timezone, day_first: bool) -> None:
    assert is_utc_or_none(parse_datetime(value, now=now, tz=tz, day_first=day_first))


@given(VALUES, MOMENTS, ZONES)
def test_a_deadline_is_in_utc_or_none(value: object, now: datetime, tz: timezone) -> None:
    assert is_utc_or_none(parse_deadline(value, now=now, tz=tz))


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=OFFSETS), NOWS)  # noqa: DTZ001 - naive by contract
def test_iso_8601_comes_back(moment: datetime, now: datetime) -> None:
    assert parse_datetime(moment.isoformat(), now=now) == moment
    assert parse_deadline(moment.isoformat(), now=now) == moment


@given(PLAUSIBLE, ZONES, NOWS)
def test_a_naive_time_is_read_in_the_zone_of_the_page(moment: datetime, tz: timezone, now: datetime) -> None:
    expected = moment.replace(tzinfo=tz).astimezone(UTC)
    assert parse_datetime(moment.isoformat(), now=now, tz=tz) == expected


@given(PLAUSIBLE.map(lambda moment: moment.replace(microsecond=0)))
def test_one_day_in_many_forms(moment: datetime) -> None:
    day = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    for form in (
        "%Y-%m-%d",
        "%Y.%m.%d.",
        "%d.%m.%Y",
        "%Y년 %m월 %d일",
        "%Y年%m月%d日",
        "%d %B %Y",
        "%b %d, %Y",
    ):
        assert parse_datetime(moment.strftime(form), now=day) == day
        assert parse_deadline(moment.strftime(form), now=day) == day + timedelta(
            hours=23, minutes=59, seconds=59
        )


@given(st.integers(100_000_000, 4_000_000_000), NOWS)
def test_unix_seconds_and_milliseconds_agree(seconds: int, now: datetime) -> None:
    expected = datetime.fromtimestamp(seconds, UTC)
    for value in (seconds, float(seconds), str(seconds), seconds * 1000, str(seconds * 1000)):
        assert parse_datetime(value, now=now) == expected


@given(
    st.integers(0, 30_000), st.sampled_from(["{} hours ago", "{} часов назад", "{}시간 전", "vor {} Stunden"])
)
def test_what_was_counts_back_from_now(hours: int, form: str) -> None:
    now = datetime(2026, 10, 5, 12, tzinfo=UTC)
    assert parse_datetime(form.format(hours), now=now) == now - timedelta(hours=hours)


@given(
    st.integers(0, 3_000), st.sampled_from(["{} days left", "마감 {}일 전", "あと{}日", "Осталось {} дней"])
)
def test_what_remains_counts_on_from_now(days: int, form: str) -> None:
    now = datetime(2026, 10, 5, 12, tzinfo=UTC)
    assert parse_deadline(form.format(days), now=now) == now + timedelta(days=days)


@given(st.one_of(TEXTS, st.integers(), st.none()))
def test_a_duration_is_positive_and_bounded_or_none(text: str | int | None) -> None:
    days = parse_duration_days(text)
    assert days is None or 1 <= days <= MAX_DAYS
