"""Spoils a saved page in ways that follow its structure: bytes, markup, JSON, and each inside of the other.

All is decided by one `random.Random`, so that a seed, a page and a number make the same mutation again.
"""

from __future__ import annotations

import html
import itertools
import json
import re
from typing import TYPE_CHECKING

from tests.fuzz import hostile
from tests.fuzz.members import spoiled

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

CHARSETS = (
    "utf-8", "utf-16", "utf-16-le", "utf-32", "utf-7", "shift_jis", "euc-kr", "euc-jp", "iso-2022-jp",
    "gb18030", "big5", "windows-1251", "koi8-r", "latin-1", "cp037", "ascii",
)  # fmt: skip
SAID = (*CHARSETS, "none-such", "", "utf8mb4", "idna", "base64", "unicode_escape", "undefined", "x" * 3_000)
"""Charsets that a page may claim: those, and names that are none of a text's, some of them Python's own."""

KINDS = {"html": "text/html; charset=utf-8", "json": "application/json", "xml": "application/rss+xml"}

MOST_BYTES = 3_000_000
"""No page is made longer; time is measured by the page, and a listing has some 100 kB."""

_OTHER_TYPES = ("", "text/plain", "text/html", "application/json", "text/xml", "application/octet-stream")
_TAG = re.compile(rb"<[^<>]*>")
_OPENING = re.compile(rb"<([A-Za-z][\w:-]*)[^<>]*>")
_VALUE = re.compile(rb"""=\s*("[^"]*"|'[^']*')""")
_TEXT = re.compile(rb">([^<>]+)<")
_DIGITS = re.compile(rb"\d{3,}")
_ELEMENT = re.compile(rb"<([A-Za-z][\w:-]*)[^<>]*>(?:[^<]++|<(?!/?\1\b)){0,200}+</\1>")
_CHARSET = re.compile(rb"""((?:charset|encoding)\s*=\s*["']?)[\w-]+""", re.IGNORECASE)
_SCRIPT = re.compile(rb"<script\b[^<>]*+>((?:[^<]++|<(?!/?script))*+)</script>")
_ESCAPED_JSON = re.compile(rb'="([\[{](?=[^"&]*+&quot;)[^"]*+)"')
_JSON_BEGINS = re.compile(r"[{\[]")

_ENTITIES = (
    # The billion laughs, one entity of quadratic cost, a file, and an entity of itself.
    b'<!DOCTYPE x [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + level, b"&%c;" % (97 + level) * 10) for level in range(12))
    + b"]>",
    b'<!DOCTYPE x [<!ENTITY m "' + b"A" * 100_000 + b'">]>',
    b'<!DOCTYPE x [<!ENTITY m SYSTEM "file:///etc/passwd">]>',
    b'<!DOCTYPE x [<!ENTITY m "&m;&m;">]>',
    b'<!DOCTYPE x [<!ENTITY % m SYSTEM "http://127.0.0.1:9/x"> %m;]>',
)
_REFERENCES = (b"&m;", b"&m;" * 5_000, b"&d;", b"&k;&m;", b"&none;")


class Mutator:
    """One saved page, which is never changed, and what can be done to it."""

    def __init__(self, page: bytes) -> None:
        self.page = page
        begin = page[:200].removeprefix(b"\xef\xbb\xbf").lstrip()
        self.kind = (
            "json" if begin[:1] in {b"{", b"["} else "xml" if begin[:5] in {b"<?xml", b"<rss "} else "html"
        )

    def mutate(self, chance: Random) -> tuple[bytes, str]:
        """Return a body and the Content-Type it comes with."""
        body = self.page
        for _ in range(chance.choice((1, 1, 1, 1, 2, 2, 3, 6))):
            changed = chance.choices(*_WAYS[self.kind])[0](body, chance)
            if len(changed) <= MOST_BYTES:
                body = changed
        content_type = KINDS[self.kind]
        if chance.random() < 0.06:
            kind = chance.choice(("text/html", "application/json", content_type.partition(";")[0]))
            content_type = chance.choice((*_OTHER_TYPES, *[f"{kind}; charset={chance.choice(SAID)}"] * 3))
        return body, content_type


# Bytes


def cut(body: bytes, chance: Random) -> bytes:
    """End early, begin late, or lose a piece in between."""
    first, second = sorted((_place(body, chance), _place(body, chance)))
    return chance.choice((body[:first], body[:second], body[first:], body[:first] + body[second:]))


def swap_slices(body: bytes, chance: Random) -> bytes:
    """Exchange two pieces, or put one in a second time."""
    a, b, c, d = sorted(_place(body, chance) for _ in range(4))
    swapped = body[:a] + body[c:d] + body[b:c] + body[a:b] + body[d:]
    return swapped if chance.random() < 0.6 else body[:c] + body[a:b] + body[c:]


