"""The way to the database: one engine, its sessions, and the question whether the database is fit for us.

Outside this module nobody makes an engine. `AsyncDatabase` is opened by the pipeline and the commands;
`get_db` is what FastAPI depends on.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NoReturn, Self

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy import URL, Integer, cast, column, func, null, select, table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateSchema

from outsource_scraper.config import DRIVER, Config, parse_database_url
from outsource_scraper.database.migrations import HEAD
from outsource_scraper.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator
    from types import TracebackType

    from sqlalchemy.ext.asyncio import AsyncConnection

CONNECT_TIMEOUT = 10.0
"""Seconds for one connection; `connect_timeout` in the address wins, as in libpq."""
OLDEST_VERSION = 15
MIGRATION_LOCK = 0x6F757473
"""The key of the advisory lock under which the migrations run; one for all schemas, as extensions are."""

PATIENCE = 60.0
"""Seconds for which the server lets a client be silent inside a transaction before it takes the locks."""

_DATABASES = table(
    "pg_database", column("datname"), column("encoding"), column("datctype"), schema="pg_catalog"
)


class AsyncDatabase:
    """One engine (asyncpg) and its sessions, in the schema `schema`.

    `pool_size` connections are kept open and no more are made; 0 keeps none, and makes one for each asker.
    `schema` must be a plain name, as `Config` checks it. An `application_name` in the address wins over the
    argument. Nothing is connected before the first use; `initialize` is that first use.
    """

    def __init__(
        self,
        url: URL | str,
        *,
        schema: str = "public",
        application_name: str = "outsource_scraper",
        pool_size: int = 5,
        patience: float = PATIENCE,
    ) -> None:
        url = parse_database_url(url) if isinstance(url, str) else url.set(drivername=DRIVER)
        self.schema = schema
        self._where = _describe(url)
        self.engine = create_async_engine(
            url.difference_update_query(["application_name", "connect_timeout"]),
            **(
                {"pool_pre_ping": True, "pool_size": pool_size, "max_overflow": 0}
                if pool_size
                else {"poolclass": NullPool}
            ),
            connect_args={
                "timeout": float(str(url.query.get("connect_timeout", CONNECT_TIMEOUT))),
                "server_settings": {
                    "application_name": str(url.query.get("application_name", application_name)),
                    "search_path": f'"{schema}", public',
                    **_endings(patience),
                },
            },
        )
        self.sessions = async_sessionmaker(self.engine, expire_on_commit=False, autoflush=False)

    @classmethod
    async def from_config(
        cls,
        config: Config,
        *,
        application_name: str = "outsource_scraper",
        pool_size: int = 5,
        patience: float = PATIENCE,
    ) -> Self:
        """Open the database that `config` names, or the embedded one, started first, where it names none.

        Raises EmbeddedPostgresError where that cannot be started.
        """
        url = config.async_db_url
        if url is None:
            if sys.platform == "win32":
                raise DatabaseUnavailable(
                    "Set DATABASE_URL: the embedded PostgreSQL does not run on Windows."
                )
            from outsource_scraper.database.embedded import shared_embedded  # noqa: PLC0415 - POSIX only

            url = await asyncio.to_thread(shared_embedded, config.outsource_data_dir)
        return cls(
            url,
            schema=config.db_schema,
            application_name=application_name,
            pool_size=pool_size,
            patience=patience,
        )

    def session(self) -> AsyncSession:
        """Return a new session; `async with` closes it and takes back what was not committed."""
        return self.sessions()

    async def initialize(self) -> None:
        """Connect, refuse a database that is unfit, and make the tables where there are none.

        Tables of another release are refused: who shares them with others decides when they are migrated
        (`migrate`). One query where they are as they should be. Any number of processes may call it at once.

        Raises DatabaseUnavailable with a sentence that says what to do.
        """
        await self._reach_head(migrating=False)

    async def migrate(self) -> None:
        """Connect, refuse a database that is unfit, and bring the tables to `HEAD` from wherever they are.

        Raises DatabaseUnavailable with a sentence that says what to do.
        """
        await self._reach_head(migrating=True)

    @asynccontextmanager
    async def reachable(self) -> AsyncIterator[AsyncConnection]:
        """A connection with a transaction, whatever tables there are; it is committed at the end.

        Raises DatabaseUnavailable with a sentence that says what to do.
        """
        async with self._sentences(), self.engine.connect() as connection:
            await self._fit_at_revision(connection)
            yield connection
            await connection.commit()

    async def _reach_head(self, *, migrating: bool) -> None:
        async with self._sentences(), self.engine.connect() as connection:
            if await self._fit_at_revision(connection) == HEAD:
                return
            # Imported here because a schema that is at HEAD, the usual case, has no need of Alembic.
            from outsource_scraper.database import migrate  # noqa: PLC0415

            async with _taking_turns(connection):
                # Asked again: it may be that another process was at work.
                revision = await self._fit_at_revision(connection)
                if revision is not None and not migrating and revision != HEAD:
                    raise migrate.misfit(revision, self.schema)
                # Asked first: CREATE SCHEMA IF NOT EXISTS wants the right to create one even where it exists.
                if await connection.scalar(select(func.to_regnamespace(self.schema))) is None:
                    await connection.execute(CreateSchema(self.schema))
                await connection.commit()
                await migrate.upgrade_online(connection, self.schema)

    async def close(self) -> None:
        """Close all connections. The embedded server stays until the process ends."""
        await self.engine.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def _fit_at_revision(self, connection: AsyncConnection) -> str | None:
        revisions = table("alembic_version", column("version_num"), schema=self.schema)
        revision = select(func.min(revisions.c.version_num)).scalar_subquery()
        fitness = select(
            cast(func.current_setting("server_version_num"), Integer).label("version"),
            func.pg_encoding_to_char(_DATABASES.c.encoding).label("encoding"),
            _DATABASES.c.datctype.label("ctype"),
        ).where(_DATABASES.c.datname == func.current_database())
        try:
            # SQL cannot ask for a table that may be missing: hope first.
            row = (await connection.execute(fitness.add_columns(revision.label("revision")))).one()
        except DBAPIError as error:
            if not isinstance(_cause(error), asyncpg.UndefinedTableError | asyncpg.InvalidSchemaNameError):
                raise
            await connection.rollback()
            row = (await connection.execute(fitness.add_columns(null().label("revision")))).one()
        if row.version < OLDEST_VERSION * 10_000:
            raise DatabaseUnavailable(
                f"{self._where} is PostgreSQL {row.version // 10_000}: use {OLDEST_VERSION} or newer."
            )
        if row.encoding != "UTF8" or row.ctype in {"C", "POSIX"}:
            raise DatabaseUnavailable(
                f"{self._where} has the encoding {row.encoding} and LC_CTYPE {row.ctype}, in which a search "
                f"does not see Korean text: create it anew with {_create_statement(self.engine.url)}."
            )
        return str(row.revision) if row.revision is not None else None

    @asynccontextmanager
    async def _sentences(self) -> AsyncIterator[None]:
        try:
            yield
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, DBAPIError) as error:
            self._refuse(error)

    def _refuse(self, error: BaseException) -> NoReturn:
        cause = _cause(error)
        user = self.engine.url.username or "of this process"
        match cause:
            case asyncpg.InvalidAuthorizationSpecificationError() if "no encryption" in str(cause):
                advice = (
                    f"does not let {user} in without TLS ({_reason(cause)}): "
                    "put sslmode=require into DATABASE_URL, or set PGSSLMODE"
                )
            case asyncpg.InvalidAuthorizationSpecificationError():
                advice = (
                    f"refuses the user {user} ({_reason(cause)}): correct user and password in DATABASE_URL "
                    "or POSTGRES_USER and POSTGRES_PASSWORD"
                )
            case asyncpg.InvalidCatalogNameError():
                advice = f"does not exist: create it with {_create_statement(self.engine.url)}"
            case asyncpg.InsufficientPrivilegeError():
                advice = f"does not allow it to the user {user} ({_reason(cause)}): grant that right"
            case ssl.SSLCertVerificationError() | asyncpg.ClientConfigurationError():
                advice = (
                    f"is not trusted ({_reason(cause)}): let PGSSLROOTCERT name the file with the "
                    "certificate of its authority, and DATABASE_URL the host that is in its own"
                )
            case ConnectionError() if "rejected SSL upgrade" in str(cause):
                advice = (
                    "does not speak TLS, which is asked of it: turn it on there (ssl = on), or take sslmode "
                    "out of DATABASE_URL and PGSSLMODE out of the environment"
                )
            case OSError() | asyncpg.InterfaceError():
                advice = (
                    f"cannot be reached ({_reason(cause)}): start PostgreSQL there, or correct DATABASE_URL "
                    "or POSTGRES_HOST and POSTGRES_PORT"
                )
            case _:
                advice = f"cannot be used now ({_reason(cause)}): see the server's log"
        raise DatabaseUnavailable(f"{self._where} {advice}.") from error


@asynccontextmanager
async def _taking_turns(connection: AsyncConnection) -> AsyncIterator[None]:
    """Hold the lock of the migrations, for as long as `connection` is open at most.

    Tried again and again, and not waited for: who waits inside a transaction is waited for by an index that
    is made concurrently, by the very one that holds the lock.
    """
    while not await connection.scalar(select(func.pg_try_advisory_lock(MIGRATION_LOCK))):
        await connection.rollback()
        await asyncio.sleep(0.1)
    await connection.commit()
    try:
        yield
    finally:
        await connection.rollback()
        await connection.execute(select(func.pg_advisory_unlock(MIGRATION_LOCK)))
        await connection.commit()


def _endings(patience: float) -> dict[str, str]:
    """What lets the server find out that a client is gone with its network, and let go of its locks."""
    return {
        "idle_in_transaction_session_timeout": f"{patience * 1000:.0f}ms",
        "tcp_user_timeout": f"{patience * 500:.0f}ms",
        "tcp_keepalives_idle": "15",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "3",
    }


def _cause(error: BaseException) -> BaseException:
    """Return the driver's own error below SQLAlchemy's wrappers."""
    while isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig.__cause__ or error.orig
    return error


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    told = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return told.partition("\n")[0].rstrip(".") or type(error).__name__


def _describe(url: URL) -> str:
    """Name the database as a sentence's subject, without the password."""
    host, port = (url.query.get("host") or url.host), (url.query.get("port") or url.port)
    place = f" at {host}{f':{port}' if port else ''}" if host else ""
    return f"The database {url.database or url.username or ''}{place}"


def _create_statement(url: URL) -> str:
    name = url.database or url.username
    return f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'"


class _Shared:
    """The one database of a process that serves requests."""

    def __init__(self) -> None:
        self.opening = asyncio.Lock()
        self.database: AsyncDatabase | None = None


_shared = _Shared()


async def get_db() -> AsyncGenerator[AsyncSession, None]:
    """Yield a session of the process's one database, for FastAPI's `Depends`.

    The database is opened as `Config` says, and initialized, at the first call; `close_db` closes it. The
    session is closed whatever happens, and what was not committed is taken back.

    Raises ConfigError or DatabaseUnavailable where it cannot be opened; the next call tries again.
    """
    async with _shared.opening:
        if _shared.database is None:
            database = await AsyncDatabase.from_config(Config.load())
            try:
                await database.initialize()
            except BaseException:
                await database.close()
                raise
            _shared.database = database
    async with _shared.database.session() as session:
        yield session


async def close_db() -> None:
    """Close the database that `get_db` opened; a later `get_db` opens it again, in whichever event loop."""
    global _shared
    shared, _shared = _shared, _Shared()
    if shared.database is not None:
        await shared.database.close()
