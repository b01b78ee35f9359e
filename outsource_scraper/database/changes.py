"""What counts as a change of a project: the hash that tells it fast, and the rules that tell it exactly.

A platform shows the same project in several lights: a card of its listing with a cut text, a page of its own
with everything, a relative age that is another moment at every look. So:

* The hash covers the fields a reader of the posting would call a change (`WATCHED`, plus whether a posting
  time and a deadline are known at all). It is taken of the record as it was read and compared with that of
  the last reading: equal means unchanged, with nothing of the stored row read. Only where it differs are the
  two compared field by field, by `merge`.
* Left out of the hash, and refreshed whenever the row is written anyway: leftovers and `REFRESHED`, which are
  bids and views, of which `database.counts` keeps a series, and what the platform says of the client, which
  moves with every other project of that client.
* Unknown never overwrites known: None and an empty list are the lack of a detail, not its removal. The
  exception is money, where the lower bound, upper bound and currency are one value: "up to 500" after
  "300 to 400" has no lower bound, and an amount without a currency must not inherit one.
* A text that ends in an ellipsis and begins like the known one is the known one.
* `posted_at` stays as first read; `deadline_at` moves only by more than `DEADLINE_JITTER`, because "D-7"
  read at another hour is another moment.
* `Status.UNKNOWN` says nothing: it neither closes nor, after the platform's own word, reopens.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from outsource_scraper.items import Status

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from outsource_scraper.items import Project

DEADLINE_JITTER = timedelta(hours=36)

TEXTS = ("title", "description")
"""Fields that a listing may show cut."""
MONEY = ("budget_min", "budget_max", "currency")
WATCHED = (
    "url",
    *TEXTS,
    "category",
    "skills",
    *MONEY,
    "payment_type",
    "work_type",
    "location",
    "country",
    "language",
    "duration_days",
    "status",
)
"""Fields of the hash."""
REFRESHED = (
    "bids_count",
    "views_count",
    "client_name",
    "client_country",
    "client_rating",
    "client_spent_usd",
    "client_verified",
)
"""Fields whose change alone is no change of the project; so is that of `project_metadata`."""
COMPARED = (*WATCHED, "deadline_at", "posted_at", *REFRESHED)
"""Fields that are compared with the stored row; `posted_at` only ever fills a gap."""
MUTABLE = (*COMPARED, "project_metadata")
"""Every field that a later reading may write."""


def content_hash(project: Project) -> bytes:
    """16 bytes of BLAKE2b over the fields that matter, as this record states them.

    The separators are control characters, which no normalized text holds.
    """
    text = "\x1f".join(
        (
            project.url,
            project.title,
            project.description or "",
            project.category or "",
            "\x1e".join(sorted(project.skills)),
            str(project.budget_min),
            str(project.budget_max),
            project.currency or "",
            project.payment_type or "",
            project.work_type or "",
            project.location or "",
            project.country or "",
            project.language or "",
            str(project.duration_days),
            project.status,
            "p" if project.posted_at else "",
            "d" if project.deadline_at else "",
        )
    )
    # A lone surrogate cannot be stored, and it is for PostgreSQL's side to say so.
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


@dataclass(slots=True, kw_only=True)
class Merged:
    """A stored row with a new reading laid over it."""

    kind: str | None
    """updated, closed or reopened; None where nothing that matters differs."""
    changes: dict[str, list[Any]]
    """`{field: [old, new]}` of the fields that matter."""
    values: dict[str, Any]
    """The fields of `MUTABLE` that are to be written, those of `changes` among them."""


_TELLING = tuple(name for name in WATCHED if name != "status")
_telling = attrgetter(*_TELLING)
_refreshed = attrgetter(*REFRESHED)


def merge(known: Mapping[str, Any], project: Project) -> Merged:
    """Lay `project` over the stored row `known` (the columns of `COMPARED`, `content_hash` and `closed_at`).

    The values of the row are those of the database; see the module for the rules.
    """
    values: dict[str, Any] = {
        name: new
        for name, new in zip(_TELLING, _telling(project), strict=True)
        if new != (old := known[name]) and _is_news(name, old, new, project)
    }
    kind = _transition(known, project.status)
    if kind is not None or project.status not in (Status.UNKNOWN, known["status"]):
        values["status"] = project.status
    if deadline_moved(known["deadline_at"], project.deadline_at):
        values["deadline_at"] = project.deadline_at
    changes = {name: [known[name], new] for name, new in values.items() if known[name] != new}
    if kind is None and changes:
        kind = "updated"

    values |= {
        name: new
        for name, new in zip(REFRESHED, _refreshed(project), strict=True)
        if new is not None and new != known[name]
    }
    if known["posted_at"] is None and project.posted_at is not None:
        values["posted_at"] = project.posted_at
    if project.project_metadata:
        values["project_metadata"] = project.project_metadata
    return Merged(kind=kind, changes=changes, values=values)


def deadline_moved(known: datetime | None, read: datetime | None) -> bool:
    """Whether a deadline as read is another one than the known: further away than the jitter of "D-7"."""
    if read is None:
        return False
    return known is None or abs(read - known) > DEADLINE_JITTER


def is_excerpt(text: str, full: str) -> bool:
    """Whether `text` is the beginning of `full`, cut with an ellipsis."""
    beginning = text.rstrip(" .…")
    return text.endswith(("…", "...")) and beginning != "" and full.startswith(beginning)


def _is_news(name: str, old: Any, new: Any, project: Project) -> bool:
    """Whether another value than the known one says something else, and not the same or nothing."""
    if name in MONEY:
        return project.budget_min is not None or project.budget_max is not None
    if old is None or new is None or new == []:
        return new is not None and new != []
    if name in TEXTS:
        return not is_excerpt(new, old)
    if name == "skills":
        # A listing shows the first few: fewer skills are news only beside a description in full.
        in_full = project.description is not None and not project.description.endswith(("…", "..."))
        return set(new) != set(old) and (in_full or not set(new) < set(old))
    return True


def _transition(known: Mapping[str, Any], status: Status) -> str | None:
    is_closed = known["closed_at"] is not None
    if status is Status.CLOSED:
        return None if is_closed else "closed"
    if not is_closed:
        return None
    # Absence was the only evidence of this closing (it took the hash away): being seen again undoes it.
    was_absent = known["content_hash"] is None
    return "reopened" if status is Status.OPEN or was_absent else None
