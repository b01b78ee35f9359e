"""What is kept of a person goes whole and at once, and nothing of anybody else is spoiled by it."""

from __future__ import annotations

import asyncio
import html
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from outsource_scraper.commands.history import events
from outsource_scraper.database.batches import Batch
from outsource_scraper.database.driver import lock_platforms
from outsource_scraper.database.forgetting import forget
from outsource_scraper.database.history import life_of
from outsource_scraper.database.models import Base
from outsource_scraper.database.names import REMOVED
from outsource_scraper.database.pages import save_validators
from outsource_scraper.database.projects import store_batch
from outsource_scraper.database.runs import finish_run, start_run
from outsource_scraper.items import Project, RejectedRecord

if TYPE_CHECKING:
    from outsource_scraper.database.deleting import Deleted
    from outsource_scraper.database.session import AsyncDatabase

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
CLIENT = 'Tom & "Jerry" Müller'


def project(external_id: str, **fields: Any) -> Project:
    url = f"https://board.example/{external_id}"
    return Project(**{"platform": "flru", "external_id": external_id, "url": url, "title": "Shop"} | fields)


def rejected(source: str, **fields: Any) -> RejectedRecord:
    return RejectedRecord(**{"platform": "flru", "reason": "no title", "source": source} | fields)


async def put(database: AsyncDatabase, *items: Any, now: datetime = NOW, run_id: int | None = None) -> None:
    async with database.session() as session:
        await store_batch(session, Batch(items), run_id=run_id, now=now)


async def rows(database: AsyncDatabase, statement: str) -> list[Any]:
    async with database.engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(statement))]


async def everything(database: AsyncDatabase) -> dict[str, list[Any]]:
    tables = [table.name for table in Base.metadata.sorted_tables]
    return {
        name: sorted(await rows(database, f"SELECT CAST(t AS text) FROM {name} t"))  # noqa: S608
        for name in tables
    }


async def forgotten(database: AsyncDatabase, client: str, **options: bool) -> Deleted:
    async with database.session() as session:
        return await forget(session, "flru", client, **options)


@pytest.mark.parametrize(
    "client", ["12", "700", "700.5", "title", "budget_min", "listing", "ok", "Art", "[", "null"]
)
async def test_a_name_that_is_much_else_too(database: AsyncDatabase, client: str) -> None:
    async with database.session() as session:
        run_id = (await start_run(session, "flru", "new", {"max_pages": 12})).id
    budget = {"budget_min": Decimal("700.5"), "budget_max": Decimal(700), "currency": "USD"}
    other = project("2", title="Article for Artists", project_metadata={"n": 12, "title": None})
    await put(database, project("1", client_name=client), other, run_id=run_id)
    await put(database, project("2", title="Article for Artists 2", **budget), now=NOW + HOUR, run_id=run_id)
    async with database.session() as session, session.begin():
        await finish_run(session, run_id, "ok", stats={"listing/pages": 12, "listing/projects": 120})
    kept = (
        "SELECT title, project_metadata, budget_min FROM projects WHERE external_id = '2'",
        "SELECT kind, changes FROM project_changes WHERE kind = 'updated'",
        "SELECT arguments, stats, verdict, reason FROM crawl_runs",
    )
    before = [await rows(database, statement) for statement in kept]
    deleted = await forgotten(database, client)
    assert (deleted.projects, deleted.mentions, deleted.runs) == (1, 0, 0)
    assert [await rows(database, statement) for statement in kept] == before
    async with database.session() as session:
        life = await life_of(session, "flru", "2")
    assert life is not None
    assert len(events(life)) == 3


