"""Conditional requests: a page that has not changed since the last crawl costs the site next to nothing.

What the last crawl knew is put in, and what this one learns is taken out, by `extensions.page_memory`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response


class ConditionalMiddleware:
    """Asks for pages marked `conditional` only if they have changed (RFC 9110, section 13)."""

    def __init__(self) -> None:
        self.known: dict[str, tuple[str | None, str | None]] = {}
        """By URL, ETag and Last-Modified of the copy that was read by an earlier crawl."""
        self.learnt: dict[str, tuple[str | None, str | None]] = {}
        """By URL, those of the copies that this crawl has read."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls()

    def process_request(self, request: Request) -> None:
        """Say which copy is known."""
        if not request.meta.get("conditional"):
            return
        etag, last_modified = self.known.get(request.url, (None, None))
        if etag is not None:
            request.headers["If-None-Match"] = etag
        if last_modified is not None:
            request.headers["If-Modified-Since"] = last_modified

    def process_response(self, request: Request, response: Response) -> Response:
        """Learn which copy this is."""
        if request.meta.get("conditional") and response.status == 200:
            etag, last_modified = (response.headers.get(name) for name in ("ETag", "Last-Modified"))
            if etag or last_modified:
                self.learnt[request.url] = (
                    etag.decode("latin-1") if etag else None,
                    last_modified.decode("latin-1") if last_modified else None,
                )
        return response
