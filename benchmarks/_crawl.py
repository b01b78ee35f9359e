"""A whole Scrapy run in a process of its own, which the store benchmark starts: pages of 100 projects each.

The pages are JSON files of about 250 kB: no server and no network takes part, and Scrapy, which slows down by
the size of the responses that it holds, sees sizes as on the web. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import tempfile
import time
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from scrapy import Request, Spider, signals
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.utils.project import get_project_settings

from benchmarks._projects import projects
from outsource_scraper.items import PaymentType, Project, Status, WorkType

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from scrapy.http import Response

PAGE = 100
"""Projects on a page."""
FILES = 20
"""Pages that differ; further ones are the same with other numbers and clients."""


class Pages(Spider):
    """Reads numbered pages."""

    name = "sample"
    mode = "full"
    complete = True
    ended = "the last page"
    pages = 0
    folder = Path()

    async def start(self) -> AsyncIterator[Request]:
        """One request a page."""
        for number in range(self.pages):
            uri = (self.folder / f"{number % FILES}.json").as_uri()
            yield Request(uri, dont_filter=True, cb_kwargs={"first": number * PAGE})

    def parse(self, response: Response, first: int) -> Iterator[Project]:
        """Yield the projects of a page, numbered from `first`."""
        # What the verdict of a run is made of; with pipelines and without.
        self.crawler.stats.inc_value("listing/pages")
        records = json.loads(response.body)
        self.crawler.stats.inc_value("listing/records", len(records))
        for number, record in enumerate(records, first):
            yield _project(record, number)


def _write_pages(folder: Path) -> None:
    for number in range(FILES):
        page = [dataclasses.asdict(project) for project in projects(PAGE, seed=number)]
        (folder / f"{number}.json").write_text(json.dumps(page, default=str, ensure_ascii=False))


def _project(record: dict[str, Any], number: int) -> Project:
    return Project(
        **record
        | {
            "external_id": str(number),
            "url": f"https://market.example/projects/{number}",
            # Else each would be a repost of what another page of the same file has told.
            "client_name": f"클라이언트 {number // 4}",
            "budget_min": Decimal(record["budget_min"]),
            "budget_max": Decimal(record["budget_max"]),
            "client_rating": Decimal(record["client_rating"]),
            "payment_type": PaymentType(record["payment_type"]),
            "work_type": WorkType(record["work_type"]),
            "status": Status(record["status"]),
            "posted_at": datetime.fromisoformat(record["posted_at"]),
            "deadline_at": datetime.fromisoformat(record["deadline_at"]),
        }
    )


def main() -> None:
    """Crawl, then print the items, the seconds, how many were stored, and the resident memory in bytes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pages", type=int, required=True)
    parser.add_argument("--no-pipelines", action="store_true")
    parser.add_argument(
        "--memory-at", type=int, default=0, help="note the resident memory at this many items"
    )
    arguments = parser.parse_args()

    settings = get_project_settings()
    settings.setmodule("outsource_scraper.settings")
    settings.update(
        {
            "CONCURRENT_REQUESTS": 16,
            "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
            "DOWNLOAD_DELAY": 0,
            "LOG_LEVEL": "WARNING",
            "ROBOTSTXT_OBEY": False,
        },
        priority="cmdline",
    )
    if arguments.no_pipelines:
        settings.set("ITEM_PIPELINES", {}, priority="cmdline")

    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(Pages)
    own = psutil.Process()
    scraped = 0
    memory = 0

    def count(**_: Any) -> None:
        nonlocal scraped, memory
        scraped += 1
        if scraped == arguments.memory_at:
            memory = own.memory_info().rss

    crawler.signals.connect(count, signals.item_scraped)
    with tempfile.TemporaryDirectory() as folder:
        _write_pages(Path(folder))
        process.crawl(crawler, pages=arguments.pages, folder=Path(folder))
        begun = time.perf_counter()
        process.start()
        seconds = time.perf_counter() - begun
    print(
        json.dumps(
            {
                "items": scraped,
                "seconds": seconds,
                "stored": crawler.stats.get_value("store/new", 0)
                + crawler.stats.get_value("store/unchanged", 0),
                "memory": memory,
                "memory_at_end": own.memory_info().rss,
            }
        )
    )


if __name__ == "__main__":
    main()
