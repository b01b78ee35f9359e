"""The only reader of the environment: what the operator sets, typed and checked before anything starts.

Values come from, strongest first: the overrides of `Config.load` (Scrapy's `-s DATABASE_URL=...`), the
environment, the file `.env` of the working directory. An empty value counts as not set, which is what
`docker compose` hands over for a variable that nobody defined.
"""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self
from urllib.parse import parse_qsl, unquote

import platformdirs
from pydantic import BeforeValidator, Field, SecretStr, ValidationError, ValidationInfo, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import URL

from outsource_scraper.errors import ConfigError
from outsource_scraper.spans import parse_span

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DRIVER = "postgresql+asyncpg"
"""The one driver of ours; an address that names another one is turned to it."""

SYSTEM_DATA_DIR = Path("/var/lib/outsource_scraper")
"""Where root keeps its data: the PostgreSQL of ours drops root's rights and may not enter `/root`."""

_SCHEMES = ("postgresql", "postgres", "postgresql+asyncpg", "postgresql+psycopg2", "postgresql+psycopg")
_QUERY = frozenset(
    {
        "application_name",
        "connect_timeout",
        "host",
        "passfile",
        "port",
        "ssl",
        "sslmode",
        "target_session_attrs",
    }
)
"""The query arguments of libpq that asyncpg offers too."""
_TLS_FILES = frozenset({"sslrootcert", "sslcert", "sslkey", "sslcrl"})
"""asyncpg takes these from PGSSLROOTCERT and so on, but not as arguments of a connection."""
_TLS_MODES = frozenset({"disable", "allow", "prefer", "require", "verify-ca", "verify-full"})


def parse_database_url(text: str) -> URL:
    """Read a PostgreSQL address and return it with the asyncpg driver.

    Parts are percent-encoded as RFC 3986 says. A password that was pasted as it is works as well: it may hold
    `@`, `/`, `?`, `#` and `:`, because the last `@` ends it, and a `%` that begins no valid escape is itself.
    libpq's `sslmode` becomes asyncpg's `ssl`. `application_name` and `connect_timeout` stay in the query,
    from which `AsyncDatabase` takes them.

    Raises ValueError with one sentence that names `DATABASE_URL` and never repeats the value.
    """
    scheme, separator, rest = text.strip().partition("://")
    if not separator or scheme not in _SCHEMES:
        hint = (
            " (the + has become a space on its way: send it with --data-urlencode)" if " " in scheme else ""
        )
        raise ValueError(f"DATABASE_URL must begin with postgresql:// or postgresql+asyncpg://{hint}.")
    userinfo, address = _split_userinfo(rest)
    username, _, password = userinfo.partition(":")
    location, _, query_text = address.partition("?")
    authority, _, database = location.partition("/")
    host, port = _split_authority(authority)
    return URL.create(
        DRIVER,
        username=_decode(username) or None,
        password=_decode(password) or None,
        host=host,
        port=port,
        database=_decode(database) or None,
        query=_query(query_text),
    )


def _split_userinfo(rest: str) -> tuple[str, str]:
    # An @ inside a known query argument (application_name=a@b) ends no password.
    head, mark, tail = rest.rpartition("?")
    if not mark or not all(part.partition("=")[0] in _QUERY for part in tail.split("&")):
        head = rest
    at = head.rfind("@")
    return ("", rest) if at < 0 else (rest[:at], rest[at + 1 :])


def _split_authority(authority: str) -> tuple[str | None, int | None]:
    match = re.fullmatch(r"(?P<host>\[[0-9A-Fa-f:.%\w]+\]|[^:\[\]]*)(?::(?P<port>\d*))?", authority)
    if match is None:
        raise ValueError(
            "DATABASE_URL must have the form postgresql://user:password@host:port/database, "
            "with a number as the port."
        )
    host = _decode(match["host"].strip("[]"))
    return host or None, _port_number(match["port"], "the port in DATABASE_URL") if match["port"] else None


