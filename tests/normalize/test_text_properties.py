"""What holds of plain text whatever a page contains."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from outsource_scraper.normalize.countries import country_code, country_in
from outsource_scraper.normalize.languages import language_of
from outsource_scraper.normalize.text import fold, from_html, is_http_url

# What a careless reading trips over: controls, surrogates, joiners, marks that compose, every kind of space.
TROUBLE = st.sampled_from(
    list(
        "\x00\x07\x1b\x1f\x85\xa0\xad\u0301\u0338\u0650\u094d\u200b\u200c\u200d\u200e\u202e\u2028\u2066\u3000\ufe0f"
    )
    + list("\ufeff\ud83d\ude00\u2190\u2640👨👩e é가각ㅤ \n\t〈")
    + ["\U000e0041", "\u2329", "\u1100", "\u1161"]
)
TEXTS = st.one_of(st.text(), st.lists(st.one_of(TROUBLE, st.characters())).map("".join))
TAGS = """
    <p> </p> <br/> <b> </b> < > <a href= " ' <!-- --> <script> </script> <![CDATA[ ]]> </ <!
    &lt; &gt; &amp; &#0; &#xD800; &#99999999999; &nbsp;
"""
MARKUP = st.lists(st.one_of(st.sampled_from(TAGS.split()), st.text(max_size=8))).map("".join)


def is_plain(text: str | None) -> bool:
    return text is None or (
        text == " ".join(text.split())
        and text != ""
        and not any(unicodedata.category(character) in {"Cc", "Cs"} for character in text)
        and text.encode() != b""
        and unicodedata.is_normalized("NFC", text)
    )


@given(TEXTS)
def test_folded_text_is_plain_and_stays(text: str) -> None:
    folded = fold(text)
    assert is_plain(folded)
    assert fold(folded) == folded


@given(st.one_of(TEXTS, MARKUP))
def test_html_becomes_plain_text(markup: str) -> None:
    assert is_plain(from_html(markup))


@given(st.text(alphabet=st.characters(exclude_characters="<&")))
def test_text_without_markup_is_only_folded(text: str) -> None:
    assert from_html(text) == fold(text)


@given(st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), min_size=1))
def test_words_in_blocks_never_glue_together(words: list[str]) -> None:
    assert from_html("".join(f"<p>{word}</p>" for word in words)) == " ".join(words)


@given(st.one_of(TEXTS, MARKUP))
def test_a_link_has_a_scheme_and_no_space(text: str) -> None:
    for url in (text, f"https://{text}"):
        if is_http_url(url):
            assert url.lower().startswith(("http://", "https://"))
            assert url.split() == [url]


@given(TEXTS)
def test_countries_and_languages_are_codes_or_none(text: str) -> None:
    for code in (country_code(text), country_in(text)):
        assert code is None or (len(code) == 2 and code.isascii() and code.isupper())
    assert language_of(text) in {None, "ko", "ja", "zh", "th", "el", "he", "ru", "uk"}
