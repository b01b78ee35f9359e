"""OAuth 2.0 for platforms whose API takes short-lived access tokens (RFC 6749, section 6).

The spider says how a token is asked for (`token_request`) and read (`access_token`); its requests to the API
bear `meta["access_token"] = True`. Here a token is fetched once, put on those requests on their way out, and
renewed once for a request that comes back as 401. So no token stands in a request that waits in a queue or is
written to disk, and a spider's listing stays a list of requests.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

from scrapy.exceptions import NotConfigured

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

ACCESS_TOKEN = "access_token"  # noqa: S105 - the key, not a token
"""Key in the meta of a request that needs an access token."""
_RENEWED = "access_token_renewed"


@runtime_checkable
class TokenSource(Protocol):
    """What the spider of such a platform knows."""

    def token_request(self) -> Request:
        """The request that gets an access token."""

    def access_token(self, response: Response) -> str:
        """The access token in the answer to it.

        Raises:
            CredentialRefused: the answer says that the credential is not good.
            PageError: the answer is none that holds a token.
        """


class AccessTokenMiddleware:
    """Puts an access token on every request that asks for one."""

    def __init__(self, crawler: Crawler, source: TokenSource) -> None:
        self._crawler = crawler
        self._source = source
        self._token: str | None = None
        self._asking = asyncio.Lock()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor; it is absent from the crawls of spiders that know no tokens."""
        if not isinstance(crawler.spider, TokenSource):
            raise NotConfigured
        return cls(crawler, crawler.spider)

    async def process_request(self, request: Request) -> None:
        """Set the Authorization header.

        Raises:
            CredentialRefused, PageError: no token is to be had (see `TokenSource`).
        """
        if not request.meta.get(ACCESS_TOKEN):
            return
        async with self._asking:
            if self._token is None:
                answer = await self._crawler.engine.download_async(self._source.token_request())
                self._token = self._source.access_token(answer)
        request.headers["Authorization"] = f"Bearer {self._token}"

    def process_response(self, request: Request, response: Response) -> Response | Request:
        """Pass the answer on; after the first 401 of a request, forget the token and ask again."""
        if response.status != 401 or not request.meta.get(ACCESS_TOKEN) or request.meta.get(_RENEWED):
            return response
        self._token = None
        return request.replace(dont_filter=True, meta={**request.meta, _RENEWED: True})
