"""Plain text from text and from HTML, and what is a link."""

from __future__ import annotations

import pytest

from outsource_scraper.normalize.text import fold, from_html, is_http_url


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("", None),
        (" \t\r\n\u00a0\u3000\u2028 ", None),
        ("\u200b\ufeff\x00", None),
        ("plain", "plain"),
        ("  two\n\n words\t", "two words"),
        ("no\u00a0break\u2009thin\u3000wide\u2029line\x85next", "no break thin wide line next"),
        ("nul\x00byte", "nulbyte"),
        ("bell\x07, escape\x1b[0m", "bell, escape[0m"),
        ("vertical\x0btab form\x0cfeed unit\x1fmark", "vertical tab form feed unit mark"),
        ("del\x7f c1\x9f", "del c1"),
        ("a \x00 b", "a b"),
        ("a \u200b b", "a b"),
        ("zero\u200bwidth\u2060join", "zerowidthjoin"),
        ("\ufeffbom", "bom"),
        ("soft\u00adhyphen", "softhyphen"),
        ("\u200fright\u200eleft", "rightleft"),
        ("\u202eevil\u202c \u2066iso\u2069", "evil iso"),
        ("lone \ud83d surrogate \udc00", "lone surrogate"),
        ("tag\U000e0041\U000e0042", "tag"),
        ("cafe\u0301", "café"),
        ("\u1112\u1161\u11ab\u1100\u1173\u11af", "한글"),
        ("웹 앱   개발", "웹 앱 개발"),
        ("e\x00\u0301", "é"),
        ("😀 smile", "😀 smile"),
        ("👨\u200d👩\u200d👧 family", "👨\u200d👩\u200d👧 family"),
        ("❤\ufe0f\u200d🔥", "❤\ufe0f\u200d🔥"),
        ("👍🏽", "👍🏽"),
        ("ab\u200dcd 한\u200d글 👨\u200d x", "abcd 한글 👨 x"),
        ("می\u200cخواهم", "میخواهم"),
        ("ａ１", "ａ１"),
    ],
)
def test_fold(text: str | None, expected: str | None) -> None:
    assert fold(text) == expected


