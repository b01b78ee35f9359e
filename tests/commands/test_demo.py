"""The demo as a newcomer runs it, twice, with nothing but a folder for its data."""

import io
import re
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL

from outsource_scraper.commands._format import terminal
from outsource_scraper.commands.demo import newest_table
from outsource_scraper.database.models import Project
from tests.commands.conftest import Scrapy

LINE = re.compile(r"(\w+) +ok +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +[\d.]+")


def table(text: str) -> dict[str, tuple[int, ...]]:
    return {
        found[1]: tuple(int(number) for number in found.groups()[1:])
        for line in text.splitlines()
        if (found := LINE.fullmatch(line.strip()))
    }


def test_the_market_is_crawled_and_has_moved_on_the_second_time(scrapy: Scrapy, server_folder: Path) -> None:
    env = {"OUTSOURCE_DATA_DIR": str(server_folder / "data")}
    first, second = scrapy("demo", env=env), scrapy("demo", env=env)
    assert (first.returncode, second.returncode) == (0, 0), first.stdout + first.stderr + second.stdout
    before, after = table(first.stdout), table(second.stdout)
    assert len(before) == len(after) >= 9
    for new, updated, unchanged, _closed, rejected in before.values():
        assert new >= 20
        assert (updated, unchanged, rejected) == (0, 0, 0)
    for new, updated, unchanged, _closed, rejected in after.values():
        assert unchanged > 5 * (new + updated)
        assert rejected == 0
    assert sum(new for new, *_ in after.values()) > 0
    assert sum(updated for _, updated, *_ in after.values()) > 0
    for name, (new, _, unchanged, closed, _) in after.items():
        assert new + unchanged <= before[name][0] + new + closed + 10, "not the same projects again"
    assert len(second.stdout.split("the newest projects")[1].split("\n\n")[0].strip().splitlines()) == 10
    assert "./run scrapy crawl freelancer" in second.stdout
    assert max(len(line) for line in second.stdout.splitlines()) <= 80


def test_titles_are_printed_as_they_are() -> None:
    title = "Need [figma] [/b] :rocket: [red]site[/red]"
    stated = dict.fromkeys(("budget_min", "budget_max", "currency", "payment_type"))
    project = Project(platform="flru", title=title, posted_at=datetime(2026, 3, 1, tzinfo=UTC), **stated)
    printed = io.StringIO()
    terminal(file=printed, width=120).print(newest_table([project]))
    assert title in printed.getvalue()


def test_a_database_that_cannot_be_reached_is_one_sentence(scrapy: Scrapy) -> None:
    ended = scrapy("demo", env={"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"})
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: The database none at 127.0.0.1:1 cannot be reached")
    assert ended.stderr.count("\n") == 1


def test_migrate_says_whose_tables_are_there_and_no_password(scrapy: Scrapy, database_url: URL) -> None:
    url = database_url.set(password="s3cret").render_as_string(hide_password=False)  # noqa: S106
    ended = scrapy("migrate", env={"DATABASE_URL": url, "DB_SCHEMA": "other"})
    assert ended.returncode == 0, ended.stderr
    assert "are those of this version" in ended.stdout
    assert "s3cret" not in ended.stdout + ended.stderr
