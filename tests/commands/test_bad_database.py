"""Databases that a crawl cannot begin with: one sentence that says what to do, and nothing is fetched."""

import ipaddress
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from outsource_scraper.database.embedded_account import server_account
from tests.commands.conftest import Market, Scrapy
from tests.conftest import DEBIAN_15, in_own_loop, reachable_folder

PASSWORD = "right"  # noqa: S105 - of a server that lives for the tests


def write_certificate(folder: Path) -> None:
    """A certificate for 127.0.0.1 in `certificate.pem`, which signs itself, and its key for the server."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    alternatives = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(alternatives, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    private = folder / "key.pem"
    private.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    private.chmod(0o600)
    account = server_account()
    os.chown(private, account.uid, account.gid)


@dataclass(frozen=True)
class Reached:
    """A server that is reached over TCP, with or without TLS, as the user `crawler`."""

    port: int
    certificate: Path | None = None

    def url(self, query: str = "", password: str = PASSWORD) -> str:
        return f"postgresql://crawler:{password}@127.0.0.1:{self.port}/postgres{query}"


Start = Callable[..., AbstractContextManager[Path]]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def let_in(folder: Path, port: int, kind: str) -> None:
    """Let `crawler` in over TCP by `PASSWORD`; `kind` is that of pg_hba.conf: host or hostssl."""
    (folder / "pg_hba.conf").write_text(
        f"local all postgres trust\n{kind} all crawler 127.0.0.1/32 scram-sha-256\n"
    )

    async def make() -> None:
        connection = await asyncpg.connect(host=str(folder), port=port, user="postgres", database="postgres")
        try:
            await connection.execute(f"CREATE ROLE crawler SUPERUSER LOGIN PASSWORD '{PASSWORD}'")
            await connection.execute("SELECT pg_reload_conf()")
        finally:
            await connection.close()

    in_own_loop(make())


@pytest.fixture(scope="module")
def with_tls(start_server: Start) -> Iterator[Reached]:
    """A server that lets nobody in without TLS."""
    with reachable_folder() as keys:
        write_certificate(keys)
        port = free_port()
        settings = (
            *("listen_addresses=127.0.0.1", f"port={port}", "ssl=on"),
            *(f"ssl_cert_file={keys / 'certificate.pem'}", f"ssl_key_file={keys / 'key.pem'}"),
        )
        with start_server(DEBIAN_15, settings) as folder:
            let_in(folder, port, "hostssl")
            yield Reached(port, keys / "certificate.pem")


@pytest.fixture(scope="module")
def without_tls(start_server: Start) -> Iterator[Reached]:
    port = free_port()
    with start_server(DEBIAN_15, ("listen_addresses=127.0.0.1", f"port={port}")) as folder:
        let_in(folder, port, "host")
        yield Reached(port)


@pytest.fixture
def refused(scrapy: Scrapy, market: Market) -> Callable[..., str]:
    """Crawl into a database that is not to be had; the sentence."""

    def crawl(url: str, *command: str, **env: str) -> str:
        command = command or ("crawl", "flru")
        ended = scrapy(*command, "-s", f"SANDBOX_URL={market.url}", env={"DATABASE_URL": url, **env})
        assert ended.returncode == 1, ended.stderr
        assert ended.stderr.startswith("error: The database postgres at ")
        assert ended.stderr.count("\n") == 1, ended.stderr
        assert PASSWORD not in ended.stderr
        assert "wrong-word" not in ended.stderr
        assert market.control.log() == []
        return ended.stderr

    return crawl


def stores(scrapy: Scrapy, market: Market, url: str, **env: str) -> bool:
    given = ("-a", "max_pages=1", "-s", f"SANDBOX_URL={market.url}")
    ended = scrapy("crawl", "flru", *given, env={"DATABASE_URL": url, **env})
    assert ended.returncode == 0, ended.stderr
    return "flru: ok: " in ended.stderr


@pytest.mark.parametrize("command", ["crawl flru", "crawlall --due", "migrate", "health"])
def test_a_name_that_does_not_resolve(command: str, refused: Callable[..., str]) -> None:
    said = refused("postgresql://crawler@database.invalid/postgres", *command.split())
    assert "at database.invalid cannot be reached (" in said
    assert "correct DATABASE_URL or POSTGRES_HOST" in said


def test_nobody_listens(refused: Callable[..., str]) -> None:
    assert "start PostgreSQL there" in refused(f"postgresql://crawler@127.0.0.1:{free_port()}/postgres")


def test_a_wrong_password(refused: Callable[..., str], without_tls: Reached) -> None:
    said = refused(without_tls.url(password="wrong-word"))  # noqa: S106
    assert "refuses the user crawler (password authentication failed" in said
    assert "correct user and password in DATABASE_URL" in said


def test_a_wrong_password_where_tls_is_demanded(refused: Callable[..., str], with_tls: Reached) -> None:
    said = refused(with_tls.url(password="wrong-word"))  # noqa: S106
    assert "refuses the user crawler (password authentication failed" in said


def test_tls_is_demanded(
    refused: Callable[..., str], with_tls: Reached, scrapy: Scrapy, market: Market
) -> None:
    said = refused(with_tls.url("?sslmode=disable"))
    assert "does not let crawler in without TLS (no pg_hba.conf entry" in said
    assert "put sslmode=require into DATABASE_URL" in said
    # What is not told otherwise uses it where it is there.
    for query in ("", "?sslmode=require", "?ssl=require"):
        assert stores(scrapy, market, with_tls.url(query))


def test_tls_is_demanded_of_a_server_that_has_none(
    refused: Callable[..., str], without_tls: Reached, scrapy: Scrapy, market: Market
) -> None:
    for query in ("?sslmode=require", "?ssl=require"):
        assert "does not speak TLS, which is asked of it" in refused(without_tls.url(query))
    assert stores(scrapy, market, without_tls.url())


def test_a_certificate_of_nobody_that_is_known(
    refused: Callable[..., str], with_tls: Reached, scrapy: Scrapy, market: Market, tmp_path: Path
) -> None:
    url = with_tls.url("?sslmode=verify-full")
    home = {"HOME": str(tmp_path)}
    said = refused(url, **home)
    assert "is not trusted (root certificate file" in said
    assert "let PGSSLROOTCERT name the file" in said
    write_certificate(tmp_path)
    said = refused(url, **home, PGSSLROOTCERT=str(tmp_path / "certificate.pem"))
    assert "is not trusted (" in said
    assert "certificate verify failed" in said
    assert stores(scrapy, market, url, **home, PGSSLROOTCERT=str(with_tls.certificate))
