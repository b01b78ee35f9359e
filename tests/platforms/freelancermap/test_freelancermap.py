import json
from datetime import UTC, datetime
from typing import Any

import pytest
from scrapy.http import HtmlResponse, JsonResponse

from outsource_scraper.items import WorkType
from outsource_scraper.spiders.freelancermap import (
    FreelancermapSpider,
    country_of,
    duration,
    link_of,
    place,
    start,
    work_type,
)

URL = "https://www.freelancermap.de/projekte"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("arguments", "number", "query"),
    [
        ({}, 1, "query=&pagenr=1"),
        ({}, 12, "query=&pagenr=12"),
        ({"query": "C++ & Qt"}, 2, "query=C%2B%2B+%26+Qt&pagenr=2"),
    ],
)
def test_pages(arguments: dict[str, str], number: int, query: str) -> None:
    assert FreelancermapSpider(**arguments).listing_request(number).url == f"{URL}?{query}"


@pytest.mark.parametrize(
    ("pagination", "number", "expected"),
    [
        ({"currentPage": 1, "totalPages": 3}, 1, True),
        ({"currentPage": 3, "totalPages": 3}, 3, False),
        # The first page again, where the second was asked for.
        ({"currentPage": 1, "totalPages": 3}, 2, False),
        ({"currentPage": 1}, 1, False),
        (None, 1, False),
    ],
)
def test_whether_the_listing_goes_on(pagination: dict[str, Any] | None, number: int, expected: bool) -> None:
    spider = FreelancermapSpider()
    state = {"initialResults": [], "initialPagination": pagination}
    body = f'<script data-component-name="ProjectSearch">{json.dumps(state)}</script>'
    page = spider.open_page(HtmlResponse(URL, body=body, encoding="utf-8"), number=number, now=NOW)
    assert spider.has_next(page) is expected


def test_a_listing_that_is_a_window_closes_nothing() -> None:
    assert FreelancermapSpider.whole_listing is False


def test_scripts_that_do_not_end_are_not_searched_for_hours() -> None:
    reading = FreelancermapSpider().read_saved(HtmlResponse(URL, body=b"<script " * 1_000_000), now=NOW)
    assert len(reading.rejected) == 1


def test_json_that_is_cut_off_rejects_the_page() -> None:
    reading = FreelancermapSpider().read_saved(JsonResponse(URL, body=b'{"initialResults": [{"id":'), now=NOW)
    assert [rejected.reason.partition(" (")[0] for rejected in reading.rejected] == [f"{URL} is not JSON"]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"slug": "a-b"}, "https://www.freelancermap.de/projekt/a-b"),
        ({"slug": "a-b", "links": {"project": "/projekt/c?x=1#y"}}, "https://www.freelancermap.de/projekt/c"),
        (
            {"links": {"project": "https://www.freelancermap.com/project/d"}},
            "https://www.freelancermap.com/project/d",
        ),
    ],
)
def test_link_of(record: dict[str, Any], expected: str) -> None:
    assert link_of(record) == expected


@pytest.mark.parametrize(
    ("country", "expected"),
    [({"iso2": "AT", "name": "x"}, "AT"), ("Deutschland", "DE"), ({}, None), ("", None), (None, None)],
)
def test_country_of(country: object, expected: str | None) -> None:
    assert country_of(country) == expected


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"locations": [{"name": "Ulm"}, {"name": " Ulm "}, {"name": None}], "city": "Bonn"}, "Ulm"),
        ({"locations": [], "city": "Bonn"}, "Bonn"),
        ({"locations": None, "city": None}, None),
    ],
)
def test_place(record: dict[str, Any], expected: str | None) -> None:
    assert place(record) == expected


@pytest.mark.parametrize(
    ("percent", "expected"),
    [
        (100, WorkType.REMOTE),
        (0, WorkType.ONSITE),
        (1, WorkType.HYBRID),
        (99, WorkType.HYBRID),
        (None, None),
    ],
)
def test_work_type(percent: int | None, expected: WorkType | None) -> None:
    assert work_type(percent) is expected


@pytest.mark.parametrize(
    ("text", "months", "expected"),
    [
        ("6 Monate", 9, 180),
        ("langfristig", 9, 270),
        (None, "2", 60),
        (None, 0, None),
        ("langfristig", None, None),
        (None, None, None),
    ],
)
def test_duration(text: str | None, months: object, expected: int | None) -> None:
    assert duration(text, months) == expected


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"beginningText": "ab  sofort", "beginningMonth": 3, "beginningYear": 2027}, "ab sofort"),
        ({"beginningMonth": 3, "beginningYear": 2027}, "3/2027"),
        ({"beginningMonth": 3}, None),
        ({}, None),
    ],
)
def test_start(record: dict[str, Any], expected: str | None) -> None:
    assert start(record) == expected
