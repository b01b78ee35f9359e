"""The migrations: they make the tables that the models declare, and know where they stand."""

from __future__ import annotations

import asyncio
import copy
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, MetaData, Table, bindparam, inspect, select, text

from outsource_scraper.database import migrate
from outsource_scraper.database.models import Base
from outsource_scraper.database.session import AsyncDatabase
from outsource_scraper.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from sqlalchemy import URL


def tables(connection: Connection, schema: str) -> set[str]:
    return set(inspect(connection).get_table_names(schema=schema))


def test_the_head_that_is_written_down_is_the_head() -> None:
    script = ScriptDirectory.from_config(migrate.alembic_config())
    assert script.get_heads() == [migrate.head_revision()]


async def test_upgrade_makes_what_the_models_declare(any_database_url: URL) -> None:
    def differences(connection: Connection) -> object:
        return compare_metadata(MigrationContext.configure(connection), Base.metadata)

    async with AsyncDatabase(any_database_url) as database:
        async with database.engine.connect() as connection:
            assert await connection.run_sync(migrate.current_revision) is None
            await connection.run_sync(migrate.upgrade)
            assert await connection.run_sync(migrate.current_revision) == migrate.head_revision()
            assert await connection.run_sync(tables, "public") >= set(Base.metadata.tables)
            await connection.run_sync(migrate.upgrade)
        async with database.engine.connect() as connection:
            assert await connection.run_sync(differences) == []


async def test_each_schema_has_its_own_tables_and_revision(database_url: URL) -> None:
    async with AsyncDatabase(database_url, schema="market_1") as database:
        async with database.engine.begin() as connection:
            await connection.execute(text("CREATE SCHEMA market_1"))
        async with database.engine.connect() as connection:
            await connection.run_sync(migrate.upgrade, "market_1")
        async with database.engine.connect() as connection:
            assert await connection.run_sync(tables, "market_1") == {*Base.metadata.tables, "alembic_version"}
            assert await connection.run_sync(tables, "public") == set()
            assert await connection.run_sync(migrate.current_revision, "market_1") == migrate.head_revision()
            assert await connection.run_sync(migrate.current_revision, "public") is None


async def test_a_failed_migration_leaves_nothing(database_url: URL) -> None:
    async with AsyncDatabase(database_url) as database:
        async with database.engine.begin() as connection:
            await connection.execute(text("CREATE TABLE projects (unexpected int)"))
        with pytest.raises(Exception, match="already exists"):
            async with database.engine.connect() as connection:
                await connection.run_sync(migrate.upgrade)
        async with database.engine.connect() as connection:
            assert await connection.run_sync(tables, "public") == {"projects"}


async def test_a_revision_of_a_newer_release_is_refused(database: AsyncDatabase) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseUnavailable, match=r'"public" is at revision 9999.*newer outsource_scraper'):
        await database.migrate()
    with pytest.raises(DatabaseUnavailable, match=r'"public" is at revision 9999.*newer outsource_scraper'):
        await database.initialize()


async def test_tables_of_an_earlier_release_are_refused_until_they_are_migrated(
    database: AsyncDatabase,
) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '0003'"))
    with pytest.raises(DatabaseUnavailable, match=r"at revision 0003 .* with `scrapy migrate`"):
        await database.initialize()
    await database.migrate()
    await database.initialize()


async def test_a_schema_of_its_own_leaves_the_indexes_of_another_alone(database_url: URL) -> None:
    for schema in ("public", "market_1"):
        async with AsyncDatabase(database_url, schema=schema) as database:
            await database.migrate()
    async with AsyncDatabase(database_url) as database, database.engine.connect() as connection:
        indexes = await connection.run_sync(
            lambda sync: inspect(sync).get_indexes("projects", schema="public")
        )
        assert "ix_projects_client" in {index["name"] for index in indexes}