@pytest.mark.parametrize("before", ["", "b", "글 " * 50])
def test_of_combining_marks_in_a_row_thirty_stay(before: str) -> None:
    # Normalizing a million of them, which it sorts, would take a day.
    below, above = "\u0323", "\u0301"
    assert fold(f"{before}x{below * 30}y") == f"{before}x{below * 30}y"
    assert fold(f"{before}x{(above + below) * 500_000}y") == f"{before}x{below * 15}{above * 15}y"
    assert fold(before + "“" * 100) == before + "“" * 100, "they are no marks"


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        (None, None),
        ("", None),
        ("<p></p>", None),
        ("<br>", None),
        ("&nbsp;", None),
        ("plain  text", "plain text"),
        ("<p>Hello</p>", "Hello"),
        ("<p>one</p><p>two</p>", "one two"),
        ("one<br>two<br/>three<BR />four", "one two three four"),
        ("<ul><li>one</li><li>two</li></ul>", "one two"),
        ("<table><tr><td>one</td><td>two</td></tr></table>", "one two"),
        ("<h3>Title</h3>text<div>more</div>end", "Title text more end"),
        ("un<b>believ</b>able <i>x</i>, y", "unbelievable x, y"),
        ('<a href="https://x.example/">link</a>.', "link."),
        ('<p title="1 > 0">text</p>', "text"),
        ("<p title='a \"b\" > c'>text</p>", "text"),
        ("<p it's>text</p>", "text"),
        ("<p>a</p><!-- <b>gone</b> -->b", "a b"),
        ("<p>a</p><!-- never closed", "a"),
        ("<p>a</p><script>if (a < b) { x('</p>') }</script>b", "a b"),
        ("<style type='text/css'>p { color: red }</style><p>a</p>", "a"),
        ("<SCRIPT>x</SCRIPT><p>a</p>", "a"),
        ("<p>a</p><script>never closed", "a"),
        ("<p>a</p><scripting>b</scripting>", "a b"),
        ("<!DOCTYPE html><html><body><p>a</p></body></html>", "a"),
        ("<![CDATA[<p>a</p>]]>", "a"),
        ("<p>cut in the middle of a <a href='https://exa", "cut in the middle of a"),
        ("<p>a</p><my-element x=1>b</my-element>", "a b"),
        ("<p>AT&amp;T &lt;3 &eacute; &#233; &#xE9; &euro;</p>", "AT&T <3 é é é €"),
        ("<p>a&nbsp;b&#8203;c&shy;d</p>", "a bcd"),
        ("<p>null&#0;null</p>", "null\ufffdnull"),
        ("&lt;p&gt;one&lt;/p&gt;&lt;p&gt;two &amp;amp; three&lt;/p&gt;", "one two & three"),
        ("Q&amp;A", "Q&A"),
        ("Q&A", "Q&A"),
        ("R&D &bogus; &", "R&D &bogus; &"),
        ("https://x.example/?a=1&copy=2&region=3", "https://x.example/?a=1&copy=2&region=3"),
        ("a < b", "a < b"),
        ("a < b and c > d", "a < b and c > d"),
        ("a <b and c> d", "a <b and c> d"),
        ("I <3 you", "I <3 you"),
        ("List<String> and Map<K, V>", "List<String> and Map<K, V>"),
        ("budget <= 500 => fine", "budget <= 500 => fine"),
        ("<", "<"),
        ("x &lt; y", "x < y"),
        ("<p>x < y</p>", "x < y"),
        ("<p>I <3 you</p>", "I <3 you"),
        ("&#" + "9" * 5_000 + ";", "&#" + "9" * 5_000 + ";"),
        ("<b>한</b>글 &#54620;", "한글 한"),
    ],
)
def test_from_html(markup: str | None, expected: str | None) -> None:
    assert from_html(markup) == expected


def test_text_in_deep_nesting_is_found() -> None:
    assert from_html("<div>" * 100_000 + "core" + "</div>" * 100_000) == "core"


@pytest.mark.parametrize(
    "unit",
    [
        "<",
        "<a",
        "<a ",
        '<a "',
        "<a '",
        "<!--",
        "<script>",
        "</script",
        "<![CDATA[",
        "&",
        "&#",
        "&lt;",
        "<b x=",
        "<p>",
        "<a   ",
    ],
)
def test_hostile_repetition_is_read_in_linear_time(unit: str) -> None:
    # A quadratic reading of a megabyte would not end within the patience of whoever runs this.
    text = unit * (1_000_000 // len(unit))
    assert "<p>" not in (from_html(text) or "")
    assert "<p>" not in (from_html("<p>" + text) or "")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "https://example.com/",
        "HTTPS://EXAMPLE.COM/a?b=c#d",
        "https://example.com:8443/a",
        "https://한국.example/프로젝트/1",
        "http://127.0.0.1/",
        "http://[::1]/",
    ],
)
def test_link(url: str) -> None:
    assert is_http_url(url)


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "example.com",
        "/relative",
        "//example.com/scheme-relative",
        "javascript:alert(1)",
        "JavaScript://example.com/%0aalert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "ftp://example.com/",
        "mailto:x@example.com",
        "http:",
        "http://",
        "https:///path",
        "http:/example.com",
        "http:\\\\example.com",
        "http://?q",
        "http://.",
        "http://:80/",
        "http://[::1",
        "http://example.com:port/",
        "http://example.com:99999/",
        " https://example.com",
        "https://exa mple.com",
        "https://example.com/\n",
        "https://example.com/\x00",
        "https://example.com/\u202e",
        "https://example.com/\ud800",
    ],
)
def test_no_link(url: str | None) -> None:
    assert not is_http_url(url)
