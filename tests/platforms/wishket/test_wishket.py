import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from scrapy.http import HtmlResponse, JsonResponse

from outsource_scraper.items import Project, Status
from outsource_scraper.lzstring import decompress_from_base64
from outsource_scraper.spiders.wishket import WishketSpider, applicants, rating, status

HERE = Path(__file__).parent
URL = "https://www.wishket.com/project/"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def filters(url: str) -> str:
    return decompress_from_base64(parse_qs(urlsplit(url).query, strict_parsing=True)["d"][0])


@pytest.mark.parametrize(
    ("arguments", "number", "expected"),
    [
        ({}, 1, "srt=new&page=1"),
        ({}, 12, "srt=new&page=12"),
        ({"query": "물류 자동화"}, 2, "s=물류 자동화&srt=new&page=2"),
        ({"query": "R&D c=design"}, 1, "s=R D c=design&srt=new&page=1"),
    ],
)
def test_the_filters_are_packed_into_the_url(arguments: dict, number: int, expected: str) -> None:
    request = WishketSpider(**arguments).listing_request(number)
    assert filters(request.url) == expected
    assert request.headers["X-Requested-With"] == b"XMLHttpRequest"


@pytest.mark.parametrize(
    ("body", "number", "expected"),
    [
        # The count decides where it says that nothing is left.
        ('{"result": "<a class=page-link>다음</a>", "count": 20}', 2, False),
        ('{"result": "", "count": 21}', 2, True),
        ('{"result": "", "count": 20}', 2, False),
        ('{"result": "<ul class=pagination><a class=page-link>다음</a></ul>", "count": 21}', 2, True),
        ('{"result": "<ul class=pagination><a class=page-link>3</a></ul>", "count": 31}', 3, False),
        # A page that was not asked for as JSON has no count.
        ("<ul class=pagination><a class=page-link>이전</a><a class=page-link>다음</a></ul>", 2, True),
        ("<ul class=pagination><a class=page-link>이전</a></ul>", 2, False),
        ("<html></html>", 1, False),
    ],
)
def test_whether_the_listing_goes_on(body: str, number: int, expected: bool) -> None:
    spider = WishketSpider()
    response = HtmlResponse(URL, body=body, encoding="utf-8")
    assert spider.has_next(spider.open_page(response, number=number, now=NOW)) is expected


def test_json_is_read_as_json_whatever_type_the_server_states() -> None:
    body = (HERE / "listing.json").read_bytes()
    for response in (JsonResponse(URL, body=body), HtmlResponse(URL, body=b"\n" + body)):
        assert len(WishketSpider().read_saved(response, now=NOW).projects) == 4


@pytest.mark.parametrize("answer", [{"message": "로그인"}, {"result": None, "count": 3}])
def test_json_without_the_listing_rejects_the_page(answer: dict) -> None:
    reading = WishketSpider().read_saved(JsonResponse(URL, body=json.dumps(answer).encode()), now=NOW)
    assert [rejected.reason for rejected in reading.rejected] == [
        f"{URL} is JSON without the listing's HTML in 'result'"
    ]


def test_a_detail_page_saved_without_its_url_has_no_id() -> None:
    response = HtmlResponse(URL, body=(HERE / "detail.html").read_bytes())
    reading = WishketSpider().read_saved(response, now=NOW)
    assert reading.projects == []
    assert [rejected.reason for rejected in reading.rejected] == [
        "the detail page cannot be read: the record has no id"
    ]


def test_the_detail_page_completes_what_the_listing_told() -> None:
    spider = WishketSpider()
    listing = spider.read_saved(HtmlResponse(URL, body=(HERE / "listing.html").read_bytes()), now=NOW)
    project = listing.projects[0]
    request = spider.detail_request(project)
    assert request.url == "https://www.wishket.com/project/900120/"
    detail = spider.open_page(HtmlResponse(request.url, body=(HERE / "detail.html").read_bytes()), now=NOW)
    complete = spider.read_detail(detail, project)
    assert complete.description == "<프로젝트 진행 방식> - 예약과 결제 - 알림 & 통계"
    assert complete.deadline_at == datetime(2026, 11, 7, 14, 59, tzinfo=UTC)
    assert complete.skills == ["Flutter", "PHP", "PostgreSQL"]
    assert (complete.category, complete.client_name) == ("개발", "cd****")
    assert complete.project_metadata["marks"] == ["모집 중", "외주"]
    assert complete.project_metadata["conditions"] == {"기획 상태": "필요한 내용을 정리한 상태"}


def test_a_redirect_to_another_project_tells_nothing_of_this_one() -> None:
    spider = WishketSpider()
    listing = spider.read_saved(HtmlResponse(URL, body=(HERE / "listing.html").read_bytes()), now=NOW)
    project = listing.projects[0]
    response = HtmlResponse(URL + "900121/", body=(HERE / "detail.html").read_bytes())
    reading = spider.read_detail_page(spider.open_page(response, now=NOW), project)
    assert reading.projects == [project]
    assert [rejected.reason for rejected in reading.rejected] == [
        "the detail page cannot be read: it is the page of project 900121, not of 900120"
    ]


def test_the_detail_page_tells_a_budget_that_the_listing_did_not() -> None:
    spider = WishketSpider()
    page = spider.open_page(HtmlResponse(URL, body=(HERE / "detail-structured.html").read_bytes()), now=NOW)
    project = Project(platform="wishket", external_id="7", url=URL + "7/", title="제목", status=Status.OPEN)
    complete = spider.read_detail(page, project)
    assert (complete.budget_min, complete.budget_max) == (Decimal(6_000_000), Decimal(6_500_000))
    assert complete.currency == "KRW"
    assert complete.payment_type == "monthly"


@pytest.mark.parametrize(
    ("text", "count"),
    [("지원자 7명", 7), ("지원자 1,204명", 1204), ("지원자 없음", 0), ("지원자", None), (None, None)],
)
def test_applicants(text: str | None, count: int | None) -> None:
    assert applicants(text) == count


@pytest.mark.parametrize(
    ("badges", "expected"),
    [
        (["인증 완료", "3.7"], Decimal("3.7")),
        (["5.0"], Decimal(5)),
        (["0.0"], None),
        (["인증 완료"], None),
        (["평가 10건", "9.5"], None),
        ([], None),
    ],
)
def test_rating(badges: list[str], expected: Decimal | None) -> None:
    assert rating(badges) == expected


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        (["모집 중", "NEW"], Status.OPEN),
        (["모집 중", "마감 임박"], Status.OPEN),
        (["모집 마감"], Status.CLOSED),
        (["모집마감", "외주"], Status.CLOSED),
        (["외주"], Status.UNKNOWN),
        ([], Status.UNKNOWN),
    ],
)
def test_status(marks: list[str], expected: Status) -> None:
    assert status(marks) is expected
