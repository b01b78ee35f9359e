import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import HtmlResponse, JsonResponse

from outsource_scraper.items import PaymentType, RejectedRecord, WorkType
from outsource_scraper.normalize.money import Budget
from outsource_scraper.spiders.hackernews import (
    HackernewsSpider,
    labelled,
    lines_of,
    pay_in,
    place_in,
    seeks_freelancer,
    title_of,
    without_marker,
    work_type_in,
)

HERE = Path(__file__).parent
THREADS = (HERE / "threads.json").read_bytes()
THREAD = 49999001
HOURLY, DAILY, MONTHLY, FIXED = (
    PaymentType.HOURLY,
    PaymentType.DAILY,
    PaymentType.MONTHLY,
    PaymentType.FIXED,
)


def comments(first: int, last: int, total: int) -> bytes:
    """Posts number `first` to `last`, each a minute older than the one before, of `total` found."""
    hits = [
        {
            "author": "quayside",
            "comment_text": f"SEEKING FREELANCER | Job {number}",
            "created_at_i": 1_793_600_000 - 60 * number,
            "objectID": str(50_000_000 + number),
            "parent_id": THREAD,
            "story_id": THREAD,
        }
        for number in range(first, last + 1)
    ]
    return json.dumps({"hits": hits, "nbHits": total, "nbPages": 1, "page": 0}).encode()


async def crawl(
    *bodies: bytes, **arguments: str
) -> tuple[list[Any], list[dict[str, list[str]]], HackernewsSpider]:
    """What a crawl yields that gets `bodies` one after the other, what it asked for, and its spider."""
    settings = {"ITEM_PIPELINES": {}, "TWISTED_REACTOR_ENABLED": False}
    crawler = Crawler(HackernewsSpider, settings)
    spider = HackernewsSpider.from_crawler(crawler, **arguments)
    crawler._apply_settings()
    waiting = [request async for request in spider.start()]
    items, asked = [], []
    for body in bodies:
        request = waiting.pop(0)
        asked.append(parse_qs(urlsplit(request.url).query))
        kind = HtmlResponse if body.startswith(b"<") else JsonResponse
        async for found in spider.parse_listing(kind(request.url, body=body), **request.cb_kwargs):
            (waiting if isinstance(found, Request) else items).append(found)
    assert not waiting, "it asked for more than was given"
    return items, asked, spider


async def test_the_comments_of_the_newest_freelancer_thread_are_read() -> None:
    items, asked, spider = await crawl(THREADS, comments(1, 2, 2))
    assert asked == [
        {"tags": ["story,author_whoishiring"], "query": ["seeking freelancer"], "hitsPerPage": ["20"]},
        {"tags": [f"comment,story_{THREAD}"], "hitsPerPage": ["1000"]},
    ]
    assert [item.title for item in items] == ["Job 1", "Job 2"]
    assert spider.ended == "it has no further page"
    assert not spider.complete, "older threads are not looked at: what is not in this one is not gone"


async def test_a_thread_of_more_than_a_thousand_comments_is_read_to_its_end() -> None:
    # The second answer begins with the last comment of the first, whose second others may share.
    items, asked, spider = await crawl(THREADS, comments(1, 1000, 1203), comments(1000, 1203, 204))
    assert asked[2]["numericFilters"] == [f"created_at_i<={1_793_600_000 - 60 * 1000}"]
    assert {item.external_id for item in items} == {str(50_000_000 + number) for number in range(1, 1204)}
    assert spider.ended == "it has no further page"


async def test_a_search_that_does_not_get_older_ends() -> None:
    items, asked, _ = await crawl(THREADS, comments(1, 3, 9), comments(3, 3, 9))
    assert len(asked) == 3
    assert {item.title for item in items} == {"Job 1", "Job 2", "Job 3"}


