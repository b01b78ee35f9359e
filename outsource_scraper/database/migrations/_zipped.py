"""Folders inside a zipped egg, unpacked where something needs them on the disk.

Imported by Python 3.11 alone: its `importlib.resources.as_file`, through which Alembic looks for the
migrations, knows files only. From 3.12 on the standard library does what is registered here.
"""

from __future__ import annotations

from contextlib import contextmanager
from importlib.resources import as_file
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast
from zipfile import Path as ZipPath

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def unpacked(path: ZipPath) -> Iterator[Path]:
    """`path`, a file or a folder of an archive, on the disk until the context ends."""
    with TemporaryDirectory(prefix="outsource_scraper_") as folder:
        target = Path(folder, path.name)
        _copy(path, target)
        yield target


def _copy(path: ZipPath, target: Path) -> None:
    if path.is_file():
        target.write_bytes(path.read_bytes())
        return
    target.mkdir()
    for entry in path.iterdir():
        _copy(entry, target / entry.name)


# A function that dispatches on the type of what it is given, which its type does not say.
cast("Any", as_file).register(ZipPath, unpacked)
