"""What the people who run it see: schedules, runs, health, notices, logs, files without a database."""

import csv
import json
import threading
import xml.etree.ElementTree as ET
from collections.abc import Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL

from tests.commands.conftest import Crawl, Market, Scrapy

Rows = Callable[[str], Awaitable[list[dict[str, Any]]]]
AGE = "UPDATE crawl_runs SET started_at = started_at - interval '11 minutes'"


@pytest.fixture
def due(scrapy: Scrapy, market: Market, database_url: URL) -> Callable[..., Any]:
    """`scrapy crawlall --due PLATFORM ...` against the market."""

    def run(*names: str, **env: str) -> Any:
        url = database_url.render_as_string(hide_password=False)
        given = ("-s", f"SANDBOX_URL={market.url}", "-s", "BACKOFF_BASE=0.05")
        return scrapy("crawlall", "--due", *names, *given, env={"DATABASE_URL": url, **env})

    return run


def last(text: str) -> str:
    return text.strip().splitlines()[-1]


async def test_only_what_is_due_is_crawled(due: Callable[..., Any], market: Market, rows: Rows) -> None:
    first = due("flru", "remoteok")
    assert first.returncode == 0, first.stderr
    assert last(first.stdout).startswith("2 of 2 platforms were due: 2 ok")
    market.control.clear_log()
    second = due("flru", "remoteok")
    assert second.returncode == 0
    assert last(second.stdout).startswith("0 of 2 platforms were due; next is ")
    assert market.control.log() == []
    await rows(f"{AGE} WHERE platform = 'flru'")
    third = due("flru", "remoteok")
    assert last(third.stdout).startswith("1 of 2 platforms were due: 1 ok; next is remoteok at ")
    await rows(AGE)
    longer = due("flru", "remoteok", OUTSOURCE_INTERVALS="remoteok=2h")
    assert last(longer.stdout).startswith("1 of 2 platforms were due: 1 ok")
    assert (await rows("SELECT platform FROM crawl_runs ORDER BY id"))[-1]["platform"] == "flru"


@pytest.mark.parametrize(
    ("intervals", "sentence"),
    [
        ("flru=0m", "error: OUTSOURCE_INTERVALS must name platforms and times"),
        ("flru", "error: OUTSOURCE_INTERVALS must name platforms and times"),
        ("florida=2h", "error: OUTSOURCE_INTERVALS names 'florida', which is no platform"),
    ],
)
def test_intervals_that_are_none(due: Callable[..., Any], intervals: str, sentence: str) -> None:
    ended = due("flru", OUTSOURCE_INTERVALS=intervals)
    assert ended.returncode == 1
    assert ended.stderr.startswith(sentence)


async def test_a_part_of_the_listing_is_no_good_run(due: Callable[..., Any], crawl: Crawl) -> None:
    assert crawl("flru", "-a", "max_pages=1").returncode == 0
    assert last(due("flru").stdout).startswith("1 of 1 platforms were due: 1 ok")


async def test_after_a_bad_run_the_pause_grows(due: Callable[..., Any], market: Market, rows: Rows) -> None:
    market.control.fault("challenge", platform="flru", status=403)
    blocked = due("flru")
    assert blocked.returncode == 4
    assert last(blocked.stdout).startswith("1 of 1 platforms were due: 1 blocked")
    assert last(due("flru").stdout).startswith("0 of 1 platforms were due; next is flru at ")
    await rows(AGE)
    assert due("flru").returncode == 4
    await rows(AGE)
    assert due("flru").returncode == 0, "twice refused: two intervals"
    await rows(AGE)
    market.control.clear_faults()
    assert last(due("flru").stdout).startswith("1 of 1 platforms were due: 1 ok")


async def test_what_another_machine_has_just_done_is_passed_over(
    crawl: Crawl, rows: Rows, market: Market
) -> None:
    for _ in range(2):
        assert crawl("remoteok").returncode == 0
    market.control.clear_log()
    # Both machines had seen run 1, and the other one was faster.
    late = crawl("remoteok", "-s", "CRAWL_SEEN_RUN=1")
    assert late.returncode == 7
    assert "run 2 has just done what was due" in last(late.stderr)
    assert market.control.log() == []
    verdicts = [run["verdict"] for run in await rows("SELECT verdict FROM crawl_runs ORDER BY id")]
    assert verdicts == ["ok", "ok", "busy"]


