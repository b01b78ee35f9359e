"""Batches that the database would not take, on disk until the next run stores them.

One file a batch, JSON lines: first when it was read, then an item a line. A file appears under its name only
when it is whole and on the disk itself, and is deleted only after its batch is committed; a crash in between
stores the batch twice, which changes nothing.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import os
import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from outsource_scraper.database.batches import Batch, Item
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
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from outsource_scraper.config import Config

logger = logging.getLogger(__name__)

_SUFFIX = ".jsonl"
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
    """A spool file that is not as we write them; it was given another name and stays where it is."""


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
            database = f"{url.query.get('host') or url.host}_{url.port}_{url.database}"
        name = re.sub(r"[^A-Za-z0-9.-]", "_", f"{database}.{config.db_schema}")
        return cls(config.outsource_data_dir / "spool" / name)

    def write(self, batch: Batch, read_at: datetime) -> Path:
        """Put a batch on the disk, and return only when it is there.

        Raises OSError; then nothing of it is left, so that a smaller one may find room.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.folder / f"{read_at:%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:8]}{_SUFFIX}"
        unfinished = path.with_suffix(".part")
        try:
            with unfinished.open("w", encoding="utf-8", errors="surrogatepass") as file:
                file.write(json.dumps({"read_at": read_at.isoformat()}) + "\n")
                for item in batch:
                    file.write(to_json({type(item).__name__: dataclasses.asdict(item)}) + "\n")
                file.flush()
                os.fsync(file.fileno())
            unfinished.rename(path)
        except OSError:
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

    def read(self, path: Path) -> tuple[Batch, datetime]:
        """Read a file: its batch, and when that was read from the platform.

        Raises UnreadableSpool, after it has given the file another name so that it is not tried again, and
        FileNotFoundError where another process has stored and deleted it meanwhile.
        """
        text = path.read_text(encoding="utf-8", errors="surrogatepass")
        try:
            head, *lines = text.rstrip("\n").split("\n")
            read_at = datetime.fromisoformat(json.loads(head)["read_at"])
            return Batch(_item(json.loads(line)) for line in lines), read_at
        except (ValueError, ArithmeticError, LookupError, TypeError, AttributeError) as error:
            aside = path.rename(path.with_suffix(_UNREADABLE))
            message = f"The spool file {aside} cannot be read ({error}): look into it and delete it."
            raise UnreadableSpool(message) from error

    def forget(self, platform: str, client: str, *, dry_run: bool = False) -> int:
        """Take out of what waits what tells of a client of `platform`; return how many items that were.

        Raises UnreadableSpool, as `read` does, and OSError.
        """
        found = 0
        for path in self.waiting():
            batch, read_at = self.read(path)
            kept = [item for item in batch if not _tells_of(item, platform, client)]
            count = sum(1 for _ in batch) - len(kept)
            found += count
            if count and not dry_run:
                if kept:
                    self.write(Batch(kept), read_at)
                self.remove(path)
        return found

    def remove(self, path: Path) -> None:
        """Delete a file whose batch is committed."""
        path.unlink(missing_ok=True)


@dataclass(slots=True)
class Replayed:
    """What became of the files that waited."""

    files: int = 0
    items: int = 0
    unreadable: int = 0


async def replay(spool: Spool, commit: Callable[[Batch, datetime], Awaitable[object]]) -> Replayed:
    """Store every file that waits in `spool`, oldest first, by `commit`, and delete it behind that.

    A crash in between stores a batch twice, which changes nothing. A file that cannot be read is set aside
    with a line in the log. Raises what `commit` raises: what was not stored waits on.
    """
    done = Replayed()
    for path in spool.waiting():
        try:
            batch, read_at = await asyncio.to_thread(spool.read, path)
        except UnreadableSpool as error:
            logger.error("%s", error)
            done.unreadable += 1
            continue
        except FileNotFoundError:  # another process was faster
            continue
        await commit(batch, read_at)
        spool.remove(path)
        done.files += 1
        done.items += len(batch)
        logger.info("Stored %d items that an earlier run had left in %s", len(batch), path)
    return done


def _tells_of(item: Item, platform: str, client: str) -> bool:
    if item.platform != platform:
        return False
    if isinstance(item, Project):
        return item.client_name == client
    return isinstance(item, RejectedRecord) and client in f"{item.source}{item.reason}"


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
