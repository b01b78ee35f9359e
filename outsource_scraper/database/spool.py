"""Batches that the database would not take, on disk until the next run stores them.

One file a batch, JSON lines: first when it was read and by which run, then an item a line. A file appears
under its name only when it is whole and on the disk itself. Who stores it holds a lock on it, and deletes it
only after its batch is committed; a crash in between stores the batch once more, which changes nothing.
"""

from __future__ import annotations

import asyncio
import dataclasses
import fcntl
import json
import logging
import os
import re
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from outsource_scraper.database import faults
from outsource_scraper.database.batches import Batch, Item, refused
from outsource_scraper.database.copying import to_json
from outsource_scraper.items import (
    GonePosting,
    PaymentType,
    Project,
    RejectedRecord,
    Status,
    WorkType,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from outsource_scraper.config import Config

logger = logging.getLogger(__name__)

_SUFFIX = ".jsonl"
_UNFINISHED = ".part"
_UNREADABLE = ".unreadable"
_READERS: dict[str, Callable[[str], Any]] = {
    "budget_min": Decimal,
    "budget_max": Decimal,
    "client_rating": Decimal,
    "client_spent_usd": Decimal,
    "posted_at": datetime.fromisoformat,
    "deadline_at": datetime.fromisoformat,
    "payment_type": PaymentType,
    "work_type": WorkType,
    "status": Status,
}
"""How a field is read that JSON has no type for."""


class UnreadableSpool(Exception):  # noqa: N818 - it says what the file is
    """A spool file that cannot be read; one that is not as we write them was given another name."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A batch that waited on disk."""

    batch: Batch
    read_at: datetime
    """When it was read from the platform."""
    run_id: int | None
    """The run that read it."""


class Spool:
    """The spool of one database: a folder, made when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of(cls, config: Config) -> Spool:
        """The spool for the database and schema that `config` names, below its data folder."""
        url = config.async_db_url
        if url is None:
            database = "embedded"
        else:
            # A server on a socket is named in the query: its folder, and its port.
            host, port = url.query.get("host") or url.host, url.query.get("port") or url.port
            database = f"{host}_{port}_{url.database}"
        exact = f"{database}.{config.db_schema}"
        name = re.sub(r"[^A-Za-z0-9.-]", "_", exact)
        if re.search(r"[^A-Za-z0-9._-]", exact):
            # What was replaced may be all that tells two databases apart.
            name += f"-{blake2b(exact.encode(), digest_size=4).hexdigest()}"
        return cls(config.outsource_data_dir / "spool" / name)

    def elsewhere(self) -> list[Path]:
        """Files that wait in the spools of other databases, or of this one under another spelling."""
        return sorted(path for path in self.folder.parent.glob(f"*/*{_SUFFIX}") if path.parent != self.folder)

    def unstorable(self) -> list[Path]:
        """Files of every spool that no command stores: unfinished ones, and those that were set aside."""
        return [path for end in (_UNFINISHED, _UNREADABLE) for path in self.folder.parent.glob(f"*/*{end}")]

    def write(self, batch: Batch, read_at: datetime, run_id: int | None = None) -> Path:
        """Put a batch on the disk, and return only when it is there.

        Raises OSError; then nothing of it is left, so that a smaller one may find room.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.folder / f"{read_at:%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:8]}{_SUFFIX}"
        unfinished = path.with_suffix(_UNFINISHED)
        try:
            with unfinished.open("w", encoding="utf-8", errors="surrogatepass") as file:
                file.write(json.dumps({"read_at": read_at.isoformat(), "run_id": run_id}) + "\n")
                for item in batch:
                    file.write(_line(item) + "\n")
                file.flush()
                os.fsync(file.fileno())
            unfinished.rename(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return path

    def waiting(self) -> list[Path]:
        """The files that wait, oldest first."""
        return sorted(self.folder.glob(f"*{_SUFFIX}"))

    def read(self, path: Path) -> Waiting:
        """Read a file.

        Raises UnreadableSpool, where its content is at fault after it has given the file another name so that
        it is not tried again, and FileNotFoundError where another process has deleted it meanwhile.
        """
        content = _bytes_of(path)
        try:
            head, *lines = content.decode("utf-8", "surrogatepass").rstrip("\n").split("\n")
            told = json.loads(head)
            batch = Batch(_item(json.loads(line)) for line in lines)
            return Waiting(batch, datetime.fromisoformat(told["read_at"]), told.get("run_id"))
        except (ValueError, ArithmeticError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise _unreadable(path.rename(path.with_suffix(_UNREADABLE)), error) from error

    @contextmanager
    def taken(self, path: Path) -> Iterator[bool]:
        """Hold a file against all others that would store it; False where another does, or has done so.

        The lock ends with the process, whatever becomes of it. Raises UnreadableSpool.
        """
        try:
            file = path.open("rb")
        except FileNotFoundError:
            yield False
            return
        except OSError as error:
            raise _unreadable(path, error) from error
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            # Another may have stored and deleted it between the two.
            yield os.fstat(file.fileno()).st_nlink > 0

    def remove(self, path: Path) -> None:
        """Delete a file whose batch is committed."""
        path.unlink(missing_ok=True)


@dataclass(slots=True)
class Replayed:
    """What became of the files that waited."""

    files: int = 0
    items: int = 0
    unreadable: int = 0
    """Files that could not be read, or whose batch could not be stored: they need somebody to look."""


async def replay(spool: Spool, commit: Callable[[Waiting], Awaitable[object]]) -> Replayed:
    """Store every file that waits in `spool`, oldest first, by `commit`, and delete it behind that.

    Files that another process is storing are left to it. One that cannot be read, or stored for a reason that
    is not the database's state, is told in the log and stands in nobody's way. Raises what `commit` raises
    for a database that fails: what was not stored waits on.
    """
    done = Replayed()
    for path in spool.waiting():
        try:
            with spool.taken(path) as is_ours:
                if is_ours:
                    await _replay_one(spool, path, commit, done)
        except UnreadableSpool as error:
            logger.error("%s", error)
            done.unreadable += 1
    return done


async def _replay_one(
    spool: Spool, path: Path, commit: Callable[[Waiting], Awaitable[object]], done: Replayed
) -> None:
    try:
        waiting = await asyncio.to_thread(spool.read, path)
    except FileNotFoundError:
        return
    try:
        await commit(waiting)
    except Exception as error:
        if faults.is_of_database(error):
            raise
        logger.exception("The batch in %s cannot be stored: it stays there", path)
        done.unreadable += 1
        return
    spool.remove(path)
    done.files += 1
    done.items += len(waiting.batch)
    logger.info("Stored %d items that an earlier run had left in %s", len(waiting.batch), path)


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> UnreadableSpool:
    return UnreadableSpool(f"The spool file {path} cannot be read ({error}): look into it and delete it.")


def _line(item: Item) -> str:
    try:
        return to_json({type(item).__name__: dataclasses.asdict(item)})
    except (TypeError, ValueError, RecursionError) as error:  # leftovers that are no JSON
        if not isinstance(item, Project):
            raise
        return _line(refused(item, f"a field cannot be encoded: {error}"))


def _item(line: dict[str, dict[str, Any]]) -> Item:
    ((kind, fields),) = line.items()
    if kind == RejectedRecord.__name__:
        return RejectedRecord(**fields)
    if kind == GonePosting.__name__:
        return GonePosting(**fields)
    if kind != Project.__name__:
        raise ValueError(f"unknown kind {kind!r}")
    values = {
        name: _READERS[name](value) if name in _READERS and value is not None else value
        for name, value in fields.items()
    }
    return Project(**values)
