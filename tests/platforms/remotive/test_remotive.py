from decimal import Decimal

import pytest

from outsource_scraper.items import PaymentType
from outsource_scraper.normalize.money import Budget
from outsource_scraper.spiders.remotive import API, RemotiveSpider, offers_project, rate


def test_a_query_goes_to_the_api() -> None:
    assert RemotiveSpider().listing_request(1).url == API
    assert RemotiveSpider(query="C++ & Qt").listing_request(1).url == f"{API}?search=C%2B%2B+%26+Qt"


@pytest.mark.parametrize(
    ("kind", "title", "expected"),
    [
        ("contract", "Cook", True),
        ("freelance", "Cook", True),
        ("Freelance", "Cook", True),
        ("full_time", "Freelance Cook", False),
        ("part_time", "Cook (Contract)", False),
        ("internship", "Cook", False),
        ("other", "Cook", False),
        (None, "Cook", False),
        (None, "Freelance Cook", True),
    ],
)
def test_the_type_decides_and_the_title_where_there_is_none(
    kind: str | None, title: str, expected: bool
) -> None:
    assert offers_project(kind, title, []) is expected


@pytest.mark.parametrize(
    ("salary", "expected"),
    [
        ("$80 - $120 /hour", Budget(Decimal(80), Decimal(120), "USD", PaymentType.HOURLY)),
        ("€500/day", Budget(Decimal(500), Decimal(500), "EUR", PaymentType.DAILY)),
        ("$6,000 - $8,000 per month", Budget(Decimal(6000), Decimal(8000), "USD", PaymentType.MONTHLY)),
        ("$2,000 fixed", Budget(Decimal(2000), Decimal(2000), "USD", PaymentType.FIXED)),
    ],
)
def test_pay_with_a_unit_is_a_budget(salary: str, expected: Budget) -> None:
    assert rate(salary) == expected


@pytest.mark.parametrize(
    "salary",
    [
        "$55k - $100k",
        "OTE $25k - $35k",
        "$120,000 annual",
        "$120k/yr, paid monthly",
        "$90k p.a. (day rate possible)",
        "$2,000 per week",
        "competitive",
        "",
        None,
    ],
)
def test_pay_by_the_year_or_without_a_unit_is_none(salary: str | None) -> None:
    assert rate(salary) == Budget()
