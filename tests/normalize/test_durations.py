"""The length of a work in days."""

from __future__ import annotations

import pytest

from outsource_scraper.normalize.durations import parse_duration_days


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("예상 기간 30일", 30),
        ("예상 기간3일", 3),
        ("300일", 300),
        ("30일간", 30),
        ("3개월", 90),
        ("3개월 이상", 90),
        ("2주", 14),
        ("2주일", 14),
        ("일주일", 7),
        ("한 달", 30),
        ("1년", 365),
        ("1년 6개월", 545),
        ("2주 3일", 17),
        ("1.5개월", 45),
        ("1~3개월", 90),
        ("1개월 ~ 3개월", 90),
        ("Срок: 30 дней", 30),
        ("1 день", 1),
        ("2 недели", 14),
        ("от 1 до 3 месяцев", 90),
        ("полгода, или 6 мес.", 180),
        ("2 тижні", 14),
        ("1-3 months", 90),
        ("1 to 3 months", 90),
        ("1 month to 3 months", 90),
        ("1 week – 2 weeks", 14),
        ("6+ months", 180),
        ("6 + months", 180),
        ("More than 6 months", 180),
        ("Less than 1 month", 30),
        ("one month", 30),
        ("1 year", 365),
        ("10 days", 10),
        ("40 hours per week for 6 months", 180),
        ("20 hours a week, 3 months", 90),
        ("3 months, 30 hrs/week", 90),
        ("3 Monate à 40 Stunden", 90),
        ("4 hours daily, 2 weeks", 14),
        ("1 day 12 hours", 1),
        ("2.5 days", 3),
        ("3 Monate", 90),
        ("ein Monat", 30),
        ("2 Wochen", 14),
        ("3 bis 4 Wochen", 28),
        ("3 Monate+", 90),
        ("6 mois", 180),
        ("2 à 3 mois", 90),
        ("un an", 365),
        ("10 jours", 10),
        ("2 semanas", 14),
        ("1 mes", 30),
        ("de 1 a 3 meses", 90),
        ("2 anos", 730),
        ("3〜6ヶ月", 180),
        ("3ヶ月", 90),
        ("2週間", 14),
        ("１０日間", 10),
        ("100 years", 36_500),
        ("30", 30),
        (" 30 ", 30),
        (30, 30),
        (1, 1),
        (36_500, 36_500),
    ],
)
def test_length(text: str | int, days: int) -> None:
    assert parse_duration_days(text) == days


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "   ",
        "장기",
        "по договоренности",
        "10-30 hrs/wk",
        "10-30 hrs/week",
        "40 hours",
        "3 days per week",
        "3 Tage pro Woche",
        "2 days/week",
        "20 hours a week",
        "주 3일",
        "주3일",
        "8월 5일",
        "2026년",
        "2026 г.",
        "0 days",
        "0일",
        "0",
        0,
        -3,
        36_501,
        10**400,
        "101 years",
        "9" * 150 + " days",
        "1,000 days",
        "3 dayspring",
        "months",
    ],
)
def test_no_length(text: str | int | None) -> None:
    assert parse_duration_days(text) is None


@pytest.mark.parametrize("unit", ["1", "1 ", "1 day ", "1 d. ", "- ", "일주일", "1일", "one ", "1+ "])
def test_a_long_text_is_read_no_further_than_its_beginning(unit: str) -> None:
    assert parse_duration_days(unit * 50_000 + " 7777 days") != 7777
