import json

import pytest
from scrapy.http import JsonResponse

from outsource_scraper.items import Status
from outsource_scraper.spiders.freelancehunt import API, FreelancehuntSpider, status


@pytest.mark.parametrize(("number", "page"), [(1, "1"), (7, "7")])
def test_a_page_is_asked_for_by_its_number_in_english(number: int, page: str) -> None:
    request = FreelancehuntSpider().listing_request(number)
    assert request.url == f"{API}?page%5Bnumber%5D={page}"
    assert request.headers["Accept-Language"] == b"en"
    assert request.meta["credential"] == "FREELANCEHUNT_TOKEN"


def test_words_are_not_sent_because_the_api_searches_none() -> None:
    assert (
        FreelancehuntSpider(query="php").listing_request(1).url
        == FreelancehuntSpider().listing_request(1).url
    )
    assert not FreelancehuntSpider.searches


@pytest.mark.parametrize(
    ("links", "more"),
    [
        ({"self": f"{API}?page[number]=1", "next": f"{API}?page[number]=2"}, True),
        ({"self": f"{API}?page[number]=9", "next": None}, False),
        ({"self": f"{API}?page[number]=9"}, False),
        (None, False),
    ],
)
def test_the_listing_goes_on_while_the_answer_links_further(links: object, more: bool) -> None:
    spider = FreelancehuntSpider()
    page = spider.open_page(JsonResponse(API, body=json.dumps({"data": [], "links": links}).encode()))
    assert list(spider.records(page)) == []
    assert spider.has_next(page) is more


@pytest.mark.parametrize(
    ("state", "expected"),
    [(11, Status.OPEN), (12, Status.CLOSED), (0, Status.CLOSED), (None, Status.UNKNOWN)],
)
def test_status(state: int | None, expected: Status) -> None:
    assert status(state) is expected
