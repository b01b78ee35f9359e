"""Saving a page as a fixture, from the market."""

import json
from pathlib import Path

import pytest

from tests.commands.conftest import ROOT, Market, Scrapy


def test_a_page_is_saved_as_it_came_and_can_be_extracted(
    scrapy: Scrapy, market: Market, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    url = "https://www.fl.ru/projects/"
    ended = scrapy("capture", url, "-o", str(page), "-s", f"SANDBOX_URL={market.url}")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith(f"{page}: status 200, {page.stat().st_size} bytes from {url}")
    command = ended.stdout.splitlines()[1].removeprefix("next: ./run scrapy ").replace("'", "").split()
    assert command[:3] == ["extract", "flru", str(page)]
    extracted = scrapy(*command)
    assert extracted.returncode == 0
    assert len(extracted.stdout.splitlines()) > 10


def test_a_platform_s_name_saves_its_first_listing_page_as_its_spider_asks_for_it(
    scrapy: Scrapy, market: Market, tmp_path: Path
) -> None:
    page = tmp_path / "page.json"
    ended = scrapy("capture", "wishket", "-o", str(page), "-s", f"SANDBOX_URL={market.url}")
    assert ended.returncode == 0, ended.stderr
    assert set(json.loads(page.read_text("utf-8"))) == {"result", "count"}


def test_an_error_page_is_saved_too_and_told(scrapy: Scrapy, market: Market, tmp_path: Path) -> None:
    market.control.fault("status", platform="flru", status=500)
    page = tmp_path / "page.html"
    ended = scrapy(
        "capture", "flru", "-o", str(page), "-s", f"SANDBOX_URL={market.url}", "-s", "RETRY_TIMES=0"
    )
    assert ended.returncode == 1
    assert "status 500" in ended.stdout
    assert page.exists()


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ((), 2, "error: name one URL or one platform"),
        (("flrru",), 2, "error: there is no platform 'flrru'; did you mean 'flru'?"),
        (("ftp://board.example/",), 2, "error: 'ftp://board.example/' is no http or https URL"),
        (("flru", "-o", "/proc/none/page"), 2, "error: /proc/none/page cannot be written"),
    ],
)
def test_what_cannot_be_saved(
    arguments: tuple[str, ...], code: int, sentence: str, scrapy: Scrapy, market: Market
) -> None:
    ended = scrapy("capture", *arguments, "-s", f"SANDBOX_URL={market.url}")
    assert ended.returncode == code
    assert ended.stderr.strip().splitlines()[-1].startswith(sentence)
    assert not (ROOT / "tests" / "platforms" / "flrru").exists()