def _port_number(text: str, name: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= 65535:
        raise ValueError(f"{name[0].upper()}{name[1:]} must be a whole number from 1 to 65535.")
    return int(text)


def _decode(text: str) -> str:
    """Undo percent-encoding where the whole text is validly encoded; otherwise it was never encoded."""
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        return text
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return text


def _query(text: str) -> dict[str, str]:
    arguments = {}
    # A plus is a plus: only HTML forms write a space that way.
    for name, value in parse_qsl(text.replace("+", "%2B"), keep_blank_values=True):
        if name in _TLS_FILES:
            raise ValueError(
                f"DATABASE_URL cannot carry {name}: set the environment variable PG{name.upper()} instead."
            )
        if name not in _QUERY:
            raise ValueError(
                f"DATABASE_URL has the argument {name!r}, which the driver asyncpg does not offer: "
                f"keep only {', '.join(sorted(_QUERY))}."
            )
        if name in {"ssl", "sslmode"}:
            if value not in _TLS_MODES:
                raise ValueError(f"DATABASE_URL must have an sslmode of {', '.join(sorted(_TLS_MODES))}.")
            arguments["ssl"] = value
        elif name == "connect_timeout" and not re.fullmatch(r"[0-9]{1,5}", value):
            raise ValueError("DATABASE_URL must have a connect_timeout in whole seconds.")
        else:
            arguments[name] = value
    return arguments


def _address(value: object) -> str:
    parse_database_url(str(value))
    return str(value)


def _port(value: str | int) -> int | None:
    # Kubernetes sets POSTGRES_PORT=tcp://10.0.0.7:5432 for a service named "postgres"; nobody chose that.
    return None if str(value).startswith("tcp://") else _port_number(str(value).strip(), "POSTGRES_PORT")


def _read_password(value: str | Path) -> str:
    try:
        text = Path(value).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ValueError(
            f"POSTGRES_PASSWORD_FILE must name a file with the password that this user may read: {why}."
        ) from None
    password = text.removesuffix("\n").removesuffix("\r")
    if not password:
        raise ValueError("POSTGRES_PASSWORD_FILE must name a file with the password in it: it is empty.")
    return password


def _schema(value: str) -> str:
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", value) or value.startswith("pg_"):
        raise ValueError(
            "DB_SCHEMA must be a plain name of a-z, 0-9 and _ that begins with a letter and not with pg_."
        )
    return value


def _contact(value: str) -> str:
    if not value.isprintable():
        raise ValueError("OUTSOURCE_CONTACT must be one line: an e-mail address or the address of a page.")
    return value.strip()


def _sandbox(value: str) -> str:
    if not re.fullmatch(r"http://[^/?#\s@]+/?", value.strip()):
        raise ValueError("OUTSOURCE_SANDBOX_URL must be an address such as http://127.0.0.1:8080.")
    return value.strip()


def _retention(value: object) -> timedelta:
    span = value if isinstance(value, timedelta) else parse_span(str(value))
    if not span or span < timedelta(days=1):
        raise ValueError("OUTSOURCE_RETENTION must be a time of a day or more, such as 30d or 52w.")
    return span


def _intervals(value: object) -> dict[str, timedelta]:
    if isinstance(value, dict):
        return value
    found = {}
    for part in re.split(r"[,\s]+", str(value).strip()):
        name, equals, text = part.partition("=")
        span = parse_span(text)
        if not name or not equals or not span:
            raise ValueError(
                "OUTSOURCE_INTERVALS must name platforms and times, such as flru=5m,guru=2h: the part "
                f"{part!r} does not."
            )
        found[name] = span
    return found


def _notify(value: str | SecretStr) -> str:
    text = (value.get_secret_value() if isinstance(value, SecretStr) else value).strip()
    if not all("://" in url for url in text.replace(",", " ").split()):
        raise ValueError("OUTSOURCE_NOTIFY must hold URLs of Apprise, such as mailto://... or slack://...")
    return text


def _word(value: str | SecretStr, info: ValidationInfo) -> str:
    """A credential as the platform gave it, without the line break that files of secrets end with."""
    text = (value.get_secret_value() if isinstance(value, SecretStr) else value).strip()
    if not re.fullmatch(r"[!-~]+", text):
        name = str(info.field_name).upper()
        raise ValueError(f"{name} must be one word of ASCII characters, as the platform gave it.")
    return text


def _data_dir(value: str | Path) -> Path:
    try:
        path = Path(value).expanduser()
    except RuntimeError:
        path = Path(value)
    if not path.is_absolute():
        raise ValueError("OUTSOURCE_DATA_DIR must be an absolute path.")
    return path


def _default_data_dir() -> Path:
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return SYSTEM_DATA_DIR
    return Path(platformdirs.user_data_dir("outsource_scraper", appauthor=False))


def _checked(check: Callable[[Any], Any]) -> BeforeValidator:
    """Let a default of None pass; everything else is read by `check`."""
    return BeforeValidator(lambda value: value if value is None else check(value))


Secret = Annotated[SecretStr, BeforeValidator(_word)]
"""A credential of the operator at a platform; it is sent in a header or in a form and never shown."""


class Config(BaseSettings):
    """The settings of a process. Make one with `Config.load`, which raises `ConfigError`."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    database_url: Annotated[SecretStr | None, _checked(_address)] = None
    """DATABASE_URL, as written; wins over POSTGRES_*. Read it through `async_db_url`."""
    postgres_user: str | None = None
    postgres_password: SecretStr | None = None
    postgres_password_file: Annotated[SecretStr | None, _checked(_read_password)] = None
    """The password again: what is in the file that POSTGRES_PASSWORD_FILE names, as in PostgreSQL's image."""
    postgres_host: str | None = None
    """A host name, an IP address, or the folder of a Unix socket."""
    postgres_port: Annotated[int | None, _checked(_port)] = None
    postgres_db: str | None = None
    db_schema: Annotated[str, _checked(_schema)] = "public"
    """The schema that holds our tables."""
    outsource_contact: Annotated[str | None, _checked(_contact)] = None
    """The e-mail address or page that the User-Agent names, so that a platform can reach the operator."""
    outsource_sandbox_url: Annotated[str | None, _checked(_sandbox)] = None
    """A sandbox market that is crawled in the place of the platforms, to try a deployment on."""
    outsource_data_dir: Annotated[Path, _checked(_data_dir)] = Field(default_factory=_default_data_dir)
    """Where the embedded database, the spool and other state live."""
    outsource_retention: Annotated[timedelta | None, _checked(_retention)] = None
    """How long a project is kept after it was last seen, and a run after it ended; None is for ever.
    A platform's own limit holds where it is stricter."""
    outsource_intervals: Annotated[dict[str, timedelta], NoDecode, BeforeValidator(_intervals)] = Field(
        default_factory=dict
    )
    """Time between two scheduled crawls, by platform, where it is another than the platform's own."""
    outsource_notify: Annotated[SecretStr | None, _checked(_notify)] = None
    """URLs of Apprise to which a bad verdict is told, separated by commas or spaces."""
    outsource_browser_sandbox: bool = True
    """Whether Chromium keeps its own sandbox, which needs user namespaces; containers refuse them."""
    freelancer_token: Secret | None = None
    """OAuth token of the API of Freelancer.com."""
    freelancehunt_token: Secret | None = None
    """Personal token of the API of Freelancehunt."""
    upwork_client_id: Annotated[str, BeforeValidator(_word)] | None = None
    """Key of the operator's application at Upwork."""
    upwork_client_secret: Secret | None = None
    upwork_refresh_token: Secret | None = None
    """OAuth refresh token that the application was given for an account of Upwork."""

    @model_validator(mode="after")
    def _one_password(self) -> Self:
        if self.postgres_password is not None and self.postgres_password_file is not None:
            raise ValueError("Set either POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE, not both.")
        return self

    @classmethod
    def load(cls, overrides: Mapping[str, Any] | None = None) -> Self:
        """Read the settings; `overrides` (by variable name, such as Scrapy's settings) win.

        Names in `overrides` that are not ours are passed over, and so are empty values.

        Raises ConfigError: one sentence that names the variable and never repeats its value.
        """
        given = {
            name: value
            for name in cls.model_fields
            if overrides is not None and (value := overrides.get(name.upper())) is not None and value != ""
        }
        try:
            return cls(**given)
        except ValidationError as error:
            message = _sentence(error)
        except (OSError, UnicodeError):
            message = "The file .env cannot be read: make it UTF-8 text that this user may read."
        raise ConfigError(message)

    @property
    def async_db_url(self) -> URL | None:
        """The database's address with the asyncpg driver; None where none is set (the embedded one)."""
        if self.database_url is not None:
            return parse_database_url(self.database_url.get_secret_value())
        password = self.postgres_password or self.postgres_password_file
        set_by_hand = (
            self.postgres_user,
            password,
            self.postgres_host,
            self.postgres_port,
            self.postgres_db,
        )
        if all(value is None for value in set_by_hand):
            return None
        host = self.postgres_host or "localhost"
        port = self.postgres_port or 5432
        is_socket = host.startswith("/")
        return URL.create(
            DRIVER,
            username=self.postgres_user or "postgres",
            password=password.get_secret_value() if password else None,
            host=None if is_socket else host,
            port=None if is_socket else port,
            database=self.postgres_db or "outsource",
            query={"host": host, "port": str(port)} if is_socket else {},
        )


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, ValueError):
        return str(cause)
    return f"{str(first['loc'][0]).upper()} cannot be used: {first['msg']}."
