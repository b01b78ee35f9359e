"""The items that one commit takes in together, and what became of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from outsource_scraper.database.batches import Batch

if TYPE_CHECKING:
    from datetime import datetime


class Group:
    """A batch, and the items that wait for it."""

    __slots__ = ("batch", "done", "linger", "opened_at", "refused", "stored")

    def __init__(self, linger: asyncio.TimerHandle, opened_at: datetime) -> None:
        self.batch = Batch()
        self.done = asyncio.Event()
        self.linger = linger
        self.opened_at = opened_at
        self.stored = False
        self.refused: frozenset[tuple[str, str | None]] = frozenset()
        """Platform and external id of what stands in `rejected_records` now."""
