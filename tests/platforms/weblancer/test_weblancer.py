import pytest
from scrapy.http import HtmlResponse

from outsource_scraper.spiders.weblancer import WeblancerSpider

HOME = "https://www.weblancer.net/freelance/"


@pytest.mark.parametrize(("number", "url"), [(1, HOME), (2, f"{HOME}?page=2")])
def test_pages_are_numbered(number: int, url: str) -> None:
    assert WeblancerSpider().listing_request(number).url == url


@pytest.mark.parametrize(
    ("number", "link", "more"),
    [
        (1, "/freelance/?page=2", True),
        (1, "?sort=new&amp;page=2&amp;x=1", True),
        (1, "/freelance/?page=20", False),
        (2, "/freelance/?page=2", False),
        (2, "/freelance/?page=3", True),
    ],
)
def test_the_listing_goes_on_where_the_next_page_is_linked(number: int, link: str, more: bool) -> None:
    spider = WeblancerSpider()
    response = HtmlResponse(HOME, body=f'<nav><a href="{link}">x</a></nav>', encoding="utf-8")
    assert spider.has_next(spider.open_page(response, number=number)) is more


def test_pages_are_rendered_and_their_end_proves_nothing() -> None:
    assert WeblancerSpider.browser
    assert not WeblancerSpider.whole_listing