async def test_downgrade_and_the_command_line_of_alembic(
    database_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url.render_as_string(hide_password=False))
    monkeypatch.setenv("DB_SCHEMA", "public")
    await asyncio.to_thread(command.upgrade, migrate.alembic_config(), "head")
    async with AsyncDatabase(database_url) as database, database.engine.connect() as connection:
        assert await connection.run_sync(tables, "public") == {*Base.metadata.tables, "alembic_version"}
    await asyncio.to_thread(command.check, migrate.alembic_config())
    await asyncio.to_thread(command.downgrade, migrate.alembic_config(), "base")
    async with AsyncDatabase(database_url) as database, database.engine.connect() as connection:
        assert await connection.run_sync(tables, "public") == {"alembic_version"}


def test_a_new_migration_is_written_from_the_template(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = migrate.alembic_config()
    config.set_main_option("version_locations", str(tmp_path))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)
    made = script.generate_revision(
        "0002", "Let a project have a colour.", head="base", version_path=str(tmp_path)
    )
    assert made is not None
    assert made.revision == "0002"
    assert made.path.endswith("_0002_let_a_project_have_a_colour.py")
    with pytest.raises(NotImplementedError):
        made.module.upgrade()


def moment(day: int) -> datetime:
    return datetime(2026, 1, day, 9, 30, 15, 123456, tzinfo=UTC)


def stored_project(number: int, **fields: Any) -> dict[str, Any]:
    """A row with a value in every column that is not said to be without one."""
    return {
        "id": number,
        "platform": "flru",
        "external_id": f"id-{number}",
        "url": f"https://board.example/{number}",
        "title": f"Каталог «{number}» 목록",
        "description": 'first line\nsecond "line"\\',
        "category": "Сайты",
        "skills": ["C++", "a,b", ""],
        "budget_min": Decimal("300.10"),
        "budget_max": Decimal("1234567.891"),
        "currency": "EUR",
        "payment_type": "hourly",
        "work_type": "remote",
        "location": "Київ",
        "country": "UA",
        "language": "uk",
        "posted_at": moment(1),
        "deadline_at": moment(20),
        "duration_days": 30,
        "status": "open",
        "bids_count": 7,
        "views_count": 70,
        "client_name": f"Client {number % 2}",
        "client_country": "PL",
        "client_rating": Decimal("4.75"),
        "client_spent_usd": Decimal("0.10"),
        "client_verified": False,
        "project_metadata": {"kind": ["order", None, 1.5]},
        "content_hash": bytes([number % 256, 0, 255]),
        "listing_hash": b"\\x00",
        "first_seen_at": moment(2),
        "last_seen_at": moment(5),
        "changed_at": moment(4),
        "closed_at": None,
        "closed_reason": None,
        "repost_of": None,
        "counted_at": moment(4),
        **fields,
    }


GONE = {"status": "closed", "closed_at": moment(6)}
SPARSE = (
    "description", "category", "budget_min", "budget_max", "currency", "payment_type", "work_type",
    "location", "country", "language", "posted_at", "deadline_at", "duration_days", "bids_count",
    "views_count", "client_name", "client_country", "client_rating", "client_spent_usd", "client_verified",
    "listing_hash", "counted_at",
)  # fmt: skip
ROWS: dict[str, list[dict[str, Any]]] = {
    "crawl_runs": [
        {
            "id": 3, "platform": "flru", "mode": "full", "arguments": {"query": "каталог"},
            "started_at": moment(1), "heartbeat_at": moment(2), "process": "worker-1:4711",
            "finished_at": moment(2), "verdict": "partial", "reason": "2 records were rejected",
            "complete": True, "pages": 9, "new": 1, "updated": 2, "unchanged": 3, "reopened": 4, "closed": 5,
            "rejected": 6, "duplicates": 7, "spooled": 8, "stats": {"listing/pages": 9},
        },
        {"id": 4, "platform": "guru"},
    ],
    "projects": [
        stored_project(1),
        # Where the reasons of old closings are filled in, a thousand ids at once.
        stored_project(1000, **GONE),
        stored_project(1001, **GONE, content_hash=None, repost_of=1000),
        stored_project(2500, **GONE, closed_reason="deadline"),
        stored_project(2501, **dict.fromkeys(SPARSE), skills=[], project_metadata={}, status="unknown"),
    ],
    "project_changes": [
        {"id": 8, "project_id": 1, "run_id": 3, "kind": "new", "changed_at": moment(2), "changes": None},
        {
            "id": 9, "project_id": 1000, "run_id": None, "kind": "closed", "changed_at": moment(6),
            "changes": {"budget_max": ["500", "800.50"], "status": ["open", "closed"]},
        },
    ],
    "rejected_records": [
        {
            "id": 5, "run_id": 3, "platform": "flru", "external_id": "id-9", "url": "https://board.example/9",
            "reason": "the record has no title", "source": "<li>\t</li>", "created_at": moment(3),
        },
        {"id": 6, "run_id": None, "platform": "guru", "reason": "r", "source": "", "created_at": moment(3)},
    ],
    "page_validators": [
        {
            "platform": "flru", "url": "https://board.example/", "etag": 'W/"1"',
            "last_modified": "Thu, 01 Jan 2026 00:00:00 GMT", "stored_at": moment(3),
        }
    ],
    "project_counts": [
        {"project_id": 1, "counted_at": moment(2), "bids_count": 3, "views_count": None},
        {"project_id": 1, "counted_at": moment(4), "bids_count": 7, "views_count": 70},
    ],
    "notices": [{"trouble": "flru blocked", "sent_at": moment(3)}],
}  # fmt: skip
"""Rows for every table, in the order of their references; a revision takes those columns that it has."""

