import html
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from scrapy.http import HtmlResponse

from outsource_scraper.items import PaymentType
from outsource_scraper.spiders.workana import WorkanaSpider, categories, named, payment_type, rating

URL = "https://www.workana.com/jobs?page=1"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("arguments", "number", "query"),
    [
        ({}, 1, "page=1"),
        ({}, 7, "page=7"),
        ({"query": "diseño & web"}, 2, "page=2&query=dise%C3%B1o+%26+web"),
    ],
)
def test_pages(arguments: dict[str, str], number: int, query: str) -> None:
    request = WorkanaSpider(**arguments).listing_request(number)
    assert request.url == f"https://www.workana.com/jobs?{query}"


@pytest.mark.parametrize(
    ("state", "number", "expected"),
    [
        ({"results": [{}], "pagination": {"pages": 3}}, 2, True),
        ({"results": [{}], "pagination": {"pages": 3}}, 3, False),
        # Where the number of pages is missing only an empty page ends the listing.
        ({"results": [{}]}, 3, True),
        ({"results": []}, 3, False),
    ],
)
def test_whether_the_listing_goes_on(state: dict[str, Any], number: int, expected: bool) -> None:
    spider = WorkanaSpider()
    body = f"<search :results-initials='{html.escape(json.dumps(state))}'></search>"
    page = spider.open_page(HtmlResponse(URL, body=body, encoding="utf-8"), number=number, now=NOW)
    assert spider.has_next(page) is expected


def test_a_listing_that_is_never_whole_closes_nothing() -> None:
    assert WorkanaSpider.whole_listing is False


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html><body>Just a moment...</body></html>", f"{URL} holds no attribute ':results-initials'"),
        (
            b"<search :results-initials='{&quot;results&quot;:null}'></search>",
            f"{URL} has no array of records at results",
        ),
    ],
)
def test_a_page_without_projects_is_rejected(body: bytes, reason: str) -> None:
    reading = WorkanaSpider().read_saved(HtmlResponse(URL, body=body), now=NOW)
    assert [rejected.reason for rejected in reading.rejected] == [reason]


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ('<a href="/job/x"><span title="All of it">All...</span></a>', "All of it"),
        ("<span title='It&#39;s all'>It...</span>", "It's all"),
        ('<span title="">What it holds</span>', "What it holds"),
        ("<strong>Plain</strong>", "Plain"),
        ('<img src="/cl.png" alt="Chile">', "Chile"),
        ("", None),
        (None, None),
    ],
)
def test_named(markup: str | None, expected: str | None) -> None:
    assert named(markup) == expected


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("Text.<br>Category: Design<br>Subcategory: Logos", ("Design", "Logos")),
        ("Text.&lt;br/&gt;Categoria: Vendas", ("Vendas", None)),
        ("<p>Texto.</p><p><b>Subcategoría</b>: Blogs</p>", (None, "Blogs")),
        ("Which category: I do not know.", (None, None)),
        ("Text.<br>Category:", (None, None)),
        (None, (None, None)),
    ],
)
def test_categories(description: str | None, expected: tuple[str | None, str | None]) -> None:
    assert categories(description) == expected


def test_tags_that_do_not_end_are_not_searched_for_hours() -> None:
    assert categories("<br " * 300_000) == (None, None)


@pytest.mark.parametrize(
    ("is_hourly", "expected"), [(True, PaymentType.HOURLY), (False, PaymentType.FIXED), (None, None)]
)
def test_payment_type(is_hourly: bool | None, expected: PaymentType | None) -> None:
    assert payment_type(is_hourly) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("4.83", Decimal("4.83")), ("0.00", None), (5, Decimal(5)), ("48.3", None), (None, None)],
)
def test_rating(value: object, expected: Decimal | None) -> None:
    assert rating(value) == expected
