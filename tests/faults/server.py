"""A PostgreSQL whose life is in the hands of a test."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import psutil
from sqlalchemy import URL

from outsource_scraper.config import DRIVER
from outsource_scraper.database.embedded_account import ENVIRONMENT, server_account
from tests.conftest import DEBIAN_15

if TYPE_CHECKING:
    from pathlib import Path


class OwnServer:
    """A PostgreSQL of this test's own that can be stopped, killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.account = server_account()
        self.data = folder / "data"
        self.data.mkdir(mode=0o700)
        os.chown(self.data, self.account.uid, self.account.gid)
        form = ("--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--username=postgres")
        made = self.account.run(DEBIAN_15 / "initdb", f"--pgdata={self.data}", *form)
        assert made.returncode == 0, made.stderr
        self.log = folder / "log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> URL:
        """Its first database, as its superuser."""
        query = {"host": str(self.data), "port": "5432"}
        return URL.create(DRIVER, username="postgres", database="postgres", query=query)

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        pid_file = self.data / "postmaster.pid"
        pid_file.unlink(missing_ok=True)
        settings = ("listen_addresses=", f"unix_socket_directories={self.data}", "fsync=on")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [DEBIAN_15 / "postgres", "-D", self.data, *(part for s in settings for part in ("-c", s))],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env=ENVIRONMENT,
                start_new_session=True, **self.account.process_options(),
            )  # fmt: skip
        while not (pid_file.exists() and "ready" in pid_file.read_text()):
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.01)

    def stop(self) -> None:
        """Shut it down as an operator does: connections are closed, what they were doing is rolled back."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        self.process.wait()

    def kill(self) -> None:
        """`kill -9` of the server with all that belongs to it."""
        assert self.process is not None
        family = [psutil.Process(self.process.pid)]
        family += family[0].children(recursive=True)
        for process in family:
            with suppress(psutil.NoSuchProcess):  # one that serves a connection ends by itself with it
                process.kill()
        self.process.wait()
        psutil.wait_procs(family)
