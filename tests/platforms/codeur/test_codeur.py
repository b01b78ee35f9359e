from pathlib import Path

import pytest
from scrapy.http import HtmlResponse

from outsource_scraper.commands.extract import saved_response
from outsource_scraper.spiders.codeur import CodeurSpider, Described, describe

HERE = Path(__file__).parent


@pytest.mark.parametrize(
    ("arguments", "number", "url"),
    [
        ({}, 1, "https://www.codeur.com/projects.rss"),
        ({"mode": "new"}, 1, "https://www.codeur.com/projects.rss"),
        ({"query": "refonte site"}, 1, "https://www.codeur.com/projects.rss?q=refonte+site"),
        # Pages are not known to be searchable, so the feed answers.
        ({"mode": "full", "query": "api"}, 1, "https://www.codeur.com/projects.rss?q=api"),
        ({"mode": "full"}, 1, "https://www.codeur.com/projects"),
        ({"mode": "full"}, 2, "https://www.codeur.com/projects?page=2"),
    ],
)
def test_the_feed_tells_what_is_new_and_the_pages_all(arguments: dict, number: int, url: str) -> None:
    assert CodeurSpider(**arguments).listing_url(number) == url


@pytest.mark.parametrize(
    ("page", "more"), [("feed.xml", False), ("listing.html", True), ("broken.html", False)]
)
def test_whether_the_listing_goes_on(page: str, more: bool) -> None:
    spider = CodeurSpider(mode="full")
    assert spider.has_next(spider.open_page(saved_response(HERE / page, spider.platform.home))) is more


@pytest.mark.parametrize("page", ["feed.xml", "listing.html"])
def test_the_content_decides_how_it_is_read_and_not_the_mode_or_the_stated_type(page: str) -> None:
    for mode in ("new", "full"):
        response = HtmlResponse("https://www.codeur.com/projects", body=(HERE / page).read_bytes())
        assert len(CodeurSpider(mode=mode).read_saved(response).projects) == 5


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html><body><h1>Maintenance</h1></body></html>", "has no list of projects"),
        (b"Too many requests", "is neither a feed nor a page: it begins with b'Too many requests'"),
        (b"<?xml version='1.0'?><rss><channel><item>", "is not XML"),
        (b"<?xml version='1.0'?><error/>", "is XML but no feed"),
    ],
)
def test_what_is_neither_says_so(body: bytes, reason: str) -> None:
    reading = CodeurSpider().read_saved(HtmlResponse("https://www.codeur.com/projects", body=body))
    assert reading.projects == []
    assert len(reading.rejected) == 1
    assert reason in reading.rejected[0].reason


def test_a_page_without_any_project_is_no_error() -> None:
    body = b'<html><body><div id="projects-list"></div></body></html>'
    reading = CodeurSpider().read_saved(HtmlResponse("https://www.codeur.com/projects", body=body))
    assert reading.records == 0


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        (
            "<p>Budget : Moins de 500 € - Catégories : Logo</p><p>Oui.</p>",
            ("Moins de 500 €", ["Logo"], "Oui."),
        ),
        # A category that holds commas is one category, wherever it stands.
        (
            "<p>Budget : 500 € à 1 000 € - Catégories : API, Audio, Video, Multimedia, Logo</p>",
            ("500 € à 1 000 €", ["API", "Audio, Video, Multimedia", "Logo"], None),
        ),
        (
            "<p>Budget : 500 € à 1 000 € - Catégories : Print (flyer, plaquette, affiche...), Logo</p>",
            ("500 € à 1 000 €", ["Print (flyer, plaquette, affiche...)", "Logo"], None),
        ),
        (
            "<p>Budget : 500 € à 1 000 € - Catégories : Logo (a, b</p>",
            ("500 € à 1 000 €", ["Logo (a", "b"], None),
        ),
        # What is no headline belongs to the text.
        ("<p>Un budget serré.</p><p>Merci.</p>", (None, [], "Un budget serré. Merci.")),
        ("Sans paragraphe", (None, [], "Sans paragraphe")),
        ("", (None, [], None)),
        (None, (None, [], None)),
    ],
)
def test_the_first_paragraph_of_an_entry_is_its_headline(markup: str | None, expected: tuple) -> None:
    assert describe(markup) == Described(*expected)
