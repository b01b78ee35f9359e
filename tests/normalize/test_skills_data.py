"""The dictionary of skills is clean: what a reviewer of `skills.json` must not have to look for by eye."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from importlib.resources import files
from typing import NotRequired, TypedDict

import pytest

from outsource_scraper.normalize.skills import canonical_skill, known_skills, skill_category, skills_in

CATEGORIES = frozenset({
    "3d", "admin", "ai", "automation", "backend", "blockchain", "business", "cloud", "cms", "crm", "data",
    "database", "design", "design-tool", "desktop", "devops", "ecommerce", "education", "embedded",
    "engineering", "erp", "finance", "frontend", "game", "language", "legal", "management", "marketing",
    "marketplace", "mobile", "office", "os", "platform", "security", "support", "testing", "translation",
    "video-audio", "writing",
})  # fmt: skip


class Entry(TypedDict):
    category: str
    aliases: list[str]
    tag_aliases: NotRequired[list[str]]
    ambiguous: NotRequired[bool]


SOURCE = files("outsource_scraper.normalize").joinpath("skills.json").read_text(encoding="utf-8")
MEMBERS: list[tuple[str, object]] = json.loads(SOURCE, object_pairs_hook=list)
ENTRIES: dict[str, Entry] = json.loads(SOURCE)


def names_of(skill: str) -> list[str]:
    """Return all names of a skill except the canonical one."""
    entry = ENTRIES[skill]
    return [*entry["aliases"], *entry.get("tag_aliases", [])]


def safe_names(skill: str) -> list[str]:
    """Return the names of a skill that prose may use."""
    entry = ENTRIES[skill]
    return entry["aliases"] if entry.get("ambiguous") else [skill, *entry["aliases"]]


ALL_NAMES = [(skill, name) for skill in ENTRIES for name in (skill, *names_of(skill))]


def key(name: str) -> str:
    """Return what two spellings of one name share, worked out anew: letters, digits and telling marks."""
    folded = unicodedata.normalize("NFKC", name).casefold().replace("’", "'").replace("ё", "е")
    # Only Latin letters lose their accents: "й" is no "и" and "デ" is no "テ".
    plain = "".join(
        unicodedata.normalize("NFD", char)[0] if "LATIN" in unicodedata.name(char, "") else char
        for char in folded
    )
    dotted = plain.startswith(".")
    return ("." if dotted else "") + re.sub(r"[\s\-_.·・]", "", plain)


def test_there_are_at_least_450_skills() -> None:
    assert len(ENTRIES) >= 450
    assert known_skills() == frozenset(ENTRIES)


def test_no_skill_stands_twice() -> None:
    assert [name for name, times in Counter(name for name, _ in MEMBERS).items() if times > 1] == []


def test_one_skill_a_line_sorted_without_regard_to_case() -> None:
    lines = SOURCE.splitlines()
    assert (lines[0], lines[-1]) == ("{", "}")
    names = [json.loads(line.strip().partition(": {")[0]) for line in lines[1:-1]]
    assert names == list(ENTRIES)
    assert names == sorted(names, key=lambda name: (name.casefold(), name))


def test_every_entry_has_only_the_known_members() -> None:
    for skill, entry in ENTRIES.items():
        assert {"category", "aliases"} <= set(entry) <= {"category", "aliases", "tag_aliases", "ambiguous"}, (
            skill
        )
        assert entry.get("ambiguous", True) is True, f"{skill}: leave out what is not ambiguous"
        assert entry.get("tag_aliases") != [], f"{skill}: leave out an empty list"


def test_every_category_is_of_the_closed_set_and_every_one_is_used() -> None:
    assert {entry["category"] for entry in ENTRIES.values()} == CATEGORIES


def test_no_name_is_claimed_twice() -> None:
    owners: dict[str, list[str]] = {}
    for _, name in ALL_NAMES:
        owners.setdefault(key(name), []).append(name)
    assert [names for names in owners.values() if len(names) > 1] == []


def test_no_name_is_empty_or_has_stray_whitespace_or_a_separator() -> None:
    for skill, name in ALL_NAMES:
        assert name, skill
        assert name == " ".join(name.split()), (skill, name)
        assert name == unicodedata.normalize("NFC", name), (skill, name)
        assert not re.search(r"[,;|·\n]", name), (skill, name)


def test_no_word_mixes_latin_and_cyrillic_letters() -> None:
    mixed = re.compile(r"[a-z][\u0400-\u04ff]|[\u0400-\u04ff][a-z]", re.IGNORECASE)
    assert [name for _, name in ALL_NAMES if mixed.search(name)] == []


def test_every_name_leads_to_its_skill() -> None:
    assert [(skill, name) for skill, name in ALL_NAMES if canonical_skill(name) != skill] == []


def test_every_category_is_told_under_every_name() -> None:
    assert all(skill_category(name) == ENTRIES[skill]["category"] for skill, name in ALL_NAMES)


def test_an_ambiguous_name_is_not_taken_from_prose() -> None:
    ambiguous = {skill for skill, entry in ENTRIES.items() if entry.get("ambiguous")}
    assert [skill for skill in ambiguous if skill in skills_in(skill)] == []
    assert ambiguous >= {
        "Go", "C", "R", "Swift", "Excel", "Rust", "Spring", "Dart", "Word", "Unity", "Sketch", "Make",
        "Flask", "Scheme", "Assembly", "Ruby", "Julia", "Crystal", "Slack", "Audit", "Sales", "Research",
    }  # fmt: skip


def test_a_name_good_only_in_tags_is_not_taken_from_prose() -> None:
    for skill, entry in ENTRIES.items():
        for name in entry.get("tag_aliases", []):
            assert skill not in skills_in(name) or longer_name_inside(skill, name), (skill, name)


def longer_name_inside(skill: str, tag: str) -> bool:
    """Tell whether a safe name of the skill stands inside the tag: "1C" in "1C:Enterprise"."""
    return any(key(name).lstrip(".") in key(tag) for name in safe_names(skill))


def test_every_name_good_in_prose_is_found_there() -> None:
    for skill in ENTRIES:
        for name in safe_names(skill):
            assert skills_in(f"— {name} —") == [skill], name


@pytest.mark.parametrize(
    ("script", "at_least"),
    [
        pytest.param("[가-힣]", 1_500, id="Hangul"),
        pytest.param("[а-яё]", 1_500, id="Cyrillic"),
        pytest.param("[ぁ-ヺ\u3400-\u9fff]", 1_000, id="Japanese"),
        pytest.param("[äöüßàâçèéêîôûáíóúñ]", 700, id="Latin with accents"),
    ],
)
def test_other_languages_are_well_covered(script: str, at_least: int) -> None:
    assert sum(bool(re.search(script, name)) for _, name in ALL_NAMES) >= at_least
