"""`--logformat json`: one JSON object a line, for the collectors of logs.

Made where records are made, so that it holds for every handler and for what Scrapy logs before its settings
are read. A traceback is part of the object.
"""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any


class JsonRecord(logging.LogRecord):
    """A record whose message is a JSON object: time, level, event, logger, platform, run, and traceback."""

    platform: str | None = None
    """Of a process that crawls one platform; else what the record itself says counts."""

    def getMessage(self) -> str:  # noqa: N802 - logging's name
        """The record as one line of JSON."""
        spider = getattr(self, "spider", None)
        name = getattr(spider, "name", None) or self.platform
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(self.created, UTC).isoformat(timespec="milliseconds"),
            "level": self.levelname,
            "event": super().getMessage(),
            "logger": self.name,
            "platform": name,
            "run": _runs.get(name),
        }
        if self.exc_info and self.exc_info[0] is not None:
            line["traceback"] = "".join(traceback.format_exception(*self.exc_info))
            # The formatter would append it a second time, as lines of its own.
            self.exc_info = self.exc_text = None
        return json.dumps(line, ensure_ascii=False, default=str)


_runs: dict[str | None, int] = {}
"""By platform, the run that this process does now."""


def note_run(platform: str, run_id: int) -> None:
    """From now on records of `platform` bear the id of its run."""
    _runs[platform] = run_id


def log_json(platform: str | None) -> None:
    """Log in JSON from now on, as a process that crawls `platform`, or several (None)."""
    JsonRecord.platform = platform
    logging.setLogRecordFactory(JsonRecord)
