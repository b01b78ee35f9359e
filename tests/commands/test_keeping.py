"""What an operator does with what is kept: purge, forget, replay the spool."""

import asyncio
import json
import subprocess
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import URL, text

from outsource_scraper.config import Config
from outsource_scraper.database.batches import Batch
from outsource_scraper.database.embedded_account import installation
from outsource_scraper.database.models import Base
from outsource_scraper.database.projects import store_batch
from outsource_scraper.database.runs import finish_run, start_run
from outsource_scraper.database.session import AsyncDatabase
from outsource_scraper.database.spool import Spool
from outsource_scraper.items import Project, RejectedRecord, Status
from tests.commands.conftest import Scrapy

NOW = datetime.now(UTC)
CLIENT = 'Jo "Quote" O\'Sample_%'


def project(external_id: str, platform: str = "flru", **fields: Any) -> Project:
    given: dict[str, Any] = {"title": f"Заказ {external_id}", "status": Status.OPEN, "bids_count": 1} | fields
    return Project(
        platform=platform, external_id=external_id, url=f"https://board.example/{external_id}", **given
    )


async def store(url: URL, *items: Any, days_ago: float = 0, run: bool = False) -> int | None:
    async with AsyncDatabase(url) as database, database.session() as session:
        await database.initialize()
        run_id = (await start_run(session, "flru", "new", {"query": CLIENT})).id if run else None
        now = NOW - timedelta(days=days_ago)
        await store_batch(session, Batch(items), run_id=run_id, now=now)
        if run_id is not None:
            async with session.begin():
                await finish_run(session, run_id, "ok")
        return run_id


async def everything(url: URL) -> dict[str, list[Any]]:
    found = {}
    async with AsyncDatabase(url) as database, database.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            rows = await connection.execute(text(f"SELECT to_jsonb(t) FROM {table.name} t"))  # noqa: S608
            found[table.name] = sorted(json.dumps(row[0], sort_keys=True) for row in rows)
    return found


def env_of(url: URL) -> dict[str, str]:
    return {"DATABASE_URL": url.render_as_string(hide_password=False)}


def test_purge_by_the_general_limit_and_dry(scrapy: Scrapy, database_url: URL) -> None:
    asyncio.run(store(database_url, project("1"), project("2", "upwork"), days_ago=40, run=True))
    asyncio.run(store(database_url, project("3"), days_ago=10))
    env = env_of(database_url) | {"OUTSOURCE_RETENTION": "30d"}
    before = asyncio.run(everything(database_url))
    dry = scrapy("purge", "--dry-run", env=env)
    assert dry.returncode == 0, dry.stderr
    assert asyncio.run(everything(database_url)) == before
    assert dry.stdout.splitlines() == [
        "flru: 1 projects (1 changes) older than 30 days would be deleted",
        "upwork: 1 projects (1 changes) older than 24 h would be deleted",
        "0 runs older than 30 days would be deleted",
    ]
    done = scrapy("purge", env=env)
    assert done.stdout == dry.stdout.replace("would be", "were")
    left = asyncio.run(everything(database_url))
    assert [len(left[name]) for name in ("projects", "project_changes", "crawl_runs")] == [1, 1, 1]


def test_purge_looks_at_every_platform_that_is_kept_and_at_the_disk(
    scrapy: Scrapy, database_url: URL, environment: dict[str, str]
) -> None:
    old = [project("1", "dropped"), RejectedRecord(platform="rejecting", reason="no title", source="<li>")]
    asyncio.run(store(database_url, *old, days_ago=40))
    env = env_of(database_url) | {"OUTSOURCE_RETENTION": "30d"}
    spool = Spool.of(Config.load({**environment, **env}))
    spool.write(Batch([project("3"), project("4", "waiting")]), NOW - timedelta(days=31))
    spool.write(Batch([project("5"), project("6", "upwork")]), NOW - timedelta(days=2), 7)
    late = spool.write(Batch([project("7", "upwork")]), NOW)
    before = {path: path.read_bytes() for path in spool.waiting()}
    dry = scrapy("purge", "--dry-run", env=env)
    assert (dry.returncode, dry.stderr) == (0, "")
    assert {path: path.read_bytes() for path in spool.waiting()} == before
    assert dry.stdout.splitlines() == [
        "dropped: 1 projects (1 changes) older than 30 days would be deleted",
        "flru: 0 projects (1 items on disk) older than 30 days would be deleted",
        "rejecting: 0 projects (1 rejected records) older than 30 days would be deleted",
        "upwork: 0 projects (1 items on disk) older than 24 h would be deleted",
        "waiting: 0 projects (1 items on disk) older than 30 days would be deleted",
        "0 runs older than 30 days would be deleted",
    ]
    assert scrapy("purge", env=env).stdout == dry.stdout.replace("would be", "were")
    left = asyncio.run(everything(database_url))
    assert [len(left[name]) for name in ("projects", "project_changes", "rejected_records")] == [0, 0, 0]
    rest, latest = spool.waiting()
    assert latest == late
    assert [item.external_id for item in spool.read(rest).batch] == ["5"]
    assert (spool.read(rest).read_at, spool.read(rest).run_id) == (NOW - timedelta(days=2), 7)


