from pathlib import Path

import pytest

from outsource_scraper.commands.extract import saved_response
from outsource_scraper.items import Status
from outsource_scraper.spiders.kwork import KworkSpider, category_name, status

HERE = Path(__file__).parent


def test_a_query_goes_to_the_platform_on_every_page() -> None:
    assert KworkSpider().listing_url(1) == "https://kwork.ru/projects?page=1"
    assert KworkSpider(query="бот & сайт").listing_url(2) == (
        "https://kwork.ru/projects?page=2&keyword=%D0%B1%D0%BE%D1%82+%26+%D1%81%D0%B0%D0%B9%D1%82"
    )


@pytest.mark.parametrize(("page", "more"), [("listing.html", True), ("last-page.html", False)])
def test_the_listing_goes_on_where_its_pagination_says_so(page: str, more: bool) -> None:
    spider = KworkSpider()
    assert spider.has_next(spider.open_page(saved_response(HERE / page, spider.listing_url(1)))) is more


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("active", Status.OPEN),
        ("archived", Status.CLOSED),
        ("cancel", Status.CLOSED),
        ("stop", Status.CLOSED),
        ("user_stop", Status.CLOSED),
        ("new", Status.UNKNOWN),
        (None, Status.UNKNOWN),
    ],
)
def test_status(stated: str | None, expected: Status) -> None:
    assert status(stated) is expected


@pytest.mark.parametrize(
    ("category_id", "name"), [("41", "Боты"), (41, "Боты"), ("11", "Разработка"), ("4", None), (None, None)]
)
def test_a_category_is_named_by_the_menu_of_its_page(category_id: object, name: str | None) -> None:
    menu = {"11": {"CATID": "11", "name": "Разработка", "cats": [{"CATID": "41", "name": "Боты"}]}}
    assert category_name({"categories": menu}, category_id) == name


@pytest.mark.parametrize("state", [None, {}, {"categories": []}, {"categories": {"11": {"cats": None}}}])
def test_without_a_menu_no_category_is_known(state: object) -> None:
    assert category_name(state, "41") is None
