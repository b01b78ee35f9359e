"""The platforms' own spiders read from the market's pages what the market says is in them."""

from __future__ import annotations

import importlib
import inspect
from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from scrapy.http import HtmlResponse, TextResponse, XmlResponse

from outsource_scraper.normalize.skills import canonical_skills
from outsource_scraper.sandbox.platforms import platforms
from outsource_scraper.spiders._base import PlatformSpider

if TYPE_CHECKING:
    from outsource_scraper.items import Project
    from tests.sandbox.conftest import Site

MOST_PAGES = 30


def spider_of(name: str) -> PlatformSpider[Any]:
    module = importlib.import_module(f"outsource_scraper.spiders.{name}")
    for _, found in inspect.getmembers(module, inspect.isclass):
        if issubclass(found, PlatformSpider) and getattr(found, "name", None) == name:
            spider: PlatformSpider[Any] = found()
            return spider
    raise LookupError(name)


def fetch(site: Site, request: Any) -> TextResponse:
    parts = urlsplit(request.url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    headers = request.headers.to_unicode_dict()
    headers.pop("Host", None)
    answer = site.get(parts.netloc, path, request.method, **headers)
    kind = answer.headers["Content-Type"]
    response = XmlResponse if "xml" in kind else TextResponse if "json" in kind else HtmlResponse
    return response(request.url, answer.status, body=answer.body, headers=dict(answer.headers))


def read_all(site: Site, spider: PlatformSpider[Any]) -> list[Project]:
    projects: list[Project] = []
    for number in range(1, MOST_PAGES + 1):
        response = fetch(site, spider.listing_request(number))
        page = spider.open_page(response, number=number, now=site.market.now())
        reading = spider.read_page(page)
        assert reading.rejected == []
        assert reading.duplicates == 0
        projects += reading.projects
        if not spider.has_next(page):
            return projects
    raise AssertionError(f"more than {MOST_PAGES} pages")


def differences(read: dict[str, Any], truth: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What was read otherwise than it is."""
    return {
        name: (read[name], expected)
        for name, expected in truth["project"].items()
        if name != "project_metadata" and not agrees(name, read[name], expected, truth)
    }


def agrees(name: str, value: Any, expected: Any, truth: dict[str, Any]) -> bool:
    if name == "skills":
        return bool(value == canonical_skills(expected))
    if name == "description" and truth["description_is_cut"]:
        return str(value).startswith(expected)
    if isinstance(value, datetime) and expected is not None:
        off = abs(value - datetime.fromisoformat(expected))
        return off <= timedelta(seconds=truth["precision"].get(name, 0))
    if isinstance(value, Decimal) and expected is not None:
        return value == Decimal(expected)
    return bool(value == expected)


# What scripts show is read by a browser: tests/commands/test_browser.py.
@pytest.mark.parametrize("name", [name for name in platforms() if not spider_of(name).rendered])
def test_listings_are_read_as_they_are(name: str, site: Site) -> None:
    projects = {project.external_id: project for project in read_all(site, spider_of(name))}
    truth = {record["project"]["external_id"]: record for record in site.control.truth(name)}
    assert set(projects) == set(truth)
    wrong = {key: differences(asdict(projects[key]), record) for key, record in truth.items()}
    assert {key: found for key, found in wrong.items() if found} == {}


@pytest.mark.parametrize("name", ["guru", "wishket"])
def test_detail_pages_tell_the_rest(name: str, site: Site) -> None:
    spider = spider_of(name)
    listed = read_all(site, spider)[:12]
    truth = {record["project"]["external_id"]: record for record in site.control.truth(name, detail=True)}
    for project in listed:
        request = spider.detail_request(project)
        if request is None:
            continue
        page = spider.open_page(fetch(site, request), now=site.market.now())
        reading = spider.read_detail_page(page, project)
        assert reading.rejected == []
        assert differences(asdict(reading.projects[0]), truth[project.external_id]) == {}
