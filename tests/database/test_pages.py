from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from outsource_scraper.database.batches import Batch
from outsource_scraper.database.models import Project as Row
from outsource_scraper.database.models import ProjectChange
from outsource_scraper.database.pages import load_validators, save_validators
from outsource_scraper.database.projects import store_batch
from outsource_scraper.database.retention import purge
from outsource_scraper.database.session import AsyncDatabase
from outsource_scraper.items import Project

NOW = datetime(2026, 3, 1, tzinfo=UTC)


async def test_validators_come_back_as_they_were_and_are_replaced(database: AsyncDatabase) -> None:
    first = {
        "https://a.example/": ('W/"x"', None),
        "https://b.example/": (None, "Sun, 01 Mar 2026 00:00:00 GMT"),
    }
    async with database.session() as session:
        await save_validators(session, "board", first)
        await save_validators(session, "board", {})
    async with database.session() as session:
        assert await load_validators(session, "board") == first
        assert await load_validators(session, "elsewhere") == {}
    async with database.session() as session:
        await save_validators(session, "board", {"https://a.example/": ('"y"', "now")})
    async with database.session() as session:
        assert await load_validators(session, "board") == {**first, "https://a.example/": ('"y"', "now")}


async def test_what_has_outlived_its_retention_goes_with_its_history(database: AsyncDatabase) -> None:
    def project(platform: str, number: int) -> Project:
        url = f"https://board.example/{number}"
        return Project(platform=platform, external_id=str(number), url=url, title="Shop in Vue")

    async with database.session() as session:
        for age in (1, 23, 25, 48):
            seen_at = NOW - timedelta(hours=age)
            batch = Batch([project("upwork", age), project("guru", age)])
            await store_batch(session, batch, run_id=None, now=seen_at)
        assert (await purge(session, "upwork", NOW - timedelta(hours=24))).projects == 2
    async with database.session() as session:
        left = (await session.execute(select(Row.platform, Row.external_id))).all()
        assert {tuple(row) for row in left} == {
            ("upwork", "1"), ("upwork", "23"), ("guru", "1"), ("guru", "23"), ("guru", "25"), ("guru", "48")
        }  # fmt: skip
        assert await session.scalar(select(func.count()).select_from(ProjectChange)) == 6
