"""What a command was not meant to be given: one sentence and exit code 2, before anything is done."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.commands.test_keeping import env_of, everything, project, store

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import URL

    from tests.commands.conftest import Scrapy

NOWHERE = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"}
"""A command that got as far as its database would say so, and end with 1."""
GIVEN = {
    "backup": ["backup.dump"],
    "capture": ["flru"],
    "crawl": ["flru"],
    "crawlall": ["flru"],
    "extract": ["flru", "page.html"],
    "forget": ["--client", "Some Client", "--platform", "flru"],
    "history": ["flru", "7"],
    "restore": ["backup.dump"],
}
"""What a command needs; the others need nothing."""
PLAIN = ["demo", "health", "migrate", "platforms", "purge", "replay-spool", "runs"]


def refused(scrapy: Scrapy, *arguments: str) -> str:
    ended = scrapy(*arguments, env=NOWHERE)
    assert ended.returncode == 2, ended.stderr
    assert ended.stdout == ""
    assert ended.stderr.startswith("error: ")
    assert ended.stderr.count("\n") == 1
    return ended.stderr


@pytest.mark.parametrize("command", sorted([*PLAIN, *GIVEN]))
def test_an_option_that_there_is_not(scrapy: Scrapy, command: str) -> None:
    said = refused(scrapy, command, *GIVEN.get(command, []), "--dryrun")
    assert said == f"error: there is no option '--dryrun'; `scrapy {command} -h` lists them\n"


@pytest.mark.parametrize("command", [*PLAIN, "forget"])
def test_an_argument_where_none_is_taken(scrapy: Scrapy, command: str) -> None:
    said = refused(scrapy, command, *GIVEN.get(command, []), "nonsense")
    assert said.startswith(f"error: scrapy {command} takes no argument such as 'nonsense'")


def test_nothing_is_written_for_an_argument_too_many(scrapy: Scrapy, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("as it was")
    refused(scrapy, "platforms", "--write", str(page), "nonsense")
    assert page.read_text() == "as it was"


@pytest.mark.parametrize("mistake", ["--dryrun", "nonsense"])
def test_a_mistyped_purge_deletes_nothing(scrapy: Scrapy, database_url: URL, mistake: str) -> None:
    asyncio.run(store(database_url, project("1", "upwork"), days_ago=40))
    assert scrapy("purge", mistake, env=env_of(database_url)).returncode == 2
    assert len(asyncio.run(everything(database_url))["projects"]) == 1


def test_an_id_that_begins_with_a_hyphen(scrapy: Scrapy, database_url: URL) -> None:
    asyncio.run(store(database_url, project("-7")))
    told = scrapy("history", "flru", "--", "-7", env=env_of(database_url))
    assert told.stdout.startswith("flru -7: "), told.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("history", "flru", "a\udcff"),
        ("history", "fl\udcffru", "7"),
        ("forget", "--client", "a\udcff", "--platform", "flru"),
        ("forget", "--client", "a", "--platform", "fl\udcffru"),
        ("runs", "--platform", "fl\udcffru"),
        ("crawl", "fl\udcffru"),
        ("crawl", "flru", "-a", "query=a\udcff"),
        ("crawlall", "flru", "-a", "query=a\udcff"),
        ("capture", "fl\udcffru"),
        ("capture", "https://www.fl.ru/\udcff"),
        ("extract", "flru", "/tmp/nothing\udcff"),  # noqa: S108
        ("extract", "flru", "setup.py", "--url", "https://www.fl.ru/\udcff"),
        ("extract", "flru", "setup.py", "--now", "a\udcff"),
    ],
)
def test_a_byte_that_is_no_text(scrapy: Scrapy, arguments: tuple[str, ...]) -> None:
    """Python hands it on as a lone surrogate."""
    assert "\\udcff" in refused(scrapy, *arguments)
