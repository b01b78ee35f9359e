"""A crawl of one platform of the sandbox market to its end, which the crawl benchmark starts as a process.

The whole way by the platform's own spider; or, with `--fetch`, by one that only asks for the same pages. What
the first has asked for is written by `--note`: each answer with the requests that it led to, so that the
second asks for the same URLs, each as soon as the page is there that names it. Prints one JSON object: the
pages, the projects stored, and the seconds from the first request to the end of the crawl, of the clock and
of the processor: no side is charged with its start, and the last item is in the database.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import time
from collections import defaultdict
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy import Request, Spider, signals
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings
from scrapy.spiderloader import get_spider_loader
from scrapy.utils.project import get_project_settings
from scrapy.utils.request import request_from_dict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from scrapy.http import Response

START = "start"
TRAFFIC = ("ADDONS", "ROBOTSTXT_OBEY", "CONCURRENT_REQUESTS", "CONCURRENT_REQUESTS_PER_DOMAIN")
"""Settings that decide what is asked of the site, and where the site is."""
ASKED: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
"""By the request that was answered, the requests that its answer led to, as `Request.to_dict` gives them."""


class Fetching(Spider):
    """Asks for what an earlier crawl has asked for, and does nothing with the answers."""

    name = "fetching"

    async def start(self) -> AsyncIterator[Request]:
        """The first page."""
        for request in self._requests(START):
            yield request

    def parse(self, response: Response) -> Iterator[Request]:
        """Ask for what this page has led to."""
        return self._requests(_key(response.request))

    @staticmethod
    def _requests(key: str) -> Iterator[Request]:
        for asked in ASKED.get(key, ()):
            yield request_from_dict(asked)


class Notes:
    """Spider middleware that fills `ASKED`."""

    async def process_start(self, start: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Note how the crawl begins."""
        async for output in start:
            _note(START, output)
            yield output

    async def process_spider_output(
        self, response: Response, result: AsyncIterator[Any]
    ) -> AsyncIterator[Any]:
        """Note what a page leads to."""
        async for output in result:
            _note(_key(response.request), output)
            yield output


def _key(request: Request | None) -> str:
    assert request is not None
    return f"{request.method} {request.url} {request.body.decode()}"


def _note(key: str, output: Any) -> None:
    if isinstance(output, Request):
        plain = output.replace(callback=None, errback=None, cb_kwargs={}).to_dict()
        headers = {
            name.decode(): [value.decode() for value in values] for name, values in plain["headers"].items()
        }
        ASKED[key].append(plain | {"body": plain["body"].decode(), "headers": headers})


def _settings_and_spider(arguments: argparse.Namespace) -> tuple[Settings, type[Spider]]:
    settings = get_project_settings()
    settings.setmodule("outsource_scraper.settings")
    spider: type[Spider] = get_spider_loader(settings).load(arguments.platform)
    if arguments.fetch and not arguments.plain:
        spider.update_settings(settings)
        garbage = {"outsource_scraper.extensions.garbage.GarbageCollection": 10}
        settings.update({"ITEM_PIPELINES": {}, "EXTENSIONS": garbage}, priority="cmdline")
    if arguments.fetch:
        spider = type("Fetching", (Fetching,), {"allowed_domains": spider.allowed_domains})
    if arguments.plain:
        settings = Settings({name: settings[name] for name in TRAFFIC})
    if arguments.note:
        # Below all others, where a request is as it will be sent.
        settings.set("SPIDER_MIDDLEWARES", {Notes: 1}, priority="cmdline")
    settings.update({"SANDBOX_URL": arguments.market, "LOG_LEVEL": "WARNING"}, priority="cmdline")
    # The market may have more postings than the platform is known to have.
    settings.set("CLOSESPIDER_PAGECOUNT", 0, priority="cmdline")
    for name, value in (given.split("=", 1) for given in arguments.set):
        settings.set(name, json.loads(value), priority="cmdline")
    return settings, spider


def main() -> None:
    """Crawl, then print what was measured."""
    parser = argparse.ArgumentParser()
    parser.add_argument("platform", help="name of the spider")
    parser.add_argument("--market", required=True, help="URL of the sandbox market")
    parser.add_argument("--note", type=Path, metavar="FILE", help="write there what was asked for")
    parser.add_argument("--fetch", type=Path, metavar="FILE", help="only ask for what stands there")
    parser.add_argument(
        "--plain", action="store_true", help="with --fetch: with Scrapy's own defaults, not our settings"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=JSON",
        help="a setting of Scrapy's, to leave steps out",
    )
    parser.add_argument("--profile", metavar="FILE", help="write a profile there, for python -m pstats")
    arguments = parser.parse_args()

    if arguments.fetch:
        ASKED.update(json.loads(arguments.fetch.read_text()))
    settings, spider = _settings_and_spider(arguments)
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(spider)
    times: list[tuple[float, float]] = []
    pages = 0

    def note_begin() -> None:
        if not times:
            note_time()

    def note_time() -> None:
        times.append((time.perf_counter(), time.process_time()))

    def note_page(request: Request) -> None:
        nonlocal pages
        pages += not request.url.endswith("/robots.txt")

    crawler.signals.connect(note_begin, signals.request_scheduled)
    crawler.signals.connect(note_time, signals.engine_stopped)
    crawler.signals.connect(note_page, signals.response_received)
    process.crawl(crawler, **({} if arguments.fetch else {"mode": "full"}))
    with cProfile.Profile() if arguments.profile else nullcontext() as profile:
        process.start()
    if profile is not None:
        profile.dump_stats(arguments.profile)
    if arguments.note:
        arguments.note.write_text(json.dumps(ASKED))
    stored = crawler.stats.get_value("store/new", 0)
    seconds, processor = (end - begin for begin, end in zip(times[0], times[-1], strict=True))
    print(json.dumps({"pages": pages, "seconds": seconds, "processor": processor, "stored": stored}))


if __name__ == "__main__":
    main()
