"""Until when something is open, read on Monday 5 October 2026 at 12:34:56 UTC (21:34:56 in Seoul)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from outsource_scraper.normalize.dates import parse_deadline

NOW = datetime(2026, 10, 5, 12, 34, 56, tzinfo=UTC)
SEOUL = ZoneInfo("Asia/Seoul")
TOKYO = ZoneInfo("Asia/Tokyo")
NEW_YORK = ZoneInfo("America/New_York")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


DEADLINES: list[tuple[object, str]] = [
    # what remains
    ("마감 2주 2일 전", "2026-10-21 12:34:56"),
    ("2주 2일 전", "2026-10-21 12:34:56"),
    ("마감 6일 5시간 전", "2026-10-11 17:34:56"),
    ("마감 3일 전에 알림", "2026-10-08 12:34:56"),
    ("모집 마감까지 4일 남음", "2026-10-09 12:34:56"),
    ("3개월 남음", "2027-01-05 12:34:56"),
    ("6 days left", "2026-10-11 12:34:56"),
    ("Ends in 20 hours", "2026-10-06 08:34:56"),
    ("an hour left", "2026-10-05 13:34:56"),
    ("2 days, 3 hours remaining", "2026-10-07 15:34:56"),
    ("Осталось: 23 ч. 35 мин.", "2026-10-06 12:09:56"),
    ("23 ч. 35 мин.", "2026-10-06 12:09:56"),
    ("Осталось: 2 д. 1 ч.", "2026-10-07 13:34:56"),
    ("あと4日", "2026-10-09 12:34:56"),
    ("あと23時間", "2026-10-06 11:34:56"),
    ("残り 2週間", "2026-10-19 12:34:56"),
    ("締切3日前", "2026-10-08 12:34:56"),
    ("noch 3 Tage", "2026-10-08 12:34:56"),
    ("noch einen Tag", "2026-10-06 12:34:56"),
    ("il reste 5 jours", "2026-10-10 12:34:56"),
    ("quedan 3 días", "2026-10-08 12:34:56"),
    ("restam 2 semanas", "2026-10-19 12:34:56"),
    # until the end of a day
    ("D-7", "2026-10-12 23:59:59"),
    ("D - 1", "2026-10-06 23:59:59"),
    ("D-Day", "2026-10-05 23:59:59"),
    ("D-0", "2026-10-05 23:59:59"),
    ("오늘 마감", "2026-10-05 23:59:59"),
    ("내일 마감", "2026-10-06 23:59:59"),
    ("ends tomorrow", "2026-10-06 23:59:59"),
    ("endet morgen um 18:00 Uhr", "2026-10-06 18:00"),
    ("до завтра", "2026-10-06 23:59:59"),
    # absolute
    ("モデル募集 あと7日（10月11日まで）", "2026-10-11 23:59:59"),
    ("あと 13 日（10月18日まで）", "2026-10-18 23:59:59"),
    ("모집 마감일 2026년 10월 08일", "2026-10-08 23:59:59"),
    ("2026-10-08", "2026-10-08 23:59:59"),
    ("20261008", "2026-10-08 23:59:59"),
    ("2026-10-08T18:00:00Z", "2026-10-08 18:00"),
    ("2026-10-08T00:00:00", "2026-10-08 00:00"),
    ("2026-10-08 18:00까지", "2026-10-08 18:00"),
    ("2026年10月8日 24:00", "2026-10-09 00:00"),
    ("Oct 18, 2026", "2026-10-18 23:59:59"),
    ("2026.10.01 ~ 2026.10.18", "2026-10-18 23:59:59"),
    ("2026年10月1日〜10月18日", "2026-10-18 23:59:59"),
    ("2026-10-18 ~ ", "2026-10-18 23:59:59"),
    ("Bewerbung bis 18.10.2026", "2026-10-18 23:59:59"),
    ("до 20 января", "2027-01-20 23:59:59"),
    ("20 сентября", "2026-09-20 23:59:59"),
    (date(2026, 10, 8), "2026-10-08 23:59:59"),
    (1791000000, "2026-10-03 04:00:00"),
]


@pytest.mark.parametrize(("value", "expected"), DEADLINES)
def test_deadline(value: object, expected: str) -> None:
    assert parse_deadline(value, now=NOW) == utc(expected)


@pytest.mark.parametrize(
    ("value", "tz", "expected"),
    [
        ("2026-10-08", SEOUL, "2026-10-08 14:59:59"),
        ("あと7日（10月11日まで）", TOKYO, "2026-10-11 14:59:59"),
        ("D-7", SEOUL, "2026-10-12 14:59:59"),
        ("D-Day", SEOUL, "2026-10-05 14:59:59"),
        ("마감 6일 5시간 전", SEOUL, "2026-10-11 17:34:56"),
        ("Oct 18, 2026", NEW_YORK, "2026-10-19 03:59:59"),
    ],
)
def test_deadline_in_the_zone_of_the_page(value: str, tz: ZoneInfo, expected: str) -> None:
    assert parse_deadline(value, now=NOW, tz=tz) == utc(expected)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "募集終了",
        "마감",
        "closed",
        "Ended 3 days ago",
        "3일 전 마감",
        "закрыт 3 дня назад",
        "beendet vor 3 Tagen",
        "D+3",
        "8일까지",
        "14:05",
        "2026년",
        "あと7日（2月31日まで）",
        "99999999999 days left",
        7,
        0,
    ],
)
def test_no_deadline(value: object) -> None:
    assert parse_deadline(value, now=NOW) is None


@pytest.mark.parametrize("unit", ["1", "1 ", "a", "1 day ", "2026-", "vor a ", "마감 ", "1:", "<", "1시 "])
def test_a_long_text_is_read_no_further_than_its_beginning(unit: str) -> None:
    text = unit * 50_000
    # The end, which would decide, is never reached.
    assert parse_deadline(text + " 2026-10-02", now=NOW) != utc("2026-10-02 23:59:59")
