"""A platform of 2,000 records for whole `scrapy crawl` processes that are killed, and its site.

Run as a program it serves the site: `python -m tests.faults.board` prints its URL.
"""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from scrapy import Request, signals
from scrapy.crawler import Crawler

from outsource_scraper.items import Project, Status
from outsource_scraper.spiders._base import ApiSpider, Page, required
from outsource_scraper.spiders._platform import Access, Platform

PAGES = 40
ON_A_PAGE = 50
WITH_REJECTED = range(3, PAGES + 1, 4)
"""Pages on which a record has no title."""
WITH_DUPLICATE = range(5, PAGES + 1, 4)
"""Pages whose first record stood on the page before, too."""
REJECTED = len(WITH_REJECTED)
DUPLICATES = len(WITH_DUPLICATE)
PROJECTS = PAGES * ON_A_PAGE - REJECTED - DUPLICATES


class BoardSpider(ApiSpider):
    """Reads `BOARD_URL/PAGE`, and notes in `SCRAPED_FILE` every item that Scrapy reports as scraped."""

    name = "board"
    allowed_domains = ("127.0.0.1", "board.example")
    platform = Platform(
        title="Board", home="http://127.0.0.1/", country=None, languages=("en",), currency="USD",
        timezone="UTC", access=Access.OFFICIAL_API, robots="ours", terms="ours", evidence="ours", delay=0,
    )  # fmt: skip
    records_path = ("projects",)
    conditional = False

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        path = crawler.settings.get("SCRAPED_FILE")
        if path is not None:
            scraped = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

            def note(item: Any) -> None:
                # Unbuffered: what is written here was reported, whatever happens to the process.
                os.write(scraped, f"{item.external_id}\n".encode())

            crawler.signals.connect(note, signals.item_scraped, weak=False)
        return spider

    def listing_request(self, number: int) -> Request:
        return Request(f"{self.crawler.settings['BOARD_URL']}/{number}")

    def read(self, record: dict[str, Any], page: Page) -> Project:
        number = required(record.get("id"), "id")
        return Project(
            platform=self.name,
            external_id=number,
            url=f"http://board.example/{number}",
            title=required(record.get("title"), "title"),
            description=record.get("text"),
            status=Status.OPEN,
        )

    def has_next(self, page: Page) -> bool:
        return bool(page.document["next"])


CROWD = 20
"""So many platforms with the same pages, called board0 and so on."""
for _number in range(CROWD):
    globals()[f"Board{_number}Spider"] = type(
        f"Board{_number}Spider", (BoardSpider,), {"name": f"board{_number}", "__module__": __name__}
    )


def page(number: int) -> dict[str, Any]:
    first = (number - 1) * ON_A_PAGE
    records: list[dict[str, Any]] = [
        {"id": str(one), "title": f"No. {one}", "text": f"What has to be done for {one}. " * 20}
        for one in range(first, first + ON_A_PAGE)
    ]
    if number in WITH_REJECTED:
        del records[3]["title"]
    if number in WITH_DUPLICATE:
        records[0] = page(number - 1)["projects"][-1]
    return {"projects": records, "next": number < PAGES}


REPEATED = {page(number)["projects"][0]["id"] for number in WITH_DUPLICATE}
"""What is read twice: the first reading may be stored while the second waits on disk."""


class Site(BaseHTTPRequestHandler):
    """Answers `/PAGE`."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        number = self.path.removeprefix("/")
        body = json.dumps(page(int(number))).encode() if number.isdigit() else b""
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


if __name__ == "__main__":
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as site:
        sys.stdout.write(f"http://127.0.0.1:{site.server_address[1]}\n")
        sys.stdout.flush()
        site.serve_forever()
