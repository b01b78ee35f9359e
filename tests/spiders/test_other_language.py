"""A page that comes in another language than the platform's: what is read of it is right or unknown."""

import re
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from scrapy.http import HtmlResponse

from outsource_scraper.items import Project, Status
from outsource_scraper.spiders._base import PlatformSpider
from outsource_scraper.spiders.flru import FlruSpider
from outsource_scraper.spiders.wishket import WishketSpider
from tests.spiders.test_every_spider import LOADER

PLATFORMS = Path(__file__).parent.parent / "platforms"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
UNKNOWN: tuple[Any, ...] = (None, [], {}, Status.UNKNOWN)

AS_WRITTEN = {
    "description", "project_metadata", "skills", "category", "location", "title", "client_name",
}  # fmt: skip

FLRU = {
    "2 часа 15 минут назад": "2 hours 15 minutes ago",
    "3 часа назад": "3 hours ago",
    "28 октября, 09:30": "October 28, 09:30",
    "по договоренности": "negotiable",
    "Заказ": "Order",
    "Вакансия": "Vacancy",
    " ответов": " answers",
    " ответа": " answers",
    " ответ": " answer",
    "Нет answers": "No answers",
    "руб": "rubles",
    "больше ": "more than ",
    "Исполнитель определён": "Contractor chosen",
}
WISHKET = {
    "모집 중": "Recruiting",
    "모집 마감": "Recruiting closed",
    "예상 금액": "Estimated amount",
    "월 금액": "Monthly amount",
    "예상 기간": "Estimated period",
    "일</": " days</",
    "만원": "0,000 won",
    "원</": " won</",
    "외주": "Outsourcing",
    "기간제": "Fixed-term",
    "상주": "On-site",
    "등록일자": "Registered",
    "마감": "Deadline",
    " 전</": " ago</",
    "지원자": "Applicants",
    "7명": "7 people",
}


@pytest.mark.parametrize(
    ("spider", "url", "words"),
    [
        (FlruSpider(), "https://www.fl.ru/projects/", FLRU),
        (WishketSpider(), "https://www.wishket.com/project/", WISHKET),
    ],
    ids=["flru", "wishket"],
)
def test_in_english_nothing_is_read_wrongly(
    spider: PlatformSpider[Any], url: str, words: dict[str, str]
) -> None:
    text = (PLATFORMS / spider.name / "listing.html").read_text("utf-8")
    english = text
    for own, foreign in words.items():
        english = english.replace(own, foreign)
    expected = {project.external_id: project for project in read(spider, url, text)}
    got = read(spider, url, english)
    assert [project.external_id for project in got] == list(expected)
    assert wrong_in(got, expected) == []


def wrong_in(got: list[Project], expected: dict[str, Project]) -> list[tuple[Any, ...]]:
    """Project, field, value and the right value, wherever something else is read than nothing."""
    return [
        (project.external_id, field.name, value, getattr(expected[project.external_id], field.name))
        for project in got
        for field in fields(Project)
        # Words that are kept as written are right as they stand on the page.
        if field.name not in AS_WRITTEN
        and (value := getattr(project, field.name)) not in UNKNOWN
        and value != getattr(expected[project.external_id], field.name)
    ]


def read(spider: PlatformSpider[Any], url: str, text: str) -> list[Project]:
    reading = spider.read_saved(HtmlResponse(url, body=text, encoding="utf-8"), now=NOW)
    assert reading.rejected == []
    assert reading.projects
    return reading.projects


_PARTS = re.compile(r"(<script\b.*?</script>|<style\b.*?</style>|<!--.*?-->|<[^>]*>|&#?\w+;)", re.DOTALL)
_SAID_EVERYWHERE = re.compile(r"\b[A-Z]{3}\b|руб\.?|(?<=\d)k\b|[万億千만억천円원元]")
"""Money is written alike in any language, or not at all."""


def unreadable(html: str) -> str:
    """The page with the letters of all its texts in a script that no platform is written in."""

    def shifted(text: str) -> str:
        kept = _SAID_EVERYWHERE.search(text)
        if kept:
            return shifted(text[: kept.start()]) + kept[0] + shifted(text[kept.end() :])
        return "".join(chr(0x10D0 + ord(one) % 33) if one.isalpha() else one for one in text)

    return "".join(part if number % 2 else shifted(part) for number, part in enumerate(_PARTS.split(html)))


@pytest.mark.parametrize(
    "name", ["coconala", "codeur", "flru", "freelanceru", "guru", "lancers", "weblancer", "wishket"]
)
def test_in_no_language_at_all_nothing_is_read_wrongly(name: str) -> None:
    spider = LOADER.load(name)(mode="full")
    url = spider.listing_request(1).url
    text = (PLATFORMS / name / "listing.html").read_text("utf-8")
    expected = {project.external_id: project for project in read(spider, url, text)}
    reading = spider.read_saved(HtmlResponse(url, body=unreadable(text), encoding="utf-8"), now=NOW)
    assert len(reading.projects) + len(reading.rejected) + reading.skipped >= len(expected)
    wrong = wrong_in(reading.projects, expected)
    # "Up to 200" and "200 a day" in words that nobody knows cannot be told from "200".
    assert [one for one in wrong if one[1] not in {"budget_min", "budget_max", "payment_type"}] == []
    assert reading.projects, "its structure is that of the page in its own language"
