import json
from datetime import UTC, datetime
from typing import Any

import pytest
from scrapy.http import HtmlResponse, JsonResponse

from outsource_scraper.items import PaymentType, Status
from outsource_scraper.spiders.truelancer import TruelancerSpider, payment_type, status

URL = "https://api.truelancer.com/api/v1/projects?page=1&listType=skill"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("number", [1, 12])
def test_pages(number: int) -> None:
    request = TruelancerSpider().listing_request(number)
    assert request.url == URL.replace("page=1", f"page={number}")
    assert request.method == "GET"


@pytest.mark.parametrize(
    ("projects", "number", "expected"),
    [
        ({"data": [{}], "last_page": 3}, 2, True),
        ({"data": [{}], "last_page": 3}, 3, False),
        # Where the number of pages is missing only an empty page ends the listing.
        ({"data": [{}]}, 3, True),
        ({"data": []}, 3, False),
    ],
)
def test_whether_the_listing_goes_on(projects: dict[str, Any], number: int, expected: bool) -> None:
    spider = TruelancerSpider()
    response = JsonResponse(URL, body=json.dumps({"projects": projects}).encode())
    assert spider.has_next(spider.open_page(response, number=number, now=NOW)) is expected


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"message": "Too Many Attempts."}', f"{URL} has no array of records at projects.data"),
        (
            b'<html><script id="__NEXT_DATA__" type="application/json">{"props":{}}</script></html>',
            f"{URL} has no array of records at projects.data",
        ),
        (
            b"<html>Please wait</html>",
            f'{URL} holds no \'<script id="__NEXT_DATA__" type="application/json">\'',
        ),
    ],
)
def test_an_answer_without_projects_is_rejected(body: bytes, reason: str) -> None:
    reading = TruelancerSpider().read_saved(HtmlResponse(URL, body=body), now=NOW)
    assert [rejected.reason for rejected in reading.rejected] == [reason]


@pytest.mark.parametrize(
    ("name", "number", "expected"),
    [
        ("Fixed", 1, PaymentType.FIXED),
        ("Fixed Price", None, PaymentType.FIXED),
        ("hourly", 3, PaymentType.HOURLY),
        (None, 3, PaymentType.HOURLY),
        (None, "3", PaymentType.HOURLY),
        # The name decides, and other numbers are not known.
        ("Contest", 3, None),
        (None, 1, None),
        (None, None, None),
    ],
)
def test_payment_type(name: object, number: object, expected: PaymentType | None) -> None:
    assert payment_type(name, number) is expected


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("Open", Status.OPEN),
        (1, Status.OPEN),
        (None, Status.OPEN),
        ("Closed", Status.CLOSED),
        ("completed", Status.CLOSED),
    ],
)
def test_status(stated: object, expected: Status) -> None:
    assert status(stated) is expected
