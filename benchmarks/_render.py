"""A whole crawl of the sandbox's weblancer with a browser, which the browser benchmark starts as a process.

Prints one JSON object: the pages read and the seconds from the first of them to the last, so that neither
side is charged with the start of the browser.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.utils.project import get_project_settings

from outsource_scraper.middlewares.chromium import BARE, launch_options
from outsource_scraper.spiders.weblancer import WeblancerSpider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from scrapy import Request
    from scrapy.http import Response


class EveryPageAnew(WeblancerSpider):
    """The same spider, but each page in a browser context of its own that is closed behind it."""

    def listing_request(self, number: int) -> Request:
        """The request, with the name of a new context."""
        request = super().listing_request(number)
        request.meta.update(playwright_context=f"page {number}", playwright_include_page=True)
        return request

    async def parse_listing(self, response: Response, number: int) -> AsyncIterator[Any]:
        """Close the context, then read."""
        await response.meta["playwright_page"].context.close()
        async for found in super().parse_listing(response, number):
            yield found


def main() -> None:
    """Crawl, then print what was measured."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--market", required=True, help="URL of the sandbox market")
    parser.add_argument("--every-page-anew", action="store_true")
    arguments = parser.parse_args()

    settings = get_project_settings()
    settings.setmodule("outsource_scraper.settings")
    settings.update(
        {
            "SANDBOX_URL": arguments.market,
            "LOG_LEVEL": "WARNING",
            "EXTENSIONS": {},
            "ITEM_PIPELINES": {},
        },
        priority="cmdline",
    )
    if arguments.every_page_anew:
        options = launch_options()
        options["args"] = [argument for argument in options["args"] if argument not in BARE]
        settings.update({"PLAYWRIGHT_ABORT_REQUEST": None, "PLAYWRIGHT_LAUNCH_OPTIONS": options}, "cmdline")

    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(EveryPageAnew if arguments.every_page_anew else WeblancerSpider)
    read: list[float] = []
    items = 0

    def note_page(request: Request, **_: Any) -> None:
        if request.url.startswith(WeblancerSpider.platform.home):
            read.append(time.perf_counter())

    def count(**_: Any) -> None:
        nonlocal items
        items += 1

    crawler.signals.connect(note_page, signals.response_received)
    crawler.signals.connect(count, signals.item_scraped)
    process.crawl(crawler, mode="full")
    process.start()
    print(json.dumps({"pages": len(read), "items": items, "seconds": read[-1] - read[0]}))


if __name__ == "__main__":
    main()
