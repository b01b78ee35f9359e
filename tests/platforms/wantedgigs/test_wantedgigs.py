import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from scrapy.http import JsonResponse

from outsource_scraper.commands.extract import saved_response
from outsource_scraper.items import PaymentType
from outsource_scraper.spiders.wantedgigs import WantedgigsSpider, category, term

HERE = Path(__file__).parent
URL = "https://www.wanted.co.kr/gigs/api-v2/projects"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def test_a_query_filters_what_was_read_because_the_site_is_not_known_to_search() -> None:
    spider = WantedgigsSpider(query="번역")
    assert not spider.searches
    assert spider.listing_url(4) == (
        f"{URL}?page=4&work_type_office=true&work_type_remote=true&sort=createdAt&is_recruiting=true"
    )


@pytest.mark.parametrize(
    ("count", "number", "more"),
    [
        ({"pages": 3}, 2, True),
        ({"pages": 3}, 3, False),
        ({"pages": "2"}, 1, True),
        ({}, 1, False),
        (None, 1, False),
    ],
)
def test_whether_the_listing_goes_on(count: Any, number: int, more: bool) -> None:
    spider = WantedgigsSpider()
    response = JsonResponse(URL, body=json.dumps({"rows": [], "count": count}).encode())
    assert spider.has_next(spider.open_page(response, number=number)) is more


def test_the_full_project_adds_the_description() -> None:
    spider = WantedgigsSpider()
    project = spider.read_saved(saved_response(HERE / "listing.json", URL), now=NOW).projects[0]
    request = spider.detail_request(project)
    assert request.url == f"{URL}/71001"
    page = spider.open_page(saved_response(HERE / "detail.json", request.url), now=NOW)
    complete = spider.read_detail(page, project)
    assert complete.description == "입출고 현황을 한 화면에 그립니다. 화면 12개 주간 회의 1회"
    assert complete.project_metadata == {
        "start": "2026-11-16",
        "people": 2,
        "experience_years_min": 3,
        "experience_years_max": 7,
    }
    assert (complete.payment_type, complete.bids_count) == (PaymentType.MONTHLY, 4)


def test_the_full_project_of_another_row_is_not_this_ones() -> None:
    spider = WantedgigsSpider()
    project = spider.read_saved(saved_response(HERE / "listing.json", URL), now=NOW).projects[1]
    page = spider.open_page(saved_response(HERE / "detail.json", f"{URL}/{project.external_id}"), now=NOW)
    reading = spider.read_detail_page(page, project)
    assert reading.projects == [project]
    assert [rejected.reason for rejected in reading.rejected] == [
        f"the detail page cannot be read: it is the page of project 71001, not of {project.external_id}"
    ]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"term": {"start": 3, "end": 6}, "text_term_type": "개월"}, "3~6개월"),
        ({"term": {"start": 2, "end": None}, "text_term_type": "주"}, "2주"),
        ({"term": {"start": None, "end": 4}, "text_term_type": "주"}, "4주"),
        ({"term": None, "text_term_type": "개월"}, "개월"),
        ({}, ""),
    ],
)
def test_term(record: dict[str, Any], expected: str) -> None:
    assert term(record) == expected


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"jobs": "개발 > 웹 개발자"}, "개발 > 웹 개발자"),
        ({"jobsV2": [{"jobIndustryTitle": "디자인", "jobCategoryTitle": "UX"}]}, "디자인 > UX"),
        ({"jobs": "", "jobsV2": [{"jobIndustryTitle": "디자인"}]}, "디자인"),
        ({"jobs": None, "jobsV2": []}, None),
    ],
)
def test_category(record: dict[str, Any], expected: str | None) -> None:
    assert category(record) == expected