def random_bytes(body: bytes, chance: Random) -> bytes:
    """Put bytes in or over others: random ones, broken UTF-8, or tokens that mean something."""
    for _ in range(chance.choice((1, 1, 2, 10))):
        random = chance.randbytes(chance.choice((1, 4, 64)))
        new = chance.choice((random, chance.choice(hostile.BYTES), chance.choice(hostile.TOKENS)))
        at = _place(body, chance)
        body = body[:at] + new + body[at + chance.choice((0, len(new))) :]
    return body


def other_encoding(body: bytes, chance: Random) -> bytes:
    """Say another charset, be in another one, or both."""
    charset = chance.choice(CHARSETS)
    said = chance.choice((charset, chance.choice(SAID))).encode()
    if chance.random() < 0.5:
        body = body.decode("utf-8", "replace").encode(charset, "replace")
    if chance.random() < 0.5:
        body = _CHARSET.sub(lambda found: found[1] + said, body)
    elif chance.random() < 0.5:
        body = chance.choice((
            b'<?xml version="1.0" encoding="%s"?>', b'<meta charset="%s">',
            b'<meta http-equiv="Content-Type" content="text/html; charset=%s">',
        )) % said + body  # fmt: skip
    return body


# Markup


def swap_tags(body: bytes, chance: Random) -> bytes:
    """Exchange two tags, or everything between two pairs of them."""
    tags = sorted(tag.span() for _ in range(4) if (tag := _any(_TAG, body, chance)))
    if len(tags) < 4:
        return body
    if chance.random() < 0.5:
        (a, b), (c, d) = tags[0], tags[3]
    else:
        a, b, c, d = (start for start, _ in tags)
    return body[:a] + body[c:d] + body[b:c] + body[a:b] + body[max(b, d) :]


def double_tag(body: bytes, chance: Random) -> bytes:
    """Put one tag in again, once or a thousand times, or take it out."""
    tag = _any(_TAG, body, chance)
    if tag is None:
        return body
    return body[: tag.start()] + tag[0] * chance.choice((0, 0, 2, 2, 3, 1_000)) + body[tag.end() :]


def double_element(body: bytes, chance: Random) -> bytes:
    """Repeat what lies between two tags, so that ids stand twice."""
    start, end = sorted(tag.start() if (tag := _any(_TAG, body, chance)) else 0 for _ in range(2))
    return body[:end] + body[start:end] * chance.choice((1, 1, 3)) + body[end:]


def change_value(body: bytes, chance: Random) -> bytes:
    """Give one attribute another value."""
    found = _any(_VALUE, body, chance)
    if found is None:
        return body
    start, end = found.span(1)
    new = html.escape(hostile.text(chance)) if chance.random() < 0.8 else hostile.text(chance)
    return body[:start] + b'"' + _bytes(new) + b'"' + body[end:]


def change_text(body: bytes, chance: Random) -> bytes:
    """Say something else between two tags."""
    found = _any(_TEXT, body, chance)
    if found is None:
        return body
    start, end = found.span(1)
    new = hostile.text(chance)
    escaped = (
        html.escape(new) if chance.random() < 0.6 else f"<![CDATA[{new}]]>" if chance.random() < 0.3 else new
    )
    return body[:start] + _bytes(escaped) + body[end:]


def change_number(body: bytes, chance: Random) -> bytes:
    """Write one number of the page in the place of another, everywhere or once: an id stands twice then."""
    old, new = _any(_DIGITS, body, chance), _any(_DIGITS, body, chance)
    return body.replace(old[0], new[0], chance.choice((1, -1))) if old and new else body


def huge_attribute(body: bytes, chance: Random) -> bytes:
    """Make one attribute, old or new, or the text behind a tag hundreds of kB long."""
    tag = _any(_OPENING, body, chance)
    if tag is None:
        return body
    text = hostile.huge(chance)
    if chance.random() < 0.4:
        at = tag.end()
        new = _bytes(html.escape(text) if chance.random() < 0.5 else text)
    else:
        at = tag.end() - (2 if tag[0].endswith(b"/>") else 1)
        name = chance.choice((b"class", b"href", b"title", b"data-x", b"id"))
        new = b" " + name + b'="' + _bytes(html.escape(text)) + b'"'
        if chance.random() < 0.05:
            new = b"".join(b" a%d=''" % number for number in range(5_000))
    return body[:at] + new + body[at:]


