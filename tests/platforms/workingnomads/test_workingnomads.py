import pytest

from outsource_scraper.errors import RecordError
from outsource_scraper.spiders.workingnomads import id_in


@pytest.mark.parametrize(
    "url",
    [
        "https://www.workingnomads.com/job/go/1820101/",
        "https://www.workingnomads.com/job/go/1820101",
        "https://www.workingnomads.com/job/go/1820101/?ref=2026",
    ],
)
def test_the_id_is_the_number_in_the_link(url: str) -> None:
    assert id_in(url) == "1820101"


@pytest.mark.parametrize("url", ["https://www.workingnomads.com/jobs?page=7", "https://cook.example/1820101"])
def test_a_link_without_a_number_is_refused(url: str) -> None:
    with pytest.raises(RecordError, match="holds no number"):
        id_in(url)
