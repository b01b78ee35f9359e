import json
from datetime import timedelta
from typing import Any

import pytest
from scrapy.http import JsonResponse

from outsource_scraper.errors import CredentialRefused, PageError
from outsource_scraper.spiders.upwork import API, MOST_RESULTS, PER_PAGE, TOKENS, UpworkSpider, duration


def variables(spider: UpworkSpider, number: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(spider.listing_request(number).body)["variables"]
    return found


def test_the_first_page_is_asked_for_by_recency() -> None:
    asked = variables(UpworkSpider(), 1)
    assert asked["filter"] == {"pagination_eq": {"after": "0", "first": PER_PAGE}}
    assert asked["type"] == "USER_JOBS_SEARCH"
    assert asked["order"] == [{"field": "RECENCY"}]


def test_words_go_to_the_search_and_never_into_the_query_itself() -> None:
    request = UpworkSpider(query='vue") { secret }').listing_request(1)
    body = json.loads(request.body)
    assert body["variables"]["filter"]["searchExpression_eq"] == 'vue") { secret }'
    assert "secret" not in body["query"]
    assert request.method == "POST"


@pytest.mark.parametrize(
    ("number", "information", "after"),
    [
        (1, {"hasNextPage": True, "endCursor": "50"}, "50"),
        (2, {"hasNextPage": True, "endCursor": 90}, "90"),
        (2, {"hasNextPage": False, "endCursor": "90"}, None),
        (2, {"hasNextPage": True, "endCursor": None}, None),
        (2, None, None),
        (MOST_RESULTS // PER_PAGE, {"hasNextPage": True, "endCursor": "5000"}, None),
    ],
)
def test_a_page_is_followed_by_its_cursor_until_the_limit(
    number: int, information: object, after: str | None
) -> None:
    answer = {"data": {"marketplaceJobPostingsSearch": {"edges": [], "pageInfo": information}}}
    spider = UpworkSpider()
    page = spider.open_page(JsonResponse(API, body=json.dumps(answer).encode()), number=number)
    assert spider.has_next(page) is (after is not None)
    if after is not None:
        assert variables(spider, number + 1)["filter"]["pagination_eq"]["after"] == after


@pytest.mark.parametrize(
    ("status", "answer", "error"),
    [
        (400, {"error": "invalid_grant", "error_description": "expired"}, CredentialRefused),
        (400, {"error": "invalid_client"}, CredentialRefused),
        (400, {"error": "invalid_request"}, PageError),
        (200, {"token_type": "Bearer"}, PageError),
        (200, {"access_token": ""}, PageError),
        (200, ["access_token"], PageError),
        (500, {"access_token": "t"}, PageError),
    ],
)
def test_an_answer_without_a_token(status: int, answer: object, error: type[Exception]) -> None:
    response = JsonResponse(TOKENS, status=status, body=json.dumps(answer).encode())
    with pytest.raises(error):
        UpworkSpider().access_token(response)


@pytest.mark.parametrize(
    ("record", "days"),
    [
        ({"durationLabel": "3 to 6 months"}, 180),
        ({"durationLabel": None, "engagementDuration": {"label": "Less than 1 month", "weeks": 3}}, 30),
        ({"durationLabel": "Ongoing", "engagementDuration": {"label": None, "weeks": 26}}, 182),
        ({"durationLabel": None, "engagementDuration": {"label": None, "weeks": 0}}, None),
        ({}, None),
    ],
)
def test_duration(record: dict[str, Any], days: int | None) -> None:
    assert duration(record) == days


def test_a_copy_is_kept_for_a_day_and_nothing_is_crawled_unasked() -> None:
    assert UpworkSpider.platform.retention == timedelta(hours=24)
    assert not UpworkSpider.platform.enabled


@pytest.mark.parametrize(
    ("errors", "told"), [(7, "7"), ("down", "down"), ({"message": "down"}, "down"), ([None], "None")]
)
def test_errors_in_any_form_reject_the_page(errors: object, told: str) -> None:
    response = JsonResponse("https://api.upwork.com/graphql", body=json.dumps({"errors": errors}).encode())
    reading = UpworkSpider().read_saved(response)
    assert [rejected.reason for rejected in reading.rejected] == [
        f"the API of Upwork answers with an error: {told}"
    ]
