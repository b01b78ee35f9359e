"""LZString as wishket.com's own scripts and links write it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outsource_scraper.lzstring import compress_to_base64, decompress_from_base64

VECTORS = [
    ("", "Q==="),
    # The example of the original's documentation.
    ("Hello, world!", "BIUwNmD2A0AEDukBOYAmBCIA"),
    # Links of the site.
    ("srt=new", "M4JwLgvAdgpg7kA="),
    ("pt=task_based", "A4FwvCCGDODWD6AjGBTAJkA="),
    ("srt=new&ecd=True", "M4JwLgvAdgpg7gMhgYwCYQCogK4yA==="),
    ("c=development&ff=web,pc,android,ios", "MYXgJgpgbhA2D2AHAthAdgFwGQDMcgHcIAjAGkWFIEM0wAneASzFMfgGcg=="),
]


@pytest.mark.parametrize(("text", "packed"), VECTORS)
def test_known_vectors(text: str, packed: str) -> None:
    assert compress_to_base64(text) == packed
    assert decompress_from_base64(packed) == text


@given(st.text() | st.text(alphabet="ab", max_size=400) | st.text(alphabet="프로젝트 s=&", max_size=400))
def test_what_was_packed_comes_back(text: str) -> None:
    packed = compress_to_base64(text)
    assert len(packed) % 4 == 0
    assert decompress_from_base64(packed) == text


@pytest.mark.parametrize(
    ("packed", "reason"),
    [
        ("", "breaks off"),
        ("M4JwLgvA", "breaks off"),
        ("M4Jw!gvA", "no letter of Base64"),
        ("w===", "does not begin with a character"),
    ],
)
def test_what_is_no_lzstring_is_refused(packed: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        decompress_from_base64(packed)
