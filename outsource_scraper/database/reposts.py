"""Reposts: a new posting of a client who has posted nearly the same before, under another id.

Titles are compared by pairs of letters, which serves Korean, where words are long and endings change, as well
as English; texts by pairs of words, which an edited sentence changes in one place only. A text that a listing
has cut is compared with as much of the other.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outsource_scraper.items import Project

SAME_TITLE = 0.8
"""The least likeness of two titles, 0 to 1."""
SAME_TEXT = 0.7
"""The least likeness of two texts, 0 to 1."""
BARE_TITLE = 0.95
"""The least likeness of two titles where a text is missing."""
EARLIER = 20
"""As many earlier postings of a client are looked at, the latest."""
_LOOKED_AT = 4000
"""Characters of a text."""

_EARLIER = """
SELECT client.name, earlier.id, earlier.title
FROM unnest($2::text[]) AS client (name), LATERAL (
    SELECT id, title FROM projects
    WHERE platform = $1 AND client_name = client.name ORDER BY id DESC LIMIT $3
) AS earlier
"""
_TEXTS = "SELECT id, description FROM projects WHERE id = ANY ($1::bigint[])"


async def find(driver: Any, platform: str, new: Mapping[int, Project]) -> dict[int, int]:
    """Return, by id, those of the `new` projects of `platform` that are reposts, and of what."""
    alike = await _with_like_titles(driver, platform, new)
    stored = {other for found in alike.values() for other in found if other not in new}
    texts: dict[int, str | None] = dict(await driver.fetch(_TEXTS, list(stored))) if stored else {}
    texts |= {project_id: project.description for project_id, project in new.items()}
    reposts = {}
    for project_id, found in alike.items():
        likeness, other = max(
            (text_likeness(texts[project_id], texts[other], title), other) for other, title in found.items()
        )
        if likeness >= SAME_TEXT:
            reposts[project_id] = other
    return reposts


async def _with_like_titles(
    driver: Any, platform: str, new: Mapping[int, Project]
) -> dict[int, dict[int, float]]:
    """By id, the earlier postings of the same client whose titles are like a new one's, and how much."""
    by_client: dict[str, list[int]] = defaultdict(list)
    for project_id, project in new.items():
        if project.client_name:
            by_client[project.client_name].append(project_id)
    if not by_client:
        return {}
    earlier: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for client, project_id, title in await driver.fetch(_EARLIER, platform, list(by_client), EARLIER):
        earlier[client].append((project_id, title))
    alike = {}
    for client, ids in by_client.items():
        before = earlier[client]
        if len(before) + len(ids) < 2:  # most clients post once
            continue
        pairs = [(project_id, _pairs(title)) for project_id, title in before]
        for project_id in ids:
            own = _pairs(new[project_id].title)
            likeness = {other: _dice(own, others) for other, others in pairs}
            found = {other: like for other, like in likeness.items() if like >= SAME_TITLE}
            if found:
                alike[project_id] = found
            pairs.append((project_id, own))
    return alike


def title_likeness(one: str, other: str) -> float:
    """Return Dice's coefficient of the pairs of letters of two titles, 0 to 1."""
    return _dice(_pairs(one), _pairs(other))


def text_likeness(one: str | None, other: str | None, title: float) -> float:
    """Return Jaccard's coefficient of the pairs of words of two texts, 0 to 1.

    Where a text is missing, the likeness of the titles decides: 1 if they are all but equal, else 0.
    """
    if not one or not other:
        return float(title >= BARE_TITLE)
    if one == other:
        return 1.0
    length = min(_LOOKED_AT, _length(one), _length(other))
    words, others = one[:length].casefold().split(), other[:length].casefold().split()
    pairs, other_pairs = (
        set(zip(words, words[1:] or words, strict=False)),
        set(zip(others, others[1:] or others, strict=False)),
    )
    union = len(pairs | other_pairs)
    return len(pairs & other_pairs) / union if union else 0.0


def _dice(pairs: frozenset[str], others: frozenset[str]) -> float:
    return 2 * len(pairs & others) / (len(pairs) + len(others))


def _pairs(title: str) -> frozenset[str]:
    letters = "".join(title.casefold().split())
    return frozenset(map("".join, pairwise(letters))) or frozenset((letters,))


def _length(text: str) -> int:
    """How much of a text stands for it: all, unless it was cut."""
    return len(text.rstrip(" .…")) if text.endswith(("…", "...")) else _LOOKED_AT
