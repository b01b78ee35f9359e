import json
from pathlib import Path

import pytest

from outsource_scraper.items import Project
from tests.commands.conftest import ROOT, Scrapy

SAVED = ROOT / "tests" / "platforms"
FIELDS = [
    "platform", "external_id", "url", "title", "description", "category", "skills", "budget_min",
    "budget_max",
    "currency", "payment_type", "work_type", "location", "country", "language", "posted_at", "deadline_at",
    "duration_days", "status", "bids_count", "views_count", "client_name", "client_country", "client_rating",
    "client_spent_usd", "client_verified", "project_metadata",
]  # fmt: skip


def test_fields_are_those_of_the_contract() -> None:
    assert list(Project.__dataclass_fields__) == FIELDS


def test_one_json_object_a_line_and_nothing_else(scrapy: Scrapy) -> None:
    ended = scrapy("extract", "flru", str(SAVED / "flru" / "listing.html"), "--now", "2026-07-10T10:00:00Z")
    lines = ended.stdout.splitlines()
    assert ended.returncode == 0
    assert ended.stderr == ""
    assert len(lines) >= 4
    for line in lines:
        assert list(json.loads(line)) == FIELDS


def test_rejected_records_go_to_standard_error(scrapy: Scrapy) -> None:
    ended = scrapy("extract", "flru", str(SAVED / "flru" / "broken.html"))
    assert ended.returncode == 1
    assert ended.stdout.count("\n") >= 1
    rejected = [json.loads(line) for line in ended.stderr.splitlines()]
    assert rejected
    assert all(record["reason"] and record["source"] for record in rejected)


def test_now_and_url_are_taken_from_the_command_line(scrapy: Scrapy) -> None:
    page = str(SAVED / "flru" / "listing.html")
    posted = []
    for now in ("2026-07-10T10:00:00Z", "2026-07-11T10:00:00+00:00"):
        lines = scrapy("extract", "flru", page, "--now", now).stdout.splitlines()
        posted.append([json.loads(line)["posted_at"] for line in lines])
    assert all(moment is None or moment.endswith("+00:00") for moment in posted[0])
    later = [first < second for first, second in zip(*posted, strict=True) if first and first != second]
    assert later, "no relative age on the page"
    assert all(later)


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("flru",), 2, "error: name a platform and a file"),
        (("flrru", "x.html"), 2, "error: there is no platform 'flrru'; did you mean 'flru'?"),
        (("flru", "missing.html"), 2, "error: missing.html cannot be read: No such file or directory"),
        (("flru", "README.md", "--now", "noon"), 2, "error: --now must be ISO 8601"),
        (("flru", "README.md", "--url", "fl.ru"), 2, "error: --url must begin with http"),
        (("flru", "README.md"), 1, "error: no project was found in README.md"),
    ],
)
def test_wrong_arguments(scrapy: Scrapy, arguments: tuple[str, ...], code: int, sentence: str) -> None:
    ended = scrapy("extract", *arguments)
    assert ended.returncode == code
    assert ended.stderr.startswith(sentence)
    assert ended.stderr.count("\n") == 1
    assert ended.stdout == ""


def test_a_page_that_is_none_of_the_platform_s(scrapy: Scrapy, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<html><h1>Maintenance</h1></html>")
    ended = scrapy("extract", "kwork", str(page))
    assert ended.returncode == 1
    assert "holds no 'window.stateData" in json.loads(ended.stderr)["reason"]
