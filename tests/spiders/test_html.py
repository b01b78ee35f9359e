import json
from decimal import Decimal
from html import escape

import pytest
from scrapy.selector import Selector

from outsource_scraper.normalize.text import from_html
from outsource_scraper.spiders._base import MOST_KEPT_LEVELS
from outsource_scraper.spiders._html import (
    attribute_of,
    count_in,
    job_posting,
    markup_in,
    rows_of,
    salary,
    shown,
    text_of,
    texts_of,
)

POSTING = {"@type": "JobPosting", "title": "A < B"}


def page(*scripts: str) -> Selector:
    tags = "".join(f'<script type="application/ld+json">{script}</script>' for script in scripts)
    return Selector(text=f"<html><head>{tags}</head></html>", type="html")


@pytest.mark.parametrize(
    ("scripts", "found"),
    [
        ([json.dumps(POSTING)], POSTING),
        ([json.dumps({"@type": "Organization"}), json.dumps(POSTING)], POSTING),
        (["not JSON", json.dumps(POSTING)], POSTING),
        ([json.dumps([{"@type": "Organization"}, POSTING])], POSTING),
        ([json.dumps({"@graph": [{"@type": "WebSite"}, POSTING]})], POSTING),
        ([escape(json.dumps(POSTING))], POSTING),
        (['{"@type": "JobPosting", "title": "two\nlines"}'], {"@type": "JobPosting", "title": "two\nlines"}),
        ([json.dumps({"@type": "Organization"})], None),
        (["null", "[]", "3", ""], None),
        ([], None),
    ],
)
def test_job_posting(scripts: list[str], found: dict | None) -> None:
    assert job_posting(page(*scripts)) == found


@pytest.mark.parametrize(
    ("base_salary", "expected"),
    [
        ({"value": {"minValue": 250, "maxValue": "500"}}, (Decimal(250), Decimal(500))),
        ({"Value": {"minValue": "0", "maxValue": "250", "value": "250"}}, (None, Decimal(250))),
        ({"value": {"minValue": 25000}}, (Decimal(25000), None)),
        ({"value": {"value": 700}}, (Decimal(700), Decimal(700))),
        ({"value": 700}, (Decimal(700), Decimal(700))),
        ({"value": None}, (None, None)),
        ("2,000만원", (None, None)),
        (None, (None, None)),
    ],
)
def test_salary(base_salary: object, expected: tuple) -> None:
    assert salary({"baseSalary": base_salary}) == expected


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("1 095", 1095),
        ("2,022", 2022),
        ("1\u00a0095", 1095),
        ("지원자 7명", 7),
        ("0", 0),
        ("없음", None),
        ("", None),
        (None, None),
        ("9" * 13, None),
    ],
)
def test_count_in(text: str | None, count: int | None) -> None:
    assert count_in(text) == count


def test_texts_are_folded_and_empty_ones_left_out() -> None:
    node = Selector(text="<p> a \n <b>b</b></p><p> </p><p>c</p>", type="html")
    assert text_of(node, "p") == "a b"
    assert texts_of(node, "p") == ["a b", "c"]
    assert text_of(node, "i") is None


def test_an_attribute_is_that_of_the_first_element_that_has_it() -> None:
    node = Selector(text='<a>none</a><a href=" /1 ">one</a><a href="/2">two</a>', type="html")
    assert attribute_of(node, "a", "href") == " /1 "
    assert attribute_of(node, "a", "title") is None


def test_rows_are_the_texts_of_the_elements_right_in_them() -> None:
    markup = "<ul><li><b>Term</b> : <i>30 <u>days</u></i><!-- no --></li><li>bare</li><li><b> </b></li></ul>"
    assert rows_of(Selector(text=markup, type="html"), "li") == [["Term", "30 days"], [], []]


def test_shown_keeps_zero_and_false() -> None:
    assert shown({"a": 0, "b": False, "c": None, "d": [], "e": {}, "f": ""}) == {"a": 0, "b": False, "f": ""}


def test_shown_is_what_jsonb_holds() -> None:
    metadata = {
        "half an emoji": "a\ud83d",
        "nul": ["\x00", {"\x00": "b\x00"}],
        "infinite": float("inf"),
        "numbers": [float("nan"), 1.5, 10**30],
        "lines": "as\nthey\tstand",
    }
    assert shown(metadata) == {
        "half an emoji": "a\ufffd",
        "nul": ["\ufffd", {"\ufffd": "b\ufffd"}],
        "numbers": [None, 1.5, 10**30],
        "lines": "as\nthey\tstand",
    }


def test_shown_leaves_out_what_is_nested_deeper_than_anything_known() -> None:
    nested: dict = {}
    for _ in range(5_000):
        nested = {"a": [nested]}
    found = shown({"deep": nested, "flat": 7})
    assert found["flat"] == 7
    written = json.dumps(found["deep"])
    assert written.count("{") + written.count("[") == MOST_KEPT_LEVELS
    assert written.count("null") == 1


def test_markup_of_an_element() -> None:
    page = Selector(text='<p class="a">One<br>&amp; two</p><p class="b">three</p> tail', type="html")
    assert markup_in(page, ".b") == '<p class="b">three</p>'
    assert from_html(markup_in(page, ".a")) == "One & two"
    assert markup_in(page, ".c") is None


def test_markup_of_a_link_that_would_take_minutes_to_write_as_html() -> None:
    page = Selector(text=f'<p><a href="{"&lt;!--" * 300_000}">x</a></p>', type="html")
    assert len(markup_in(page, "p") or "") > 300_000
