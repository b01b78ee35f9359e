"""The access patterns, by which a platform's file says how a response becomes records.

`ListingSpider` reads HTML cards, `ApiSpider` JSON, `EmbeddedJsonSpider` JSON inside a page, `FeedSpider` RSS
and Atom. How pages are read is in `_reader`, and the rest of a crawl in `_spider`. A platform's file sets
`platform`, `listing_url` and `read`; where it has detail pages also `detail_request`, `is_detail` and
`read_detail`.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, ClassVar

from lxml import etree
from scrapy.selector import Selector

from outsource_scraper.errors import PageError, RecordError
from outsource_scraper.spiders._reader import Page
from outsource_scraper.spiders._spider import PlatformSpider

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scrapy.http import Response, TextResponse

    from outsource_scraper.items import Project

__all__ = [
    "ApiSpider",
    "EmbeddedJsonSpider",
    "FeedSpider",
    "ListingSpider",
    "Page",
    "PlatformSpider",
    "check_depth",
    "check_same",
    "dig",
    "kept_levels",
    "markup_of",
    "parse_html",
    "parse_json",
    "required",
    "whole_number",
]


MOST_LEVELS = 200
"""Elements inside of each other; the deepest page known has 20. A browser shows at most 512."""
MOST_KEPT_LEVELS = 50
"""Objects and arrays inside of each other that are kept of a record; the deepest known has 6. What is nested
deeper is only cut where it is written, so that it costs neither its record nor the others of the page."""

_IS_TOO_DEEP = etree.XPath(f"boolean({'/*' * (MOST_LEVELS + 1)})")


class ListingSpider(PlatformSpider[Selector]):
    """Cards in the HTML of public pages."""

    cards: ClassVar[str]
    """CSS of one card."""
    next_page: ClassVar[str | None] = None
    """CSS of something that is there only where the listing goes on."""

    def document(self, response: TextResponse) -> Any:
        """The page's selector."""
        if b"<" not in response.body:
            raise PageError(f"{response.url} is not HTML: it begins with {response.text[:40]!r}")
        return parse_html(response)

    def records(self, page: Page) -> Iterable[Selector]:
        """Every card."""
        return page.document.css(self.cards)  # type: ignore[no-any-return]

    def source(self, record: Selector) -> str:
        """The card's markup."""
        return markup_of(record.root)

    def has_next(self, page: Page) -> bool:
        """Whether `next_page` is there."""
        return self.next_page is not None and bool(page.document.css(self.next_page))


class ApiSpider(PlatformSpider[dict[str, Any]]):
    """Objects in a JSON answer."""

    records_path: ClassVar[tuple[str, ...]] = ()
    """Keys from the root of the answer to the array of records."""

    def document(self, response: TextResponse) -> Any:
        """The JSON value; NaN and Infinity, which are none, are None."""
        return parse_json(response.body, response)

    def records(self, page: Page) -> Iterable[dict[str, Any]]:
        """The array at `records_path`."""
        found = dig(page.document, *self.records_path)
        if not isinstance(found, list):
            path = ".".join(self.records_path) or "its root"
            raise PageError(f"{page.response.url} has no array of records at {path}")
        return found

    def source(self, record: dict[str, Any]) -> str:
        """The object's JSON; what is nested so deep that it cannot be written is null in it."""
        try:
            return json.dumps(record, ensure_ascii=False, default=str)
        except RecursionError:
            return json.dumps(kept_levels(record), ensure_ascii=False, default=str)


class EmbeddedJsonSpider(ApiSpider):
    """Objects in JSON that an HTML page carries for its own scripts."""

    embedded_after: ClassVar[str]
    """The text that stands right before the JSON value."""

    def document(self, response: TextResponse) -> Any:
        """The JSON value behind `embedded_after`."""
        text = response.text
        start = text.find(self.embedded_after)
        if start < 0:
            raise PageError(f"{response.url} holds no {self.embedded_after.strip()!r}")
        start += len(self.embedded_after)
        while text[start : start + 1].isspace():
            start += 1
        try:
            return _DECODER.raw_decode(text, start)[0]
        except (ValueError, RecursionError) as error:
            raise PageError(f"the JSON in {response.url} cannot be read: {error}") from None


