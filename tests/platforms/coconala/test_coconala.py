from pathlib import Path

import pytest
from scrapy.http import HtmlResponse

from outsource_scraper.commands.extract import saved_response
from outsource_scraper.items import Status
from outsource_scraper.spiders.coconala import PAGE_SIZE, CoconalaSpider, status

HERE = Path(__file__).parent
URL = "https://coconala.com/requests"
TILE = '<div class="c-searchItemWrapper"></div>'


def test_a_query_goes_to_the_platform_on_every_page() -> None:
    assert CoconalaSpider().listing_url(1) == f"{URL}?sort=new&recruiting=true&page=1"
    assert CoconalaSpider(query="チラシ & 印刷").listing_url(2) == (
        f"{URL}?sort=new&recruiting=true&page=2&keyword=%E3%83%81%E3%83%A9%E3%82%B7+%26+%E5%8D%B0%E5%88%B7"
    )


@pytest.mark.parametrize(("page", "more"), [("listing.html", True), ("broken.html", False)])
def test_the_listing_goes_on_until_the_next_page_is_disabled(page: str, more: bool) -> None:
    spider = CoconalaSpider()
    assert spider.has_next(spider.open_page(saved_response(HERE / page, URL))) is more


@pytest.mark.parametrize(("tiles", "more"), [(PAGE_SIZE, True), (PAGE_SIZE - 1, False), (0, False)])
def test_without_a_pager_a_full_page_goes_on(tiles: int, more: bool) -> None:
    spider = CoconalaSpider()
    response = HtmlResponse(URL, body=f"<main>{TILE * tiles}</main>", encoding="utf-8")
    assert spider.has_next(spider.open_page(response)) is more


@pytest.mark.parametrize(
    ("remaining", "expected"),
    [
        ("あと7日 （11月8日まで）", Status.OPEN),
        ("本日終了", Status.OPEN),
        ("募集終了", Status.CLOSED),
        (None, Status.UNKNOWN),
    ],
)
def test_status(remaining: str | None, expected: Status) -> None:
    assert status(remaining) is expected
