"""What the pages of several platforms write alike: escaped text, slugs, plurals, page windows, excerpts."""

from __future__ import annotations

import json
import re
import unicodedata
from html import escape
from typing import TYPE_CHECKING, Any

from babel import Locale

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime, timedelta

    from outsource_scraper.sandbox.model import Posting

_CYRILLIC = dict(zip("абвгдеёзийклмнопрстуфхыэ", "abvgdeeziyklmnoprstufhie", strict=True)) | {
    "ж": "j", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sch", "ъ": "", "ь": "", "ю": "yu", "я": "ya",
}  # fmt: skip
MONTHS_OF = (
    "января", "февраля", "марта", "апреля", "мая", "июня",
    "июля", "августа", "сентября", "октября", "ноября", "декабря",
)  # fmt: skip
"""Russian months as they stand behind a day."""
_WHOLE_FROM = 1_000_000
"""A description as long as this was asked for by a fault and is never cut, so that it reaches the listing."""

text = escape
"""Text for an element or a quoted attribute."""


def slug(title: str) -> str:
    """`title` in lower-case ASCII with hyphens, Cyrillic transliterated; `project` where nothing is left."""
    latin = "".join(_CYRILLIC.get(letter, letter) for letter in title.lower())
    plain = unicodedata.normalize("NFKD", latin).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80].strip("-") or "project"


def folded(description: str) -> str:
    """`description` with its whitespace folded to single spaces, as a reader of the page should have it."""
    return " ".join(description.split())


def excerpt(description: str, length: int, ellipsis: str) -> str:
    """The beginning of `description` as a listing shows it; `ellipsis` says that something was cut."""
    if len(description) <= length or len(description) >= _WHOLE_FROM:
        return description
    return description[:length].rstrip() + ellipsis


def is_cut(description: str, length: int) -> bool:
    """Whether `excerpt` would cut."""
    return length < len(description) < _WHOLE_FROM


def whole(span: timedelta, unit: timedelta) -> int:
    """How many whole units lie in `span`; 0 for a negative one."""
    return max(0, span // unit)


def russian(count: int, one: str, few: str, many: str) -> str:
    """`count` with its Russian word: 1 час, 3 часа, 11 часов."""
    if count % 10 == 1 and count % 100 != 11:
        return f"{count} {one}"
    return f"{count} {few if 2 <= count % 10 <= 4 and not 12 <= count % 100 <= 14 else many}"


def country_name(code: str) -> str:
    """The English name of the country `code`, ISO 3166-1 alpha-2."""
    name: str = Locale("en").territories[code]
    return name


def amount(value: int, separator: str) -> str:
    """`value` with `separator` between the thousands."""
    return f"{value:,}".replace(",", separator)


def cards(postings: Iterable[Posting], render: Callable[[Posting], str]) -> str:
    """The cards of a listing; that of a broken posting has lost its number and its title."""
    return "\n".join(
        _broken(render(posting), posting) if posting.broken else render(posting) for posting in postings
    )


def _broken(card: str, posting: Posting) -> str:
    for lost in (str(posting.number), text(posting.title), posting.title, slug(posting.original_title)):
        card = card.replace(lost, "")
    return card


def records(postings: Iterable[Posting], build: Callable[[Posting], dict[str, Any]]) -> list[dict[str, Any]]:
    """The objects of a JSON listing; every value of a broken posting's object has a wrong type."""
    return [_wrong(build(posting)) if posting.broken else build(posting) for posting in postings]


def _wrong(record: dict[str, Any]) -> dict[str, Any]:
    def other(value: object) -> object:
        if isinstance(value, str):
            return [7]
        return "wrong" if isinstance(value, dict | list) else {"unexpected": True}

    return {name: other(value) for name, value in record.items()}


def as_json(value: object, *, indent: int | None = None) -> str:
    """`value` as JSON with its letters unescaped."""
    return json.dumps(value, ensure_ascii=False, indent=indent, separators=None if indent else (",", ":"))


def script_json(value: object) -> str:
    """`value` as JSON that cannot end the script element it stands in."""
    return as_json(value).replace("</", "<\\/")


def page_window(current: int, last: int, width: int) -> range:
    """Numbers of the at most `width` pages that a pager shows around `current`."""
    first = max(1, min(current - width // 2, last - width + 1))
    return range(first, min(last, first + width - 1) + 1)


def clock_time(instant: datetime) -> str:
    """`2026-05-20 03:45:56` in the zone of `instant`."""
    return instant.strftime("%Y-%m-%d %H:%M:%S")