async def test_max_pages_counts_pages_of_comments() -> None:
    items, asked, spider = await crawl(THREADS, comments(1, 3, 9), max_pages="1")
    assert len(asked) == 2
    assert len(items) == 3
    assert spider.ended == "max_pages was reached"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"hits": []}', "no thread 'Freelancer? Seeking freelancer?' is among the stories of https://"),
        (
            b'{"hits": [{"objectID": "7", "title": "Ask HN: Who is hiring? (May 2026)", "created_at_i": 1}]}',
            "no thread 'Freelancer? Seeking freelancer?' is among",
        ),
        (b"[]", "has no array of records at hits"),
        (b'{"hits": [null, {"title": "Seeking freelancer?"}]}', "no thread"),
        # What is no number is no id, and half an emoji in a URL would end the crawl.
        (b'{"hits": [{"objectID": "\\ud800", "title": "Seeking freelancer?"}]}', "no thread"),
        (b'{"hits": [{"objectID": ["7"], "title": "Seeking freelancer?"}]}', "no thread"),
        (b'{"hits": [{"objectID": 7, "title": ' + b"[" * 700 + b"]" * 700 + b"}]}", "no thread"),
        (b"<html><body>Maintenance</body></html>", "is not JSON"),
    ],
)
async def test_without_a_thread_the_crawl_says_so(body: bytes, reason: str) -> None:
    items, asked, spider = await crawl(body)
    assert len(asked) == 1
    assert [type(item) for item in items] == [RejectedRecord]
    assert reason in items[0].reason
    assert items[0].source == body.decode()
    assert spider.ended is None
    assert spider.crawler.stats is not None
    assert spider.crawler.stats.get_value("listing/failed_pages") == 1


def told(text: str) -> list[str]:
    return without_marker(lines_of(text))


@pytest.mark.parametrize(
    "text",
    [
        "SEEKING FREELANCER",
        "Seeking freelancers - two of them",
        "SEEKING A FREELANCER for maps",
        "[SEEKING FREELANCER] maps",
        "Remote | SEEKING FREELANCER | maps",
        "Quayside Ferries<p>SEEKING FREELANCER",
        "SEEKING CONTRACTOR | maps",
        "SEEKING FREELANCE CARTOGRAPHER",
        "SEEKING FREELANCER for work on maps",
        "SEEKING FREELANCER | not for people SEEKING WORK in an office",
    ],
)
def test_a_client_speaks(text: str) -> None:
    assert seeks_freelancer(lines_of(text))


@pytest.mark.parametrize(
    "text",
    [
        "SEEKING WORK | Remote",
        "SEEKING WORK | ten years of SEEKING FREELANCER posts read",
        "SEEKING FREELANCE WORK",
        "Seeking freelance or part-time work",
        "SEEKING FREELANCE MAP PROJECTS",
        "SEEKING FREELANCER WORK",
        "Seeking new clients",
        "I draw maps",
        f"{'I draw maps. ' * 20} Not for those SEEKING FREELANCER rates.",
        "",
        None,
    ],
)
def test_no_client_speaks(text: str) -> None:
    assert not seeks_freelancer(lines_of(text))


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("SEEKING FREELANCER | Quay | Map drawer | REMOTE | $50/hr", "Quay | Map drawer"),
        ("SEEKING FREELANCER: map drawer", "map drawer"),
        ("SEEKING FREELANCER - Map drawer - Remote (EU)", "Map drawer"),
        ("SEEKING FREELANCER | Berlin or REMOTE<p>Draw maps.", "Draw maps."),
        ("SEEKING FREELANCER | London, UK<p>Draw maps.", "Draw maps."),
        ("SEEKING FREELANCER<p>Remote<p>Draw - maps - slowly.", "Draw - maps - slowly."),
        ("SEEKING FREELANCER | Rate: $50/hr | Draw maps", "Draw maps"),
        ("SEEKING FREELANCER | REMOTE", "REMOTE"),
        ("SEEKING FREELANCE CARTOGRAPHER | REMOTE", "CARTOGRAPHER"),
        # One sentence is a title, a text without one is cut between two words.
        (
            f"SEEKING FREELANCER We draw maps of islands. {'And more islands ' * 10}",
            "We draw maps of islands.",
        ),
        (f"SEEKING FREELANCER {'abcdefghi ' * 20}", f"{'abcdefghi ' * 9}abcdefghi…"),
    ],
)
def test_title(text: str, title: str) -> None:
    assert title_of(told(text)) == title


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("Rate: $80-120/hr", Budget(Decimal(80), Decimal(120), "USD", HOURLY)),
        ("Maps | $90/h | REMOTE", Budget(Decimal(90), Decimal(90), "USD", HOURLY)),
        ("We can offer €500/day. Maybe.", Budget(Decimal(500), Decimal(500), "EUR", DAILY)),
        ("Budget: $5k fixed", Budget(Decimal(5000), Decimal(5000), "USD", FIXED)),
        ("Our budget is $5k.", Budget(Decimal(5000), Decimal(5000), "USD", None)),
        ("A $2k budget", Budget(Decimal(2000), Decimal(2000), "USD", None)),
        ("Pays up to 70 EUR/hour", Budget(None, Decimal(70), "EUR", HOURLY)),
        ("USD 4000 monthly", Budget(Decimal(4000), Decimal(4000), "USD", MONTHLY)),
        ("For a $20M company, budget $3k", Budget(Decimal(3000), Decimal(3000), "USD", None)),
        ("$80/hr for 20 hours a week", Budget(Decimal(80), Decimal(80), "USD", HOURLY)),
    ],
)
def test_pay_is_read_where_it_is_stated(text: str, budget: Budget) -> None:
    assert pay_in(lines_of(text)) == (budget, None)


