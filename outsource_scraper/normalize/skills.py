"""Names of skills as platforms and people write them, as one canonical name each.

The dictionary is `skills.json`, a skill a line; nothing is found that does not stand there. Two readers use
it: `canonical_skill` for tags, which say a skill and nothing else, and `skills_in` for prose, where "go",
"excel" and "access" are mostly plain words. An entry therefore tells apart:

- `aliases`: other names, good in tags and in prose;
- `tag_aliases`: other names, good in tags only;
- `ambiguous`: the canonical name itself is good in tags only.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple, NotRequired, TypedDict

from outsource_scraper.normalize._data import load
from outsource_scraper.normalize.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST_NAME = 80
_READ_OF_PROSE = 5_000

# People leave accents out ("Diseno", "верстка"). Only these letters: taking the marks off every script would
# make other words of Korean and Japanese, and of "й".
_PLAIN = {
    **{code: unicodedata.normalize("NFD", chr(code))[0] for code in range(0xC0, 0x180)},
    ord("ё"): "е",
    ord("’"): "'",
}
# A dot in front stays: ".NET" is no "net".
_BETWEEN_WORDS = re.compile(r"(?<!^)[\s\-_.·・]+|^[\s\-_·・]+")
_VERSION = re.compile(r"(?P<base>.*?[^\W\d].*?)(?:[\s.\-]*|[\s.\-]+v)\d+(?:\.\d+)*(?:\.x|\+)?", re.IGNORECASE)
_REMARK = re.compile(r"(?P<base>.+?)\s*\([^()]*\)")
_PARTED_BY = re.compile(r"[,;|·\n]")

# A link or an address names no skill: a page on figma.com may show anything.
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|@[\w.\-]+", re.IGNORECASE)
# Words of prose, each of one script, because Korean and Japanese write "React로" and "Webデザイン". Han has
# no spaces: each character is a word of its own, so that 翻訳 is found inside 英語翻訳業務. Punctuation is a
# word too: it keeps "the web. Design ..." from reading as "web design"; a dot or hyphen inside a word
# ("node.js", "react-native") only parts it.
_WORD = re.compile(
    r"""[a-z\u00df-\u024f][a-z0-9\u00df-\u024f]*+(?:\+\+(?<=\bc\+\+)|\#(?<=\b[cfj]\#))?
    | [0-9]*+[\u0400-\u04ff]++[0-9]*+
    | [0-9][a-z0-9]*+
    | [가-힣]++ | [ァ-ヺー]++ | [ぁ-ゖ]++ | [\u3400-\u9fff々]
    | (?<![\w.])\.net(?!\w) | \n | [.\-](?=\s) | [^\s\w.\-]""",
    re.VERBOSE,
)
_DIGITS = "0123456789"

# Prose in which the dictionary alone would find the wrong skill; None: no skill at all.
_MISREAD: dict[str, str | None] = {
    "java script": "JavaScript",
    "react to": None,
    "엑셀러레이": None,
}


class _Entry(TypedDict):
    category: str
    aliases: list[str]
    tag_aliases: NotRequired[list[str]]
    ambiguous: NotRequired[bool]


@dataclass(slots=True)
class _Step:
    """A place in the tree of all phrases: what may follow, and what the words up to here mean."""

    following: dict[str, _Step] = field(default_factory=dict)
    ends: bool = False
    skill: str | None = None


class _Prose(NamedTuple):
    """The tree of phrases; `hangul`: how the one-word phrases in Hangul begin, two syllables each."""

    root: _Step
    hangul: frozenset[str]


def canonical_skill(name: str) -> str | None:
    """Return the canonical name of the skill that a tag names ("node js" is "Node.js").

    A version ("PHP 8", "Vue3") or a remark in brackets is left out where the rest is a known name. An unknown
    name comes back as written with its whitespace folded. None where `name` has no letter or is longer than
    80 characters.
    """
    written = fold(name)
    if written is None or len(written) > _LONGEST_NAME or not any(map(str.isalpha, written)):
        return None
    return _canonical(written)


def canonical_skills(names: Iterable[object] | str | None) -> list[str]:
    """Return the canonical names of `names` in their order, each once regardless of case.

    A string is parted at commas, semicolons, bars, middle dots and line ends. A part or member with "/" is
    parted there only where the whole is unknown and every piece is known: "React/Vue" is two skills, "CI/CD"
    and "A/B" are one. Members that are no strings are left out.
    """
    if names is None:
        return []
    parts = _PARTED_BY.split(names) if isinstance(names, str) else names
    found: dict[str, str] = {}
    for part in parts:
        for name in _pieces(part) if isinstance(part, str) else ():
            skill = canonical_skill(name)
            if skill is not None:
                found.setdefault(skill.casefold(), skill)
    return list(found.values())


def skills_in(text: str | None) -> list[str]:
    """Return the canonical names of the skills that free text names, in the order of their first mention.

    Only whole words of the dictionary count, and the longest phrase wins ("React Native" is no "React").
    Korean words may go on after a name of two syllables or more, because particles are written onto it.
    Looks at the first 5,000 characters.
    """
    if not text:
        return []
    root, hangul = _prose()
    words = _words(_beginning(text))
    found: dict[str, None] = {}
    read_to = 0
    for at, word in enumerate(words):
        # Most words begin nothing; to see that quickly is what keeps this within some tens of microseconds.
        if not (word in root.following or (word >= "가" and word[:2] in hangul) or word[-1] in _DIGITS):
            continue
        if at >= read_to and (phrase := _longest_phrase(words, at, root)):
            read_to, skill = phrase
            if skill is not None:
                found[skill] = None
    return list(found)


def skill_category(name: str) -> str | None:
    """Return the category of a skill under any of its names ("frontend"), or None where it is unknown."""
    entry = _entries().get(canonical_skill(name) or "")
    return entry["category"] if entry else None


def known_skills() -> frozenset[str]:
    """Return all canonical names."""
    return frozenset(_entries())


@lru_cache(maxsize=16_384)  # tags repeat: a platform has some thousand of them
def _canonical(written: str) -> str:
    names = _names()
    skill = names.get(_key(written))
    if skill is None and (remark := _REMARK.fullmatch(written)):
        skill = names.get(_key(remark["base"]))
    # One letter is too little: C1 is a level of a language, not version 1 of C.
    if skill is None and (version := _VERSION.fullmatch(written)) and len(_key(version["base"])) > 1:
        skill = names.get(_key(version["base"]))
    return skill or written


def _pieces(name: str) -> list[str]:
    pieces = name.split("/")
    whole_is_known = len(pieces) == 1 or _is_known(name)
    return pieces if not whole_is_known and all(map(_is_known, pieces)) else [name]


def _is_known(name: str) -> bool:
    return canonical_skill(name) in _entries()


def _key(name: str) -> str:
    """Return what all spellings of a name share: "Node.js", "node-js", "NODE JS" and "nodejs" are one."""
    folded = name.casefold()
    if not name.isascii():
        folded = unicodedata.normalize("NFKC", name).casefold().translate(_PLAIN)
    return folded if folded.isalnum() else _BETWEEN_WORDS.sub("", folded)


def _beginning(text: str) -> str:
    """Return as much of a text as is read, without a half word: "JavaScript" must not end as "Java"."""
    if len(text) <= _READ_OF_PROSE:
        return text
    cut = text[: _READ_OF_PROSE + 1]
    return cut.rpartition(" ")[0] or cut


def _words(text: str) -> list[str]:
    if "://" in text or "www." in text or "@" in text:
        text = _ADDRESS.sub("\n", text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).replace("Ё", "Е").replace("ё", "е")
    return _WORD.findall(text.casefold())


def _longest_phrase(words: list[str], at: int, root: _Step) -> tuple[int, str | None] | None:
    """Return where the longest phrase that begins at `at` ends and what it means, or None."""
    phrase = None
    step = root
    for here in range(at, len(words)):
        following = step.following.get(words[here])
        if following is None:
            if last := _without_ending(words[here], step):
                phrase = here + 1, last.skill
            break
        step = following
        if step.ends:
            phrase = here + 1, step.skill
    return phrase


def _without_ending(word: str, step: _Step) -> _Step | None:
    """Return the last step of a phrase onto whose last word a Korean particle or a version is written."""
    following = step.following
    if word >= "가":
        for size in range(len(word) - 1, 1, -1):
            last = following.get(word[:size])
            if last is not None and last.ends:
                return last
    elif word[-1] in _DIGITS:
        last = following.get(word.rstrip(_DIGITS))
        if last is not None and last.ends:
            return last
    return None


@cache
def _entries() -> dict[str, _Entry]:
    entries: dict[str, _Entry] = load("skills.json")
    return entries


@cache
def _names() -> dict[str, str]:
    """Every name by its key."""
    return {
        _key(name): skill
        for skill, entry in _entries().items()
        for name in (skill, *entry["aliases"], *entry.get("tag_aliases", ()))
    }


@cache
def _prose() -> _Prose:
    meanings: dict[tuple[str, ...], str | None] = {}
    for skill, entry in _entries().items():
        for name in entry["aliases"] if entry.get("ambiguous") else (skill, *entry["aliases"]):
            for words in _spellings(name):
                meanings[words] = skill
    meanings.update((tuple(_words(words)), skill) for words, skill in _MISREAD.items())

    root = _Step()
    for words, meaning in meanings.items():
        step = root
        for word in words:
            following = step.following.get(word)
            if following is None:
                following = step.following[word] = _Step()
            step = following
        step.ends, step.skill = True, meaning
    whole = (word for word, step in root.following.items() if step.ends)
    return _Prose(root, frozenset(word[:2] for word in whole if word >= "가"))


def _spellings(name: str) -> set[tuple[str, ...]]:
    """Return the name's words, apart and written as one, with and without accents."""
    spellings = set()
    folded = name.casefold()
    for written in (folded,) if folded.isascii() else {folded, folded.translate(_PLAIN)}:
        words = _words(written)
        spellings.add(tuple(words))
        if len(words) > 1 and all(map(str.isalnum, words)):
            spellings.add(tuple(_words("".join(words))))
    return spellings
