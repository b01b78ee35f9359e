"""The main job end to end: a real process, real HTTP, a real database, an exit code that tells the truth."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from outsource_scraper.normalize.skills import canonical_skills
from tests.commands.conftest import Crawl, Market, Scrapy

Rows = Callable[[str], Awaitable[list[dict[str, Any]]]]
PLATFORMS = ["flru", "freelancer", "freelanceru", "guru", "kwork", "remoteok", "weworkremotely", "wishket"]
WITH_DETAILS = {"guru", "wishket"}
TIMES = {"posted_at", "deadline_at"}
MOVING = {"posted_at", "bids_count", "views_count", "project_metadata"}
"""What may differ from crawl to crawl without anything having changed."""


def last_line(ended: Any) -> str:
    return ended.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_what_is_stored_is_what_the_platform_shows(
    platform: str, crawl: Crawl, market: Market, rows: Rows
) -> None:
    ended = crawl(platform, "-a", "mode=full")
    assert ended.returncode == 0, ended.stderr
    stored = {row["external_id"]: row for row in await rows("SELECT * FROM projects")}
    truth = market.control.truth(platform, detail=platform in WITH_DETAILS)
    assert len(truth) > 10
    assert stored.keys() == {one["project"]["external_id"] for one in truth}
    for one in truth:
        row = stored[one["project"]["external_id"]]
        for name, wanted in one["project"].items():
            got = row[name]
            if name in {"project_metadata", "description"}:
                continue
            if (
                name == "skills"
            ):  # the market shows them as its platforms write them; where none, some are found
                assert not wanted or got == canonical_skills(wanted), (row["url"], got)
            elif name in TIMES and wanted is not None:
                assert got is not None, (row["url"], name)
                off = abs((got - datetime.fromisoformat(wanted)).total_seconds())
                assert off <= one["precision"].get(name, 0), (row["url"], name, got, wanted)
            elif name in {"budget_min", "budget_max", "client_rating", "client_spent_usd"}:
                assert (None if got is None else float(got)) == (None if wanted is None else float(wanted)), (
                    name
                )
            else:
                assert got == wanted, (row["url"], name)
    assert len(await rows("SELECT * FROM project_changes WHERE kind = 'new'")) == len(truth)
    (run,) = await rows("SELECT * FROM crawl_runs")
    assert (run["verdict"], run["new"], run["platform"], run["mode"]) == ("ok", len(truth), platform, "full")


async def test_a_second_crawl_finds_what_moved_and_no_duplicates(
    crawl: Crawl, market: Market, rows: Rows
) -> None:
    def shown() -> dict[str, dict[str, Any]]:
        return {one["project"]["external_id"]: one["project"] for one in market.control.truth("flru")}

    def told(project: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in project.items() if name not in MOVING}

    before = shown()
    assert crawl("flru", "-a", "mode=full").returncode == 0
    market.control.advance(timedelta(hours=12))
    after = shown()
    assert crawl("flru", "-a", "mode=full").returncode == 0
    run = (await rows("SELECT * FROM crawl_runs ORDER BY id"))[-1]
    both = before.keys() & after.keys()
    changed = {number for number in both if told(before[number]) != told(after[number])}
    assert both - changed
    assert after.keys() - both
    assert before.keys() - both
    assert run["new"] == len(after.keys() - both)
    assert run["unchanged"] == len(both - changed)
    assert run["updated"] + run["reopened"] == len(changed)
    stored = {row["external_id"]: row["status"] for row in await rows("SELECT * FROM projects")}
    assert stored.keys() == before.keys() | after.keys()
    is_open = {number for number, project in after.items() if project["status"] == "open"}
    assert {number for number, status in stored.items() if status == "open"} == is_open


async def test_new_stops_where_everything_is_known(crawl: Crawl, market: Market, rows: Rows) -> None:
    crawl("guru", "-a", "mode=full")
    market.control.clear_log()
    assert crawl("guru").returncode == 0
    asked = [entry["path"] for entry in market.control.log() if entry["path"] != "/robots.txt"]
    assert asked == ["/d/jobs/"]


async def test_without_a_database_url_the_embedded_one_is_used(
    scrapy: Scrapy, market: Market, server_folder: Any
) -> None:
    env = {"OUTSOURCE_DATA_DIR": str(server_folder / "data")}
    ended = scrapy("crawl", "remoteok", "-s", f"SANDBOX_URL={market.url}", env=env)
    assert ended.returncode == 0, ended.stderr
    assert (server_folder / "data" / "postgresql" / "data" / "PG_VERSION").read_text().strip() == "18"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("flrru",), "error: there is no platform 'flrru'; did you mean 'flru'?"),
        ((), "error: name one platform"),
        (("flru", "guru"), "error: name one platform"),
        (("flru", "-a", "max_pages=0"), "error: max_pages must be a whole number"),
        (("flru", "-a", "since=soon"), "error: since must be an age"),
        (("flru", "-a", "mode=all"), "error: mode must be new or full"),
        (("flru", "-a", "pages=1"), "error: there is no argument 'pages'"),
    ],
)
def test_a_wrong_argument_is_one_sentence_and_nothing_is_fetched(
    arguments: tuple[str, ...], sentence: str, scrapy: Scrapy, market: Market
) -> None:
    ended = scrapy("crawl", *arguments, "-s", f"SANDBOX_URL={market.url}")
    assert ended.returncode == 2
    assert ended.stderr.startswith(sentence)
    assert ended.stderr.count("\n") == 1
    assert market.control.log() == []


@pytest.mark.parametrize(
    ("env", "word"),
    [
        ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "127.0.0.1"),
        ({"DATABASE_URL": "mysql://localhost/x"}, "DATABASE_URL must begin with postgresql://"),
        ({"POSTGRES_PORT": "many"}, "POSTGRES_PORT"),
    ],
)
def test_no_database_is_one_sentence(env: dict[str, str], word: str, crawl: Crawl, market: Market) -> None:
    ended = crawl("flru", **({"DATABASE_URL": ""} | env))
    assert ended.returncode == 1
    assert word in ended.stderr
    assert "Traceback" not in ended.stderr
    assert [entry for entry in market.control.log() if entry["path"] != "/robots.txt"] == []


def test_the_file_of_the_log_ends_with_what_became_of_the_crawl(
    crawl: Crawl, market: Market, tmp_path: Path
) -> None:
    log = tmp_path / "crawl.log"

    def last() -> str:
        return log.read_text("utf-8").splitlines()[-1]

    market.control.fault("challenge", platform="flru", status=403)
    ended = crawl("flru", "--logfile", str(log))
    assert ended.returncode == 4
    assert last().endswith(f"ERROR: {last_line(ended)}")
    market.control.clear_faults()
    assert crawl("flru", "--logfile", str(log)).returncode == 0
    assert last().endswith("INFO: flru: ok")
    # Before Scrapy opens the log.
    ended = crawl("flru", "--logfile", str(log), DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert ended.returncode == 1
    assert last().endswith(f"ERROR: {last_line(ended).removeprefix('error: ')}")
    # Where the file cannot be written, the sentence is not lost.
    ended = crawl("flrru", "--logfile", str(tmp_path / "none" / "crawl.log"))
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: there is no platform 'flrru'")


FAULTS = [
    # kind, members of the fault, platform, exit code, words of the last line
    ("challenge", {"status": 403}, "flru", 4, "challenge page"),
    ("challenge", {"status": 200}, "guru", 4, "challenge page"),
    ("login_wall", {}, "wishket", 4, "log-in page"),
    ("status", {"status": 403}, "freelancer", 4, "refuses access"),
    ("status", {"status": 429}, "kwork", 4, "no room for us (429)"),
    ("status", {"status": 503, "retry_after": 9999}, "kwork", 4, "no room for us (503)"),
    ("status", {"status": 500}, "flru", 1, "no page of the listing was fetched"),
    ("truncated", {}, "flru", 1, "no page of the listing was fetched"),
    ("cut", {}, "freelancer", 5, "records were rejected"),
    ("html_for_json", {}, "freelancer", 5, "records were rejected"),
    ("html_for_json", {}, "weworkremotely", 5, "records were rejected"),
    ("empty", {}, "flru", 3, "no record at all"),
    ("empty", {}, "freelancer", 3, "no record at all"),
    ("empty", {}, "weworkremotely", 3, "no record at all"),
]


@pytest.mark.parametrize(("kind", "members", "platform", "code", "words"), FAULTS)
async def test_a_fault_of_the_whole_site_is_told_by_the_exit_code(
    kind: str, members: dict[str, Any], platform: str, code: int, words: str,
    crawl: Crawl, market: Market, rows: Rows,
) -> None:  # fmt: skip
    market.control.fault(kind, platform=platform, **members)
    ended = crawl(platform, "-s", "RETRY_TIMES=1")
    assert ended.returncode == code, ended.stderr
    assert words in last_line(ended)
    assert await rows("SELECT * FROM projects") == []
    (run,) = await rows("SELECT * FROM crawl_runs")
    assert run["verdict"] in last_line(ended)
    assert run["reason"] in last_line(ended)
    assert len(await rows("SELECT * FROM rejected_records")) == run["rejected"]


@pytest.mark.parametrize(
    ("kind", "platform", "reason"),
    [
        ("broken_card", "flru", "the record has no"),
        ("broken_card", "freelancer", None),
        ("broken_card", "guru", None),
        ("huge_budget", "freelancer", "budget_min 1.000E+30 is more than"),
        ("huge_description", "freelancer", "characters long, more than"),
        ("year_9999", "kwork", "deadline_at 9999"),
    ],
)
async def test_a_bad_record_among_good_ones(
    kind: str, platform: str, reason: str | None, crawl: Crawl, market: Market, rows: Rows
) -> None:
    market.control.fault(kind, platform=platform)
    ended = crawl(platform, "-a", "mode=full")
    assert ended.returncode == 5, ended.stderr
    rejected = await rows("SELECT * FROM rejected_records")
    assert rejected
    if reason is not None:
        assert reason in rejected[0]["reason"]
    assert all(len(row["source"]) > 20 for row in rejected)
    good = await rows("SELECT * FROM projects")
    assert len(good) > 10
    (run,) = await rows("SELECT * FROM crawl_runs")
    assert (run["new"], run["rejected"]) == (len(good), len(rejected))


@pytest.mark.parametrize(
    ("kind", "platform"),
    [
        ("nul_title", "freelancer"),
        ("nul_title", "flru"),
        ("odd_letters", "kwork"),
        ("duplicate", "guru"),
        ("duplicate", "freelancer"),
        ("slow", "flru"),
        ("drip", "kwork"),
    ],
)
async def test_what_looks_bad_but_can_be_read(
    kind: str, platform: str, crawl: Crawl, market: Market, rows: Rows
) -> None:
    market.control.fault(kind, platform=platform, **({"seconds": 1} if kind in {"slow", "drip"} else {}))
    ended = crawl(platform, "-a", "mode=full")
    assert ended.returncode == 0, ended.stderr
    truth = market.control.truth(platform)
    stored = await rows("SELECT * FROM projects")
    assert len(stored) == len(truth)
    forbidden = {"\x00", "\u200f", "\u202e", "\u200b"}
    assert not [row["title"] for row in stored if forbidden & set(row["title"])]


async def test_a_wrong_charset_is_told(crawl: Crawl, market: Market, rows: Rows) -> None:
    market.control.fault("wrong_charset", platform="flru")
    ended = crawl("flru", "-a", "mode=full")
    assert ended.returncode == 5
    reasons = {row["reason"] for row in await rows("SELECT reason FROM rejected_records")}
    assert any("another charset" in reason for reason in reasons)


async def test_a_burst_of_503_is_waited_out(crawl: Crawl, market: Market, rows: Rows) -> None:
    market.control.fault("status", platform="flru", status=503, count=2)
    assert crawl("flru", "-a", "mode=full").returncode == 0
    assert len(await rows("SELECT * FROM projects")) == len(market.control.truth("flru"))


async def test_renamed_classes_are_never_taken_for_nothing_new(crawl: Crawl, market: Market) -> None:
    for platform in ("freelancer", "guru", "wishket", "kwork"):
        market.control.fault("renamed", platform=platform)
        ended = crawl(platform)
        assert ended.returncode in {3, 5}, (platform, ended.stderr)
