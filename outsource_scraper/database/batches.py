"""What is stored at once: the items of a batch, and what became of them."""

from __future__ import annotations

import json
import reprlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outsource_scraper.database.changes import content_hash
from outsource_scraper.items import GonePosting, Project, RejectedRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Item = Project | GonePosting | RejectedRecord
"""What a batch is made of."""

Reading = tuple[Project, bytes, bytes | None]
"""A project as read, its `content_hash`, and the hash of what its listing told, where that is to be noted."""


class Batch:
    """Items on their way into one transaction, duplicates of a key already folded: the last one wins.

    The hash is taken here, item by item while the batch before is being written, and not in the transaction.
    """

    __slots__ = ("_size", "duplicates", "gone", "projects", "rejected")

    def __init__(self, items: Iterable[Item] = ()) -> None:
        self.projects: dict[str, dict[str, Reading]] = {}
        """By platform and external id."""
        self.gone: dict[str, dict[str, GonePosting]] = {}
        """Likewise; they are closed after everything else is written."""
        self.rejected: list[RejectedRecord] = []
        self.duplicates = 0
        self._size = 0
        for item in items:
            self.add(item)

    def add(self, item: Item, listing_hash: bytes | None = None) -> None:
        """Take an item in, with how its listing told of it, to be remembered with a project."""
        self._size += 1
        if isinstance(item, GonePosting):
            self.gone.setdefault(item.platform, {})[item.external_id] = item
            listed = self.projects.get(item.platform, {})
            if item.external_id in listed:
                # Nothing is remembered of it: while it is listed, its page is looked at in every crawl.
                listed[item.external_id] = *listed[item.external_id][:2], None
            return
        if isinstance(item, RejectedRecord):
            self.rejected.append(item)
            return
        try:
            read_hash = content_hash(item)
        except (TypeError, AttributeError) as error:
            self.rejected.append(refused(item, f"a field has the wrong type: {error}"))
            return
        readings = self.projects.get(item.platform)
        if readings is None:
            readings = self.projects[item.platform] = {}
        before = len(readings)
        readings[item.external_id] = item, read_hash, listing_hash
        self.duplicates += len(readings) == before

    def __len__(self) -> int:
        """How many items were taken in, the folded ones among them."""
        return self._size

    def __iter__(self) -> Iterator[Item]:
        """The items, without the folded ones."""
        for readings in self.projects.values():
            for project, *_ in readings.values():
                yield project
        for gone in self.gone.values():
            yield from gone.values()
        yield from self.rejected


@dataclass(slots=True, kw_only=True)
class BatchResult:
    """What became of a batch. Every project and rejected record is counted in one of the first six."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    reopened: int = 0
    duplicates: int = 0
    rejected: list[RejectedRecord] = field(default_factory=list)
    """What now stands in `rejected_records`: the batch's own, and the rows that PostgreSQL refused."""

    closed: int = 0
    """Those of which the platform itself says, or their own pages, that they are closed."""
    project_ids: list[int] = field(default_factory=list)
    """`projects.id` of everything that was seen, rejected records of known projects among them."""
    unidentified: int = 0
    """Rejected records without an external id: nobody can tell which project was seen."""

    def counts(self) -> dict[str, int]:
        """The counts by the names of `runs.COUNTS`."""
        names = ("new", "updated", "unchanged", "reopened", "closed", "duplicates")
        return {name: getattr(self, name) for name in names} | {"rejected": len(self.rejected)}

    def add(self, part: BatchResult) -> None:
        """Count `part` too."""
        for name in ("new", "updated", "unchanged", "reopened", "closed"):
            setattr(self, name, getattr(self, name) + getattr(part, name))
        self.project_ids += part.project_ids


def refused(project: Project, reason: str) -> RejectedRecord:
    """`project` as a record that is set aside."""
    fields = {name: getattr(project, name) for name in Project.__slots__}
    try:
        source = json.dumps(fields, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError):  # leftovers that are no JSON
        fields["project_metadata"] = reprlib.repr(project.project_metadata)
        source = json.dumps(fields, ensure_ascii=False, default=str)
    return RejectedRecord(
        platform=project.platform,
        external_id=project.external_id or None,
        url=project.url,
        reason=reason,
        source=source,
    )
