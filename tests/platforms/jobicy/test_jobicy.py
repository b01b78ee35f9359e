import pytest

from outsource_scraper.spiders.jobicy import JobicySpider, texts


def test_a_query_goes_to_the_api() -> None:
    base = "https://jobicy.com/api/v2/remote-jobs?count=50"
    assert JobicySpider().listing_request(1).url == base
    assert JobicySpider(query="web design").listing_request(1).url == f"{base}&tag=web+design"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["Full-Time", "Contract"], ["Full-Time", "Contract"]),
        (["Data &amp; Maps", " ", None, 7], ["Data & Maps"]),
        ("Contract", ["Contract"]),
        ([], []),
        (None, []),
    ],
)
def test_texts(value: object, expected: list[str]) -> None:
    assert texts(value) == expected
