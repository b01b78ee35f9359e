from decimal import Decimal
from pathlib import Path

import pytest
from scrapy.http import HtmlResponse

from outsource_scraper.commands.extract import saved_response
from outsource_scraper.spiders.lancers import PAGE_SIZE, LancersSpider, labelled, rating

HERE = Path(__file__).parent
URL = "https://www.lancers.jp/work/search"
CARD = '<div class="p-search-job-media"></div>'


def test_a_query_goes_to_the_platform_on_every_page() -> None:
    assert LancersSpider().listing_url(1) == f"{URL}?open=1&show_description=1&sort=started&page=1"
    assert LancersSpider(query="R&D 翻訳").listing_url(3) == (
        f"{URL}?open=1&show_description=1&sort=started&page=3&keyword=R%26D+%E7%BF%BB%E8%A8%B3"
    )


@pytest.mark.parametrize(
    ("page", "number", "more"),
    [("listing.html", 1, True), ("listing.html", 3, False), ("broken.html", 3, False)],
)
def test_the_listing_goes_on_where_the_pager_links_to_a_later_page(
    page: str, number: int, more: bool
) -> None:
    spider = LancersSpider()
    assert spider.has_next(spider.open_page(saved_response(HERE / page, URL), number=number)) is more


@pytest.mark.parametrize(
    ("body", "more"),
    [
        (CARD * PAGE_SIZE, True),
        (CARD * (PAGE_SIZE - 1), False),
        ('<a href="?open=1&amp;page=10">10</a>', True),
        ('<a href="?open=1&amp;page=9">9</a>', False),
        ('<a href="?landing_page=12">landing</a>', False),
        ("<p>該当する仕事はありません</p>", False),
    ],
)
def test_without_a_pager_a_full_page_goes_on(body: str, more: bool) -> None:
    spider = LancersSpider()
    response = HtmlResponse(URL, body=body, encoding="utf-8")
    assert spider.has_next(spider.open_page(response, number=9)) is more


def test_what_stands_beside_the_cards_is_no_record() -> None:
    body = '<aside><a href="/work/detail/1">新着</a></aside>'
    assert LancersSpider().read_saved(HtmlResponse(URL, body=body, encoding="utf-8")).records == 0


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["当選者数 0 人 / 募集人数 2 人"], {"当選者数": "0", "募集人数": "2"}),
        (["当選者数1,040件/募集人数2,000件"], {"当選者数": "1,040", "募集人数": "2,000"}),
        (["提案 18 件", "発注 7", "評価 3.6"], {"提案": "18", "発注": "7", "評価": "3.6"}),
        (["発注", "12"], {}),
        ([], {}),
    ],
)
def test_labelled(texts: list[str], expected: dict[str, str]) -> None:
    assert labelled(texts) == expected


def test_a_word_without_end_is_no_label_to_search_for_hours() -> None:
    assert labelled(["提" * 500_000]) == {}


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("3.6", Decimal("3.6")),
        ("5", Decimal(5)),
        ("4.0", Decimal(4)),
        ("0", None),
        ("5.1", None),
        ("3.", None),
        (None, None),
    ],
)
def test_rating(stated: str | None, expected: Decimal | None) -> None:
    assert rating(stated) == expected
