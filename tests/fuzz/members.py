"""Spoils a JSON document by its members: other types, places and names, deep nesting, doubled keys."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tests.fuzz import hostile

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

MOST_PLACES = 20_000
"""A document with more members is not made larger."""

_NUMBERS = ("1e999", "-1e999", "1E400", "1e-400", "9" * 4_300, "9" * 4_400, "0." + "9" * 5_000, "-0", "-0.0")
"""Numbers that Python would write otherwise than they are sent, or not at all."""
_KEY = re.compile(r'[{,]\s*("(?:[^"\\]|\\.)*")\s*:')
_WRITTEN_LATER = "@later@"


def spoiled(document: Any, chance: Random, markup: Callable[[bytes, Random], bytes]) -> str:
    """Return `document`, which is changed, as JSON or nearly so; `markup` spoils the HTML in its texts."""
    return _Spoiler(document, chance, markup).text()


class _Spoiler:
    def __init__(self, document: Any, chance: Random, markup: Callable[[bytes, Random], bytes]) -> None:
        self.root = [document]
        self.chance = chance
        self.markup = markup
        self.places: list[tuple[Any, Any]] = []
        self.later: list[str] = []
        """What no value of Python stands for, in the place of `_WRITTEN_LATER`."""

    def text(self) -> str:
        chance = self.chance
        for _ in range(chance.choice((1, 1, 2, 3, 5, 10))):
            self.places = _places(self.root)
            if not 0 < len(self.places) < MOST_PLACES:
                break
            # Of two the later: the few places near the root decide whether there are records at all.
            place = max(chance.randrange(len(self.places)), chance.randrange(len(self.places)))
            way = chance.choices(list(_WAYS), list(_WAYS.values()))[0]
            way(self, *self.places[place])
        try:
            text = json.dumps(self.root[0] if self.root else None, ensure_ascii=chance.random() < 0.4)
        except RecursionError:  # nested before, and once more
            return self.nested()
        for written in self.later:
            text = text.replace(f'"{_WRITTEN_LATER}"', written, 1)
        return self.with_double_key(text) if chance.random() < 0.1 else text

    def nested(self) -> str:
        depth = hostile.depth(self.chance)
        opening, closing = self.chance.choice((("[", "]"), ('{"a":', "}"), ('[{"id":', "}]")))
        return opening * depth + self.chance.choice(("1", '"x"', "null")) + closing * depth

    def with_double_key(self, text: str) -> str:
        key = _KEY.search(text, self.chance.randrange(len(text) + 1)) or _KEY.search(text)
        if key is None:
            return text
        value = json.dumps(hostile.value(self.chance))
        return f"{text[: key.start() + 1]}{key[1]}:{value},{text[key.start() + 1 :]}"

    # The ways

    def other_value(self, holder: Any, key: Any) -> None:
        holder[key] = hostile.value(self.chance)

    def other_text(self, holder: Any, key: Any) -> None:
        old = holder[key]
        if isinstance(old, str) and "<" in old and self.chance.random() < 0.5:
            holder[key] = self.markup(old.encode("utf-8", "surrogatepass"), self.chance).decode(
                "utf-8", "replace"
            )
        else:
            holder[key] = hostile.text(self.chance)

    def swap(self, holder: Any, key: Any) -> None:
        other, place = self.chance.choice(self.places)
        # What holds the other must not come to lie inside of it.
        if not isinstance(holder[key], dict | list) and not isinstance(other[place], dict | list):
            holder[key], other[place] = other[place], holder[key]

    def remove(self, holder: Any, key: Any) -> None:
        del holder[key]

    def wrap(self, holder: Any, key: Any) -> None:
        old = holder[key]
        holder[key] = self.chance.choice(([old], {"0": old}, str(old)[:1_000], [old] * 3))

    def repeat(self, holder: Any, key: Any) -> None:
        if isinstance(holder, list):
            holder += holder * self.chance.choice((1, 1, 5))
        else:
            holder[key] = [holder[key]] * 100

    def rename(self, holder: Any, key: Any) -> None:
        if isinstance(holder, dict):
            names = ("", "id", key.upper(), key + "\x00", hostile.text(self.chance))
            holder[self.chance.choice(names)] = holder.pop(key)

    def write_later(self, holder: Any, key: Any) -> None:
        self.later.append(self.nested() if self.chance.random() < 0.7 else self.chance.choice(_NUMBERS))
        holder[key] = _WRITTEN_LATER


_WAYS: dict[Callable[[_Spoiler, Any, Any], None], float] = {
    _Spoiler.other_value: 5,
    _Spoiler.other_text: 5,
    _Spoiler.swap: 2,
    _Spoiler.remove: 2,
    _Spoiler.wrap: 2,
    _Spoiler.repeat: 1,
    _Spoiler.rename: 1,
    _Spoiler.write_later: 1.5,
}
"""What is done to a member, and how often relative to the others."""


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Return every member of every object and array, each as its holder and its key."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting and len(found) < MOST_PLACES:
        holder = waiting.pop()
        for key in list(holder) if isinstance(holder, dict) else range(len(holder)):
            found.append((holder, key))
            if isinstance(holder[key], dict | list):
                waiting.append(holder[key])
    return found
