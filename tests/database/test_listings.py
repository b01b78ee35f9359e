from dataclasses import replace

from outsource_scraper.database.batches import Batch
from outsource_scraper.database.changes import content_hash
from outsource_scraper.database.listings import compare
from outsource_scraper.database.projects import store_batch
from outsource_scraper.database.session import AsyncDatabase
from outsource_scraper.items import Project
from tests.database.test_pages import NOW

TOLD = Project(platform="board", external_id="1", url="https://board.example/1", title="Shop in Vue")


async def test_what_a_listing_told_is_compared_with_what_it_tells(database: AsyncDatabase) -> None:
    other, unknown = replace(TOLD, external_id="2"), replace(TOLD, external_id="3")
    async with database.session() as session:
        await store_batch(session, Batch([TOLD, other]), run_id=None, now=NOW)
        hashes = {project.external_id: content_hash(project) for project in (TOLD, other, unknown)}
        assert await compare(session, "board", hashes) == ({"1", "2"}, set())
    told = Batch()
    told.add(TOLD, hashes["1"])
    async with database.session() as session:
        await store_batch(session, told, run_id=None, now=NOW)
    async with database.session() as session:
        assert await compare(session, "board", hashes) == ({"1", "2"}, {"1"})
        assert await compare(session, "elsewhere", hashes) == (set(), set())
        changed = {"1": content_hash(replace(TOLD, title="Shop in React"))}
        assert await compare(session, "board", changed) == ({"1"}, set())
