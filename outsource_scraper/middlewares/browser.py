"""A browser, only where nothing else shows the data, and cheap there.

One Chromium for a crawl, one context, a limit on its pages; images, fonts, media and trackers are not loaded;
a page is closed whatever happens; a browser that died is started again and the request retried.
"""

from __future__ import annotations

import logging
import os
import re
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page
from playwright.async_api import Request as PlaywrightRequest
from playwright.async_api import TimeoutError as PlaywrightTimeout
from scrapy.exceptions import DownloadFailedError, DownloadTimeoutError
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler
from scrapy_playwright.page import PageMethod

from outsource_scraper.middlewares._navigation import Navigation
from outsource_scraper.middlewares.chromium import launch_options

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

logger = logging.getLogger(__name__)

UNREAD = frozenset({"image", "media", "font", "stylesheet", "texttrack", "manifest", "ping", "eventsource"})
"""Kinds of resources that hold no posting."""
_TRACKERS = re.compile(
    r"(?:^|\.)(?:google-analytics|googletagmanager|googlesyndication|doubleclick|googleadservices|facebook"
    r"|connect\.facebook|hotjar|mc\.yandex|criteo|segment|mixpanel|amplitude|clarity|newrelic|nr-data|sentry"
    r"|intercom|top-fwz1\.mail|vk|adservice\.google)\.(?:com|net|ru|io|ms)$"
)
_NO_SERVICE_WORKERS = {"service_workers": "block"}
"""What a service worker fetches would pass by `unread`."""


class BrowserDownloadHandler(ScrapyPlaywrightDownloadHandler):  # type: ignore[misc]
    """scrapy-playwright for every request of a spider but robots.txt.

    A page is what it has become when its scripts have run. An answer that is no page, such as JSON or a feed,
    is its body as it came, not what the browser shows in its place.

    The library's errors are told as Scrapy's, so that they are retried and judged alike. A redirect is not
    followed but left to Scrapy, which asks robots.txt again and knows a log-in page and another site.

    Settings: `BROWSER_WAIT`, the seconds that a page's scripts have to show what the spider's `browser_wait`
    names; a page that shows nothing by then is read as it is. `BROWSER_SANDBOX`, whether Chromium keeps its
    own sandbox.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._wait = crawler.settings.getfloat("BROWSER_WAIT")
        if not self.config.launch_options:
            self.config.launch_options = launch_options(sandbox=crawler.settings.getbool("BROWSER_SANDBOX"))
        logging.getLogger("scrapy-playwright").addFilter(in_a_line)
        # Python finds a folder that can be written to where /tmp cannot; the programs of the browser do not.
        os.environ["TMPDIR"] = tempfile.gettempdir()

    async def download_request(self, request: Request) -> Response:
        """Fetch with the browser, robots.txt without."""
        if not renders(request):
            plain: Response = await super().download_request(request)
            return plain
        navigation = Navigation()
        css = getattr(self._crawler.spider, "browser_wait", None)
        kept_open = request.meta.get("playwright_include_page", False)
        ours = {
            "playwright": True,
            "playwright_context_kwargs": _NO_SERVICE_WORKERS,
            "playwright_page_goto_kwargs": {"wait_until": "domcontentloaded"},
            "playwright_page_init_callback": navigation.watch,
            "playwright_page_methods": [] if css is None else [PageMethod(shown, css, self._wait)],
            "playwright_include_page": True,
        }
        request.meta.update(ours)
        try:
            response: Response = await super().download_request(request)
            return navigation.as_it_came(response)
        except PlaywrightTimeout as error:
            raise DownloadTimeoutError(f"the browser was not answered in time: {_line(error)}") from error
        except PlaywrightError as error:
            if navigation.ended is not None:
                return navigation.ended.replace(request=request)
            if "BrowserType.launch" in error.message:
                raise DownloadFailedError(
                    "the browser cannot be started: install Chromium, or let `playwright install chromium` do"
                    f" so ({_line(error)})"
                ) from error
            raise DownloadFailedError(f"the browser could not load the page: {_line(error)}") from error
        finally:
            for name in ours:
                del request.meta[name]
            if kept_open:
                request.meta["playwright_include_page"] = True
            else:
                await self._close_page(request.meta.pop("playwright_page", None))

    async def _close_page(self, page: Page | None) -> None:
        if page is not None and not page.is_closed():
            with suppress(PlaywrightError):  # its browser has died
                await page.close()
            self.stats.inc_value("playwright/page_count/closed")


def renders(request: Request) -> bool:
    """Whether `request` is for a page."""
    return urlsplit(request.url).path != "/robots.txt"


async def shown(page: Page, css: str, seconds: float) -> None:
    """Wait until the page shows `css`, at most `seconds`: an empty listing never does.

    A page with the status of an error is not waited for.
    """
    if await page.evaluate("performance.getEntriesByType('navigation')[0].responseStatus") >= 400:
        return
    try:
        await page.wait_for_selector(css, state="attached", timeout=seconds * 1000)
    except PlaywrightTimeout:
        logger.info("%s shows no %r after %g s", page.url, css, seconds)


def unread(request: PlaywrightRequest) -> bool:
    """Whether a request of a page is for something that nobody here reads."""
    return holds_no_posting(request.resource_type, urlsplit(request.url).hostname or "")


def holds_no_posting(resource_type: str, host: str) -> bool:
    """Whether a resource is of a kind, or of a host, that shows no postings."""
    return resource_type in UNREAD or _TRACKERS.search(host) is not None


def in_a_line(record: logging.LogRecord) -> bool:
    """Cut a warning of scrapy-playwright, a filter's `record`, to its first line without the traceback."""
    if record.exc_info and record.levelno == logging.WARNING:
        record.msg, record.args = record.getMessage().partition("\n")[0], None
        record.exc_info = record.exc_text = None
    return True


def _line(error: PlaywrightError) -> str:
    """What `error` says, without the log of the call."""
    return error.message.partition("\n")[0]