@pytest.mark.parametrize("value", ["0d", "5h", "soon", "-3d"])
def test_a_retention_that_is_none(scrapy: Scrapy, value: str) -> None:
    ended = scrapy("purge", env={"OUTSOURCE_RETENTION": value})
    assert ended.returncode == 1
    assert ended.stderr == "error: OUTSOURCE_RETENTION must be a time of a day or more, such as 30d or 52w.\n"


def rejected(source: str) -> RejectedRecord:
    return RejectedRecord(platform="flru", reason="no title", source=source, external_id=None)


def test_forget_leaves_the_name_nowhere(
    scrapy: Scrapy, database_url: URL, environment: dict[str, str]
) -> None:
    theirs = project("1", client_name=CLIENT, description=f"{CLIENT} sucht")
    asyncio.run(store(database_url, theirs, days_ago=1, run=True))
    asyncio.run(
        store(
            database_url,
            project("1", client_name=CLIENT, bids_count=9, description="anders"),
            project("2", description=f"like the one of {CLIENT}", project_metadata={"by": [CLIENT]}),
            project("3", "guru", client_name=CLIENT),
            rejected(json.dumps({"client": CLIENT})),
            rejected(f"<li>{CLIENT}</li>"),
            rejected("<li>somebody</li>"),
        )
    )
    asyncio.run(store(database_url, project("2", description="no more of that")))
    env = env_of(database_url)
    spool = Spool.of(Config.load({**environment, **env}))
    spool.write(Batch([project("8", client_name=CLIENT), project("9")]), NOW)

    arguments = ("forget", "--client", CLIENT, "--platform", "flru")
    before = asyncio.run(everything(database_url))
    dry = scrapy(*arguments, "--dry-run", env=env)
    assert dry.returncode == 0, dry.stderr
    assert asyncio.run(everything(database_url)) == before
    done = scrapy(*arguments, env=env)
    assert done.stdout.splitlines() == [
        "1 projects, 2 changes, 2 counts, 2 rejected records, 0 validators and 1 items on disk were deleted",
        "2 mentions in other rows, 1 in runs and 0 in items on disk were blanked",
    ]
    assert dry.stdout == done.stdout.replace("were", "would be")
    left = asyncio.run(everything(database_url))
    assert [CLIENT in json.loads(row)["client_name"] for row in left["projects"] if '"guru"' in row] == [True]
    others = [row for rows in left.values() for row in rows if '"guru"' not in row]
    assert not any(json.dumps(CLIENT)[1:-1] in row or "Sample_%" in row for row in others)
    assert len(left["rejected_records"]) == 1
    waiting = [item for path in spool.waiting() for item in spool.read(path).batch]
    assert [item.external_id for item in waiting] == ["9"]

    asyncio.run(store(database_url))
    again = scrapy("forget", "--client", CLIENT, "--platform", "guru", env=env)
    assert again.stdout.startswith("1 projects, 1 changes, 0 counts")
    dumped = subprocess.run(
        [installation() / "bin" / "pg_dump", "--host", database_url.query["host"], "--username=postgres",
         str(database_url.database)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "Заказ 2" in dumped.stdout
    assert "O'Sample_%" not in dumped.stdout


def test_forget_somebody_unknown(scrapy: Scrapy, database_url: URL) -> None:
    asyncio.run(store(database_url, project("1", client_name="Other")))
    ended = scrapy("forget", "--client", "othe", "--platform", "flru", env=env_of(database_url))
    assert ended.returncode == 0
    assert ended.stdout.splitlines()[-1] == "nothing of flru holds that name; it is compared letter by letter"
    assert len(asyncio.run(everything(database_url))["projects"]) == 1
    assert scrapy("forget", "--client", " ", "--platform", "flru").returncode == 2


def test_replay_spool(scrapy: Scrapy, database_url: URL, environment: dict[str, str]) -> None:
    env = env_of(database_url)
    spool = Spool.of(Config.load({**environment, **env}))
    spool.write(Batch([project("1"), project("2"), rejected("<li>")]), NOW)
    spool.write(Batch([project("2"), project("3")]), NOW + timedelta(seconds=1))
    broken = spool.folder / "20000101T000000000000-00000000.jsonl"
    broken.write_text("nothing of ours")
    gone = scrapy("replay-spool", env={"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"})
    assert gone.returncode == 1
    assert gone.stderr.startswith("error: The database none at 127.0.0.1:9 cannot be reached")
    ended = scrapy("replay-spool", env=env)
    assert ended.returncode == 1
    assert f"5 items of 2 files in {spool.folder} are stored" in ended.stdout
    assert f"The spool file {broken.with_suffix('.unreadable')} cannot be read" in ended.stderr
    found = asyncio.run(everything(database_url))
    assert [len(found[name]) for name in ("projects", "project_changes", "rejected_records")] == [3, 3, 1]
    again = scrapy("replay-spool", env=env)
    assert (again.returncode, again.stdout) == (0, f"0 items of 0 files in {spool.folder} are stored\n")
