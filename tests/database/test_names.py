"""A name is found in every spelling, and in no longer word."""

import html
import json
from urllib.parse import quote

import pytest

from outsource_scraper.database.names import REMOVED, Name

NAME = 'Tom & "Jerry" O\'Müller\\Ёж 😀/x'


@pytest.mark.parametrize(
    "spelt",
    [
        NAME,
        html.escape(NAME),
        html.escape(NAME, quote=False),
        html.escape(html.escape(NAME)),
        json.dumps(NAME)[1:-1],
        json.dumps(NAME, ensure_ascii=False)[1:-1],
        json.dumps(json.dumps(NAME))[3:-3],
        html.escape(json.dumps(NAME))[6:-6],
        json.dumps(NAME)[1:-1].replace("/", "\\/").replace("&", "\\u0026"),
        quote(NAME),
        quote(NAME, safe="").lower().replace("tom", "Tom").replace("jerry", "Jerry").replace("%20", "+"),
        NAME.replace("ü", "&uuml;").replace(" ", "&nbsp;").replace("'", "&#39;"),
        NAME.replace(" ", "\n   "),
    ],
)
def test_every_spelling(spelt: str) -> None:
    spelt = spelt.replace("o%27m", "O%27M")
    assert Name(NAME).blanked(f"<a>{spelt}</a>") == f"<a>{REMOVED}</a>"


@pytest.mark.parametrize(
    ("name", "text", "blanked"),
    [
        ("Art", "Art, article, Article, Artists, Art's, smArt, Art2, Árt, Art_x",
         "*, article, Article, Artists, *'s, smArt, Art2, Árt, *_x"),
        ("Mu", "Mu\u0308ller by Mu", "Mu\u0308ller by *"),
        ("Иван", "Иван и Иванов, диванИван", "* и Иванов, диванИван"),
        ("김철수", "김철수님, 김철수의 김철수 최김철수 Kim김철수", "*님, *의 * 최김철수 Kim*"),
        ("Jerry", "Jerry님이", "*님이"),
        ("마", "마 마켓", "* 마켓"),
        ("田中", "依頼者田中さん", "依頼者*さん"),
        ("12", "12 h, 120, 1.12, 12,5, 2026-12-01, v12, 12. 12시간",
         "* h, 120, 1.12, 12,5, 2026-12-01, v12, *. *시간"),
        ("Art", r"\nArt \u003eArt\u003c %2FArt \u00e4Art", r"\n* \u003e*\u003c %2F* \u00e4Art"),
        ("C++", "C++ and C+++", "* and *+"),
        ("a.b", "a.b axb", "* axb"),
    ],
)  # fmt: skip
def test_only_whole_words(name: str, text: str, blanked: str) -> None:
    assert Name(name).blanked(text) == blanked.replace("*", REMOVED)


def test_values_of_json_keep_their_numbers_and_keys() -> None:
    value = {"12": 12, "by": ["12", 1.12, None, True, {"12": "of 12"}]}
    assert Name("12").blanked(value) == {
        "12": 12, "by": [REMOVED, 1.12, None, True, {"12": f"of {REMOVED}"}]
    }  # fmt: skip
