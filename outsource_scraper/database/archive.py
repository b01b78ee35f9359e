"""Backup and restore of our tables by PostgreSQL's own programs, in pg_dump's custom format."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outsource_scraper.database.embedded_account import installation
from outsource_scraper.database.models import Base
from outsource_scraper.database.session import CONNECT_TIMEOUT
from outsource_scraper.errors import DatabaseUnavailable, OutsourceScraperError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import URL

TABLES = (*Base.metadata.tables, "alembic_version")
_HEAD = 40
"""Lines of a script in which pg_restore sets its parameters."""

_MAKE_ROOM = """
BEGIN;
DO $$
DECLARE
    name text;
BEGIN
    IF to_regnamespace('{schema}') IS NULL THEN
        CREATE SCHEMA {schema};
    END IF;
    FOREACH name IN ARRAY ARRAY[{names}] LOOP
        IF to_regclass(name) IS NOT NULL THEN
            EXECUTE 'LOCK TABLE ' || name;
        END IF;
    END LOOP;
    IF to_regclass('{schema}.crawl_runs') IS NOT NULL THEN
        IF EXISTS (SELECT FROM {schema}.crawl_runs WHERE id > {last_run}) THEN
            RAISE EXCEPTION 'a crawl has begun meanwhile: start none before the restore is done';
        END IF;
    END IF;
END $$;
DROP TABLE IF EXISTS {tables};
"""

_OF_LIBPQ_ALONE = frozenset({"PGSERVICE", "PGHOSTADDR", "PGOPTIONS", "PGCLIENTENCODING", "PG_COLOR"})
"""What PostgreSQL's programs would obey and asyncpg does not, so that they might end up elsewhere."""
_HOSTS = "/run/postgresql,/var/run/postgresql,/tmp,/private/tmp,localhost"
"""Where asyncpg looks for a server that nothing names; libpq knows one folder of sockets only."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a backup holds."""

    schema: str
    revision: str
    """The revision of the tables (`database.migrations`)."""


def dump(url: URL, schema: str, file: Path) -> None:
    """Write the tables in `schema` into `file`, which appears under its name only when it is whole.

    Raises OutsourceScraperError with what pg_dump or the disk says; a `file` that was there is left alone.
    """
    # Beside the file itself where the name is a link: it may lead to another disk.
    file = Path(os.path.realpath(file))
    tables = [f'--table="{schema}"."{table}"' for table in TABLES]
    try:
        # A folder for each: two backups of the same name at once do not write into each other.
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=file.parent) as folder:
            unfinished = Path(folder, "unfinished")
            _run(
                "pg_dump",
                *("--no-password", "--format=custom", "--no-owner", "--no-privileges"),
                *(*tables, f"--file={unfinished}"),
                environment=_environment(url),
            )
            with unfinished.open("rb") as written:
                os.fsync(written.fileno())
            unfinished.replace(file)
    except OSError as error:
        raise OutsourceScraperError(
            f"{file} cannot be written ({error.strerror}): name a file in a folder that this user may write."
        ) from None


def contents(file: Path) -> Contents:
    """Return what `file` holds, without a database.

    Raises OutsourceScraperError where it is no backup of ours, or is damaged.
    """
    # Absolute: a name may begin with a hyphen.
    path = str(file.absolute())
    try:
        listed = re.search(r"TABLE DATA (\S+) alembic_version ", _run("pg_restore", "--list", path))
        if listed is not None:
            script = _run("pg_restore", "--data-only", "--table=alembic_version", "--file=-", path)
            revision = re.search(r"^COPY .* FROM stdin;\n([^\\\n]+)\n", script, re.MULTILINE)
            if revision is not None:
                return Contents(listed[1], revision[1])
    except _ProgramError as error:
        reason = f" ({error.reason})"
    else:
        reason = ""
    raise OutsourceScraperError(
        f"{file} is no backup of these tables{reason}: name one that `scrapy backup` has made."
    )


