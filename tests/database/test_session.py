"""The way to the database: what is refused and in which words, and what a session leaves behind."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import asyncpg  # type: ignore[import-untyped]
import pytest
from sqlalchemy import URL, event, inspect, text

from outsource_scraper.config import Config
from outsource_scraper.database import session
from outsource_scraper.database.embedded_account import installation
from outsource_scraper.database.session import AsyncDatabase, close_db, get_db
from outsource_scraper.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection

PROJECT = Path(__file__).resolve().parents[2]


async def value(database: AsyncDatabase, statement: str) -> Any:
    async with database.session() as opened:
        return await opened.scalar(text(statement))


async def refusal(url: URL | str, **options: Any) -> str:
    """Return the sentence with which `initialize` refuses, after looking at its form."""
    async with AsyncDatabase(url, **options) as database:
        with pytest.raises(DatabaseUnavailable) as refused:
            await database.initialize()
    message = str(refused.value)
    assert "\n" not in message
    assert message.startswith("The ")
    assert message.endswith(".")
    return message


class TestInitialize:
    async def test_it_makes_the_tables_once(self, any_database_url: URL) -> None:
        async with AsyncDatabase(any_database_url) as database:
            await database.initialize()
            await database.initialize()
            assert await value(database, "SELECT count(*) FROM projects") == 0

    async def test_one_query_where_the_tables_are_there(self, database: AsyncDatabase) -> None:
        statements = []

        async with AsyncDatabase(database.engine.url) as second:
            # The dialect asks some questions of its own on the first connection.
            await value(second, "SELECT 1")

            @event.listens_for(second.engine.sync_engine, "before_cursor_execute")
            def note(*arguments: Any) -> None:
                statements.append(arguments[2])

            await second.initialize()
        assert len(statements) == 1

    async def test_alembic_is_not_loaded_where_the_tables_are_there(self, database: AsyncDatabase) -> None:
        script = (
            "import asyncio, sys\n"
            "from outsource_scraper.database.session import AsyncDatabase\n"
            "asyncio.run(AsyncDatabase(sys.argv[1]).initialize())\n"
            "sys.exit('alembic' in sys.modules)\n"
        )
        url = database.engine.url.render_as_string(hide_password=False)
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", script, url],
            env={"PYTHONPATH": os.pathsep.join([str(PROJECT), *sys.path]), "PATH": os.environ["PATH"]},
            check=False,
        )
        assert done.returncode == 0

    async def test_ten_at_once(self, any_database_url: URL) -> None:
        databases = [AsyncDatabase(any_database_url, schema="fresh", pool_size=1) for _ in range(10)]
        try:
            await asyncio.gather(*(database.initialize() for database in databases))
            assert await value(databases[0], "SELECT count(*) FROM fresh.alembic_version") == 1
        finally:
            await asyncio.gather(*(database.close() for database in databases))

    async def test_schemas_at_once(self, database_url: URL) -> None:
        # They share the database's extensions, so the migrations of one must not meet those of another.
        databases = [AsyncDatabase(database_url, schema=f"market_{n}", pool_size=1) for n in range(4)]
        try:
            await asyncio.gather(*(database.initialize() for database in databases))
            for database in databases:
                assert await value(database, "SELECT current_schema()") == database.schema
                assert await value(database, "SELECT count(*) FROM projects") == 0
        finally:
            await asyncio.gather(*(database.close() for database in databases))

        def public(connection: Connection) -> list[str]:
            return inspect(connection).get_table_names(schema="public")

        async with AsyncDatabase(database_url) as database, database.engine.connect() as connection:
            assert await connection.run_sync(public) == []

    async def test_a_user_who_may_use_a_schema_needs_no_right_to_create_one(self, database_url: URL) -> None:
        role = f"limited_{secrets.token_hex(4)}"
        async with AsyncDatabase(database_url) as owner, owner.engine.connect() as admin:
            await admin.execution_options(isolation_level="AUTOCOMMIT")
            # A trusted extension may be made by whoever may create in the database; here it is there.
            await admin.execute(text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
            await admin.execute(text(f"CREATE ROLE {role} LOGIN"))
            try:
                message = await refusal(database_url.set(username=role), schema="market_1")
                assert f"to the user {role} (permission denied for database" in message
                await admin.execute(text(f"CREATE SCHEMA market_1 AUTHORIZATION {role}"))
                async with AsyncDatabase(database_url.set(username=role), schema="market_1") as limited:
                    await limited.initialize()
            finally:
                await admin.execute(text(f"DROP OWNED BY {role}"))
                await admin.execute(text(f"DROP ROLE {role}"))


class TestRefusals:
    async def test_nobody_listens(self) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
            message = await refusal(f"postgresql://u:hidden@127.0.0.1:{port}/d")
        assert f"The database d at 127.0.0.1:{port} cannot be reached" in message
        assert "start PostgreSQL there" in message
        assert "hidden" not in message

    async def test_no_such_host(self) -> None:
        assert "cannot be reached" in await refusal("postgresql://u@no-such-host.invalid/d")

    async def test_no_such_socket(self, tmp_path: Path) -> None:
        message = await refusal(f"postgresql:///d?host={tmp_path}")
        assert f"The database d at {tmp_path} cannot be reached" in message

    async def test_a_host_that_never_answers(self) -> None:
        async def keep_silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(30)
            writer.close()

        server = await asyncio.start_server(keep_silent, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            message = await refusal(f"postgresql://u@127.0.0.1:{port}/d?sslmode=disable&connect_timeout=1")
        finally:
            server.close()
        assert "cannot be reached (no answer in time)" in message

    async def test_a_server_without_tls(self, password_server: PasswordServer) -> None:
        message = await refusal(password_server.url("postgres", None, "?sslmode=require"))
        assert "does not speak TLS, which is asked of it: turn it on there" in message

    async def test_no_such_database(self, any_database_url: URL) -> None:
        message = await refusal(any_database_url.set(database="nowhere"))
        assert 'does not exist: create it with CREATE DATABASE "nowhere" TEMPLATE template0' in message

    async def test_no_such_user(self, any_database_url: URL) -> None:
        message = await refusal(any_database_url.set(username="nobody_here"))
        assert "refuses the user nobody_here" in message
        assert "POSTGRES_USER" in message

    @pytest.mark.parametrize(
        "form",
        ["ENCODING 'UTF8' LOCALE 'C'", "ENCODING 'SQL_ASCII' LOCALE 'C'", "ENCODING 'UTF8' LC_CTYPE 'POSIX'"],
    )
    async def test_a_database_in_which_search_does_not_see_korean(
        self, any_database_url: URL, form: str
    ) -> None:
        name = f"unfit_{secrets.token_hex(4)}"
        async with AsyncDatabase(any_database_url) as other, other.engine.connect() as admin:
            await admin.execution_options(isolation_level="AUTOCOMMIT")
            await admin.execute(text(f"CREATE DATABASE {name} TEMPLATE template0 {form}"))
            try:
                message = await refusal(any_database_url.set(database=name))
            finally:
                await admin.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        assert "does not see Korean text" in message
        assert "TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'" in message

    async def test_a_server_that_is_too_old(self, database_url: URL, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(session, "OLDEST_VERSION", 19)
        assert "is PostgreSQL 18: use 19 or newer" in await refusal(database_url)

    async def test_tables_of_a_newer_release(self, database: AsyncDatabase) -> None:
        async with database.engine.begin() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        message = await refusal(database.engine.url)
        assert "revision 9999" in message


class PasswordServer:
    """A server on loopback that asks for a password."""

    def __init__(self, socket_folder: Path, port: int) -> None:
        self._socket_folder = socket_folder
        self.port = port

    def url(self, user: str, password: str | None, query: str = "") -> str:
        secret = "" if password is None else f":{password}"
        return f"postgresql://{user}{secret}@127.0.0.1:{self.port}/postgres{query}"

    async def set_password(self, user: str, password: str) -> None:
        connection = await asyncpg.connect(
            host=str(self._socket_folder), port=self.port, user="postgres", database="postgres"
        )
        try:
            literal = await connection.fetchval("SELECT quote_literal($1)", password)
            await connection.execute(
                f"DROP ROLE IF EXISTS {user}; CREATE ROLE {user} SUPERUSER LOGIN PASSWORD {literal}"
            )
        finally:
            await connection.close()


@pytest.fixture(scope="module")
def password_server(
    start_server: Callable[..., AbstractContextManager[Path]],
) -> Iterator[PasswordServer]:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with start_server(
        installation() / "bin",
        settings=("listen_addresses=127.0.0.1", f"port={port}"),
        initdb=("--auth-host=scram-sha-256",),
    ) as socket_folder:
        yield PasswordServer(socket_folder, port)


PASSWORDS = [
    "plain",
    "a@b",
    "a/b",
    "a%b",
    "a%41b",
    "a#b",
    "a:b",
    "a?b",
    "a&b=c",
    "a+b",
    "a b",
    "비밀번호",
    "'\"\\$x{}",
    "[x]",
]


class TestPasswords:
    @pytest.mark.parametrize("password", PASSWORDS)
    async def test_every_way_of_giving_it(
        self, password_server: PasswordServer, monkeypatch: pytest.MonkeyPatch, password: str
    ) -> None:
        await password_server.set_password("crawler", password)
        encoded = {"DATABASE_URL": password_server.url("crawler", quote(password, safe=""))}
        in_parts = {
            "POSTGRES_HOST": "127.0.0.1",
            "POSTGRES_PORT": str(password_server.port),
            "POSTGRES_USER": "crawler",
            "POSTGRES_PASSWORD": password,
            "POSTGRES_DB": "postgres",
        }
        ways = [encoded, in_parts]
        if password != "a%41b":  # noqa: S105 - which is an escape and has another reading
            ways.append({"DATABASE_URL": password_server.url("crawler", password)})
        for way in ways:
            with monkeypatch.context() as environment:
                for name, setting in way.items():
                    environment.setenv(name, setting)
                async with await AsyncDatabase.from_config(Config.load()) as database:
                    assert await value(database, "SELECT current_user") == "crawler"

    async def test_a_wrong_one(self, password_server: PasswordServer) -> None:
        await password_server.set_password("crawler", "right")
        message = await refusal(password_server.url("crawler", "hidden"))
        assert "refuses the user crawler (password authentication failed" in message
        assert "POSTGRES_PASSWORD" in message
        assert "hidden" not in message

    async def test_a_missing_one(self, password_server: PasswordServer) -> None:
        await password_server.set_password("crawler", "right")
        assert "refuses the user crawler" in await refusal(password_server.url("crawler", None))


class TestConnections:
    async def test_the_server_sees_who_we_are(self, database_url: URL) -> None:
        async with AsyncDatabase(database_url, application_name="market") as database:
            assert await value(database, "SHOW application_name") == "market"
        named = database_url.update_query_dict({"application_name": "chosen", "connect_timeout": "5"})
        async with AsyncDatabase(named, application_name="market") as database:
            assert await value(database, "SHOW application_name") == "chosen"

    async def test_a_connection_that_the_server_closed_is_replaced(self, database: AsyncDatabase) -> None:
        backend = await value(database, "SELECT pg_backend_pid()")
        async with AsyncDatabase(database.engine.url) as other:
            assert await value(other, f"SELECT pg_terminate_backend({backend}, 5000)")
        assert await value(database, "SELECT pg_backend_pid()") != backend

    async def test_the_embedded_database_without_blocking_the_loop(
        self, server_folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in Config.model_fields:
            monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.chdir(server_folder)
        script = (
            "import asyncio, sys\n"
            "from outsource_scraper.config import Config\n"
            "from outsource_scraper.database.session import AsyncDatabase\n"
            "async def main():\n"
            "    config = Config.load({'OUTSOURCE_DATA_DIR': sys.argv[1]})\n"
            "    async with await AsyncDatabase.from_config(config) as database:\n"
            "        await database.initialize()\n"
            "asyncio.run(main())\n"
        )
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", script, str(server_folder)],
            env={"PYTHONPATH": os.pathsep.join([str(PROJECT), *sys.path]), "PATH": os.environ["PATH"]},
            check=False,
        )
        assert done.returncode == 0
        assert not (server_folder / "postgresql" / "data" / "postmaster.pid").exists()


class TestGetDb:
    @pytest.fixture(autouse=True)
    async def opened_and_closed(
        self, database_url: URL, monkeypatch: pytest.MonkeyPatch
    ) -> AsyncIterator[None]:
        monkeypatch.setenv("DATABASE_URL", database_url.render_as_string(hide_password=False))
        monkeypatch.setenv("DB_SCHEMA", "public")
        yield
        await close_db()

    async def test_it_is_initialized_and_what_is_committed_stays(self) -> None:
        async with aclosing(get_db()) as sessions:
            opened = await anext(sessions)
            await opened.execute(text("CREATE TABLE kept (n int)"))
            await opened.commit()
            await opened.execute(text("INSERT INTO kept VALUES (1)"))
        async with aclosing(get_db()) as sessions:
            opened = await anext(sessions)
            assert await opened.scalar(text("SELECT count(*) FROM kept")) == 0
            assert await opened.scalar(text("SELECT count(*) FROM projects")) == 0

    async def test_an_error_of_the_caller_passes_and_takes_everything_back(self) -> None:
        sessions = get_db()
        opened = await anext(sessions)
        await opened.execute(text("CREATE TABLE lost (n int)"))
        with pytest.raises(LookupError):
            await sessions.athrow(LookupError())
        assert not opened.in_transaction()
        async with aclosing(get_db()) as sessions:
            found = await (await anext(sessions)).scalar(text("SELECT to_regclass('lost')"))
            assert found is None

    async def test_many_at_once_share_one_engine(self) -> None:
        async def engine_of_one() -> object:
            async with aclosing(get_db()) as sessions:
                opened = await anext(sessions)
                await opened.execute(text("SELECT 1"))
                return opened.bind

        assert len(set(await asyncio.gather(*(engine_of_one() for _ in range(12))))) == 1

    async def test_after_closing_it_opens_again(self) -> None:
        for _ in range(2):
            async with aclosing(get_db()) as sessions:
                assert await (await anext(sessions)).scalar(text("SELECT 1")) == 1
            await close_db()

    async def test_a_database_that_is_down_is_tried_again(
        self, database_url: URL, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        up = os.environ["DATABASE_URL"]
        monkeypatch.setenv("DATABASE_URL", "postgresql:///d?host=/nowhere")
        with pytest.raises(DatabaseUnavailable):
            await anext(get_db())
        monkeypatch.setenv("DATABASE_URL", up)
        async with aclosing(get_db()) as sessions:
            assert (
                await (await anext(sessions)).scalar(text("SELECT current_database()"))
                == database_url.database
            )