def deep_markup(body: bytes, chance: Random) -> bytes:
    """Nest elements thousands deep, around something or around nothing, closed or not."""
    depth = hostile.depth(chance)
    name = chance.choice((b"div", b"span", b"a", b"b", b"p", b"table", b"li", b"item", b"svg", b"font"))
    opening = b"<" + name + b">"
    if chance.random() < 0.5:
        tag = _any(_OPENING, body, chance)
        opening, name = (tag[0], tag[1]) if tag else (opening, name)
        depth = min(depth, 1_000_000 // len(opening))
    first, second = sorted(tag.start() if (tag := _any(_TAG, body, chance)) else 0 for _ in range(2))
    closing = b"</" + name + b">"
    return (
        body[:first]
        + opening * depth
        + body[first:second]
        + closing * chance.choice((0, depth, depth, depth // 2, 2 * depth))
        + body[second:]
    )


def change_element(body: bytes, chance: Random) -> bytes:
    """Take one whole element out, double, move or rewrite it: what was well-formed mostly stays it."""
    one, other = _any(_ELEMENT, body, chance), _any(_ELEMENT, body, chance)
    if one is None or other is None:
        return body
    name, text = one[1], hostile.text(chance)
    escaped = html.escape(text) if chance.random() < 0.7 else f"<![CDATA[{text}]]>"
    new = chance.choice((
        b"", one[0] * 2, other[0], one[0] + other[0], b"<" + name + b"/>",
        b"<%s>%s</%s>" % (name, _bytes(escaped), name), b"<%s>%s</%s>" % (name, other[0], name),
        b"<%s>%s</%s>" % (name, _bytes(html.escape(hostile.huge(chance))), name),
        b"<%s>%s</%s>" % (other[1], _bytes(escaped), other[1]),
        b"<%s xmlns='x' a='%s'>%s</%s>" % (name, _bytes(html.escape(text)), one[0], name),
    ))  # fmt: skip
    return body[: one.start()] + new + body[one.end() :]


def entities(body: bytes, chance: Random) -> bytes:
    """Declare entities that grow, that read a file or that never end, and refer to them."""
    declared = chance.choice(_ENTITIES)
    end = body.find(b"?>") + 2 if body.startswith(b"<?xml") else 0
    body = body[:end] + declared + body[end:]
    for _ in range(chance.choice((0, 1, 5))):
        found = _any(_TEXT, body, chance)
        if found:
            at = max(found.start(1), end + len(declared))
            body = body[:at] + chance.choice(_REFERENCES) + body[at:]
    return body


def inner_json(body: bytes, chance: Random) -> bytes:
    """Spoil JSON that a page carries, in a script or in an attribute."""
    found = [(match.span(1), False) for match in _SCRIPT.finditer(body)]
    found += [(match.span(1), True) for match in _ESCAPED_JSON.finditer(body)]
    found = [(span, escaped) for span, escaped in found if span[1] - span[0] > 20]
    if not found:
        return change_value(body, chance)
    (start, end), escaped = chance.choice(found)
    text = body[start:end].decode("utf-8", "replace")
    if escaped:
        text = html.unescape(text)
    for begins in itertools.islice(_JSON_BEGINS.finditer(text), 5):
        try:
            value, stop = json.JSONDecoder().raw_decode(text, begins.start())
        except (ValueError, RecursionError):
            continue
        if value:
            text = text[: begins.start()] + spoiled(value, chance, _spoil_html) + text[stop:]
            return body[:start] + _bytes(html.escape(text) if escaped else text) + body[end:]
    return body[:start] + random_bytes(body[start:end], chance) + body[end:]


def spoil_json(body: bytes, chance: Random) -> bytes:
    """Change members of a JSON document; where it is none any more, its bytes."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return random_bytes(body, chance)
    return _bytes(spoiled(document, chance, _spoil_html))


def _spoil_html(body: bytes, chance: Random) -> bytes:
    return chance.choices(*_WAYS["html"])[0](body, chance)


def _any(pattern: re.Pattern[bytes], body: bytes, chance: Random) -> re.Match[bytes] | None:
    """Return the first match behind a place, or of the whole; cheaper than to find all and choose one."""
    return pattern.search(body, _place(body, chance)) or pattern.search(body)


def _place(body: bytes, chance: Random) -> int:
    return chance.randrange(len(body) + 1)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


_ANY: dict[Callable[[bytes, Random], bytes], float] = {
    cut: 1,
    swap_slices: 1,
    random_bytes: 2,
    other_encoding: 0.7,
}
_MARKUP = {
    swap_tags: 1.5,
    double_tag: 1.5,
    double_element: 1,
    change_value: 3,
    change_text: 3,
    change_number: 0.7,
    huge_attribute: 0.5,
    deep_markup: 0.5,
}
_WAYS = {
    kind: (list(ways), list(ways.values()))
    for kind, ways in {
        "html": _ANY | _MARKUP | {inner_json: 3},
        "xml": _ANY | _MARKUP | {entities: 2, change_element: 25},
        "json": {way: weight / 3 for way, weight in _ANY.items()} | {spoil_json: 14, change_number: 0.5},
    }.items()
}
"""What is done to each kind of page, and how often relative to the others."""
