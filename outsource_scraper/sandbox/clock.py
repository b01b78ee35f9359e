"""The market's clock: every age on a page and every `Date` header is told by it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class MarketClock:
    """Starts at a given instant and runs at real speed, or stands still; either can be moved.

    `start` must be aware. Raises ValueError for a naive one.
    """

    def __init__(self, start: datetime, *, frozen: bool = False) -> None:
        self.frozen = frozen
        self._set_at = time.monotonic()
        self._instant = _utc(start)

    def now(self) -> datetime:
        """The market's instant, aware and in UTC."""
        if self.frozen:
            return self._instant
        return self._instant + timedelta(seconds=time.monotonic() - self._set_at)

    def advance(self, step: timedelta) -> None:
        """Move by `step`, which may be negative."""
        self.move_to(self.now() + step)

    def move_to(self, instant: datetime) -> None:
        """Set the clock to `instant` (aware); a running clock runs on from there."""
        self._instant = _utc(instant)
        self._set_at = time.monotonic()


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError(f"{instant.isoformat()} has no time zone: add Z or an offset")
    return instant.astimezone(UTC)
