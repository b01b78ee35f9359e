"""What has outlived its time goes, by when it was read; what tells that a platform is well stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from outsource_scraper.database.batches import Batch
from outsource_scraper.database.deleting import Deleted
from outsource_scraper.database.health import records
from outsource_scraper.database.models import CrawlRun, PageValidator, ProjectChange
from outsource_scraper.database.models import Project as Row
from outsource_scraper.database.models import RejectedRecord as RejectedRow
from outsource_scraper.database.pages import load_validators, save_validators
from outsource_scraper.database.projects import store_batch
from outsource_scraper.database.retention import kept_platforms, purge, purge_runs
from outsource_scraper.items import Project, RejectedRecord

if TYPE_CHECKING:
    from outsource_scraper.database.session import AsyncDatabase

NOW = datetime.now(UTC)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


async def test_a_rejected_record_is_as_old_as_its_reading(database: AsyncDatabase) -> None:
    record = RejectedRecord(platform="upwork", reason="no title", source="<li>")
    async with database.session() as session:
        for hours in (30, 20):
            await store_batch(session, Batch([record]), run_id=None, now=ago(hours=hours))
        assert (await purge(session, "upwork", ago(hours=24))).rejected == 1
        assert (await session.scalars(select(RejectedRow.created_at))).all() == [ago(hours=20)]


async def test_validators_of_pages_grow_old(database: AsyncDatabase) -> None:
    pages = {"https://board.example/old": ("x", None), "https://board.example/new": ("y", None)}
    async with database.session() as session:
        for platform in ("flru", "guru"):
            await save_validators(session, platform, pages)
        async with session.begin():
            old = update(PageValidator).where(PageValidator.url.endswith("old"))
            await session.execute(old.values(stored_at=ago(days=40)))
        assert (await purge(session, "flru", ago(days=30), dry_run=True)).pages == 1
        assert (await purge(session, "flru", ago(days=30))).pages == 1
        assert list(await load_validators(session, "flru")) == ["https://board.example/new"]
        assert len(await load_validators(session, "guru")) == 2


async def test_the_history_of_what_stays_grows_old_too(database: AsyncDatabase) -> None:
    def project(platform: str, title: str, bids: int) -> Project:
        url = "https://board.example/1"
        return Project(platform=platform, external_id="1", url=url, title=title, bids_count=bids)

    async with database.session() as session:
        for hours, title in ((50, "first"), (30, "second"), (2, "third")):
            batch = Batch([project(platform, title, hours) for platform in ("upwork", "flru")])
            await store_batch(session, batch, run_id=None, now=ago(hours=hours))
        assert (await purge(session, "flru", ago(hours=24))).total == 0
        would = await purge(session, "upwork", ago(hours=24), with_history=True, dry_run=True)
        gone = await purge(session, "upwork", ago(hours=24), with_history=True)
        # "new" and the first change; the first sight and the numbers of the second.
        assert would == gone == Deleted(changes=2, counts=2)
        left = select(ProjectChange.changes).join(Row, Row.id == ProjectChange.project_id)
        rows = (await session.scalars(left.where(Row.platform == "upwork"))).all()
        assert rows == [{"title": ["second", "third"]}]
        assert (await session.scalars(select(Row.title))).all() == ["third", "third"]


async def test_platforms_that_only_the_tables_know(database: AsyncDatabase) -> None:
    record = RejectedRecord(platform="b", reason="no title", source="<li>")
    project = Project(platform="a", external_id="1", url="https://board.example/1", title="Shop")
    async with database.session() as session:
        await store_batch(session, Batch([record, project]), run_id=None, now=NOW)
        await save_validators(session, "c", {"https://board.example/": ("x", None)})
        assert await kept_platforms(session) == {"a", "b", "c"}


async def test_the_last_good_run_of_a_platform_stays(database: AsyncDatabase) -> None:
    def run(platform: str, days: float, verdict: str | None = "ok", **values: Any) -> dict[str, Any]:
        at = ago(days=days)
        return {
            "platform": platform,
            "started_at": at,
            "heartbeat_at": at,
            "verdict": verdict,
            "arguments": {},
        } | values

    runs = [
        run("guru", 50),
        run("guru", 40, process="the last good one"),
        run("guru", 39, arguments={"query": "Vue"}),
        run("guru", 38, "blocked"),
        run("flru", 40),
        run("flru", 1, process="a later good one"),
        run("killed", 40, None),
        run("living", 40, None, heartbeat_at=NOW, process="a long one"),
    ]
    async with database.session() as session:
        async with session.begin():
            await session.execute(insert(CrawlRun), runs)
        last_good = (await records(session, ["guru"]))["guru"].last_good
        assert await purge_runs(session, ago(days=30), dry_run=True) == 5
        assert await purge_runs(session, ago(days=30)) == 5
        kept = (await session.scalars(select(CrawlRun.process).order_by(CrawlRun.id))).all()
        assert kept == ["the last good one", "a later good one", "a long one"]
    async with database.session() as session:
        assert last_good == (await records(session, ["guru"]))["guru"].last_good == ago(days=40)