EARLIER = [
    script.revision
    for script in ScriptDirectory.from_config(migrate.alembic_config()).walk_revisions()
    if script.revision != migrate.head_revision()
]

Stored = dict[str, list[dict[str, Any]]]
"""The rows of each table, in the order of their keys."""


def found_tables(connection: Connection) -> dict[str, Table]:
    """The tables of ours that there are; SQLAlchemy's own look at a whole one warns of a check NOT VALID."""
    inspector = inspect(connection)
    found = {}
    for name in set(inspector.get_table_names()) - {"alembic_version"}:
        key = inspector.get_pk_constraint(name)["constrained_columns"]
        columns = (
            Column(one["name"], one["type"], primary_key=one["name"] in key)
            for one in inspector.get_columns(name)
        )
        found[name] = Table(name, MetaData(), *columns)
    return found


def fill(connection: Connection) -> None:
    """Put `ROWS` into the tables that there are."""
    found = found_tables(connection)
    for name, row in ((name, row) for name, rows in ROWS.items() if name in found for row in rows):
        kinds = {column.name: column.type for column in found[name].c}
        values = {column: value for column, value in row.items() if column in kinds}
        columns, places = ", ".join(values), ", ".join(f":{column}" for column in values)
        # Rows have ids of their own here, which no insert() of SQLAlchemy can say.
        statement = f"INSERT INTO {name} ({columns}) OVERRIDING SYSTEM VALUE VALUES ({places})"  # noqa: S608
        typed = text(statement).bindparams(*(bindparam(column, type_=kinds[column]) for column in values))
        connection.execute(typed, values)
    connection.commit()


def stored(connection: Connection) -> Stored:
    rows = {
        name: [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]
        for name, table in found_tables(connection).items()
    }
    connection.rollback()
    return rows


def only(rows: Stored, like: Stored) -> Stored:
    """Of `rows` what the tables of `like` have a place for."""
    return {
        name: [{column: row[column] for column in those[0]} for row in rows[name]]
        for name, those in like.items()
    }


def with_reasons(rows: Stored, revision: str) -> Stored:
    """`rows` of `revision` as they are when old closings have got the reasons that 0004 gives them."""
    filled = copy.deepcopy(rows)
    for row in filled["projects"] if revision < "0004" else ():
        if row["closed_at"] is not None and row.get("closed_reason", "") is None:
            row["closed_reason"] = "absent" if row["content_hash"] is None else "stated"
    return filled


def move(connection: Connection, revision: str, direction: str = "upgrade") -> None:
    config = migrate.alembic_config()
    config.attributes.update(connection=connection, schema="public")
    getattr(command, direction)(config, revision)
    connection.rollback()


