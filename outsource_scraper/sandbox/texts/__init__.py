"""The words of the market: a language is one module here that defines `LANGUAGE`.

A title or a sentence is a `str.format` template. `{skill}` is the first skill of the posting; any other
name is a key of `Language.fillers`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

_SHORTEST = 220
_LONGEST = 880


@dataclass(frozen=True, slots=True)
class Topic:
    """One field of work: what is asked for and which skills it takes."""

    key: str
    """The same in every language (`web`, `design`, ...); platforms map it to their own categories."""
    titles: tuple[str, ...]
    skills: tuple[str, ...]
    tasks: tuple[str, ...]
    """Sentences that tell a part of the work."""


@dataclass(frozen=True, slots=True)
class Language:
    """All that is written in one language."""

    code: str
    topics: tuple[Topic, ...]
    fillers: Mapping[str, tuple[str, ...]]
    openings: tuple[str, ...]
    requirements: tuple[str, ...]
    closings: tuple[str, ...]
    title_edits: tuple[str, ...]
    """What a client appends to a title when editing the posting."""
    places: tuple[tuple[str, str], ...]
    """Names as they are written, with the country: ISO 3166-1 alpha-2."""


@dataclass(frozen=True, slots=True)
class Wording:
    """The invented text of one posting. `description` has 200 to 900 characters and line breaks."""

    topic: str
    title: str
    description: str
    skills: tuple[str, ...]


@cache
def language(code: str) -> Language:
    """The language of module `code`. Raises ModuleNotFoundError where it is not written yet."""
    module = import_module(f"{__name__}.{code}")
    found = module.LANGUAGE
    if not isinstance(found, Language):
        raise TypeError(f"{module.__name__}.LANGUAGE is not a Language")
    return found


def write(tongue: Language, chance: Random) -> Wording:
    """Invent one posting's text; the same state of `chance` gives the same text."""
    topic = chance.choice(tongue.topics)
    skills = tuple(chance.sample(topic.skills, chance.randint(2, min(5, len(topic.skills)))))
    fillers = {name: chance.choice(words) for name, words in tongue.fillers.items()}

    def fill(template: str) -> str:
        return template.format(skill=skills[0], **fillers)

    title = fill(chance.choice(topic.titles))
    opening = fill(chance.choice(tongue.openings))
    closing = fill(chance.choice(tongue.closings))
    wanted = chance.randint(_SHORTEST, _LONGEST - 250)
    tasks = [fill(task) for task in chance.sample(topic.tasks, len(topic.tasks))]
    needs = [fill(need) for need in chance.sample(tongue.requirements, len(tongue.requirements))]
    body: list[str] = []
    length = len(opening) + len(closing) + 4
    # Two tasks for one requirement is about how clients write.
    for line in (line for trio in zip(tasks[::2], tasks[1::2], needs, strict=False) for line in trio):
        if length >= wanted or length + len(line) + 3 > _LONGEST:
            break
        body.append(line)
        length += len(line) + 3
    bullet = chance.choice(("- ", "• ", ""))
    description = "\n".join([opening, "", *(bullet + line for line in body), "", closing])
    return Wording(topic=topic.key, title=title, description=description, skills=skills)
