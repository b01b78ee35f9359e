from datetime import UTC, datetime
from pathlib import Path

import pytest
from scrapy.http import HtmlResponse

from outsource_scraper.spiders.freelanceru import FreelanceruSpider

HERE = Path(__file__).parent
URL = "https://freelance.ru/task"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("number", [1, 2, 105])
def test_pages(number: int) -> None:
    assert FreelanceruSpider().listing_request(number).url == f"{URL}?page={number}"


@pytest.mark.parametrize(("name", "expected"), [("listing.html", True), ("broken.html", False)])
def test_whether_the_listing_goes_on(name: str, expected: bool) -> None:
    spider = FreelanceruSpider()
    response = HtmlResponse(URL, body=(HERE / name).read_bytes())
    assert spider.has_next(spider.open_page(response, now=NOW)) is expected