def restore(url: URL, schema: str, file: Path, *, last_run: int) -> None:
    """Put the tables of `file` in the place of all of ours in `schema`, in one transaction.

    All of ours, not those of the file: what a later revision has added would be in the way of the migration
    that adds it. As SQL through psql, not by pg_restore alone: that of PostgreSQL 17 and newer sets a
    parameter which older servers do not know. COMMIT is sent only behind a file that was read to its end.

    `last_run` is the id of the latest run that the caller has seen (0: none), and has seen ended. The ids are
    given out anew behind those in the file, so a later run would get mixed up with another: it is refused.

    Raises OutsourceScraperError with what the programs say, and nothing is changed.
    """
    quiet = ("--no-psqlrc", "--no-password", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null")
    tables = [f'"{schema}"."{table}"' for table in TABLES]
    make_room = _MAKE_ROOM.format(
        schema=f'"{schema}"',
        names=", ".join(f"'{table}'" for table in tables),
        tables=", ".join(tables),
        last_run=last_run,
    )
    with (
        tempfile.TemporaryFile() as said,
        _start(
            "pg_restore",
            *("--no-owner", "--no-privileges", "--file=-", str(file.absolute())),
            stdout=subprocess.PIPE,
            stderr=said,
        ) as reading,
        _start("psql", *quiet, environment=_environment(url), stdin=subprocess.PIPE, stderr=said) as writing,
    ):
        assert reading.stdout is not None  # noqa: S101 - both are pipes
        assert writing.stdin is not None  # noqa: S101
        # psql may have ended at an error and read no more.
        with suppress(BrokenPipeError):
            writing.stdin.write(make_room.encode())
            for line in itertools.islice(reading.stdout, _HEAD):
                if not line.startswith(b"SET transaction_timeout"):
                    writing.stdin.write(line)
            shutil.copyfileobj(reading.stdout, writing.stdin)
            if reading.wait() == 0:
                writing.stdin.write(b"COMMIT;\n")
        with suppress(BrokenPipeError):
            writing.stdin.close()
        reading.stdout.close()
        # Where one has failed, the other may have too, for having lost it; the cause stands first.
        code = writing.wait() or reading.wait()
        said.seek(0)
        told = said.read().decode("utf-8", "replace")
    if code:
        raise OutsourceScraperError(f"{file} was not restored: {_reason(told, code)}; nothing was changed.")


class _ProgramError(OutsourceScraperError):
    """One of PostgreSQL's programs has failed."""

    def __init__(self, program: str, reason: str) -> None:
        super().__init__(f"{program} failed: {reason}.")
        self.reason = reason


def _run(program: str, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
    with _start(
        program, *arguments, environment=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        output, said = process.communicate()
    if code := process.returncode:
        raise _ProgramError(program, _reason(said.decode("utf-8", "replace"), code))
    return output.decode("utf-8", "replace")


def _start(
    program: str, *arguments: str, environment: Mapping[str, str] | None = None, **streams: Any
) -> subprocess.Popen[bytes]:
    path = installation() / "bin" / program
    try:
        return subprocess.Popen([path, *arguments], env=environment, **streams)  # noqa: S603
    except OSError as error:
        raise DatabaseUnavailable(
            f"{path} cannot be run ({error.strerror}): install the requirements anew."
        ) from None


def _environment(url: URL) -> dict[str, str]:
    """What leads PostgreSQL's programs to the database to which `url` leads asyncpg, and in the same way."""
    # By SQLAlchemy, which knows several ways to write hosts and ports.
    _, given = url.get_dialect()().create_connect_args(url)
    values = {
        "PGHOST": given.get("host") or os.environ.get("PGHOST") or _HOSTS,
        "PGPORT": given.get("port"),
        "PGUSER": given.get("user"),
        "PGDATABASE": given.get("database"),
        # Not among the arguments, which every user of the machine can read.
        "PGPASSWORD": given.get("password"),
        "PGPASSFILE": given.get("passfile"),
        "PGSSLMODE": given.get("ssl"),
        "PGTARGETSESSIONATTRS": given.get("target_session_attrs"),
        "PGAPPNAME": given.get("application_name"),
        "PGCONNECT_TIMEOUT": given.get("connect_timeout", f"{CONNECT_TIMEOUT:.0f}"),
    }
    named = {
        name: ",".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in values.items()
        if value
    }
    return {name: value for name, value in os.environ.items() if name not in _OF_LIBPQ_ALONE} | named


def _reason(said: str, code: int) -> str:
    lines = [line for line in said.splitlines() if "error" in line.lower()] or said.splitlines()
    if not lines:
        return f"it was ended by {signal.Signals(-code).name}" if code < 0 else f"it ended with {code}"
    reason = re.sub(r"^.*?(?:error|ERROR): +(?:error: +)?", "", lines[0]).rstrip(".")
    # Such as which view stands in the way.
    detail = re.search(r"^DETAIL: +(.*?)\.?$", said, re.MULTILINE)
    return f"{reason} ({detail[1]})" if detail else reason
