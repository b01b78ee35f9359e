"""`scrapy capture`: save a page as it is, for a golden test of a platform or to look at what changed.

It is fetched with the project's manners (robots.txt, User-Agent, delay) and its bytes are written untouched.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.commands import ScrapyCommand
from scrapy.http import JsonResponse, Response, XmlResponse

from outsource_scraper.commands._console import (
    log_sentences,
    platform_spiders,
    positionals,
    readable,
    sentences,
    spider_class,
)
from outsource_scraper.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import AsyncIterator

    from scrapy.settings import BaseSettings

    from outsource_scraper.spiders._base import PlatformSpider

SAVED_PAGES = Path("tests/platforms")


class CaptureSpider(Spider):
    """Fetches one request, whatever the status of its answer, and keeps the response."""

    name = "capture"

    def __init__(self, request: Request) -> None:
        super().__init__()
        self._request = request
        self.saved: Response | None = None
        self.why_not: str | None = None

    async def start(self) -> AsyncIterator[Any]:
        """The one request."""
        meta = {**self._request.meta, "handle_httpstatus_all": True}
        yield self._request.replace(callback=self.keep, errback=self.failed, meta=meta, dont_filter=True)

    def keep(self, response: Response) -> None:
        """Keep what came."""
        self.saved = response

    def failed(self, failure: Any) -> None:
        """Keep why nothing came."""
        self.why_not = str(failure.value)


class Command(ScrapyCommand):
    """Save a page."""

    requires_project = True

    def syntax(self) -> str:
        """Command syntax."""
        return "<URL or platform> [-o FILE]"

    def short_desc(self) -> str:
        """One line for `scrapy -h`."""
        return "Save a page (or a platform's first listing page) as a fixture"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add -o."""
        super().add_options(parser)
        parser.add_argument(
            "-o",
            "--output",
            metavar="FILE",
            help=f"where to (default: {SAVED_PAGES}/<platform>/<date>.<kind>)",
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Switch off everything that is for crawls only, and look at the arguments."""
        super().process_options(args, opts)
        assert self.settings is not None
        self.settings.setdict(
            {"ITEM_PIPELINES": {}, "EXTENSIONS": {}, "DOWNLOADER_MIDDLEWARES": {}}, priority="cmdline"
        )
        if not opts.loglevel:
            self.settings.set("LOG_LEVEL", "WARNING", priority="cmdline")
        with sentences():
            ask = "name one URL or one platform: scrapy capture <URL or platform>"
            (name,) = positionals(args, "capture", 1, ask)
            self._platform, self._request = _wanted(self.settings, readable(name, "the URL"))

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Fetch, write, and say what to type next."""
        assert self.crawler_process is not None
        log_sentences()
        crawler = self.crawler_process.create_crawler(CaptureSpider)
        self.crawler_process.crawl(crawler, request=self._request)
        self.crawler_process.start()
        spider = crawler.spider
        response = spider.saved if isinstance(spider, CaptureSpider) else None
        if response is None:
            why = spider.why_not if isinstance(spider, CaptureSpider) else None
            print(f"error: {self._request.url} was not saved: {why or 'the log says why'}", file=sys.stderr)
            self.exitcode = 1
            return
        platform = self._platform
        path = Path(opts.output) if opts.output else _default_path(response, platform)
        now = datetime.now(UTC).replace(microsecond=0)
        with sentences():
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(response.body)
            except OSError as error:
                raise UsageError(f"{path} cannot be written: {error.strerror}") from None
        print(f"{path}: status {response.status}, {len(response.body)} bytes from {response.url}")
        if platform is not None and path.parent == SAVED_PAGES / platform.name:
            _note(path, response.url, now)
            print(f"next: ./run test tests/platforms -k {platform.name} writes down what it holds")
        elif platform is not None:
            how = f"--url '{response.url}' --now {now.isoformat()}"
            print(f"next: ./run scrapy extract {platform.name} {path} {how}")
        self.exitcode = 0 if response.status == 200 else 1


def _wanted(settings: BaseSettings, name: str) -> tuple[type[PlatformSpider[Any]] | None, Request]:
    """The platform, if any is concerned, and the request."""
    if "://" not in name:
        spider = spider_class(settings, name)
        return spider, spider().listing_request(1)
    parts = urlsplit(name)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(f"{name!r} is no http or https URL")
    host = parts.hostname
    for spider in platform_spiders(settings):
        for domain in getattr(spider, "allowed_domains", ()):
            if host == domain or host.endswith(f".{domain}"):
                return spider, Request(name)
    return None, Request(name)


def _default_path(response: Response, platform: type[PlatformSpider[Any]] | None) -> Path:
    kind = (
        "json"
        if isinstance(response, JsonResponse)
        else "xml"
        if isinstance(response, XmlResponse)
        else "html"
    )
    date = f"{datetime.now(UTC):%Y-%m-%d}"
    if platform is not None:
        return SAVED_PAGES / platform.name / f"{date}.{kind}"
    return Path(f"{urlsplit(response.url).hostname}-{date}.{kind}")


def _note(path: Path, url: str, now: datetime) -> None:
    """Tell the golden test where the page is from and when it was fetched."""
    expectations = path.parent / "expected.json"
    expected = json.loads(expectations.read_text("utf-8")) if expectations.exists() else {}
    expected[path.name] = {"url": url, "now": now.isoformat()}
    expectations.write_text(json.dumps(expected, ensure_ascii=False, indent=1) + "\n", "utf-8")
