from datetime import UTC, datetime
from pathlib import Path

import pytest
from scrapy.http import HtmlResponse

from outsource_scraper.spiders.flru import FlruSpider, answers, kind_and_place

HERE = Path(__file__).parent
URL = "https://www.fl.ru/projects/"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(("number", "url"), [(1, URL), (2, URL + "page-2/"), (40, URL + "page-40/")])
def test_pages(number: int, url: str) -> None:
    assert FlruSpider().listing_request(number).url == url


@pytest.mark.parametrize(("name", "expected"), [("listing.html", True), ("broken.html", False)])
def test_whether_the_listing_goes_on(name: str, expected: bool) -> None:
    spider = FlruSpider()
    response = HtmlResponse(URL, body=(HERE / name).read_bytes())
    assert spider.has_next(spider.open_page(response, now=NOW)) is expected


def test_a_page_in_another_charset_reads_the_same() -> None:
    text = (HERE / "listing.html").read_text("utf-8")
    body = text.replace('charset="utf-8"', 'charset="windows-1251"').encode(
        "windows-1251", "xmlcharrefreplace"
    )
    expected = FlruSpider().read_saved(HtmlResponse(URL, body=text, encoding="utf-8"), now=NOW)
    assert FlruSpider().read_saved(HtmlResponse(URL, body=body), now=NOW) == expected


def test_what_is_no_html_rejects_the_page() -> None:
    reading = FlruSpider().read_saved(HtmlResponse(URL, body=b"503 busy", encoding="utf-8"), now=NOW)
    assert [rejected.reason for rejected in reading.rejected] == [
        "https://www.fl.ru/projects/ is not HTML: it begins with '503 busy'"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Заказ", ("Заказ", None)),
        ("Вакансия", ("Вакансия", None)),
        ("Вакансия (Россия, Сургут)", ("Вакансия", "Россия, Сургут")),
        ("Вакансия ()", ("Вакансия", None)),
        (None, (None, None)),
    ],
)
def test_kind_and_place(text: str | None, expected: tuple) -> None:
    assert kind_and_place(text) == expected


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("31 ответ", 31),
        ("1 204 ответа", 1204),
        ("Нет ответов", 0),
        ("Исполнитель определён", None),
        (None, None),
    ],
)
def test_answers(text: str | None, count: int | None) -> None:
    assert answers(text) == count