class FeedSpider(PlatformSpider["etree._Element"]):
    """Entries of an RSS or Atom feed; it has one page."""

    whole_listing = False

    def document(self, response: TextResponse) -> Any:
        """The feed's root element; entities of its own are not resolved."""
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        try:
            return etree.fromstring(response.body, parser)
        except etree.XMLSyntaxError as error:
            raise PageError(f"{response.url} is not XML: {error}") from None

    def records(self, page: Page) -> Iterable[etree._Element]:
        """Every `item` of RSS, every `entry` of Atom."""
        if etree.QName(page.document).localname not in {"rss", "feed", "RDF"}:
            raise PageError(f"{page.response.url} is XML but no feed: its root is {page.document.tag!r}")
        return page.document.iter("{*}item", "{*}entry")  # type: ignore[no-any-return]

    def source(self, record: etree._Element) -> str:
        """The entry's XML."""
        return etree.tostring(record, encoding="unicode")


def _no_number(_: str) -> None:
    """What the JSON constants NaN and Infinity are read as."""


_DECODER = json.JSONDecoder(parse_constant=_no_number)


def parse_json(body: bytes | str, response: Response) -> Any:
    """The JSON value of `body`; `PageError`, which says how it begins, where it is none."""
    try:
        return json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        begin = body[:40] if isinstance(body, str) else body[:40].decode("utf-8", "replace")
        raise PageError(f"{response.url} is not JSON ({error}): it begins with {begin!r}") from None


def parse_html(response: TextResponse, text: str | None = None) -> Selector:
    """The HTML of `response`, or `text`, which it carries; read as HTML whatever type the server says.

    Raises:
        PageError: as by `check_depth`.
    """
    selector = Selector(text=text, type="html") if text is not None else Selector(response, type="html")
    return check_depth(selector, response)


def markup_of(element: etree._Element) -> str:
    """The element as XML: to write "<!--" in a link as HTML takes libxml2 quadratic time."""
    return etree.tostring(element, encoding="unicode", with_tail=False)


def check_depth(html: Selector, response: Response) -> Selector:
    """`html`, unless it is nested deeper than any page, where to look for cards could take minutes.

    Raises:
        PageError: it is.
    """
    if _IS_TOO_DEEP(html.root):
        raise PageError(f"{response.url} is nested more than {MOST_LEVELS} levels deep")
    return html


def kept_levels(value: Any, levels: int = MOST_KEPT_LEVELS) -> Any:
    """`value`, whose objects and arrays deeper than `levels` are None."""
    if not isinstance(value, dict | list):
        return value
    if not levels:
        return None
    if isinstance(value, dict):
        return {name: kept_levels(inner, levels - 1) for name, inner in value.items()}
    return [kept_levels(inner, levels - 1) for inner in value]


def dig(value: Any, *path: str | int) -> Any:
    """What lies at `path` in nested objects and arrays; None where the way ends early."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def whole_number(value: Any) -> int | None:
    """A count as an API gives it (7, "7", 7.0); None where it is none or negative."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):  # it may be larger than any float
        return value if value >= 0 else None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    if not math.isfinite(number) or number < 0 or number != int(number):
        return None
    return int(number)


def check_same(found: Any, project: Project) -> None:
    """Pass where `found`, the id that a page names or None, is not another one than that of `project`.

    A redirect or a mixed-up cache may answer with another project's page, whose words must not become this
    one's.

    Raises:
        RecordError: it is another one, or no id at all.
    """
    if found is None:
        return
    named = required(found, "id")
    if named != project.external_id:
        raise RecordError(f"it is the page of project {named[:80]}, not of {project.external_id}")


def required(value: Any, name: str) -> str:
    """A text or number that a record cannot do without; `RecordError` where it is missing."""
    if isinstance(value, (str, int)) and not isinstance(value, bool) and str(value).strip():
        return str(value).strip()
    raise RecordError(f"the record has no {name}")
