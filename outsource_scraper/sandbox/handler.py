"""Sends the requests of real spiders to the sandbox market instead of the platforms.

It sits below everything else: middlewares, robots.txt, download slots and spiders see the platform's own
URLs, and only the connection goes to `SANDBOX_URL`, with the platform's name in the Host header.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.exceptions import NotConfigured

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.settings import BaseSettings

logger = logging.getLogger(__name__)

BROWSER = "outsource_scraper.middlewares.browser.BrowserDownloadHandler"
HANDLER = "outsource_scraper.sandbox.handler.SandboxDownloadHandler"
_PRIORITY = 35
"""Above what a spider sets (30), below the command line (40)."""


class SandboxAddon:
    """Scrapy add-on: where `SANDBOX_URL` is set, the crawl goes to the market there and to nowhere else.

    Delays are off then: it is our own machine.
    """

    def update_settings(self, settings: BaseSettings) -> None:
        """Turn the connections, if a market is named."""
        if settings.get("SANDBOX_URL"):
            logger.info("The market at %s is crawled in the place of the platform", settings["SANDBOX_URL"])
            renders = settings.get("DOWNLOAD_HANDLERS", {}).get("https") == BROWSER
            handler = "outsource_scraper.sandbox.browser.SandboxBrowserHandler" if renders else HANDLER
            handlers = {"http": HANDLER, "https": handler}
            settings.set("DOWNLOAD_HANDLERS", handlers, priority=_PRIORITY)
            if renders:
                unread = "outsource_scraper.sandbox.browser.unread"
                settings.set("PLAYWRIGHT_ABORT_REQUEST", unread, priority=_PRIORITY)
            settings.set("DOWNLOAD_DELAY", 0, priority=_PRIORITY)
            settings.set("CRAWL_DELAY_MAX", 0, priority=_PRIORITY)


class SandboxDownloadHandler(HTTP11DownloadHandler):
    """Downloads from the sandbox market what the request asks of a platform."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        url = crawler.settings.get("SANDBOX_URL")
        if not url:
            raise NotConfigured("SANDBOX_URL is not set")
        self._netloc = urlsplit(url).netloc

    async def download_request(self, request: Request) -> Response:
        """Fetch `request` from the market; the response bears the platform's URL."""
        asked = urlsplit(request.url)
        headers = request.headers.copy()
        headers["Host"] = asked.netloc
        target = urlunsplit(("http", self._netloc, asked.path, asked.query, ""))
        response = await super().download_request(request.replace(url=target, headers=headers))
        return response.replace(url=request.url, request=request)
