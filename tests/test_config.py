"""The settings: what is accepted, what it becomes, and the sentence where it cannot be used."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outsource_scraper.config import SYSTEM_DATA_DIR, Config, parse_database_url
from outsource_scraper.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import URL

NAMES = [name.upper() for name in Config.model_fields]


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the environment nor an .env file of whoever runs the tests."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def parts(url: URL | None) -> tuple[str | None, str | None, str | None, int | None, str | None]:
    assert url is not None
    return url.username, url.password, url.host, url.port, url.database


class TestDefaults:
    def test_nothing_set_means_the_embedded_database(self) -> None:
        config = Config.load()
        assert config.async_db_url is None
        assert config.db_schema == "public"
        assert config.outsource_contact is None

    @pytest.mark.parametrize("uid", [0, 1000])
    def test_data_dir(self, monkeypatch: pytest.MonkeyPatch, uid: int) -> None:
        monkeypatch.setattr(os, "geteuid", lambda: uid)
        folder = Config.load().outsource_data_dir
        assert folder.is_absolute()
        assert (folder == SYSTEM_DATA_DIR) is (uid == 0)

    def test_empty_values_count_as_not_set(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in NAMES:
            monkeypatch.setenv(name, "")
        assert Config.load({"DATABASE_URL": ""}) == Config()
        assert Config.load().async_db_url is None


class TestPrecedence:
    def test_override_environment_file(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        (tmp_path / ".env").write_text("POSTGRES_DB=file\nPOSTGRES_USER=file\nPOSTGRES_HOST=file\n")
        monkeypatch.setenv("POSTGRES_USER", "environment")
        monkeypatch.setenv("POSTGRES_HOST", "environment")
        config = Config.load({"POSTGRES_HOST": "override", "CONCURRENT_REQUESTS": "8"})
        assert parts(config.async_db_url) == ("environment", None, "override", 5432, "file")

    def test_database_url_wins_over_the_parts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("POSTGRES_HOST", "parts")
        monkeypatch.setenv("DATABASE_URL", "postgresql://whole/db")
        assert parts(Config.load().async_db_url) == (None, None, "whole", None, "db")

    def test_env_file_keeps_special_characters(self, tmp_path: Path) -> None:
        (tmp_path / ".env").write_text("POSTGRES_PASSWORD='a$b#c \"d\" 비밀'\n", encoding="utf-8")
        assert parts(Config.load().async_db_url)[1] == 'a$b#c "d" 비밀'


class TestParts:
    def test_the_usual_defaults(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("POSTGRES_HOST", "db")
        url = Config.load().async_db_url
        assert parts(url) == ("postgres", None, "db", 5432, "outsource")
        assert url is not None
        assert url.drivername == "postgresql+asyncpg"

    def test_all_parts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in {
            "USER": "u",
            "PASSWORD": "p@/%41",
            "HOST": "::1",
            "PORT": "6000",
            "DB": "d",
        }.items():
            monkeypatch.setenv(f"POSTGRES_{name}", value)
        assert parts(Config.load().async_db_url) == ("u", "p@/%41", "::1", 6000, "d")

    def test_a_folder_as_the_host_is_a_socket(self) -> None:
        url = Config.load({"POSTGRES_HOST": "/run/postgresql", "POSTGRES_PORT": "5433"}).async_db_url
        assert url is not None
        assert url.host is None
        assert dict(url.query) == {"host": "/run/postgresql", "port": "5433"}

    @pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
    def test_the_password_from_a_file(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ending: str
    ) -> None:
        file = tmp_path / "password"
        file.write_bytes(f" p@/%41 비밀 {ending}".encode())
        monkeypatch.setenv("POSTGRES_PASSWORD_FILE", str(file))
        assert parts(Config.load().async_db_url)[1] == " p@/%41 비밀 "

    def test_the_port_that_kubernetes_sets_is_nobodys_choice(self) -> None:
        assert Config.load({"POSTGRES_PORT": "tcp://10.0.0.7:5432"}).async_db_url is None


class TestDatabaseUrl:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("postgres://u:p@h:5433/d", ("u", "p", "h", 5433, "d")),
            ("postgresql://u@h/d", ("u", None, "h", None, "d")),
            ("postgresql+asyncpg://h", (None, None, "h", None, None)),
            ("postgresql+psycopg2://u:p@h/d", ("u", "p", "h", None, "d")),
            ("postgresql:///d", (None, None, None, None, "d")),
            ("postgresql://u:p@[2001:db8::1]:5432/d", ("u", "p", "2001:db8::1", 5432, "d")),
            ("  postgresql://u:p@h/d\n", ("u", "p", "h", None, "d")),
            ("postgresql://%EC%9C%A0%EC%A0%80:p@h/%EC%9E%A5%ED%84%B0", ("유저", "p", "h", None, "장터")),
            ("postgresql://u:a%40b@h/d", ("u", "a@b", "h", None, "d")),
            # Never encoded, and yet only one reading is possible:
            ("postgresql://u:a@b@h/d", ("u", "a@b", "h", None, "d")),
            ("postgresql://u:a/b@h/d", ("u", "a/b", "h", None, "d")),
            ("postgresql://u:12/b@h/d", ("u", "12/b", "h", None, "d")),
            ("postgresql://u:a#b@h/d", ("u", "a#b", "h", None, "d")),
            ("postgresql://u:a?b@h/d", ("u", "a?b", "h", None, "d")),
            ("postgresql://u:a?b=c@h/d", ("u", "a?b=c", "h", None, "d")),
            ("postgresql://u:a:b@h/d", ("u", "a:b", "h", None, "d")),
            ("postgresql://u:a+b&c@h/d", ("u", "a+b&c", "h", None, "d")),
            ("postgresql://u:100%@h/d", ("u", "100%", "h", None, "d")),
            ("postgresql://u:100%zz%41@h/d", ("u", "100%zz%41", "h", None, "d")),
            ("postgresql://u:50%ff@h/d", ("u", "50%ff", "h", None, "d")),
            ("postgresql://u:비밀@h/d", ("u", "비밀", "h", None, "d")),
            ("postgresql://u:p?@h/d?application_name=a@b", ("u", "p?", "h", None, "d")),
            ("postgresql://h/d?application_name=a@b", (None, None, "h", None, "d")),
        ],
    )
    def test_parts(self, text: str, expected: tuple[object, ...]) -> None:
        url = Config.load({"DATABASE_URL": text}).async_db_url
        assert url is not None
        assert url.drivername == "postgresql+asyncpg"
        assert parts(url) == expected

    @given(user=st.text(min_size=1), password=st.text(min_size=1))
    def test_encoded_parts_come_back(self, user: str, password: str) -> None:
        url = parse_database_url(f"postgresql://{quote(user, safe='')}:{quote(password, safe='')}@h:1/d")
        assert parts(url) == (user, password, "h", 1, "d")

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("sslmode=require", {"ssl": "require"}),
            ("ssl=verify-full", {"ssl": "verify-full"}),
            ("host=/run/postgresql&port=5433", {"host": "/run/postgresql", "port": "5433"}),
            ("host=%2Frun%2Fmy%20folder", {"host": "/run/my folder"}),
            ("application_name=a+b&connect_timeout=3", {"application_name": "a+b", "connect_timeout": "3"}),
            ("", {}),
        ],
    )
    def test_query(self, query: str, expected: dict[str, str]) -> None:
        assert dict(parse_database_url(f"postgresql:///d?{query}").query) == expected


SECRET = "pa55word"  # noqa: S105 - belongs to nothing


class TestRefusals:
    @pytest.mark.parametrize(
        ("name", "value", "hint"),
        [
            ("DATABASE_URL", f"mysql://u:{SECRET}@h/d", "begin with postgresql://"),
            ("DATABASE_URL", f"u:{SECRET}@h/d", "begin with postgresql://"),
            ("DATABASE_URL", f"postgresql asyncpg://u:{SECRET}@h/d", "--data-urlencode"),
            (
                "DATABASE_URL",
                f"postgresql://u:{SECRET}@h:port/d",
                "postgresql://user:password@host:port/database",
            ),
            ("DATABASE_URL", f"postgresql://u:{SECRET}@h:99999/d", "from 1 to 65535"),
            ("DATABASE_URL", f"postgresql://u:{SECRET}@h/d?sslmode=on", "verify-full"),
            ("DATABASE_URL", f"postgresql://u:{SECRET}@h/d?sslrootcert=/ca.pem", "PGSSLROOTCERT"),
            ("DATABASE_URL", f"postgresql://u:{SECRET}@h/d?channel_binding=require", "'channel_binding'"),
            ("DATABASE_URL", f"postgresql://u:{SECRET}@h/d?connect_timeout=soon", "whole seconds"),
            ("DATABASE_URL", f"postgresql://h/d?password={SECRET}", "'password'"),
            ("POSTGRES_PORT", "five", "from 1 to 65535"),
            ("POSTGRES_PORT", "0", "from 1 to 65535"),
            ("POSTGRES_PASSWORD_FILE", f"/{SECRET}", "No such file"),
            ("POSTGRES_PASSWORD_FILE", sys.executable, "not UTF-8"),
            ("POSTGRES_PASSWORD_FILE", "/", "directory"),
            ("POSTGRES_PASSWORD_FILE", "/dev/null", "empty"),
            ("OUTSOURCE_BROWSER_SANDBOX", SECRET, "boolean"),
            ("DB_SCHEMA", "Market", "a-z"),
            ("DB_SCHEMA", 'x"; drop schema public; --', "a-z"),
            ("DB_SCHEMA", "1st", "a-z"),
            ("DB_SCHEMA", "pg_own", "pg_"),
            ("DB_SCHEMA", "x" * 64, "a-z"),
            ("OUTSOURCE_CONTACT", "me@example.org\r\nX-Injected: 1", "one line"),
            ("OUTSOURCE_DATA_DIR", "data", "absolute"),
            ("OUTSOURCE_SANDBOX_URL", "127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("FREELANCEHUNT_TOKEN", f"{SECRET} and more", "one word"),
            ("FREELANCER_TOKEN", f"{SECRET}\r\nX-Injected: 1", "one word"),
            ("UPWORK_REFRESH_TOKEN", f"«{SECRET}»", "ASCII"),
            ("UPWORK_CLIENT_ID", "   ", "one word"),
        ],
    )
    def test_one_sentence_that_names_the_variable_and_keeps_the_secret(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str, hint: str
    ) -> None:
        monkeypatch.setenv(name, value)
        with pytest.raises(ConfigError) as refused:
            Config.load()
        message = str(refused.value)
        assert name in message
        assert hint in message
        assert SECRET not in message
        assert "\n" not in message
        assert message.endswith(".")
        # Neither may a traceback show it.
        assert refused.value.__cause__ is None
        assert refused.value.__context__ is None

    def test_two_passwords(self, tmp_path: Path) -> None:
        (tmp_path / "password").write_text(SECRET)
        given = {"POSTGRES_PASSWORD": SECRET, "POSTGRES_PASSWORD_FILE": str(tmp_path / "password")}
        with pytest.raises(ConfigError, match="either POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE"):
            Config.load(given)

    def test_an_unreadable_env_file(self, tmp_path: Path) -> None:
        (tmp_path / ".env").write_bytes(b"POSTGRES_PASSWORD=\xff\xfe")
        with pytest.raises(ConfigError, match=r"\.env"):
            Config.load()

    def test_secrets_are_not_shown(self) -> None:
        secrets = {"POSTGRES_PASSWORD", "FREELANCER_TOKEN", "FREELANCEHUNT_TOKEN", "UPWORK_CLIENT_SECRET",
                   "UPWORK_REFRESH_TOKEN"}  # fmt: skip
        config = Config.load(
            {"DATABASE_URL": f"postgresql://u:{SECRET}@h/d", **dict.fromkeys(secrets, SECRET)}
        )
        assert SECRET not in f"{config!r} {config} {config.model_dump()} {config.async_db_url!r}"


class TestCredentials:
    def test_the_line_break_of_a_file_of_secrets_is_no_part_of_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("FREELANCEHUNT_TOKEN", "abc\n")
        monkeypatch.setenv("UPWORK_CLIENT_ID", " key ")
        config = Config.load()
        assert config.freelancehunt_token is not None
        assert config.freelancehunt_token.get_secret_value() == "abc"
        assert config.upwork_client_id == "key"

    def test_what_scrapy_holds_already_is_taken_as_it_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FREELANCER_TOKEN", "abc")
        first = Config.load()
        second = Config.load({"FREELANCER_TOKEN": first.freelancer_token, "UPWORK_REFRESH_TOKEN": "def"})
        assert second.freelancer_token == first.freelancer_token
        assert second.upwork_refresh_token is not None
        assert second.upwork_refresh_token.get_secret_value() == "def"
