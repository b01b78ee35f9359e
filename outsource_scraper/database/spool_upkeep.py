"""Takes out of the spool what may not be kept: a person who wants to be forgotten, and what is too old."""

from __future__ import annotations

import dataclasses
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outsource_scraper.database.batches import Batch
from outsource_scraper.database.forgetting import TEXTS
from outsource_scraper.database.names import Name
from outsource_scraper.database.spool import UnreadableSpool
from outsource_scraper.errors import OutsourceScraperError
from outsource_scraper.items import Project, RejectedRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from outsource_scraper.database.batches import Item
    from outsource_scraper.database.spool import Spool


@dataclass(slots=True)
class Cleaned:
    """What became of the items on disk."""

    deleted: Counter[str] = field(default_factory=Counter)
    """By platform."""
    blanked: int = 0
    """Items of others in which the name stood."""
    left: list[Path] = field(default_factory=list)
    """Files that hold the name and are not ours to change: somebody has to look into them."""


def forget_waiting(
    spool: Spool, platform: str, client: str, ids: set[str], *, dry_run: bool = False
) -> Cleaned:
    """Take out of `spool` what tells of a client of `platform`, and blank the name in items of others.

    `ids` are the external ids of the client's projects in the database; items of them go, whatever they say.
    Files that cannot be read, were not finished, are being stored by another process or belong to another
    database are left, and named where they hold the name. Raises OutsourceScraperError where a file cannot be
    changed.
    """
    name = Name(client)
    ids = ids | {
        item.external_id
        for batch in _batches(spool)
        for item in batch
        if isinstance(item, Project) and item.platform == platform and item.client_name == client
    }

    def keep(item: Item, _: datetime) -> Item | None:
        if item.platform != platform:
            return item
        if item.external_id in ids:
            return None
        if isinstance(item, RejectedRecord) and name.is_in(item.source, item.reason, item.url):
            return None
        return _blanked(item, name) if isinstance(item, Project) else item

    with _changing(spool):
        cleaned = _rewrite(spool, keep, dry_run=dry_run)
    suspects = {*cleaned.left, *spool.unstorable(), *spool.elsewhere()}
    cleaned.left = sorted(path for path in suspects if _may_hold(path, name))
    return cleaned


def purge_waiting(spool: Spool, before: Mapping[str, datetime], *, dry_run: bool = False) -> Counter[str]:
    """Take out of `spool` what was read before the time that `before` has for its platform.

    Returns how many items went, by platform. Raises OutsourceScraperError where a file cannot be changed.
    """

    def keep(item: Item, read_at: datetime) -> Item | None:
        return None if item.platform in before and read_at < before[item.platform] else item

    with _changing(spool):
        return _rewrite(spool, keep, dry_run=dry_run).deleted


def platforms_waiting(spool: Spool) -> set[str]:
    """The platforms of which something waits in `spool`."""
    return {item.platform for batch in _batches(spool) for item in batch}


@contextmanager
def _changing(spool: Spool) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutsourceScraperError(
            f"the files in {spool.folder} cannot be changed ({error}): mend that and repeat the command"
        ) from error


def _rewrite(spool: Spool, keep: Callable[[Item, datetime], Item | None], *, dry_run: bool) -> Cleaned:
    """Put what `keep` makes of the items in the place of each file; `left` are those that it cannot have."""
    cleaned = Cleaned()
    for path in spool.waiting():
        try:
            with spool.taken(path) as is_ours:
                if not is_ours:
                    cleaned.left.append(path)
                    continue
                waiting = spool.read(path)
                kept = [(item, keep(item, waiting.read_at)) for item in waiting.batch]
                gone = Counter(item.platform for item, after in kept if after is None)
                blanked = sum(after is not None and after != item for item, after in kept)
                cleaned.deleted += gone
                cleaned.blanked += blanked
                if dry_run or not (gone or blanked):
                    continue
                # First the new file, then the old one away: a crash in between stores the rest twice, which
                # changes nothing, and a repeat finds what was to go.
                if batch := Batch(after for _, after in kept if after is not None):
                    spool.write(batch, waiting.read_at, waiting.run_id)
                spool.remove(path)
        except UnreadableSpool:
            cleaned.left.append(path)
        except FileNotFoundError:  # another process has stored it
            continue
    return cleaned


def _batches(spool: Spool) -> Iterator[Batch]:
    for path in spool.waiting():
        with _changing(spool), suppress(UnreadableSpool, FileNotFoundError):
            yield spool.read(path).batch


def _blanked(project: Project, name: Name) -> Project:
    values = {field: name.blanked(getattr(project, field)) for field in (*TEXTS, "project_metadata")}
    return dataclasses.replace(project, **values)


def _may_hold(path: Path, name: Name) -> bool:
    try:
        return name.is_in(path.read_bytes().decode("utf-8", "replace"))
    except FileNotFoundError:
        return False
    except OSError:
        return True
