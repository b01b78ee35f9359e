import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from scrapy.http import HtmlResponse, JsonResponse

from outsource_scraper.commands.extract import saved_response
from outsource_scraper.items import PaymentType
from outsource_scraper.normalize.money import Budget
from outsource_scraper.spiders.crowdworks import CrowdworksSpider, budget, payment

HERE = Path(__file__).parent
URL = "https://crowdworks.jp/public/jobs/search"


def test_a_query_goes_to_the_platform_on_every_page() -> None:
    assert CrowdworksSpider().listing_url(1) == f"{URL}?order=new&hide_expired=true&page=1"
    assert CrowdworksSpider(query="在庫 & 棚卸し").listing_url(2) == (
        f"{URL}?order=new&hide_expired=true&page=2"
        "&search%5Bkeywords%5D=%E5%9C%A8%E5%BA%AB+%26+%E6%A3%9A%E5%8D%B8%E3%81%97"
    )


@pytest.mark.parametrize(
    ("page", "more"), [("listing.html", True), ("last-page.html", False), ("jobs.json", False)]
)
def test_the_listing_goes_on_as_far_as_the_page_counts(page: str, more: bool) -> None:
    spider = CrowdworksSpider()
    assert spider.has_next(spider.open_page(saved_response(HERE / page, URL))) is more


@pytest.mark.parametrize(
    ("pages", "number", "more"),
    [
        ({"total_page": 4}, 3, True),
        ({"total_page": 4}, 4, False),
        ({"current_page": 2, "total_page": 2}, 1, False),
        ({"current_page": 1, "total_page": 0}, 1, False),
        ({}, 1, False),
        (None, 1, False),
    ],
)
def test_a_page_that_does_not_name_its_number_is_the_one_asked_for(
    pages: dict[str, int] | None, number: int, more: bool
) -> None:
    spider = CrowdworksSpider()
    body = json.dumps({"searchResult": {"job_offers": [], "page": pages}}).encode()
    assert spider.has_next(spider.open_page(JsonResponse(URL, body=body), number=number)) is more


def test_the_paid_places_are_no_records() -> None:
    advertised = {"job_offer": {"id": 1, "title": "広告"}}
    document = {"searchResult": {"job_offers": [], "pr_diamond": [advertised], "pr_gold": [advertised]}}
    reading = CrowdworksSpider().read_saved(JsonResponse(URL, body=json.dumps(document).encode()))
    assert reading.records == 0


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'<div id="vue-container" data="{&quot;a"></div>', f"{URL} is not JSON"),
        (b'<div id="vue-container" data="{}"></div>', f"{URL} has no array of records"),
        (b'{"searchResult": {"job_offers": null}}', f"{URL} has no array of records"),
    ],
)
def test_a_page_without_the_jobs_is_rejected_whole(body: bytes, reason: str) -> None:
    reading = CrowdworksSpider().read_saved(HtmlResponse(URL, body=body))
    assert reading.projects == []
    assert [rejected.reason.startswith(reason) for rejected in reading.rejected] == [True]


@pytest.mark.parametrize(
    ("ways", "expected"),
    [
        ({"task_payment": {"task_price": 7.0}}, ("task_payment", {"task_price": 7.0})),
        (
            {"hourly_payment": None, "fixed_price_payment": {"max_budget": 5.0}},
            ("fixed_price_payment", {"max_budget": 5.0}),
        ),
        ({}, (None, {})),
        (None, (None, {})),
        ([], (None, {})),
    ],
)
def test_a_job_is_paid_in_one_way(ways: Any, expected: tuple[str | None, dict[str, Any]]) -> None:
    assert payment(ways) == expected


@pytest.mark.parametrize(
    ("kind", "terms", "expected"),
    [
        (
            "fixed_price_payment",
            {"min_budget": 5000.0, "max_budget": 10000.0},
            Budget(Decimal(5000), Decimal(10000), "JPY", PaymentType.FIXED),
        ),
        (
            "fixed_price_payment",
            {"min_budget": 0.0, "max_budget": 5000.0},
            Budget(None, Decimal(5000), "JPY", PaymentType.FIXED),
        ),
        (
            "fixed_price_payment",
            {"min_budget": None, "max_budget": None},
            Budget(None, None, None, PaymentType.FIXED),
        ),
        (
            "hourly_payment",
            {"min_hourly_wage": 1200, "max_hourly_wage": None},
            Budget(Decimal(1200), None, "JPY", PaymentType.HOURLY),
        ),
        (
            "fixed_price_writing_payment",
            {"article_price": 600.0, "min_articles_length": 500.0},
            Budget(Decimal(600), Decimal(600), "JPY", PaymentType.FIXED),
        ),
        (
            "task_payment",
            {"task_price": 5.5, "estimated_work_minutes": 3},
            Budget(Decimal("5.5"), Decimal("5.5"), "JPY", PaymentType.FIXED),
        ),
        (
            "competition_payment",
            {"competition_price": 33000},
            Budget(Decimal(33000), Decimal(33000), "JPY", PaymentType.FIXED),
        ),
        ("royalty_payment", {"rate": 5}, Budget()),
        (None, {}, Budget()),
    ],
)
def test_budget(kind: str | None, terms: dict[str, Any], expected: Budget) -> None:
    assert budget(kind, terms, "JPY") == expected
