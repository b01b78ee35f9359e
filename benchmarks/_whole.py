"""A crawl of the sandbox's FL.ru to its last page, which the crawl benchmark starts as a process.

The whole way by the platform's own spider, or with `--bare` by one that only fetches the same pages in the
same order, page after page as the listing goes on. Prints one JSON object: the pages, and the seconds from
the first answer to the end of the crawl, so that no side is charged with its start and the last item is in
the database.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, ClassVar

from scrapy import Request, Spider, signals
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.utils.project import get_project_settings

from outsource_scraper.spiders.flru import FlruSpider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from scrapy.http import Response


class Fetching(Spider):
    """Asks for one page of the listing after the other and does nothing with them."""

    name = "fetching"
    allowed_domains: ClassVar[list[str]] = list(FlruSpider.allowed_domains)
    pages = 0

    async def start(self) -> AsyncIterator[Request]:
        """The first page."""
        yield self._page(1)

    def parse(self, response: Response, number: int) -> Iterator[Request]:
        """Ask for the next page."""
        if number < self.pages:
            yield self._page(number + 1)

    def _page(self, number: int) -> Request:
        url = FlruSpider.platform.home + "projects/" + (f"page-{number}/" if number > 1 else "")
        return Request(url, cb_kwargs={"number": number})


def main() -> None:
    """Crawl, then print what was measured."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--market", required=True, help="URL of the sandbox market")
    parser.add_argument("--bare", type=int, metavar="PAGES", help="only fetch that many pages")
    parser.add_argument("--profile", metavar="FILE", help="write a profile there, for python -m pstats")
    arguments = parser.parse_args()

    settings = get_project_settings()
    settings.setmodule("outsource_scraper.settings")
    settings.update({"SANDBOX_URL": arguments.market, "LOG_LEVEL": "WARNING"}, priority="cmdline")
    if arguments.bare:
        settings.update({"ITEM_PIPELINES": {}, "EXTENSIONS": {}}, priority="cmdline")
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(Fetching if arguments.bare else FlruSpider)
    answered: list[float] = []

    def note_page(request: Request, **_: Any) -> None:
        if request.url.startswith(FlruSpider.platform.home + "projects/"):
            answered.append(time.perf_counter())

    crawler.signals.connect(note_page, signals.response_received)
    process.crawl(crawler, **({"pages": arguments.bare} if arguments.bare else {"mode": "full"}))
    with cProfile.Profile() if arguments.profile else nullcontext() as profile:
        process.start()
    seconds = time.perf_counter() - answered[0]
    if profile is not None:
        profile.dump_stats(arguments.profile)
    stored = crawler.stats.get_value("store/new", 0)
    print(json.dumps({"pages": len(answered), "seconds": seconds, "stored": stored}))


if __name__ == "__main__":
    main()
