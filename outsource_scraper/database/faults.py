"""What a database error means for the batch that met it: try again, set a row aside, or give up.

Errors come from two sides: from SQLAlchemy, which wraps the driver's, and from asyncpg itself, to which the
writer speaks where SQLAlchemy has no way (COPY). Both carry the SQLSTATE.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy import exc

if TYPE_CHECKING:
    from collections.abc import Iterator

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_TRANSIENT_CLASSES = frozenset(
    {
        "08",  # connection exception
        "25",  # invalid transaction state: idle for too long, or read-only while a standby takes over
        "40",  # rollback: deadlock, serialization failure
        "53",  # insufficient resources: too many connections, out of memory, disk full
        "55",  # object not in prerequisite state: lock not available
        "57",  # operator intervention: shutdown, crash of another backend, cancelled
        "58",  # system error: input and output
    }
)
_REFUSING_CLASSES = frozenset(
    {
        "21",  # cardinality violation
        "22",  # data exception: out of range, invalid byte sequence
        "23",  # integrity constraint violation
        "54",  # program limit exceeded: a value too long for its index
    }
)
_UNIQUE_VIOLATION = "23505"
_STALE_PLAN = "0A000"
"""A migration changed a table under a prepared statement."""

_REMEDIES = {
    "42501": "grant that right to the user who is named in DATABASE_URL or POSTGRES_USER",
    "25006": "let DATABASE_URL name a server that can be written to, or end default_transaction_read_only",
    "57014": "allow more time by statement_timeout, or try again when the database has less to do",
}
"""What the operator does about a right that is missing, a database that only reads, a statement cut off."""


def is_transient(error: BaseException) -> bool:
    """Whether the same transaction may well succeed a moment later, on a fresh connection.

    A unique violation is such a one: somebody who does not take our lock has inserted the key at the same
    moment, and the next attempt finds it stored.
    """
    code = sqlstate(error)
    if code is not None:
        return code[:2] in _TRANSIENT_CLASSES or code in {_UNIQUE_VIOLATION, _STALE_PLAN}
    return any(
        isinstance(cause, OSError | exc.TimeoutError | exc.OperationalError | exc.InterfaceError)
        or (isinstance(cause, exc.DBAPIError) and cause.connection_invalidated)
        or (isinstance(cause, asyncpg.InterfaceError) and not isinstance(cause, asyncpg.DataError))
        for cause in _causes(error)
    )


def is_refusal(error: BaseException) -> bool:
    """Whether a value is at fault: PostgreSQL refuses it, or it cannot even be sent."""
    code = sqlstate(error)
    if code is not None:
        return code[:2] in _REFUSING_CLASSES and code != _UNIQUE_VIOLATION
    # Raised while a row is encoded: a number too large, a lone surrogate, leftovers that are no JSON.
    return any(isinstance(cause, ValueError | TypeError | OverflowError) for cause in _causes(error))


def remedy(error: BaseException) -> str | None:
    """What the operator does about a fault of the database; None where the error is a mistake of ours."""
    code = sqlstate(error)
    if code in _REMEDIES:
        return _REMEDIES[code]
    # A file that cannot be opened has a name; a server that cannot be reached has none.
    is_file = any(isinstance(cause, OSError) and cause.filename is not None for cause in _causes(error))
    if is_file or is_refusal(error) or not is_transient(error):
        return None
    return "try again; if it goes on, the server's log says why"


def is_of_database(error: BaseException) -> bool:
    """Whether PostgreSQL, or the way to it, has failed, and not this program."""
    return is_transient(error) or sqlstate(error) is not None


def sqlstate(error: BaseException) -> str | None:
    """PostgreSQL's five-character code, or None where the error is not PostgreSQL's."""
    for cause in _causes(error):
        code = getattr(cause, "sqlstate", None)
        if isinstance(code, str):
            return code
    return None


def sentence(error: BaseException) -> str:
    """The error in one line, without SQLAlchemy's statement and parameters."""
    cause = error.orig if isinstance(error, exc.DBAPIError) and error.orig is not None else error
    first_line = str(cause).strip().partition("\n")[0]
    return first_line.partition(">: ")[2] or first_line or type(cause).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and those it was raised from."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__
