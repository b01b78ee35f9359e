"""Reposts: a new posting of a client who has posted nearly the same before, under another id.

Titles are compared by pairs of letters, which serves Korean, where words are long and endings change, as well
as English; texts by pairs of words, which an edited sentence changes in one place only. A text that a listing
has cut is compared with as much of the other.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from itertools import count
from operator import add, attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from outsource_scraper.items import Project

SAME_TITLE = 0.8
"""The least likeness of two titles, 0 to 1."""
SAME_TEXT = 0.7
"""The least likeness of two texts, 0 to 1."""
BARE_TITLE = 0.95
"""The least likeness of two titles where a text is missing."""
EARLIER = 20
"""As many earlier postings of a client are looked at, the latest, stored or of the same batch."""
_LOOKED_AT = 4000
"""Characters of a text."""

_EARLIER = """
SELECT client.name, earlier.id, earlier.title, earlier.posted_at, earlier.repost_of IS NULL
FROM unnest($2::text[]) AS client (name), LATERAL (
    SELECT id, title, posted_at, repost_of FROM projects
    WHERE platform = $1 AND client_name = client.name ORDER BY id DESC LIMIT $3
) AS earlier
"""
_TEXTS = "SELECT id, description FROM projects WHERE id = ANY ($1::bigint[])"


_GIVE_WAY_AFTER = 16
"""Projects compared before another task gets its turn: about 0.1 ms, and never more than 1 ms."""


class Posting(NamedTuple):
    """What is looked at of a project to find its likes."""

    id: int
    title: str
    posted_at: datetime | None
    is_free: bool
    """Whether it is not known yet as a repost."""


async def stored_postings(driver: Any, platform: str, new: Mapping[int, Project]) -> dict[str, list[Posting]]:
    """Return what the clients of the `new` projects (by id) have on `platform` already, the latest first."""
    clients = {project.client_name for project in new.values() if project.client_name}
    stored: dict[str, list[Posting]] = defaultdict(list)
    if clients:
        for client, *fields in await driver.fetch(_EARLIER, platform, list(clients), EARLIER):
            stored[client].append(Posting(*fields))
    return stored


async def with_like_titles(
    new: Mapping[int, Project], stored: Mapping[str, Sequence[Posting]]
) -> dict[int, dict[int, float]]:
    """Return, by id, which projects have titles like earlier postings of the same client, and how much so.

    Of two the later posted is the repost, which may be a stored one: a first crawl reads the newest first. It
    gives way to other tasks now and then.
    """
    alike: dict[int, dict[int, float]] = defaultdict(dict)
    turns = count(1)
    for client, postings in _by_client(new).items():
        before = stored.get(client, ())
        if len(before) + len(postings) < 2:  # most clients post once
            continue
        known = deque(((posting, pairs(posting.title)) for posting in reversed(before)), EARLIER)
        for posting in _oldest_first(postings):
            own = pairs(posting.title)
            for other, others in known:
                likeness = dice(own, others)
                later, sooner = (other, posting) if _was_later(other, posting) else (posting, other)
                if likeness >= SAME_TITLE and later.is_free:
                    alike[later.id][sooner.id] = likeness
            known.append((posting, own))
            if not next(turns) % _GIVE_WAY_AFTER:
                await asyncio.sleep(0)
    return alike


def _by_client(new: Mapping[int, Project]) -> dict[str, list[Posting]]:
    by_client: dict[str, list[Posting]] = defaultdict(list)
    for project_id, project in new.items():
        if project.client_name:
            posting = Posting(project_id, project.title, project.posted_at, is_free=True)
            by_client[project.client_name].append(posting)
    return by_client


def _oldest_first(postings: list[Posting]) -> list[Posting]:
    """Postings in the order of a listing, which shows the newest first, the other way round."""
    turned = postings[::-1]
    if any(posting.posted_at is None for posting in postings):
        return turned
    return sorted(turned, key=attrgetter("posted_at"))


def _was_later(one: Posting, other: Posting) -> bool:
    return one.posted_at is not None and other.posted_at is not None and one.posted_at > other.posted_at


async def with_like_texts(
    driver: Any, new: Mapping[int, Project], alike: Mapping[int, Mapping[int, float]]
) -> dict[int, int]:
    """Return, by id, which of the projects `alike` by their titles are reposts, and of what."""
    compared = {*alike, *(other for found in alike.values() for other in found)}
    stored = [project_id for project_id in compared if project_id not in new]
    texts: dict[int, str | None] = dict(await driver.fetch(_TEXTS, stored)) if stored else {}
    texts |= {project_id: new[project_id].description for project_id in compared if project_id in new}
    reposts = {}
    for project_id, found in alike.items():
        best = SAME_TEXT
        for other, title in found.items():
            # A stored one may have been deleted by somebody between the two looks.
            if project_id in texts and other in texts:
                likeness = text_likeness(texts[project_id], texts[other], title)
                if likeness >= best:  # of equals the latest
                    best, reposts[project_id] = likeness, other
    return reposts


def pairs(title: str) -> frozenset[str]:
    """Return the pairs of neighbouring letters of a title, regardless of case and spaces."""
    letters = "".join(title.casefold().split())
    return frozenset(map(add, letters, letters[1:])) or frozenset((letters,))


def dice(one: frozenset[str], other: frozenset[str]) -> float:
    """Return Dice's coefficient of the pairs of letters of two titles, 0 to 1."""
    return 2 * len(one & other) / (len(one) + len(other))


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
    word_pairs = set(zip(words, words[1:] or words, strict=False))
    other_pairs = set(zip(others, others[1:] or others, strict=False))
    union = len(word_pairs | other_pairs)
    return len(word_pairs & other_pairs) / union if union else 0.0


def _length(text: str) -> int:
    """How much of a text stands for it: all, unless it was cut."""
    return len(text.rstrip(" .…")) if text.endswith(("…", "...")) else _LOOKED_AT
