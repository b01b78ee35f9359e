"""`scrapy forget` where a name stands on disk too, stands for everybody, or is none."""

import asyncio
import fcntl
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import URL

from outsource_scraper.config import Config
from outsource_scraper.database.batches import Batch
from outsource_scraper.database.names import REMOVED
from outsource_scraper.database.projects import store_batch
from outsource_scraper.database.session import AsyncDatabase
from outsource_scraper.database.spool import Spool
from outsource_scraper.items import GonePosting, Project, RejectedRecord
from tests.commands.conftest import Scrapy
from tests.conftest import fetch
from tests.faults.disks import small_disk

NOW = datetime.now(UTC)
CLIENT = 'Tom & "Jerry" Müller'
FORGET = ("forget", "--client", CLIENT, "--platform", "flru")


def project(external_id: str, **fields: Any) -> Project:
    url = f"https://board.example/{external_id}"
    return Project(**{"platform": "flru", "external_id": external_id, "url": url, "title": "Shop"} | fields)


def rejected(source: str, **fields: Any) -> RejectedRecord:
    return RejectedRecord(**{"platform": "flru", "reason": "no title", "source": source} | fields)


def store(url: URL, *items: Any) -> dict[str, str]:
    """Store `items`, and return the environment of a command that finds them."""

    async def put() -> None:
        async with AsyncDatabase(url) as database, database.session() as session:
            await database.initialize()
            await store_batch(session, Batch(items), run_id=None, now=NOW)

    asyncio.run(put())
    return {"DATABASE_URL": url.render_as_string(hide_password=False)}


def test_what_waits_on_disk(scrapy: Scrapy, database_url: URL, environment: dict[str, str]) -> None:
    env = store(database_url, project("1", client_name=CLIENT))
    spool = Spool.of(Config.load({**environment, **env}))
    spool.write(Batch([project("7", client_name=CLIENT)]), NOW)
    link = "https://board.example/u/Tom%20%26%20%22Jerry%22%20M%C3%BCller"
    others = [
        project("2", description="another"),
        project("1", platform="guru", client_name=CLIENT),
        rejected("<li>", external_id="3"),
    ]
    mentioning = project("9", description=f"see {CLIENT}", skills=[CLIENT], project_metadata={"by": CLIENT})
    batch = [
        *others,
        mentioning,
        project("1", description="theirs, by an id that only the database knows"),
        rejected("<li>", external_id="7"),
        GonePosting(platform="flru", external_id="7", url="https://board.example/7"),
        rejected(json.dumps({"by": CLIENT})),
        rejected("<li>", url=link),
    ]
    spool.write(Batch(batch), NOW, 5)
    before = {path: path.read_bytes() for path in spool.waiting()}
    dry = scrapy(*FORGET, "--dry-run", env=env)
    assert (dry.returncode, dry.stderr) == (0, "")
    assert {path: path.read_bytes() for path in spool.waiting()} == before
    done = scrapy(*FORGET, env=env)
    assert done.stdout.splitlines() == [
        "1 projects, 1 changes, 0 counts, 0 rejected records, 0 validators and 6 items on disk were deleted",
        "0 mentions in other rows, 0 in runs and 1 in items on disk were blanked",
    ]
    assert dry.stdout == done.stdout.replace("were", "would be")
    (path,) = spool.waiting()
    waiting = spool.read(path)
    assert (waiting.read_at, waiting.run_id) == (NOW, 5)
    blanked = project("9", description=f"see {REMOVED}", skills=[REMOVED], project_metadata={"by": REMOVED})
    kept = sorted(waiting.batch, key=repr)
    assert kept == sorted([*others, blanked], key=repr)


def test_files_that_are_not_to_be_changed_are_named(
    scrapy: Scrapy, database_url: URL, environment: dict[str, str]
) -> None:
    env = store(database_url, project("1", client_name=CLIENT))
    spool = Spool.of(Config.load({**environment, **env}))
    taken = spool.write(Batch([project("2", client_name=CLIENT)]), NOW)
    unfinished, damaged = spool.folder / "a.part", spool.folder / "c.jsonl"
    unfinished.write_text(json.dumps({"client_name": CLIENT})[:-1])
    damaged.write_text(f"{{{CLIENT}")
    (spool.folder / "b.unreadable").write_text("nobody")
    # As if another process had stored and deleted it while the folder was looked at.
    (spool.folder / "gone.jsonl").symlink_to("nothing")
    elsewhere = Spool(spool.folder.parent / "other").write(Batch([project("1", client_name=CLIENT)]), NOW)
    with taken.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        ended = scrapy(*FORGET, env=env)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert ended.stdout.splitlines()[0].startswith("1 projects,")
    left = sorted([unfinished, damaged.with_suffix(".unreadable"), taken, elsewhere])
    assert ended.stdout.splitlines()[2:] == [
        f"{path} holds the name and was left: look into it, delete it, and repeat the command"
        for path in left
    ]
    assert all(path.exists() for path in left)
    assert asyncio.run(fetch(database_url, "SELECT 1 FROM projects")) == []
    for path in left:
        if path != taken:
            path.unlink()
    again = scrapy(*FORGET, env=env)
    assert (again.returncode, spool.waiting()) == (0, [spool.folder / "gone.jsonl"])


def test_a_name_that_stands_for_everybody(scrapy: Scrapy, database_url: URL) -> None:
    env = store(database_url, *(project(str(number), client_name="비공개") for number in range(101)))
    arguments = ("forget", "--client", "비공개", "--platform", "flru")
    refused = scrapy(*arguments, env=env)
    assert refused.returncode == 2
    assert refused.stderr.startswith("error: 101 projects of flru have that client, as if the name stood")
    assert refused.stderr.count("\n") == 1
    assert len(asyncio.run(fetch(database_url, "SELECT 1 FROM projects"))) == 101
    assert scrapy(*arguments, "--dry-run", env=env).stdout.startswith("101 projects")
    assert scrapy(*arguments, "--yes", env=env).stdout.startswith("101 projects")
    assert asyncio.run(fetch(database_url, "SELECT 1 FROM projects")) == []


def test_a_disk_that_is_full(scrapy: Scrapy, database_url: URL, environment: dict[str, str]) -> None:
    env = store(database_url, project("1", client_name=CLIENT))
    with small_disk(128 * 1024) as disk:
        env["OUTSOURCE_DATA_DIR"] = str(disk)
        spool = Spool.of(Config.load({**environment, **env}))
        path = spool.write(Batch([project("2", client_name=CLIENT), project("3")]), NOW)
        with suppress(OSError):
            (disk / "full").write_bytes(bytes(256 * 1024))
        ended = scrapy(*FORGET, env=env)
        assert ended.returncode == 1
        assert ended.stderr.startswith(f"error: the files in {spool.folder} cannot be changed (")
        assert ended.stderr.count("\n") == 1
        assert spool.waiting() == [path]
        assert len(asyncio.run(fetch(database_url, "SELECT 1 FROM projects"))) == 1
        (disk / "full").unlink()
        assert scrapy(*FORGET, env=env).stdout.startswith("1 projects")
