"""`scrapy history`: what a person reads of one project's life."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import URL

from outsource_scraper.commands.history import events
from outsource_scraper.database.batches import Batch
from outsource_scraper.database.changes import MUTABLE
from outsource_scraper.database.closing import close_absent
from outsource_scraper.database.history import Life, life_of
from outsource_scraper.database.models import Project as Row
from outsource_scraper.database.models import ProjectChange
from outsource_scraper.database.projects import store_batch
from outsource_scraper.database.runs import finish_run, start_run
from outsource_scraper.database.session import AsyncDatabase
from outsource_scraper.items import PaymentType, Project, Status
from tests.commands.conftest import Scrapy

FIRST = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
TEXT = "Нужен каталог на девятьсот товаров с поиском, корзиной и выгрузкой в таблицы для бухгалтерии."


def project(external_id: str = "7", **fields: Any) -> Project:
    given: dict[str, Any] = {
        "title": "Каталог товаров",
        "description": TEXT,
        "client_name": "Some Client",
        "budget_min": Decimal(300),
        "budget_max": Decimal(500),
        "currency": "USD",
        "payment_type": PaymentType.FIXED,
        "deadline_at": FIRST + timedelta(days=10),
        "posted_at": FIRST - timedelta(hours=2),
        "status": Status.OPEN,
        "bids_count": 3,
    }
    return Project(
        platform="flru",
        external_id=external_id,
        url=f"https://www.fl.ru/projects/{external_id}/",
        **given | fields,
    )


async def live(url: URL) -> None:
    async with AsyncDatabase(url) as database, database.session() as session:
        await database.initialize()
        run_id = (await start_run(session, "flru", "full", {})).id

        async def put(hours: int, *items: Project) -> Any:
            return await store_batch(session, Batch(items), run_id=run_id, now=FIRST + timedelta(hours=hours))

        await put(0, project())
        raised = {"budget_max": Decimal(800)}
        await put(2, project(bids_count=7, **raised))
        moved = raised | {"deadline_at": FIRST + timedelta(days=17), "skills": ["React"]}
        await put(4, project(bids_count=7, **moved))
        other = (await put(5, project("8", title="Каталог товаров!"))).project_ids
        await close_absent(session, "flru", other, run_id, datetime.now(UTC))
        await put(24 * 365 * 5, project(bids_count=7, **moved))


@pytest.fixture
def history(scrapy: Scrapy, database_url: URL) -> Callable[..., Any]:
    asyncio.run(live(database_url))
    environment = {"DATABASE_URL": database_url.render_as_string(hide_password=False)}
    return lambda *arguments: scrapy("history", *arguments, env=environment)


def test_a_life_in_lines(history: Callable[..., Any]) -> None:
    ended = history("flru", "7")
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert lines[0] == "flru 7: Каталог товаров"
    assert lines[2].startswith("open, 300 - 800 USD, 7 bids, last seen ")
    told = [line[18:].rstrip() for line in lines[4:]]
    assert told[:8] == [
        "posted",
        "first seen",
        "3 bids",
        "budget raised from 300 - 500 USD to 300 - 800 USD",
        "7 bids",
        "skills: +React",
        "deadline moved from 2026-03-11 09:00 to 2026-03-18 09:00",
        "posted again as 8",
    ]
    assert [line.strip() for line in told[8:]] == ["closed: gone from the whole listing", "reopened"]
    assert lines[4].startswith("2026-03-01 07:00  ")
    assert max(map(len, lines)) <= 80


def test_the_repost_names_its_origin(history: Callable[..., Any]) -> None:
    assert "first seen, a repost of 7" in history("flru", "8").stdout


async def test_reposts_of_a_client_who_has_another_name_by_now(database: AsyncDatabase) -> None:
    async with database.session() as session:
        for hours, posting in enumerate([project(), project("8"), project("9", client_name="Other")]):
            now = FIRST + timedelta(hours=hours)
            await store_batch(session, Batch([posting]), run_id=None, now=now)
        renamed = project(client_name="Some Other Client", title="Каталог книг")
        await store_batch(session, Batch([renamed]), run_id=None, now=FIRST + timedelta(hours=3))
        lives = [await life_of(session, "flru", external_id) for external_id in "789"]
    reposts = [[repost.external_id for repost in life.reposts] for life in lives if life is not None]
    assert reposts == [["8"], [], []]


def test_a_life_as_json(history: Callable[..., Any]) -> None:
    life = json.loads(history("--json", "flru", "7").stdout)
    assert life["project"]["budget_max"] == "800"
    assert [change["kind"] for change in life["changes"]] == [
        "new",
        "updated",
        "updated",
        "closed",
        "reopened",
    ]
    assert life["changes"][1]["changes"] == {"budget_max": ["500", "800"]}
    assert [count["bids_count"] for count in life["counts"]] == [3, 7]
    assert (life["repost_of"], life["reposts"]) == (None, ["8"])


async def closed_by_absence_then_stated(database: AsyncDatabase, **fields: Any) -> list[str]:
    async with database.session() as session:
        run_id = (await start_run(session, "flru", "full", {})).id

        async def put(now: datetime, *items: Project) -> Any:
            return await store_batch(session, Batch(items), run_id=run_id, now=now)

        await put(FIRST, project(bids_count=None))
        others = (await put(FIRST, project("8", client_name="Other"))).project_ids
        gone = datetime.now(UTC)
        await close_absent(session, "flru", others, run_id, gone)
        stated = project(bids_count=None, status=Status.CLOSED, **fields)
        await put(gone + timedelta(hours=1), stated)
    async with database.session() as session:
        life = await life_of(session, "flru", "7")
    assert life is not None
    assert life.project.closed_reason == "stated"
    return [event.text for event in events(life)]


async def test_a_closing_keeps_its_reason_when_the_platform_speaks_later(database: AsyncDatabase) -> None:
    told = await closed_by_absence_then_stated(database)
    assert told[:3] == ["posted", "first seen", "closed: gone from the whole listing"]


@pytest.mark.parametrize("comes_back", [True, False])
async def test_what_was_closed_when_first_seen(database: AsyncDatabase, comes_back: bool) -> None:
    async with database.session() as session:
        for hours, status in enumerate([Status.CLOSED, Status.OPEN, Status.CLOSED][: 3 if comes_back else 1]):
            now = FIRST + timedelta(hours=hours)
            await store_batch(session, Batch([project(status=status)]), run_id=None, now=now)
    async with database.session() as session:
        life = await life_of(session, "flru", "7")
    assert life is not None
    told = [event.text for event in events(life)]
    assert told[:2] == ["posted", "first seen, closed already: the platform says so"]
    assert told[2:] == (["reopened", "closed: the platform says so"] if comes_back else [])


async def test_what_the_platform_says_of_a_closing_later_is_told(database: AsyncDatabase) -> None:
    told = await closed_by_absence_then_stated(database, title="Каталог книг", budget_max=Decimal(400))
    assert told[2:] == [
        "closed: gone from the whole listing",
        "still closed: the platform says so",
        "budget lowered from 300 - 500 USD to 300 - 400 USD",
        "title changed from Каталог товаров to Каталог книг",
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("flru", "99"), 1, "error: no project '99' of flru is stored"),
        (("flro", "7"), 2, "error: there is no platform 'flro'; did you mean 'flru'?"),
        (("flru",), 2, "error: name a platform and the id of a project"),
    ],
)
def test_what_is_not_there(
    history: Callable[..., Any], arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    ended = history(*arguments)
    assert ended.returncode == code
    assert ended.stderr.startswith(sentence)


MARKED = "Need [figma] [/b] :rocket: [red]site[/red]"
"""What Rich would take for its own markup."""


async def marked(url: URL) -> None:
    async with AsyncDatabase(url) as database, database.session() as session:
        await database.initialize()
        run_id = (await start_run(session, "flru", "full", {})).id
        for hour, one in enumerate((project(), project(title=MARKED, skills=["[/bold]"]))):
            now = FIRST + timedelta(hours=hour)
            await store_batch(session, Batch([one]), run_id=run_id, now=now)
        async with session.begin():
            await finish_run(session, run_id, "failed", reason=MARKED)


def test_what_a_platform_says_is_no_markup(scrapy: Scrapy, database_url: URL) -> None:
    asyncio.run(marked(database_url))
    environment = {"DATABASE_URL": database_url.render_as_string(hide_password=False), "COLUMNS": "160"}
    told = scrapy("history", "flru", "7", env=environment)
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith(f"flru 7: {MARKED}\n")
    assert f"title changed from Каталог товаров to {MARKED}\n" in told.stdout
    assert "skills: +[/bold]" in told.stdout
    listed = scrapy("runs", env=environment)
    assert f"1: {MARKED}\n" in listed.stdout, listed.stderr
    assert f"failed, last at {datetime.now(UTC):%Y-}" in scrapy("health", env=environment).stdout
    assert f"UTC: {MARKED}\n" in scrapy("health", env=environment).stdout


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ((300, 800, "EUR", "hourly"), ("1234567.891", None, "EUR", "fixed"),
         "budget changed from 300 - 800 EUR/h to at least 1,234,567.891 EUR"),
        ((300, None, "EUR", "hourly"), (400, None, "EUR", "hourly"),
         "budget raised from at least 300 EUR/h to at least 400 EUR/h"),
        ((None, 800, "EUR", None), (None, 500, "EUR", None),
         "budget lowered from at most 800 EUR to at most 500 EUR"),
        ((300, None, "EUR", None), (300, 500, "EUR", None),
         "budget changed from at least 300 EUR to 300 - 500 EUR"),
        ((300, 500, "EUR", None), (300, 600, "USD", None),
         "budget changed from 300 - 500 EUR to 300 - 600 USD"),
        ((200, 500, "EUR", None), (300, 400, "EUR", None),
         "budget changed from 200 - 500 EUR to 300 - 400 EUR"),
        ((None, None, None, None), (300, 300, "EUR", "daily"), "budget changed from none to 300 EUR/day"),
    ],
)  # fmt: skip
def test_how_a_budget_moved(before: tuple[Any, ...], after: tuple[Any, ...], sentence: str) -> None:
    names = ("budget_min", "budget_max", "currency", "payment_type")
    stored = {name: getattr(Row(), name) for name in (*MUTABLE, "closed_reason")}
    now = stored | dict(zip(names, after, strict=True))
    changes = {name: [old, now[name]] for name, old in zip(names, before, strict=True) if old != now[name]}
    change = ProjectChange(kind="updated", changed_at=FIRST, changes=changes)
    life = Life(project=Row(**now), changes=[change], counts=[], repost_of=None, reposts=[])
    assert events(life)[0].text == sentence