def test_runs_lists_the_last_ones(crawl: Crawl, scrapy: Scrapy, market: Market, database_url: URL) -> None:
    env = {"DATABASE_URL": database_url.render_as_string(hide_password=False)}
    assert scrapy("runs", env=env).stdout == "there are no runs yet\n"
    assert crawl("flru").returncode == 0
    market.control.fault("challenge", platform="guru", status=403)
    assert crawl("guru").returncode == 4
    listed = scrapy("runs", env=env)
    assert listed.returncode == 0
    lines = listed.stdout.splitlines()
    assert lines[1].split()[:2] == ["2", "guru"]
    assert "blocked" in lines[1]
    assert lines[2].split()[:2] == ["1", "flru"]
    assert lines[3].startswith("2: the site shows a challenge page (403)")
    assert max(map(len, lines)) <= 80
    (run,) = json.loads(scrapy("runs", "--json", "--platform", "flru", env=env).stdout)
    assert (run["verdict"], run["platform"]) == ("ok", "flru")
    assert run["new"] > 10
    assert scrapy("runs", "--limit", "0", env=env).returncode == 2
    assert scrapy("runs", "--platform", "nowhere", env=env).returncode == 2


async def test_health(crawl: Crawl, scrapy: Scrapy, market: Market, database_url: URL, rows: Rows) -> None:
    env = {"DATABASE_URL": database_url.render_as_string(hide_password=False)}
    nothing = scrapy("health", env=env)
    assert nothing.returncode == 1
    assert "never crawled" in nothing.stdout
    assert last(nothing.stdout).startswith("0 of ")
    assert crawl("flru").returncode == 0
    market.control.fault("challenge", platform="guru", status=403)
    assert crawl("guru").returncode == 4
    states = {state["platform"]: state for state in json.loads(scrapy("health", "--json", env=env).stdout)}
    assert states["flru"]["well"] is True
    assert states["flru"]["last_good"] is not None
    assert states["guru"]["well"] is False
    assert states["guru"]["wrong"].startswith("blocked, last at ")
    assert "nothing passes a wall" in states["guru"]["advice"]
    await rows("UPDATE crawl_runs SET started_at = now() - interval '3 hours' WHERE platform = 'flru'")
    late = scrapy("health", env=env)
    assert "not crawled for 3 h" in late.stdout
    assert max(map(len, late.stdout.splitlines())) <= 80
    await rows("DELETE FROM crawl_runs")
    names = [state["platform"] for state in states.values() if state["enabled"]]
    for name in names:
        await rows(f"INSERT INTO crawl_runs (platform, verdict) VALUES ('{name}', 'ok')")  # noqa: S608
    well = scrapy("health", env=env)
    assert last(well.stdout) == f"{len(names)} of {len(names)} enabled platforms are well"
    assert well.returncode == 0
    # A run whose process is gone.
    await rows(
        "INSERT INTO crawl_runs (platform, heartbeat_at, started_at) VALUES"
        " ('flru', now() - interval '5 minutes', now() + interval '1 second')"
    )
    assert "interrupted, last at" in scrapy("health", env=env).stdout