async def test_there_are_rows_for_every_column(database: AsyncDatabase) -> None:
    """So that a table or a column which a later revision adds is not forgotten here."""
    assert set(ROWS) == set(Base.metadata.tables)
    async with database.engine.connect() as connection:
        await connection.run_sync(fill)
        for name, rows in (await connection.run_sync(stored)).items():
            empty = [column for column in rows[0] if all(row[column] is None for row in rows)]
            assert empty == [], name


@pytest.mark.parametrize("revision", EARLIER)
async def test_rows_of_an_earlier_revision_go_up(any_database_url: URL, revision: str) -> None:
    async with AsyncDatabase(any_database_url) as database, database.engine.connect() as connection:
        await connection.run_sync(move, revision)
        await connection.run_sync(fill)
        before = await connection.run_sync(stored)
        await database.migrate()
        after = await connection.run_sync(stored)
        assert only(after, before) == with_reasons(before, revision)
        # What came later is empty, but for the reasons.
        assert {name for name in after if name not in before and after[name]} == set()
        if "closed_reason" not in before["projects"][0]:
            reasons = [row["closed_reason"] for row in after["projects"]]
            assert reasons == [None, "stated", "absent", "stated", None]
            for name in ("views_count", "repost_of", "counted_at"):
                assert {row[name] for row in after["projects"]} == {None}
            assert all(row["heartbeat_at"] is not None for row in after["crawl_runs"])
            assert {row["process"] for row in after["crawl_runs"]} == {None}
        if "listing_hash" not in before["projects"][0]:
            assert {row["listing_hash"] for row in after["projects"]} == {None}
        assert await connection.run_sync(migrate.current_revision) == migrate.head_revision()


@pytest.mark.parametrize("revision", EARLIER)
async def test_rows_go_down_to_an_earlier_revision_and_up_again(any_database_url: URL, revision: str) -> None:
    async with AsyncDatabase(any_database_url) as database:
        await database.migrate()
        async with database.engine.connect() as connection:
            await connection.run_sync(fill)
            newest = await connection.run_sync(stored)
            await connection.run_sync(move, revision, "downgrade")
            assert await connection.run_sync(migrate.current_revision) == revision
            await connection.rollback()
            below = await connection.run_sync(stored)
            assert below == only(newest, below)
            await database.migrate()
            again = await connection.run_sync(stored)
            assert only(again, below) == with_reasons(below, revision)
            assert {name: list(rows[0]) for name, rows in again.items() if rows} == {
                name: list(newest[name][0]) for name in below
            }
            if "closed_reason" not in below["projects"][0]:
                reasons = [row["closed_reason"] for row in again["projects"]]
                assert reasons == [None, "stated", "absent", "stated", None]
        await database.initialize()


async def at_revision(database: AsyncDatabase, revision: str) -> None:
    async with database.engine.connect() as connection:
        await connection.run_sync(move, revision)


async def test_nobody_waits_behind_a_migration_that_waits(any_database_url: URL) -> None:
    async with AsyncDatabase(any_database_url) as database:
        await at_revision(database, "0002")
        async with database.engine.connect() as holder, database.engine.connect() as reader:
            await holder.execute(text("SELECT count(*) FROM projects"))
            migrating = asyncio.create_task(database.migrate())
            waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'")
            while not await reader.scalar(waits):
                await reader.rollback()
                await asyncio.sleep(0.001)
            # Longer than the migration waits, and for ever shorter than the holder holds.
            await reader.execute(text("SET lock_timeout = '30s'"))
            await reader.execute(text("SELECT count(*) FROM projects"))
            assert not migrating.done()
            await reader.rollback()
            await holder.rollback()
            await migrating
            assert await reader.run_sync(migrate.current_revision) == migrate.head_revision()


async def test_a_table_that_is_always_in_use_is_told(
    database_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "TRIES", 2)
    async with AsyncDatabase(database_url) as database:
        await at_revision(database, "0002")
        async with database.engine.connect() as holder:
            await holder.execute(text("SELECT count(*) FROM projects"))
            with pytest.raises(
                DatabaseUnavailable, match=r'holds a table in the schema "public" all the time'
            ):
                await database.migrate()
        async with database.engine.connect() as connection:
            assert await connection.run_sync(migrate.current_revision) == "0002"
        await database.migrate()
