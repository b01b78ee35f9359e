import pytest

from outsource_scraper.spiders.weworkremotely import split_title


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Fernway: Bookkeeper", ("Fernway", "Bookkeeper")),
        ("Fernway: Engineer: Sensors", ("Fernway", "Engineer: Sensors")),
        ("Bookkeeper", (None, "Bookkeeper")),
        ("Ratio 3:1 Studio", (None, "Ratio 3:1 Studio")),
        (": Bookkeeper", (None, "Bookkeeper")),
        (None, (None, None)),
    ],
)
def test_a_title_holds_the_company_before_the_role(
    title: str | None, expected: tuple[str | None, str | None]
) -> None:
    assert split_title(title) == expected