async def test_every_spelling_of_it_and_every_text(database: AsyncDatabase) -> None:
    sources = [
        f"<li>{html.escape(CLIENT, quote=False)}</li>",
        f'<li data-client="{html.escape(CLIENT)}"></li>',
        json.dumps({"client": CLIENT}),
        json.dumps({"client": CLIENT}, ensure_ascii=False),
    ]
    await put(database, project("1", client_name=CLIENT), *map(rejected, sources))
    await put(
        database,
        rejected("<li>", url="https://board.example/u/Tom%20%26%20%22Jerry%22%20M%C3%BCller"),
        rejected("<li>", external_id="1"),
        rejected("<li>Tomas</li>", external_id="2"),
        rejected(sources[0], platform="guru"),
    )
    mention = f"of {CLIENT}."
    fields = ("title", "description", "category", "location")
    texts = dict.fromkeys(fields, mention) | {
        "skills": [CLIENT, "Vue"],
        "project_metadata": {"by": [CLIENT]},
    }
    await put(database, project("2", **texts), project("3", client_name=f"{CLIENT} GmbH"))
    await put(database, project("2", **texts | {"description": "another"}), now=NOW + HOUR)
    async with database.session() as session:
        found = {
            "https://board.example/?by=Tom+%26+%22Jerry%22+M%C3%BCller": ("x", None),
            "https://b.example": ("y", None),
        }
        await save_validators(session, "flru", found)
        await start_run(session, "flru", "new", {"query": CLIENT})
    before = await everything(database)
    counted = await forgotten(database, CLIENT, dry_run=True)
    assert await everything(database) == before
    deleted = await forgotten(database, CLIENT)
    assert deleted == counted
    assert (deleted.projects, deleted.rejected, deleted.pages, deleted.mentions, deleted.runs) == (
        1,
        6,
        1,
        2,
        1,
    )
    assert await rows(database, "SELECT platform, external_id FROM rejected_records ORDER BY id") == [
        ("flru", "2"), ("guru", None)
    ]  # fmt: skip
    blank = f"of {REMOVED}."
    assert await rows(
        database,
        f"SELECT {', '.join(fields)}, skills, project_metadata FROM projects WHERE external_id = '2'",  # noqa: S608
    ) == [(blank, "another", blank, blank, [REMOVED, "Vue"], {"by": [REMOVED]})]
    assert await rows(database, "SELECT changes FROM project_changes WHERE kind = 'updated'") == [
        ({"description": [blank, "another"]},)
    ]
    assert await rows(database, "SELECT arguments FROM crawl_runs") == [({"query": REMOVED},)]
    assert (await forgotten(database, CLIENT)).total == 0


async def test_after_a_fault_a_repeat_finds_everything_again(database: AsyncDatabase) -> None:
    async with database.session() as session:
        await start_run(session, "flru", "new", {"query": CLIENT})
    await put(database, project("1", client_name=CLIENT), rejected("<li>", external_id="1"))
    await put(database, project("2", description=f"as {CLIENT} has it"))
    before = await everything(database)
    async with database.engine.begin() as connection:
        await connection.execute(
            text(
                "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql"
                " AS $$ BEGIN RAISE EXCEPTION 'full'; END $$"
            )
        )
        await connection.execute(
            text("CREATE TRIGGER fail BEFORE UPDATE ON crawl_runs FOR EACH ROW EXECUTE FUNCTION fail()")
        )
    with pytest.raises(DBAPIError, match="full"):
        await forgotten(database, CLIENT)
    assert await everything(database) == before
    async with database.engine.begin() as connection:
        await connection.execute(text("DROP TRIGGER fail ON crawl_runs"))
    deleted = await forgotten(database, CLIENT)
    assert (deleted.projects, deleted.rejected, deleted.mentions, deleted.runs) == (1, 1, 1, 1)


async def test_what_a_writer_has_begun_is_waited_for(database: AsyncDatabase) -> None:
    await put(database, project("1", client_name=CLIENT))
    waits = (
        "SELECT 1 FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database"
        " WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted"
    )
    async with database.session() as session, session.begin():
        await lock_platforms(session, ["flru"])
        insert = "INSERT INTO projects (platform, external_id, url, title, client_name, first_seen_at,"
        insert += " last_seen_at, changed_at) VALUES ('flru', '2', 'x', 'Shop', :client, now(), now(), now())"
        await session.execute(text(insert), {"client": CLIENT})
        forgetting = asyncio.create_task(forgotten(database, CLIENT))
        while not (forgetting.done() or await rows(database, waits)):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert not forgetting.done()
    assert (await forgetting).projects == 2


@pytest.mark.parametrize("client", ["'" * 300, "Ёж" * 150, "한글" * 150, "\\d{5}(a|b)*\x01"])
async def test_names_that_are_long_or_patterns(database: AsyncDatabase, client: str) -> None:
    await put(
        database,
        project("1", client_name=client),
        project("2", description=f"({client})", project_metadata={"by": client}),
        rejected(json.dumps({"by": client})),
    )
    deleted = await forgotten(database, client)
    assert (deleted.projects, deleted.mentions, deleted.rejected) == (1, 1, 1)
    assert await rows(database, "SELECT description FROM projects") == [(f"({REMOVED})",)]
