"""Plain text from what a page says: folded whitespace, no HTML, nothing that PostgreSQL or a reader trips on.

HTML is read with linear regular expressions, not with a parser: a description is a fragment that is often cut
in the middle of a tag, its text may hold a "<" that is no tag, and nesting cannot exhaust anything here.
"""

from __future__ import annotations

import html
import re
import unicodedata
from urllib.parse import urlsplit

# Control characters that are not whitespace, soft hyphen, bidi marks and controls, zero-width spaces and
# invisible operators, BOM, interlinear annotation, lone surrogates, tag characters.
_INVISIBLE = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f"
)
_EMOJI = "\u2190-\u21ff\u2600-\u27bf\u2b00-\u2bff\ufe0f\U0001f000-\U0001faff"
_DROPPED = re.compile(f"[{_INVISIBLE}]|\u200c|(?<![{_EMOJI}])\u200d|\u200d(?![{_EMOJI}])")

# Normalizing sorts a run of combining marks in quadratic time; no word has more of them than Unicode's
# Stream-Safe Text Format lets stand together. Marks are among what is no word character.
_MOST_MARKS = 30
_MARK = re.compile(r"[^\w\s\x00-\x7f]")
_MARKS = re.compile(rf"{_MARK.pattern}{{{_MOST_MARKS + 1},}}")

_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")

# Text is HTML where one tag of this list is written as a tag; "List<String>" and "a <b and c> d" are not.
_HTML = re.compile(
    r"""<(?=[a-z/!])(?:!--|!doctype\b|!\[cdata\[|
    /?(?:a|abbr|article|aside|b|big|blockquote|body|br|button|caption|center|code|dd|del|details|div|dl|dt|em|
    figcaption|figure|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|kbd|label|li|main|mark|nav|
    ol|option|p|picture|pre|q|s|samp|script|section|select|small|source|span|strike|strong|style|sub|summary|sup|
    svg|table|tbody|td|textarea|tfoot|th|thead|title|tr|tt|u|ul|video|wbr)
    (?:\s*+/?>|\s++[\w:@.-]++\s*+=))""",
    re.IGNORECASE | re.VERBOSE,
)
# Every branch either ends before the next "<" or consumes all it has looked at, so a text is read once.
_MARKUP = re.compile(
    r"""<!--(?:.*?-->|.*)
    | <(?P<hidden>script|style)\b[^<>]*+(?:>|\Z).*?(?:</(?P=hidden)\b[^<>]*+(?:>|\Z)|\Z)
    | <!\[cdata\[ | \]\]>
    | </?(?P<tag>[a-z][a-z0-9:-]*+)(?:(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+>|[^<>]*+(?:>|\Z))
    | <[!?][^<>]*+(?:>|\Z)""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_INLINE = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font",
    "i", "ins", "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup",
    "time", "tt", "u", "var", "wbr",
})  # fmt: skip


# An ASCII host without user or port, which needs no further look; "\Z" where nothing stands behind it.
_PLAIN_HTTP = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9.-]*(?:[/?#]|\Z)")


def fold(text: str | None) -> str | None:
    """Return `text` as one line of plain text in NFC, or None where nothing is left.

    Every run of Unicode whitespace becomes one space. Control characters, lone surrogates, zero-width and
    bidi control characters are removed; a zero-width joiner stays only between two emoji, which it makes one.
    Of combining marks that follow each other the first 30 stay.
    """
    if not text:
        return None
    folded = " ".join(text.split())
    if not folded.isprintable():
        folded = " ".join(_DROPPED.sub("", folded).split())
    if not folded.isascii():
        # A run that is too long covers one of these characters; most texts are not looked at any further.
        if _MARK.search(folded[:: _MOST_MARKS + 1]):
            folded = _MARKS.sub(_fewer_marks, folded)
        folded = unicodedata.normalize("NFC", folded)
    return folded or None


def from_html(markup: str | None) -> str | None:
    """Return the text of an HTML fragment, folded as by `fold`, or None where there is none.

    The fragment may be HTML, HTML written in entities, or plain text. Tags, comments, scripts and styles go;
    block elements and line breaks part words, inline elements do not. In text without any HTML tag a "<" is
    what it says. Only entities closed by a semicolon are decoded, so that "?a=1&copy=2" stays a link.
    """
    if not markup:
        return None
    if "<" not in markup and "&" not in markup:
        return fold(markup)
    if _HTML.search(markup):
        return fold(_decoded(_without_tags(markup)))
    decoded = _decoded(markup)
    if "&" in markup and _HTML.search(decoded):
        decoded = _decoded(_without_tags(decoded))
    return fold(decoded)


def is_http_url(url: str | None) -> bool:
    """Return whether `url` is an absolute http(s) URL with a host and no space or invisible character."""
    # The space is the one whitespace character that is printable.
    if not url or " " in url or not url.isprintable():
        return False
    if _PLAIN_HTTP.match(url):
        return True
    try:
        parts = urlsplit(url)
        # The port is parsed on access and raises where it is none.
        has_valid_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    host = parts.hostname or ""
    return (
        has_valid_port
        and parts.scheme in {"http", "https"}
        and any(character.isalnum() for character in host)
    )


def _without_tags(markup: str) -> str:
    return _MARKUP.sub(_replacement, markup)


def _replacement(match: re.Match[str]) -> str:
    tag = match["tag"]
    return "" if tag and tag.lower() in _INLINE else " "


def _fewer_marks(match: re.Match[str]) -> str:
    kept: list[str] = []
    marks = 0
    for character in match[0]:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def _decoded(text: str) -> str:
    return _ENTITY.sub(lambda match: html.unescape(match[0]), text) if "&" in text else text
