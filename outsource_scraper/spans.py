"""Lengths of time as an operator writes them, in arguments and settings alike: 90m, 24h, 7d, 2w."""

from __future__ import annotations

import re
from datetime import timedelta

_SPAN = re.compile(r"(\d{1,5})\s*([mhdw])", re.IGNORECASE)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_span(text: str) -> timedelta | None:
    """The length of time that `text` names; None where it names none."""
    found = _SPAN.fullmatch(text.strip())
    return timedelta(**{_UNITS[found[2].lower()]: int(found[1])}) if found else None


def span_text(span: timedelta) -> str:
    """A length of time for a person, in the largest unit that it is a whole number of: "10 min", "24 h"."""
    minutes = int(span / timedelta(minutes=1))
    if minutes % (24 * 60) == 0 and minutes > 24 * 60:
        return f"{minutes // (24 * 60)} days"
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"
