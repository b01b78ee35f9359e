"""A person's name in the texts of others: where it stands, however it is spelt, and how it is blanked."""

from __future__ import annotations

import re
import unicodedata
from html.entities import html5
from typing import Any
from urllib.parse import quote

REMOVED = "[removed]"
"""What stands in the place of a name that was forgotten."""

_UNSPACED = {"CJK", "HANGUL", "HIRAGANA"}
"""Scripts in which a word goes on behind a name without a space: 김철수님, 田中さん."""
_ENTITIES: dict[str, list[str]] = {}
for _entity, _character in html5.items():
    if _entity.endswith(";"):
        _ENTITIES.setdefault(_character, []).append(_entity[:-1])


class Name:
    """A name as it is found in plain text, HTML, JSON and links, and blanked there.

    It is compared letter by letter, and found only where it is not a part of a longer word or number: no
    "Art" in "Article", no "12" in "1.12". Behind a name of Hangul, Han or Hiragana the word may go on, and
    before one of Han too, unless the name is a single character.

    `name` has no lone surrogates, and is not empty.
    """

    def __init__(self, name: str) -> None:
        self._name = " ".join(name.split())
        self.pattern = "".join(map(_spellings, self._name))
        """A regular expression of every spelling, for Python and PostgreSQL; it looks at no neighbours."""
        self._found = re.compile(self.pattern)

    def is_in(self, *texts: str | None) -> bool:
        """Whether it stands in one of `texts`."""
        return any(text is not None and self._next(text, 0) is not None for text in texts)

    def blanked(self, value: Any) -> Any:
        """`value`, a text or a JSON value, with `REMOVED` for the name in its texts.

        Keys, numbers and all else stay as they are.
        """
        if isinstance(value, str):
            return self._blanked_text(value)
        if isinstance(value, list):
            return [self.blanked(one) for one in value]
        if isinstance(value, dict):
            return {key: self.blanked(one) for key, one in value.items()}
        return value

    def _blanked_text(self, text: str) -> str:
        parts, done = [], 0
        while (span := self._next(text, done)) is not None:
            parts += [text[done : span[0]], REMOVED]
            done = span[1]
        return "".join(parts) + text[done:] if parts else text

    def _next(self, text: str, start: int) -> tuple[int, int] | None:
        while (found := self._found.search(text, start)) is not None:
            if self._is_whole(text, *found.span()):
                return found.span()
            start = found.start() + 1
        return None

    def _is_whole(self, text: str, start: int, end: int) -> bool:
        first, last = self._name[0], self._name[-1]
        goes_on = _UNSPACED if len(self._name) > 1 else set()
        if _is_one_word(_before(text, start), first) and _script(first) not in goes_on & {"CJK"}:
            return False
        if _is_one_word(last, text[end : end + 1]) and _script(last) not in goes_on:
            return False
        return not (
            (first.isdigit() and re.search(r"\d[.,:/-]$", text[max(start - 2, 0) : start]))
            or (last.isdigit() and re.match(r"[.,:/-]\d", text[end : end + 2]))
        )


def _is_one_word(left: str, right: str) -> bool:
    """Whether two neighbours belong to one word: two of one script, or a digit and an alphabet's letter."""
    if unicodedata.category(right or " ")[0] == "M":
        return True
    if not (left.isalnum() and right.isalnum()):
        return False
    scripts = {_script(left), _script(right)}
    return len(scripts) == 1 or ("DIGIT" in scripts and not scripts & _UNSPACED)


def _script(character: str) -> str:
    return re.split("[ -]", unicodedata.name(character, ""))[0]


def _before(text: str, start: int) -> str:
    """The character before a place; none where that is the end of an escape, whose letters are no word's."""
    before = text[max(start - 6, 0) : start]
    if escaped := re.search(r"\\u([0-9a-fA-F]{4})$", before):
        return chr(int(escaped[1], 16))
    return "" if re.search(r"\\[bfnrt]$|%[0-9a-fA-F]{2}$", before) else before[-1:]


def _spellings(character: str) -> str:
    """A regular expression of how `character` may be spelt; letters and digits of ASCII have one way only.

    Escapes may be escaped again, as JSON in JSON and in attributes of HTML is.
    """
    if character.isascii() and character.isalnum():
        return character
    code = ord(character)
    entities = [*_ENTITIES.get(character, ()), f"#0*{code}", f"#[xX]0*{_any_case(f'{code:x}')}"]
    units = re.findall("....", character.encode("utf-16-be").hex())
    ways = [
        re.escape(character),
        f"&(?:amp;)*(?:{'|'.join(entities)});",
        "".join(rf"\\+u{_any_case(unit)}" for unit in units),
        _any_case(quote(character, safe="")),
    ]
    if character == " ":
        ways += [r"\s", "\xa0", r"\+", "&nbsp;", r"\\+[nrt]"]
        return f"(?:{'|'.join(ways)})+"
    escaped = r"\\*" if character in '"/\\' else ""
    return f"{escaped}(?:{'|'.join(ways)})"


def _any_case(text: str) -> str:
    return "".join(
        f"[{one.lower()}{one.upper()}]" if one.isalpha() and one.isascii() else re.escape(one) for one in text
    )
