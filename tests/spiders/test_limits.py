"""Every platform's crawl has an end, whatever its site does: Scrapy's guards, made of its record."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from scrapy.crawler import Crawler
from scrapy.utils.project import get_project_settings

from tests.spiders.test_every_spider import LOADER, each_spider

if TYPE_CHECKING:
    from scrapy.settings import Settings

    from outsource_scraper.spiders._base import PlatformSpider


def limits_of(
    spider_class: type[PlatformSpider[Any]], *, settings: dict[str, Any] | None = None, **given: str
) -> Settings:
    """The settings with which a crawl of the platform runs."""
    project = get_project_settings()
    project.setmodule("outsource_scraper.settings")
    project.update(dict.fromkeys(spider_class.credentials, "secret"), "cmdline")
    project.update(settings or {}, "cmdline")
    crawler = Crawler(spider_class, project)
    crawler._create_spider(**given)
    return crawler.settings


@each_spider
@pytest.mark.parametrize("browser", ["0", "1"])
def test_a_whole_listing_has_the_time_it_takes(spider_class: type[PlatformSpider[Any]], browser: str) -> None:
    settings = limits_of(spider_class, mode="full", browser=browser)
    platform = spider_class.platform
    seconds = settings.getfloat("CLOSESPIDER_TIMEOUT")
    assert seconds > 1.5 * platform.requests * platform.delay
    assert seconds < timedelta(days=2).total_seconds(), "nobody would notice that it hangs"
    assert platform.requests < settings.getint("CLOSESPIDER_PAGECOUNT") <= 3 * platform.requests + 20
    assert 0 < settings.getint("CLOSESPIDER_ERRORCOUNT") <= 50


@each_spider
def test_a_crawl_for_what_is_new_is_over_when_the_next_is_due(
    spider_class: type[PlatformSpider[Any]],
) -> None:
    settings = limits_of(spider_class)
    platform = spider_class.platform
    seconds = settings.getfloat("CLOSESPIDER_TIMEOUT")
    assert seconds < platform.interval.total_seconds()
    # What it is for: the first pages, with the details of what is new on them.
    assert seconds > 20 * platform.delay
    assert settings.getint("CLOSESPIDER_PAGECOUNT") > 10
    assert settings.getint("CLOSESPIDER_ERRORCOUNT") > 0


def test_platforms_of_another_size_have_other_limits() -> None:
    found = {name: limits_of(LOADER.load(name), mode="full") for name in ("remoteok", "guru", "codeur")}
    for limit in ("CLOSESPIDER_TIMEOUT", "CLOSESPIDER_PAGECOUNT"):
        assert len({settings.getint(limit) for settings in found.values()}) == 3


def test_who_asks_more_slowly_has_more_time() -> None:
    kwork = LOADER.load("kwork")
    usual = limits_of(kwork, mode="full").getfloat("CLOSESPIDER_TIMEOUT")
    slowly = limits_of(kwork, mode="full", settings={"DOWNLOAD_DELAY": 60}).getfloat("CLOSESPIDER_TIMEOUT")
    assert slowly > 1.5 * 60 * kwork.platform.requests > usual


def test_the_command_line_has_the_last_word() -> None:
    settings = limits_of(LOADER.load("kwork"), settings={"CLOSESPIDER_TIMEOUT": 7})
    assert settings.getint("CLOSESPIDER_TIMEOUT") == 7
