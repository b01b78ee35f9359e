import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from scrapy.http import HtmlResponse, JsonResponse

from outsource_scraper.commands.extract import saved_response
from outsource_scraper.items import WorkType
from outsource_scraper.spiders.freemoa import FreemoaSpider, won, work_type

HERE = Path(__file__).parent
URL = "https://www.freemoa.net/m4a/s41a"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def answer(value: Any) -> JsonResponse:
    return JsonResponse(URL, body=json.dumps(value).encode())


def test_a_page_is_asked_for_as_the_sites_own_script_does() -> None:
    request = FreemoaSpider().listing_request(3)
    assert (request.method, request.url) == ("POST", URL)
    assert request.headers["X-Requested-With"] == b"XMLHttpRequest"
    form = parse_qs(request.body.decode(), keep_blank_values=True, strict_parsing=True)
    assert form == {
        "sS": [""], "page": ["3"], "sm": ["3"], "mp": ["0"], "lp": ["0"], "st2": [""], "st3": [""],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("total", "number", "more"),
    [("24", 1, True), ("24", 2, True), ("24", 3, False), (20, 2, False), (None, 1, False)],
)
def test_whether_the_listing_goes_on(total: Any, number: int, more: bool) -> None:
    spider = FreemoaSpider()
    response = answer(
        {"ERROR": {"NO": 0}, "DATA": {"PROJECT": {"LIST": [], "PAGINATION": {"totalRows": total}}}}
    )
    assert spider.has_next(spider.open_page(response, number=number)) is more


def test_the_full_project_completes_the_row() -> None:
    spider = FreemoaSpider()
    project = spider.read_saved(saved_response(HERE / "listing.json", URL), now=NOW).projects[0]
    request = spider.detail_request(project)
    assert (request.method, request.url) == ("POST", "https://www.freemoa.net/m4a/s41v")
    assert request.body == b"pno=900101&anyView="
    complete = spider.read_detail(
        spider.open_page(saved_response(HERE / "detail.json", request.url), now=NOW), project
    )
    assert complete.description == (
        "※ 좌석을 앱에서 예약합니다. - 관리자 화면 포함 - 알림은 하루 한 번 보냅니다."
    )
    assert (complete.location, complete.country, complete.client_name) == ("서울 마포구", "KR", "가*원")
    assert complete.project_metadata["nature"] == "리뉴얼"
    assert complete.project_metadata["start"] == "11월 4째주"
    assert complete.bids_count == 4


def test_a_full_project_that_tells_nothing_takes_nothing_away() -> None:
    spider = FreemoaSpider()
    project = spider.read_saved(saved_response(HERE / "listing.json", URL), now=NOW).projects[0]
    told = (project.description, project.location, project.skills[:], dict(project.project_metadata))
    page = spider.open_page(answer({"DATA": {"VIEW": {"title": project.title}, "META": {}}}), now=NOW)
    complete = spider.read_detail(page, project)
    assert (complete.description, complete.location, complete.skills, complete.project_metadata) == told


@pytest.mark.parametrize("pno", ["900102", 900102, [900101], True])
def test_the_full_project_of_another_row_is_not_this_ones(pno: Any) -> None:
    spider = FreemoaSpider()
    project = spider.read_saved(saved_response(HERE / "listing.json", URL), now=NOW).projects[0]
    view = {"title": "다른 프로젝트", "txt": "다른 글"}
    page = spider.open_page(answer({"DATA": {"VIEW": view, "META": {"pno": pno}}}), now=NOW)
    reading = spider.read_detail_page(page, project)
    assert reading.projects == [project]
    assert len(reading.rejected) == 1
    assert reading.rejected[0].external_id == "900101"


def test_an_answer_without_the_project_keeps_what_the_row_told() -> None:
    spider = FreemoaSpider()
    project = spider.read_saved(saved_response(HERE / "listing.json", URL), now=NOW).projects[0]
    page = spider.open_page(answer({"ERROR": {"NO": 0}, "DATA": {"VIEW": None}}), now=NOW)
    reading = spider.read_detail_page(page, project)
    assert reading.projects == [project]
    assert [rejected.reason for rejected in reading.rejected] == [
        "the detail page cannot be read: the answer has no project at DATA.VIEW"
    ]


@pytest.mark.parametrize("below", [True, False])
def test_a_collectors_file_is_read_with_and_without_payload(below: bool) -> None:
    row = {"proj_idx": "7", "title": "제목", "txt": "짧게", "workType": "1", "isNowApply": "1"}
    both = {"listRow": row, "detail": {"view": {"title": "제목", "txt": "길게 쓴 글", "workType": "1"}}}
    reading = FreemoaSpider().read_saved(answer({"payload": both} if below else both), now=NOW)
    assert [(project.external_id, project.description) for project in reading.projects] == [
        ("7", "길게 쓴 글")
    ]
    assert reading.rejected == []


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (answer({"ERROR": {"NO": 7, "MSG": "점검  중"}}), f"{URL} answered error 7: 점검 중"),
        (answer({"ERROR": {"NO": 7, "MSG": 503}}), f"{URL} answered error 7: 503"),
        (answer({"ERROR": {"NO": 0}, "DATA": {}}), f"{URL} has no array of records at DATA.PROJECT.LIST"),
        (HtmlResponse(URL, body=b"<!DOCTYPE html><html></html>"), f"{URL} is not JSON"),
    ],
)
def test_a_refusal_is_told_apart_from_an_empty_listing(response: HtmlResponse, reason: str) -> None:
    reading = FreemoaSpider().read_saved(response, now=NOW)
    assert len(reading.rejected) == 1
    assert reading.rejected[0].reason.startswith(reason)


@pytest.mark.parametrize(
    ("amount", "expected"),
    [("250", Decimal(2_500_000)), (35, Decimal(350_000)), ("0", None), (None, None), ("협의", None)],
)
def test_amounts_are_in_units_of_ten_thousand_won(amount: Any, expected: Decimal | None) -> None:
    assert won(amount) == expected


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"workType": "1", "is_stay": "1"}, WorkType.REMOTE),
        ({"workType": 2}, WorkType.ONSITE),
        ({"workType": "3", "is_stay": "0"}, WorkType.ONSITE),
        ({"workType": "9", "is_stay": "1"}, WorkType.ONSITE),
        ({"is_stay": "0"}, None),
        ({}, None),
    ],
)
def test_the_kind_of_contract_says_where_the_work_is(record: dict, expected: WorkType | None) -> None:
    assert work_type(record) is expected