@pytest.mark.parametrize("command", ["runs", "health", "history"])
def test_without_a_database_one_sentence(command: str, scrapy: Scrapy) -> None:
    arguments = ("flru", "1") if command == "history" else ()
    ended = scrapy(command, *arguments, env={"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"})
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: The database none at 127.0.0.1:9 cannot be reached")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["crawl", "crawlall", "runs", "health", "history"])
@pytest.mark.parametrize(
    ("revision", "sentence"),
    [
        ("0003", "at revision 0003 and this release writes"),
        ("9999", "at revision 9999, which this release does not know"),
    ],
)
async def test_tables_of_another_release_are_refused(
    command: str, revision: str, sentence: str, scrapy: Scrapy, database_url: URL, rows: Rows, market: Market
) -> None:
    env = {"DATABASE_URL": database_url.render_as_string(hide_password=False)}
    assert scrapy("migrate", env=env).returncode == 0
    await rows(f"UPDATE alembic_version SET version_num = '{revision}'")  # noqa: S608
    arguments = {"history": ("flru", "1"), "crawl": ("flru",), "crawlall": ("flru",)}.get(command, ())
    ended = scrapy(command, *arguments, "-s", f"SANDBOX_URL={market.url}", env=env)
    assert ended.returncode == 1
    assert sentence in ended.stderr
    assert ended.stderr.count("\n") == 1
    if revision == "0003":
        assert "`scrapy migrate`" in ended.stderr
        assert scrapy("migrate", env=env).returncode == 0
        assert scrapy("runs", env=env).returncode == 0


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append(json.loads(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def receiver() -> Iterator[Any]:
    """What a notice is sent to."""
    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        server.got = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


async def test_a_bad_verdict_is_told_once_an_hour(
    crawl: Crawl, market: Market, rows: Rows, receiver: Any
) -> None:
    notify = {"OUTSOURCE_NOTIFY": f"json://127.0.0.1:{receiver.server_address[1]}/"}
    assert crawl("flru", **notify).returncode == 0
    assert receiver.got == []
    market.control.fault("challenge", status=403)
    assert crawl("flru", **notify).returncode == 4
    assert [notice["title"] for notice in receiver.got] == ["outsource_scraper: flru blocked"]
    assert "challenge page" in receiver.got[0]["message"]
    assert crawl("flru", **notify).returncode == 4
    assert len(receiver.got) == 1
    assert crawl("guru", **notify).returncode == 4
    assert len(receiver.got) == 2
    await rows("UPDATE notices SET sent_at = sent_at - interval '61 minutes'")
    assert crawl("flru", **notify).returncode == 4
    assert len(receiver.got) == 3


def test_a_database_that_is_gone_is_told_too(scrapy: Scrapy, receiver: Any) -> None:
    env = {
        "OUTSOURCE_NOTIFY": f"json://127.0.0.1:{receiver.server_address[1]}/",
        "DATABASE_URL": "postgresql://nobody:secret@127.0.0.1:9/none",
    }
    for _ in range(2):
        assert scrapy("crawl", "flru", env=env).returncode == 1
    assert [notice["title"] for notice in receiver.got] == ["outsource_scraper: crawl flru failed"]
    assert "secret" not in json.dumps(receiver.got)


def test_a_notice_that_cannot_be_sent_changes_nothing(crawl: Crawl, market: Market) -> None:
    market.control.fault("challenge", platform="flru", status=403)
    ended = crawl("flru", OUTSOURCE_NOTIFY="json://127.0.0.1:9/secret-word nosuch://secret-word")
    assert ended.returncode == 4
    assert "a URL that Apprise does not know: nosuch://" in ended.stderr
    assert "could not be sent" in ended.stderr
    assert ended.stderr.count("secret-word") == 0
    assert crawl("flru", OUTSOURCE_NOTIFY="mail me").returncode == 1


def test_a_log_for_machines(crawl: Crawl, market: Market) -> None:
    market.control.fault("broken_card", platform="flru")
    ended = crawl("flru", "--logformat", "json")
    assert ended.returncode == 5
    lines = [json.loads(line) for line in ended.stderr.splitlines() if line.startswith("{")]
    others = [line for line in ended.stderr.splitlines() if not line.startswith("{")]
    assert others == ["flru: partial: 1 records were rejected (the record has no id)"], (
        "the last line is for a person"
    )
    assert {"time", "level", "event", "logger", "platform", "run"} <= set(lines[0])
    assert {line["platform"] for line in lines} == {"flru"}
    (end,) = [line for line in lines if line["event"].startswith("flru: partial: ")]
    assert (end["level"], end["run"]) == ("ERROR", 1)
    assert "pages" in end["event"]
    assert "1 rejected" in end["event"]
    assert "INFO: " in crawl("flru").stderr


@pytest.mark.parametrize("kind", ["jsonl", "json", "csv", "xml"])
def test_files_without_a_database(kind: str, scrapy: Scrapy, market: Market, tmp_path: Path) -> None:
    market.control.fault("broken_card", platform="flru", count=1)
    file = tmp_path / f"out.{kind}"
    ended = scrapy("crawl", "flru", "-O", str(file), "-s", f"SANDBOX_URL={market.url}", "-a", "max_pages=1")
    assert ended.returncode == 5, ended.stderr
    assert ended.stderr.count("nothing is stored: only the file is written") == 1
    assert not (tmp_path / "data").exists(), "no PostgreSQL was started"
    text = file.read_text("utf-8")
    match kind:
        case "jsonl":
            found = [json.loads(line) for line in text.splitlines()]
        case "json":
            found = json.loads(text)
        case "csv":
            found = list(csv.DictReader(text.splitlines()))
            assert json.loads(found[0]["project_metadata"])["kind"]
        case _:
            found = [{field.tag: field.text for field in item} for item in ET.fromstring(text)]  # noqa: S314
    assert len(found) > 10
    assert all(project["platform"] == "flru" and project["title"] for project in found)
    assert {project["status"] for project in found} <= {"open", "closed"}


def test_a_file_beside_the_database(crawl: Crawl, tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    ended = crawl("remoteok", "-O", str(file))
    assert ended.returncode == 0
    assert "nothing is stored" not in ended.stderr
    assert file.read_text().count("\n") > 5
