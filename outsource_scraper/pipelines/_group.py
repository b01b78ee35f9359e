"""The items that one commit takes in together, and what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outsource_scraper.database.batches import Batch

if TYPE_CHECKING:
    import asyncio
    from datetime import datetime


class Group:
    """A batch, and the items that wait for it."""

    __slots__ = ("_loop", "_waiting", "batch", "linger", "opened_at", "refused", "stored")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, linger: asyncio.TimerHandle, opened_at: datetime
    ) -> None:
        self._loop = loop
        self._waiting: list[asyncio.Future[None]] = []
        self.batch = Batch()
        self.linger = linger
        self.opened_at = opened_at
        self.stored = False
        self.refused: frozenset[tuple[str, str | None]] = frozenset()
        """Platform and external id of what stands in `rejected_records` now."""

    async def done(self) -> None:
        """Wait until the batch is stored or given up.

        A future for each item: cancelling one that waits must not cancel the others. An `asyncio.Event` does
        the same, in a twentieth of the time of a whole crawl.
        """
        waiting = self._loop.create_future()
        self._waiting.append(waiting)
        await waiting

    def finish(self) -> None:
        """Let the items go on; none is added any more."""
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)
