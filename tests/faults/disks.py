"""Disks that are full soon."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.conftest import need, reachable_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def small_disk(size: int) -> Iterator[Path]:
    """A disk of so many bytes, mounted on a folder."""
    need(os.geteuid() == 0, "only root can mount a disk that is small")
    with reachable_folder() as folder:
        mount = ["/bin/mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder]
        need(subprocess.run(mount, check=False).returncode == 0, "nothing can be mounted here")
        try:
            yield folder
        finally:
            subprocess.run(["/bin/umount", "--lazy", folder], check=True)
