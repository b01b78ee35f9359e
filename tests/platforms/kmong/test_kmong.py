import json
from datetime import UTC, datetime
from typing import Any

import pytest
from scrapy.http import JsonResponse

from outsource_scraper.spiders.kmong import KmongSpider, category

URL = "https://kmong.com/api/custom-project/v1/requests"


def test_a_query_goes_to_the_platform_on_every_page() -> None:
    assert KmongSpider(query="예약 & 결제").listing_url(2) == (
        f"{URL}?q=%EC%98%88%EC%95%BD+%26+%EA%B2%B0%EC%A0%9C&sort=CREATED_AT&page=2&per_page=50"
    )


@pytest.mark.parametrize(
    ("answer", "number", "more"),
    [
        ({"next_page_link": "https://kmong.com/...", "last_page": 1}, 1, True),
        ({"next_page_link": None, "last_page": 9}, 3, False),
        ({"last_page": 3}, 2, True),
        ({"last_page": 3}, 3, False),
        ({}, 1, False),
    ],
)
def test_whether_the_listing_goes_on(answer: dict[str, Any], number: int, more: bool) -> None:
    spider = KmongSpider()
    page = spider.open_page(JsonResponse(URL, body=json.dumps(answer).encode()), number=number)
    assert spider.has_next(page) is more


@pytest.mark.parametrize(
    ("now", "days_left", "expected"),
    [
        # Noon in Seoul.
        (datetime(2026, 11, 1, 3, tzinfo=UTC), 1, datetime(2026, 11, 2, 14, 59, 59, tzinfo=UTC)),
        # Half past midnight in Seoul: its day is not that of UTC.
        (datetime(2026, 11, 1, 15, 30, tzinfo=UTC), 0, datetime(2026, 11, 2, 14, 59, 59, tzinfo=UTC)),
        (datetime(2026, 11, 1, 3, tzinfo=UTC), "30", datetime(2026, 12, 1, 14, 59, 59, tzinfo=UTC)),
        (datetime(2026, 11, 1, 3, tzinfo=UTC), -1, None),
        (datetime(2026, 11, 1, 3, tzinfo=UTC), "상시", None),
    ],
)
def test_days_left_count_from_the_day_in_korea(
    now: datetime, days_left: Any, expected: datetime | None
) -> None:
    answer = {"requests": [{"id": 1, "title": "제목", "deadline": days_left}]}
    reading = KmongSpider().read_saved(JsonResponse(URL, body=json.dumps(answer).encode()), now=now)
    assert [project.deadline_at for project in reading.projects] == [expected]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"breadcrumb": " 디자인 /  로고 "}, "디자인 / 로고"),
        ({"breadcrumb": "", "category": {"cat1_name": "디자인", "cat2_name": "로고"}}, "디자인 / 로고"),
        ({"category": {"cat1_name": "디자인", "cat2_name": None}}, "디자인"),
        ({"category": None}, None),
        ({}, None),
    ],
)
def test_category(record: dict[str, Any], expected: str | None) -> None:
    assert category(record) == expected
