"""What holds for every platform's file, whoever writes the next one."""

import importlib
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import HtmlResponse
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader
from scrapy.utils.test import get_crawler

from outsource_scraper.errors import UsageError
from outsource_scraper.spiders._base import PlatformSpider

LOADER = SpiderLoader.from_settings(Settings({"SPIDER_MODULES": ["outsource_scraper.spiders"]}))
SPIDERS = [pytest.param(LOADER.load(name), id=name) for name in sorted(LOADER.list())]
SAVED_PAGES = Path(__file__).parent.parent / "platforms"
DEPRECATED = {
    "download_delay", "download_timeout", "download_maxsize", "download_warnsize", "max_concurrent_requests",
    "user_agent", "start_requests", "http_user", "http_pass", "handle_httpstatus_all", "log",
}  # fmt: skip

each_spider = pytest.mark.parametrize("spider_class", SPIDERS)


@each_spider
async def test_it_starts_with_a_request_of_its_own_site(spider_class: type[PlatformSpider[Any]]) -> None:
    crawler = Crawler(spider_class, dict.fromkeys(spider_class.credentials, "secret"))
    spider = crawler._create_spider()
    requests = [request async for request in spider.start()]
    assert len(requests) == 1
    assert isinstance(requests[0], Request)
    assert spider.handles_request(requests[0]), "allowed_domains leaves its own listing out"
    assert requests[0].callback == spider.parse_listing
    assert requests[0].errback == spider.listing_failed


@each_spider
def test_its_file_bears_its_name(spider_class: type[PlatformSpider[Any]]) -> None:
    assert spider_class.__module__ == f"outsource_scraper.spiders.{spider_class.name}"
    assert spider_class.name.isalnum()
    assert spider_class.name.islower()


@each_spider
def test_its_file_says_what_is_known(spider_class: type[PlatformSpider[Any]]) -> None:
    module = importlib.import_module(spider_class.__module__)
    assert len(module.__doc__ or "") > 100
    platform = spider_class.platform
    for sentence in (platform.robots, platform.terms, platform.evidence):
        assert len(sentence) > 8
    assert any(
        word in platform.evidence for word in ("saved on", "captured", "documented", "never seen live")
    )
    assert any(character.isdigit() for character in platform.terms + platform.robots), "a date is missing"
    assert platform.home.startswith("https://")
    assert ZoneInfo(platform.timezone)
    for language in platform.languages:
        assert Locale.parse(language)
    assert platform.country is None or len(platform.country) == 2
    assert platform.currency is None or len(platform.currency) == 3


@each_spider
def test_it_is_polite(spider_class: type[PlatformSpider[Any]]) -> None:
    crawler = get_crawler(spider_class, {"ROBOTSTXT_OBEY": True, "DOWNLOAD_DELAY": 0})
    assert crawler.settings.getfloat("DOWNLOAD_DELAY") == spider_class.platform.delay >= 1
    if not crawler.settings.getbool("ROBOTSTXT_OBEY"):
        assert spider_class.platform.access == "official API", "only an API is governed by its terms alone"


@pytest.mark.parametrize(
    ("name", "waiting"), [("remoteok", 1000), ("weworkremotely", 1000), ("kwork", 100), ("wishket", 30)]
)
def test_as_many_records_of_a_page_wait_for_one_commit_as_it_may_hold(name: str, waiting: int) -> None:
    assert get_crawler(LOADER.load(name)).settings.getint("CONCURRENT_ITEMS") == waiting


@each_spider
def test_it_uses_nothing_deprecated(spider_class: type[PlatformSpider[Any]]) -> None:
    own = {
        name
        for base in spider_class.__mro__
        if base.__module__.startswith("outsource_scraper")
        for name in vars(base)
    }
    assert own & DEPRECATED == set()


@each_spider
@pytest.mark.parametrize("given", [{"max_pages": "none"}, {"mode": "x"}, {"since": "x"}, {"unknown": "1"}])
def test_it_refuses_wrong_arguments(spider_class: type[PlatformSpider[Any]], given: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        spider_class(**given)


@each_spider
def test_it_has_golden_files(spider_class: type[PlatformSpider[Any]]) -> None:
    folder = SAVED_PAGES / spider_class.name
    expected = json.loads((folder / "expected.json").read_text("utf-8"))
    assert sum(len(case["projects"]) for case in expected.values()) >= 3
    assert any(case.get("rejected") for case in expected.values()), "no page with a broken record"


@each_spider
def test_a_page_of_something_else_is_rejected_whole_or_empty(spider_class: type[PlatformSpider[Any]]) -> None:

    for body in (
        b"",
        b"<html><body><h1>Maintenance</h1></body></html>",
        b"{",
        b"null",
        b"[]",
        b"\xff\xfe\x00",
    ):
        reading = spider_class().read_saved(HtmlResponse(spider_class.platform.home, body=body))
        assert reading.projects == []
