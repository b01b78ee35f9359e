from decimal import Decimal
from typing import Any

import pytest

from outsource_scraper.items import PaymentType
from outsource_scraper.normalize.money import Budget
from outsource_scraper.spiders._jobboards import is_project, one_country, read_pay, skills_of


@pytest.mark.parametrize(
    ("title", "tags"),
    [
        ("Backend Developer", ["python", "contract"]),
        ("Backend Developer", ["Freelance"]),
        ("Freelance Translator", []),
        ("Translators Freelancers Wanted", []),
        ("Graphic Designer Contract to Perm", []),
        ("Graphic Designer Contract-to-Hire", []),
        ("Data Engineer (Contract)", []),
        ("Data Engineer (6 Month Contract) EMEA", []),
        ("Data Engineer Contractor", []),
        ("Data Engineer contract role", []),
        (None, ["contractor"]),
    ],
)
def test_a_posting_that_says_so_is_a_project(title: str | None, tags: list[str]) -> None:
    assert is_project(title, tags)


@pytest.mark.parametrize(
    ("title", "tags"),
    [
        ("Backend Developer", ["python", "dev"]),
        ("Contract Manager", ["legal"]),
        ("Smart Contract Engineer", ["solidity"]),
        ("Auditor Smart Contract", []),
        ("Contracts Administrator", ["contracts"]),
        ("Subcontractor Relations Lead", []),
        ("Head of Contracting", []),
        (None, []),
    ],
)
def test_employment_is_none(title: str | None, tags: list[str]) -> None:
    assert not is_project(title, tags)


def test_a_tag_of_the_engagement_is_no_skill() -> None:
    assert skills_of(["reactjs", "Contract", "Freelancer", "falconry"]) == ["React", "falconry"]


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ("Canada", "CA"),
        ("USA Only", "US"),
        ("USA, CST (UTC-6)", "US"),
        ("Lisbon, Portugal", "PT"),
        ("Japan - Remote", "JP"),
        ("EMEA,  LATAM,  Canada,  USA", None),
        ("LATAM, Spain", None),
        ("Americas, Europe, Israel", None),
        ("USA, Canada", None),
        ("Worldwide", None),
        ("Anywhere", None),
        ("", None),
        (None, None),
    ],
)
def test_only_one_country_is_the_country(places: str | None, expected: str | None) -> None:
    assert one_country(places) == expected


@pytest.mark.parametrize(
    ("pay", "expected"),
    [
        ((50, 70, "USD", "hourly"), Budget(Decimal(50), Decimal(70), "USD", PaymentType.HOURLY)),
        (("90", "90", "eur", "Hourly"), Budget(Decimal(90), Decimal(90), "EUR", PaymentType.HOURLY)),
        ((420, 380, "GBP", "daily"), Budget(Decimal(380), Decimal(420), "GBP", PaymentType.DAILY)),
        ((6000, None, "USD", "monthly"), Budget(Decimal(6000), None, "USD", PaymentType.MONTHLY)),
        ((0, 45.5, "USD", "hourly"), Budget(None, Decimal("45.5"), "USD", PaymentType.HOURLY)),
        ((50, 50, None, "hourly"), Budget(Decimal(50), Decimal(50), None, PaymentType.HOURLY)),
        ((50, 50, "credits", "hourly"), Budget(Decimal(50), Decimal(50), None, PaymentType.HOURLY)),
        # Nothing stated, though the period has its usual value.
        ((None, None, None, "annual"), Budget()),
        ((0, 0, "USD", "hourly"), Budget()),
    ],
)
def test_pay_by_hour_day_or_month_is_a_budget(pay: tuple[Any, ...], expected: Budget) -> None:
    assert read_pay(*pay) == (expected, {})


@pytest.mark.parametrize(
    ("pay", "expected"),
    [
        (
            (151000, None, "USD", "yearly"),
            {"salary_min": 151000, "salary_currency": "USD", "salary_period": "yearly"},
        ),
        (
            (1000, 1500.5, "EUR", "weekly"),
            {"salary_min": 1000, "salary_max": 1500.5, "salary_currency": "EUR", "salary_period": "weekly"},
        ),
        ((80, 90, None, None), {"salary_min": 80, "salary_max": 90}),
    ],
)
def test_other_pay_is_kept_aside(pay: tuple[Any, ...], expected: dict[str, Any]) -> None:
    assert read_pay(*pay) == (Budget(), expected)
