"""What spiders of HTML pages read alike: texts of elements, counts, and a job posting in JSON-LD."""

from __future__ import annotations

import html
import json
import math
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from lxml import etree
from parsel.csstranslator import HTMLTranslator

from outsource_scraper.normalize.money import parse_amount
from outsource_scraper.normalize.text import fold
from outsource_scraper.spiders._base import dig, kept_levels, markup_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from scrapy.selector import Selector

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_NOT_DIGITS = re.compile(r"\D")


# A page is asked for dozens of texts a card: parsel would make a selector of each, and of the page around it.
_STRING = etree.XPath("string()", smart_strings=False)


@cache
def _path(css: str) -> etree.XPath:
    return etree.XPath(HTMLTranslator().css_to_xpath(css), smart_strings=False)


def text_of(node: Selector, css: str) -> str | None:
    """Folded text of the first element that `css` finds under `node`; None where there is none."""
    found = _path(css)(node.root)
    return fold(_STRING(found[0])) if found else None


def texts_of(node: Selector, css: str) -> list[str]:
    """Folded texts of all elements that `css` finds under `node`, without the empty ones."""
    return _texts(_path(css)(node.root))


def attribute_of(node: Selector, css: str, name: str) -> str | None:
    """The attribute `name`, as it is written, of the first element that `css` finds under `node` with it."""
    found = _path(f"{css}::attr({name})")(node.root)
    return found[0] if found else None


def elements_of(node: Selector, css: str) -> list[etree._Element]:
    """All elements that `css` finds under `node`, for what the other functions do not read."""
    found: list[etree._Element] = _path(css)(node.root)
    return found


def text_in(element: etree._Element) -> str | None:
    """Folded text of an element."""
    return fold(_STRING(element))


def rows_of(node: Selector, css: str) -> list[list[str]]:
    """For each element that `css` finds under `node`, the texts of the elements right in it."""
    return [_texts(row.iterchildren(etree.Element)) for row in _path(css)(node.root)]


def _texts(elements: Iterable[etree._Element]) -> list[str]:
    return [text for element in elements if (text := fold(_STRING(element)))]


def markup_in(node: Selector, css: str) -> str | None:
    """Markup of the first element that `css` finds under `node`; None where there is none."""
    found = _path(css)(node.root)
    return markup_of(found[0]) if found else None


def count_in(text: str | None) -> int | None:
    """The whole number in `text`, however its digits are grouped: "1 095", "2,022", "지원자 7명"."""
    digits = _NOT_DIGITS.sub("", text or "")
    return int(digits) if 0 < len(digits) <= 12 else None


def shown(metadata: dict[str, Any]) -> dict[str, Any]:
    """`metadata` without what the page does not show: None, empty lists and empty objects.

    What PostgreSQL's jsonb does not hold goes too: NUL and half an emoji become U+FFFD, infinity None. So
    does what is nested deeper than `MOST_KEPT_LEVELS`.
    """
    kept = {name: _for_jsonb(kept_levels(value)) for name, value in metadata.items()}
    return {name: value for name, value in kept.items() if value is not None and value not in ([], {})}


def _for_jsonb(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isprintable() else _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {_for_jsonb(name): _for_jsonb(inner) for name, inner in value.items()}
    return [_for_jsonb(inner) for inner in value] if isinstance(value, list) else value


def job_posting(page: Selector) -> dict[str, Any] | None:
    """The first JobPosting (https://schema.org/JobPosting) in the JSON-LD of `page`, or None.

    JSON with line breaks inside of its strings and JSON written in HTML entities are read too.
    """
    for script in page.css('script[type="application/ld+json"]::text').getall():
        value = _lenient_json(script)
        graph = dig(value, "@graph")
        for candidate in graph if isinstance(graph, list) else value if isinstance(value, list) else [value]:
            if dig(candidate, "@type") == "JobPosting":
                return candidate  # type: ignore[no-any-return]
    return None


def salary(posting: dict[str, Any]) -> tuple[Decimal | None, Decimal | None]:
    """Both ends of the `baseSalary` of a JobPosting; an end of 0 is how pages write that there is none."""
    value = dig(posting, "baseSalary", "value") or dig(posting, "baseSalary", "Value")
    if not isinstance(value, dict):
        amount = parse_amount(value)
        return amount, amount
    low, high = parse_amount(value.get("minValue")), parse_amount(value.get("maxValue"))
    if low is None and high is None:
        low = high = parse_amount(value.get("value"))
    return low, high


def _lenient_json(text: str) -> Any:
    for form in (text, html.unescape(text)):
        try:
            return json.loads(form, strict=False)
        except (ValueError, RecursionError):
            continue
    return None