@pytest.mark.parametrize(
    "text",
    [
        "We raised $20M.",
        "Our app makes $40k per month in revenue.",
        "A tool for people who lose $100 now and then",
        "Rate: negotiable",
        "Rate 80/hr",
        "Five of 30 people are paid",
    ],
)
def test_other_money_is_no_pay(text: str) -> None:
    assert pay_in(lines_of(text)) == (Budget(), None)


@pytest.mark.parametrize("text", ["Pay: $2,000/week", "Budget $120k per year", "We pay $0.10 / word"])
def test_pay_by_another_unit_is_kept_as_text(text: str) -> None:
    assert pay_in(lines_of(text)) == (Budget(), text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Maps | REMOTE", WorkType.REMOTE),
        ("Maps | Remote (US only)", WorkType.REMOTE),
        ("Maps | Berlin or remote", WorkType.REMOTE),
        ("Maps | ON-SITE", WorkType.ONSITE),
        ("Maps | onsite, Lisbon", WorkType.ONSITE),
        ("Maps | Hybrid (London, UK)", WorkType.HYBRID),
        ("Maps | ONSITE or REMOTE", None),
        ("Maps | no remote", WorkType.ONSITE),
        ("Maps<p>Remote: yes", WorkType.REMOTE),
        ("Maps<p>Remote: No, sorry", WorkType.ONSITE),
        ("Maps<p>Remote: not possible", WorkType.ONSITE),
        ("Maps<p>Remote: EU time zones", WorkType.REMOTE),
        ("Maps<p>Location: Berlin (hybrid)", WorkType.HYBRID),
        ("Maps<p>This is fully remote.", WorkType.REMOTE),
        ("Maps<p>Some of us are remote, others sit in a remote valley.", None),
        ("Maps", None),
    ],
)
def test_work_type(text: str, expected: WorkType | None) -> None:
    lines = lines_of(text)
    assert work_type_in(lines, labelled(lines)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Maps | Remote (US only)", "US"),
        ("Maps | HYBRID (London, UK)", "London, UK"),
        ("Maps | Lisbon, Portugal | REMOTE", "Lisbon, Portugal"),
        ("Maps<p>Location: Berlin", "Berlin"),
        ("Maps<p>Location: Berlin or Munich (remote ok)", "Berlin or Munich"),
        ("Maps<p>Location: Remote", None),
        ("Maps<p>Location: anywhere with trees", None),
        ("Maps of Spain | REMOTE", None),
        ("Maps | REMOTE (EU)", None),
        ("Maps", None),
    ],
)
def test_place(text: str, expected: str | None) -> None:
    lines = lines_of(text)
    assert place_in(lines, labelled(lines)) == expected


def test_labels_stand_at_the_start_of_lines_and_parts() -> None:
    lines = lines_of(
        "Maps | Budget: $5k<p>- Tech stack: Go, QGIS<p>The rate: high<p>Length = 3 months\nStack: no"
    )
    assert labelled(lines) == {"pay": "$5k", "skills": "Go, QGIS", "duration": "3 months"}
