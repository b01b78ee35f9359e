"""What the site answered to a browser, before the browser makes anything of it.

It would show JSON in a frame of its own and decode a text by its own lights; and it follows a redirect, to
whatever site, with the headers of the request, a credential among them.
"""

from __future__ import annotations

import re
from base64 import b64decode
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from playwright.async_api import Error as PlaywrightError
from scrapy.http import Response
from scrapy.responsetypes import responsetypes

if TYPE_CHECKING:
    from playwright.async_api import CDPSession, Page
    from scrapy import Request

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_BODILESS = frozenset({204, 304})
_FEED = re.compile(rb"(?:<\?xml[^>]*>\s*)?<(?:rss|feed|rdf:RDF)\b")


class Navigation:
    """One request that a page of the browser is opened for."""

    def __init__(self) -> None:
        self.ended: Response | None = None
        """An answer at which the browser was stopped: a redirect, or one without a body."""
        self._frame: str | None = None
        self._data: bytes | None = None

    async def watch(self, page: Page, _request: Request) -> None:
        """Watch `page` from now on; for `playwright_page_init_callback`."""
        session = await page.context.new_cdp_session(page)

        async def paused(event: dict[str, Any]) -> None:
            with suppress(PlaywrightError):  # the page is closed, or the answer ended too early
                await self._look(session, event)
                return
            with suppress(PlaywrightError):
                await session.send("Fetch.continueRequest", {"requestId": event["requestId"]})

        session.on("Fetch.requestPaused", paused)
        documents = {"urlPattern": "*", "resourceType": "Document", "requestStage": "Response"}
        await session.send("Fetch.enable", {"patterns": [documents]})

    def as_it_came(self, response: Response) -> Response:
        """`response`, which the browser has made; where it was no page, with the body that the site sent."""
        if self._data is None and "playwright_suggested_filename" not in response.meta:
            return response
        body = response.body if self._data is None else self._data
        kind = responsetypes.from_args(headers=response.headers, url=response.url, body=body)
        return kind(
            response.url,
            status=response.status,
            headers=response.headers,
            body=body,
            flags=response.flags,
            request=response.request,
            ip_address=response.ip_address,
        )

    async def _look(self, session: CDPSession, event: dict[str, Any]) -> None:
        paused = {"requestId": event["requestId"]}
        # The first of a page is its own; what follows may be of frames in it, which lead where they like.
        self._frame = self._frame or event["frameId"]
        if event["frameId"] == self._frame and "responseStatusCode" in event:
            url, status = event["request"]["url"], event["responseStatusCode"]
            headers = {header["name"].lower(): header["value"] for header in event["responseHeaders"]}
            if "location" in headers:
                headers["location"] = urljoin(url, headers["location"])
            if status in _BODILESS or (status in _REDIRECTS and "location" in headers):
                self.ended = Response(url, status=status, headers=headers)
                await session.send("Fetch.failRequest", {**paused, "errorReason": "BlockedByClient"})
                return
            if status not in _REDIRECTS:  # of which Chromium does not hand out the body
                answer = await session.send("Fetch.getResponseBody", paused)
                body = b64decode(answer["body"]) if answer["base64Encoded"] else answer["body"].encode()
                self._data = None if is_page(headers.get("content-type", ""), body) else body
        await session.send("Fetch.continueRequest", paused)


def is_page(content_type: str, body: bytes) -> bool:
    """Whether an answer is HTML, which a browser makes a page of; its type may be missing, or wrong."""
    begin = body[:1000].removeprefix(b"\xef\xbb\xbf").lstrip()
    if content_type and "html" not in content_type.lower():
        return False
    return begin.startswith(b"<") and _FEED.match(begin) is None
