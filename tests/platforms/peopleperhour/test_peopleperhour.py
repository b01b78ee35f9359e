import json
from datetime import UTC, datetime
from typing import Any

import pytest
from scrapy.http import HtmlResponse

from outsource_scraper.items import Status
from outsource_scraper.spiders.peopleperhour import PeopleperhourSpider, status

URL = "https://www.peopleperhour.com/freelance-jobs"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("arguments", "number", "query"),
    [
        ({}, 1, "page=1&sort=latest"),
        ({}, 12, "page=12&sort=latest"),
        ({"query": "café & bar"}, 2, "page=2&sort=latest&keyword=caf%C3%A9+%26+bar"),
    ],
)
def test_pages(arguments: dict[str, str], number: int, query: str) -> None:
    assert PeopleperhourSpider(**arguments).listing_request(number).url == f"{URL}?{query}"


@pytest.mark.parametrize(
    ("main", "number", "expected"),
    [
        ({"data": [{"id": "1"}], "meta": {"total-pages": 3}}, 1, True),
        ({"data": [{"id": "1"}], "meta": {"total-pages": 3}}, 2, True),
        ({"data": [{"id": "1"}], "meta": {"total-pages": 3}}, 3, False),
        # Where the number of pages is missing only an empty page ends the listing.
        ({"data": [{"id": "1"}], "meta": {}}, 9, True),
        ({"data": [], "meta": {}}, 9, False),
    ],
)
def test_whether_the_listing_goes_on(main: dict[str, Any], number: int, expected: bool) -> None:
    spider = PeopleperhourSpider()
    body = f"<script>window.PPHReact.initialState={json.dumps({'freelanceJobs': {'main': main}})};</script>"
    page = spider.open_page(HtmlResponse(URL, body=body, encoding="utf-8"), number=number, now=NOW)
    assert spider.has_next(page) is expected


def test_a_state_without_the_main_list_rejects_the_page() -> None:
    body = b'<script>window.PPHReact.initialState={"freelanceJobs":{"featured":{"data":[]}}};</script>'
    reading = PeopleperhourSpider().read_saved(HtmlResponse(URL, body=body), now=NOW)
    assert [rejected.reason for rejected in reading.rejected] == [
        f"the state of {URL} has no array at freelanceJobs.main.data"
    ]


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("open", Status.OPEN),
        (None, Status.OPEN),
        ("closed", Status.CLOSED),
        ("completed", Status.CLOSED),
        ("draft", Status.UNKNOWN),
    ],
)
def test_status(stated: str | None, expected: Status) -> None:
    assert status(stated) is expected
