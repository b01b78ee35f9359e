"""Backup and restore of our tables by PostgreSQL's own programs, in pg_dump's custom format."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from outsource_scraper.database.embedded_account import installation
from outsource_scraper.database.models import Base
from outsource_scraper.errors import DatabaseUnavailable, OutsourceScraperError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sqlalchemy import URL

TABLES = (*Base.metadata.tables, "alembic_version")
_HEAD = 40
"""Lines of a script in which pg_restore sets its parameters."""


def dump(url: URL, schema: str, file: Path) -> None:
    """Write the tables in `schema` into `file`, which appears under its name only when it is whole.

    Raises OutsourceScraperError with what pg_dump says.
    """
    unfinished = file.with_name(f".{file.name}.part")
    tables = [f'--table="{schema}"."{table}"' for table in TABLES]
    try:
        _run(
            "pg_dump",
            url,
            "--format=custom",
            "--no-owner",
            "--no-privileges",
            *tables,
            f"--file={unfinished}",
        )
        with unfinished.open("rb") as written:
            os.fsync(written.fileno())
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


def schema_in(url: URL, file: Path) -> str:
    """Return the schema whose tables `file` holds.

    Raises OutsourceScraperError where it is no backup of ours.
    """
    listed = _run("pg_restore", url, "--list", str(file))
    found = re.search(r"TABLE DATA (\S+) alembic_version ", listed)
    if found is None:
        raise OutsourceScraperError(f"{file} is no backup of these tables: make one with `scrapy backup`.")
    return found[1]


def restore(url: URL, file: Path) -> None:
    """Put the tables of `file` in the place of those that are there, in one transaction.

    As SQL through psql, not by pg_restore alone: that of PostgreSQL 17 and newer sets a parameter which older
    servers do not know. COMMIT is sent only behind a file that was read to its end.

    Raises OutsourceScraperError with what the programs say, and nothing is changed.
    """
    options = ("--clean", "--if-exists", "--no-owner", "--no-privileges", "--file=-")
    quiet = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null")
    with (
        tempfile.TemporaryFile() as said,
        _start("pg_restore", {}, *options, str(file), stdout=subprocess.PIPE, stderr=said) as reading,
        _start("psql", _environment(url), *quiet, stdin=subprocess.PIPE, stderr=said) as writing,
    ):
        assert reading.stdout is not None  # noqa: S101 - both are pipes
        assert writing.stdin is not None  # noqa: S101
        # psql may have ended at an error and read no more.
        with suppress(BrokenPipeError):
            writing.stdin.write(b"BEGIN;\n")
            for line in itertools.islice(reading.stdout, _HEAD):
                if not line.startswith(b"SET transaction_timeout"):
                    writing.stdin.write(line)
            shutil.copyfileobj(reading.stdout, writing.stdin)
            if reading.wait() == 0:
                writing.stdin.write(b"COMMIT;\n")
        with suppress(BrokenPipeError):
            writing.stdin.close()
        reading.stdout.close()
        ended = {"pg_restore": reading.wait(), "psql": writing.wait()}
        said.seek(0)
        told = said.read().decode("utf-8", "replace")
    for program, code in ended.items():
        if code:
            raise OutsourceScraperError(f"{program} failed: {_reason(told)}; nothing was changed.")


def _run(program: str, url: URL, *arguments: str) -> str:
    with _start(
        program, _environment(url), *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        output, said = process.communicate()
    if process.returncode:
        raise OutsourceScraperError(f"{program} failed: {_reason(said.decode('utf-8', 'replace'))}.")
    return output.decode("utf-8", "replace")


def _start(
    program: str, environment: Mapping[str, str], *arguments: str, **streams: Any
) -> subprocess.Popen[bytes]:
    path = installation() / "bin" / program
    try:
        return subprocess.Popen([path, *arguments], env={**os.environ, **environment}, **streams)  # noqa: S603
    except OSError as error:
        raise DatabaseUnavailable(
            f"{path} cannot be run ({error.strerror}): install the requirements anew."
        ) from None


def _environment(url: URL) -> dict[str, str]:
    values = {
        "PGHOST": url.query.get("host") or url.host,
        "PGPORT": url.query.get("port") or url.port,
        "PGUSER": url.username,
        "PGDATABASE": url.database,
        # Not among the arguments, which every user of the machine can read.
        "PGPASSWORD": url.password,
        "PGSSLMODE": url.query.get("ssl"),
        "PGCONNECT_TIMEOUT": "10",
    }
    return {name: str(value) for name, value in values.items() if value}


def _reason(said: str) -> str:
    lines = (
        [line for line in said.splitlines() if "error" in line.lower()] or said.splitlines() or ["no word"]
    )
    return re.sub(r"^.*?(?:error|ERROR): +(?:error: +)?", "", lines[0]).rstrip(".")
