import json
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from scrapy.crawler import Crawler
from scrapy.http import JsonResponse

from outsource_scraper.items import Status
from outsource_scraper.spiders.freelancer import API, PER_PAGE, FreelancerSpider, client_rating, status


def parameters(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query)


def test_a_page_is_an_offset_into_the_newest_projects() -> None:
    first, third = (parameters(FreelancerSpider().listing_request(number).url) for number in (1, 3))
    assert (first["offset"], third["offset"]) == (["0"], [str(2 * PER_PAGE)])
    assert first["sort_field"] == ["time_submitted"]
    assert "query" not in first


def test_a_query_goes_to_the_api() -> None:
    request = FreelancerSpider(query="C++ & Qt").listing_request(2)
    assert parameters(request.url)["query"] == ["C++ & Qt"]


def test_a_token_is_sent_as_a_header_and_never_in_the_url() -> None:
    spider = FreelancerSpider.from_crawler(Crawler(FreelancerSpider, {"FREELANCER_TOKEN": "s3cret"}))
    request = spider.listing_request(1)
    assert request.headers["Freelancer-OAuth-V1"] == b"s3cret"
    assert "s3cret" not in request.url


@pytest.mark.parametrize("settings", [{}, {"FREELANCER_TOKEN": None}, {"FREELANCER_TOKEN": ""}])
def test_without_a_token_no_header_is_sent(settings: dict[str, str | None]) -> None:
    spider = FreelancerSpider.from_crawler(Crawler(FreelancerSpider, settings))
    assert "Freelancer-OAuth-V1" not in spider.listing_request(1).headers


@pytest.mark.parametrize(
    ("number", "total", "records", "more"),
    [
        (1, 101, 100, True),
        (1, 100, 100, False),
        (2, 101, 1, False),
        # Hidden projects are left out of an answer, so a short page is not the last one.
        (1, 101, 60, True),
        (1, None, 100, True),
        (1, None, 99, False),
    ],
)
def test_the_listing_goes_on_until_the_total_is_reached(
    number: int, total: int | None, records: int, more: bool
) -> None:
    answer = {"result": {"projects": [{"id": at} for at in range(records)], "total_count": total}}
    spider = FreelancerSpider()
    page = spider.open_page(JsonResponse(API, body=json.dumps(answer).encode()), number=number)
    assert spider.has_next(page) is more


@pytest.mark.parametrize(
    ("stated", "expected"),
    [("active", Status.OPEN), ("frozen", Status.CLOSED), ("closed", Status.CLOSED), (None, Status.UNKNOWN)],
)
def test_status(stated: str | None, expected: Status) -> None:
    assert status(stated) is expected


@pytest.mark.parametrize(
    ("history", "rating"),
    [
        ({"overall": 4.9, "reviews": 27}, Decimal("4.9")),
        ({"overall": 5, "reviews": 1}, Decimal(5)),
        ({"overall": 0, "reviews": 0}, None),
        ({"overall": 5, "reviews": 0}, None),
        ({"overall": 4.5}, Decimal("4.5")),
        ({}, None),
        (None, None),
    ],
)
def test_a_client_whom_nobody_rated_has_no_rating(history: object, rating: Decimal | None) -> None:
    assert client_rating(history) == rating
