"""Refuses what cannot be stored, says why, and counts which fields every platform really fills."""

from __future__ import annotations

import dataclasses
from collections import Counter
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Self

from outsource_scraper.database.batches import refused
from outsource_scraper.items import Project, RejectedRecord
from outsource_scraper.normalize.validity import problem

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

COUNTED = tuple(
    field.name
    for field in dataclasses.fields(Project)
    if field.name not in {"platform", "external_id", "url", "status", "project_metadata"}
)
"""Fields whose coverage tells whether a page is still read as it was; the others are always there."""
_NULLABLE = tuple(name for name in COUNTED if name != "skills")
_values = attrgetter(*_NULLABLE)
_COUNTED_AT_ONCE = 200
"""Projects whose fields are counted together, in a tenth of the time that one by one takes."""

_LONGEST_REASON = 500
_MOST_REASONS = 100
"""Kept of the reasons why records were rejected: each may name its record."""


class ValidatePipeline:
    """Turns a `Project` that cannot be stored into a `RejectedRecord`, and counts.

    Stats, written when the spider closes: `validate/projects` and `validate/rejected` (of all items, those
    that came already rejected among them), `validate/rejected_because` (the most frequent reason), and
    `validate/field/<name>`, the projects that have it.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._stats = crawler.stats
        self._projects = 0
        self._rejected = 0
        self._reasons: Counter[str] = Counter()
        self._with_skills = 0
        self._known = dict.fromkeys(_NULLABLE, 0)
        """How many projects have each field."""
        self._uncounted: list[tuple[Any, ...]] = []
        """Fields of projects that are not in `_known` yet."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    def process_item(self, item: Any) -> Any:
        """Pass a good project on; hand a `RejectedRecord` on in the place of a bad one."""
        if not isinstance(item, Project):
            if isinstance(item, RejectedRecord):
                self._count(item)
            return item
        reason = problem(item)
        if reason is not None:
            rejected = refused(item, reason)
            self._count(rejected)
            return rejected
        self._projects += 1
        self._with_skills += bool(item.skills)
        self._uncounted.append(_values(item))
        if len(self._uncounted) == _COUNTED_AT_ONCE:
            self._count_fields()
        return item

    def close_spider(self) -> None:
        """Write the counts: once, because a stat for each field of each item costs more than the item."""
        self._stats.set_value("validate/projects", self._projects)
        self._stats.set_value("validate/rejected", self._rejected)
        for reason, _ in self._reasons.most_common(1):
            self._stats.set_value("validate/rejected_because", reason)
        self._count_fields()
        for name, count in (self._known | {"skills": self._with_skills}).items():
            self._stats.set_value(f"validate/field/{name}", count)

    def _count_fields(self) -> None:
        for name, values in zip(_NULLABLE, zip(*self._uncounted, strict=True), strict=False):
            self._known[name] += len(values) - values.count(None)
        self._uncounted.clear()

    def _count(self, rejected: RejectedRecord) -> None:
        self._rejected += 1
        reason = rejected.reason[:_LONGEST_REASON]
        if reason in self._reasons or len(self._reasons) < _MOST_REASONS:
            self._reasons[reason] += 1
