"""Projects in PostgreSQL's binary COPY format.

asyncpg can encode records itself, in twice the time that this takes, because here is known what a project is
made of: its words (a currency, a skill, a category, an amount) come again and again and are encoded once. It
also hands the rows over in small pieces, so that PostgreSQL works on the first of them while the last are
being made. Both together decide how fast new projects are stored.

The format: https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format", and the `*_recv` function
of each type. A field is its length in 4 bytes and its value, all in network byte order; null is length -1.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from struct import Struct
from struct import error as StructError  # noqa: N812 - it is an exception, and struct names it badly
from typing import TYPE_CHECKING, Any

from outsource_scraper.items import ClosedReason, Status

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from outsource_scraper.database.batches import Reading

COLUMNS = (
    "id",
    "content_hash",
    "listing_hash",
    "first_seen_at",
    "last_seen_at",
    "changed_at",
    "closed_at",
    "closed_reason",
    "platform",
    "external_id",
    "url",
    "title",
    "description",
    "category",
    "skills",
    "budget_min",
    "budget_max",
    "currency",
    "payment_type",
    "work_type",
    "location",
    "country",
    "language",
    "posted_at",
    "deadline_at",
    "duration_days",
    "status",
    "bids_count",
    "views_count",
    "client_name",
    "client_country",
    "client_rating",
    "client_spent_usd",
    "client_verified",
    "project_metadata",
)
"""In the order of `_row`."""

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_CHUNK = 64
"""Rows handed over at once, about 128 kB."""

_NULL = b"\xff\xff\xff\xff"
_TRUE = b"\x00\x00\x00\x01\x01"
_FALSE = b"\x00\x00\x00\x01\x00"
_EMPTY_OBJECT = b"\x00\x00\x00\x03\x01{}"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_TEXT_OID = 25

_length = Struct(">i").pack
_int4 = Struct(">ii").pack
_int8 = Struct(">iq").pack
_array = Struct(">iiiiii").pack
_row_start = Struct(">hiq").pack
_numeric_head = Struct(">hhHh").pack


async def binary_rows(readings: Mapping[int, Reading], now: datetime) -> AsyncIterator[bytes]:
    """Yield new rows of `projects` for COPY of `COLUMNS`, from what was read of projects, by id.

    Raises ValueError for a value that has no encoding: a number out of range, a naive time, a lone surrogate.
    """
    yield _HEADER
    seen_at = _time(now)
    seen = seen_at * 3
    parts: list[bytes] = []
    for count, (project_id, reading) in enumerate(readings.items(), 1):
        try:
            parts.append(_row(project_id, reading, seen, seen_at))
        except (StructError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise ValueError(f"a field cannot be encoded: {error}") from error
        if not count % _CHUNK:
            yield b"".join(parts)
            parts.clear()
    parts.append(_TRAILER)
    yield b"".join(parts)


def _row(project_id: int, reading: Reading, seen: bytes, seen_at: bytes) -> bytes:
    project, content_hash, listing_hash = reading
    url = project.url.encode()
    external_id = project.external_id.encode()
    title = project.title.encode()
    description = project.description
    if description is None:
        length, text = _NULL, b""
    else:
        text = description.encode()
        length = _length(len(text))
    bids = project.bids_count
    days = project.duration_days
    views = project.views_count
    verified = project.client_verified
    is_closed = project.status is Status.CLOSED
    return b"".join(
        (
            _row_start(len(COLUMNS), 8, project_id),
            b"\x00\x00\x00\x10",
            content_hash,
            _NULL if listing_hash is None else b"\x00\x00\x00\x10" + listing_hash,
            seen,
            seen_at if is_closed else _NULL,
            _word(ClosedReason.STATED) if is_closed else _NULL,
            _word(project.platform),
            _length(len(external_id)),
            external_id,
            _length(len(url)),
            url,
            _length(len(title)),
            title,
            length,
            text,
            _word(project.category),
            _words(project.skills),
            _numeric(project.budget_min),
            _numeric(project.budget_max),
            _word(project.currency),
            _word(project.payment_type),
            _word(project.work_type),
            _word(project.location),
            _word(project.country),
            _word(project.language),
            _time(project.posted_at),
            _time(project.deadline_at),
            _NULL if days is None else _int4(4, days),
            _word(project.status),
            _NULL if bids is None else _int4(4, bids),
            _NULL if views is None else _int4(4, views),
            _word(project.client_name),
            _word(project.client_country),
            _numeric(project.client_rating),
            _numeric(project.client_spent_usd),
            _NULL if verified is None else _TRUE if verified else _FALSE,
            _json(project.project_metadata),
        )
    )


@lru_cache(maxsize=16384)
def _word(text: str | None) -> bytes:
    if text is None:
        return _NULL
    encoded = text.encode()
    return _length(len(encoded)) + encoded


def _words(texts: list[str]) -> bytes:
    if not texts:
        return _int4(12, 0) + _int4(0, _TEXT_OID)
    body = b"".join(map(_word, texts))
    return _array(len(body) + 20, 1, 0, _TEXT_OID, len(texts), 1) + body


def _time(moment: datetime | None) -> bytes:
    if moment is None:
        return _NULL
    since = moment - _EPOCH
    return _int8(8, (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)


@lru_cache(maxsize=16384)
def _numeric(number: Decimal | None) -> bytes:
    """Base 10,000 digits, as `numeric_recv` reads them: count, weight of the first, sign, scale, digits."""
    if number is None:
        return _NULL
    sign, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int):
        raise ValueError(f"{number} is no amount")
    # Digits are grouped by four from the point on, to both sides.
    after = max(-exponent, 0)
    text = "".join(map(str, digits)) + "0" * max(exponent, 0)
    text = text.rjust(after, "0") + "0" * (-after % 4)
    text = text.rjust(-(-len(text) // 4) * 4, "0")
    groups = [int(text[start : start + 4]) for start in range(0, len(text), 4)]
    weight = len(groups) - 1 - -(-after // 4)
    while groups and not groups[0]:
        groups.pop(0)
        weight -= 1
    body = _numeric_head(len(groups), weight, 0x4000 if sign and groups else 0, after)
    body += b"".join(group.to_bytes(2, "big") for group in groups)
    return _length(len(body)) + body


def _json(value: dict[str, Any]) -> bytes:
    if not value:
        return _EMPTY_OBJECT
    text = to_json(value).encode()
    return _length(len(text) + 1) + b"\x01" + text


def _no_json(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"  # the driver gives 40,000 as 4E+4
    return value.isoformat() if isinstance(value, datetime) else str(value)


to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_no_json).encode
"""JSON for a jsonb column; what is no JSON, such as an amount or a time, becomes text."""
