import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from scrapy.http import JsonResponse

from outsource_scraper.spiders.himalayas import HimalayasSpider, known_among, labels

URL = "https://himalayas.app/jobs/api/search"


def parameters(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query)


def test_only_contractors_are_asked_for_newest_first() -> None:
    asked = parameters(HimalayasSpider().listing_request(3).url)
    assert asked == {"employment_type": ["Contractor"], "sort": ["recent"], "page": ["3"]}


def test_a_query_goes_to_the_api() -> None:
    assert parameters(HimalayasSpider(query="C++ & Qt").listing_request(2).url)["q"] == ["C++ & Qt"]


@pytest.mark.parametrize(
    ("number", "answer", "more"),
    [
        (1, {"limit": 20, "totalCount": 21}, True),
        (1, {"limit": 20, "totalCount": 20}, False),
        (2, {"limit": 20, "totalCount": 40}, False),
        (3, {"limit": 5, "totalCount": 16}, True),
        (1, {"totalCount": 21}, True),
        (1, {"totalCount": "21"}, True),
        (1, {"limit": 2}, True),
        (1, {"limit": 4}, False),
        (1, {}, False),
    ],
)
def test_the_listing_goes_on_until_the_total_is_reached(
    number: int, answer: dict[str, Any], more: bool
) -> None:
    body = json.dumps({**answer, "jobs": [{"guid": "a"}, {"guid": "b"}, {"guid": "c"}]}).encode()
    spider = HimalayasSpider()
    assert spider.has_next(spider.open_page(JsonResponse(URL, body=body), number=number)) is more


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["Spain", " Chad "], ["Spain", "Chad"]),
        ([{"alpha2": "TD", "name": "Chad"}, {"alpha2": "ES"}], ["Chad"]),
        ([None, "", 3], []),
        (None, []),
    ],
)
def test_labels(value: object, expected: list[str]) -> None:
    assert labels(value) == expected


def test_of_the_categories_only_known_skills_are_skills() -> None:
    assert known_among(["React-Native", "Senior-Bee-Counter", "Node-JS", "react-native"]) == [
        "React Native",
        "Node.js",
    ]
