"""The browser's way to the sandbox market; see `sandbox.handler`.

A browser cannot be told to send another Host header. It is told instead that every name stands for the
market's address, and opens `http://www.fl.ru.localhost/`: names below `localhost` are never upgraded to
https, and the market knows its platform by them. So nothing that a page asks for leaves for anywhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

from outsource_scraper.middlewares.browser import BrowserDownloadHandler, holds_no_posting, renders
from outsource_scraper.sandbox.handler import SandboxDownloadHandler

if TYPE_CHECKING:
    from playwright.async_api import Request as PlaywrightRequest
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

_SUFFIX = ".localhost"


class SandboxBrowserHandler(BrowserDownloadHandler):
    """Renders the market's pages under the platform's URLs."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._plain = SandboxDownloadHandler(crawler)
        rule = f"--host-resolver-rules=MAP * {urlsplit(crawler.settings['SANDBOX_URL']).netloc}"
        options: dict[str, Any] = self.config.launch_options
        self.config.launch_options = options | {"args": [*options.get("args", ()), rule]}

    async def download_request(self, request: Request) -> Response:
        """Fetch `request` from the market; the response bears the platform's URL."""
        if not renders(request):
            return await self._plain.download_request(request)
        asked = urlsplit(request.url)
        target = request.replace(url=_url(asked, "http", f"{asked.hostname}{_SUFFIX}"))
        response = await super().download_request(target)
        request.meta.update(target.meta)
        headers = response.headers.copy()
        if (location := headers.get("Location")) is not None:
            headers["Location"] = _of_platform(location.decode("latin-1"), asked.scheme)
        url = _of_platform(response.url, asked.scheme)
        return response.replace(url=url, headers=headers, request=request)

    async def close(self) -> None:
        """Close both ways."""
        await self._plain.close()
        await super().close()


def unread(request: PlaywrightRequest) -> bool:
    """As `middlewares.browser.unread`, of the host that the name in the market stands for."""
    host = urlsplit(request.url).hostname or ""
    return holds_no_posting(request.resource_type, host.removesuffix(_SUFFIX))


def _of_platform(url: str, scheme: str) -> str:
    """The platform's URL for one that the browser knows."""
    parts = urlsplit(url)
    return _url(parts, scheme, (parts.hostname or "").removesuffix(_SUFFIX))


def _url(parts: SplitResult, scheme: str, host: str) -> str:
    return urlunsplit((scheme, host, parts.path, parts.query, ""))
