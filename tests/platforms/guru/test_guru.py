from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from scrapy.http import HtmlResponse

from outsource_scraper.spiders.guru import GuruSpider, country_of, rating

HERE = Path(__file__).parent
URL = "https://www.guru.com/d/jobs/"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def saved(name: str, url: str = URL) -> HtmlResponse:
    return HtmlResponse(url, body=(HERE / name).read_bytes())


@pytest.mark.parametrize(("number", "url"), [(1, URL), (2, URL + "pg/2/"), (12, URL + "pg/12/")])
def test_pages(number: int, url: str) -> None:
    assert GuruSpider().listing_request(number).url == url


@pytest.mark.parametrize(("name", "expected"), [("listing.html", True), ("broken.html", False)])
def test_whether_the_listing_goes_on(name: str, expected: bool) -> None:
    spider = GuruSpider()
    assert spider.has_next(spider.open_page(saved(name), now=NOW)) is expected


def test_only_a_cut_description_asks_for_the_detail_page() -> None:
    spider = GuruSpider()
    projects = spider.read_saved(saved("listing.html"), now=NOW).projects
    requests = [spider.detail_request(project) for project in projects]
    assert [request and request.url for request in requests] == [
        None,
        None,
        "https://www.guru.com/jobs/large-data-migration/3100490",
        None,
        None,
        None,
    ]


def test_the_detail_page_only_completes_the_description() -> None:
    spider = GuruSpider()
    project = spider.read_saved(saved("listing.html"), now=NOW).projects[2]
    complete = spider.read_detail(spider.open_page(saved("detail.html", project.url), now=NOW), project)
    assert complete.description == (
        "Move eleven years of records from one system into another. 1. Keep every attachment "
        "2. Prove that nothing was lost, with a report & a dry run"
    )
    assert complete.payment_type == "fixed"
    assert (complete.budget_min, complete.budget_max) == (Decimal(25_000), None)
    assert complete.deadline_at == datetime(2026, 11, 28, 23, 59, 59, tzinfo=UTC)


def test_the_detail_page_of_another_job_is_not_this_ones() -> None:
    spider = GuruSpider()
    project = spider.read_saved(saved("listing.html"), now=NOW).projects[0]
    reading = spider.read_detail_page(spider.open_page(saved("detail.html", project.url), now=NOW), project)
    assert reading.projects == [project]
    assert [rejected.reason for rejected in reading.rejected] == [
        f"the detail page cannot be read: it is the page of project 3100490, not of {project.external_id}"
    ]


def test_a_card_whose_link_is_of_another_job_is_rejected() -> None:
    spider = GuruSpider()
    ids = [project.external_id for project in spider.read_saved(saved("listing.html"), now=NOW).projects]
    body = saved("listing.html").text.replace(f"/{ids[0]}", f"/{ids[1]}")
    reading = spider.read_saved(HtmlResponse(URL, body=body, encoding="utf-8"), now=NOW)
    assert [project.external_id for project in reading.projects] == ids[1:]
    assert [rejected.reason for rejected in reading.rejected] == [
        f"the link is of job {ids[1]}, not of {ids[0]}"
    ]


@pytest.mark.parametrize(
    "url",
    [URL, "https://www.guru.com/jobs/another/1", "https://www.guru.com/jobs/large-data-migration/3100490"],
)
def test_a_detail_page_read_alone_has_its_link_from_the_url_or_the_title(url: str) -> None:
    reading = GuruSpider().read_saved(saved("detail.html", url), now=NOW)
    assert [project.url for project in reading.projects] == [
        "https://www.guru.com/jobs/large-data-migration/3100490"
    ]


@pytest.mark.parametrize(
    ("feedback", "expected"),
    [
        ("95.7%", Decimal("4.785")),
        ("100%", Decimal(5)),
        ("0%", None),
        ("101%", None),
        ("new", None),
        (None, None),
    ],
)
def test_rating(feedback: str | None, expected: Decimal | None) -> None:
    assert rating(feedback) == expected


@pytest.mark.parametrize(
    ("places", "expected"),
    [([], None), (["Germany"], "DE"), (["Germany", "Austria"], None), (["Europe"], None)],
)
def test_country_of(places: list[str], expected: str | None) -> None:
    assert country_of(places) == expected
