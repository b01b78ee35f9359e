"""Tells "blocked" from "nothing new": a challenge, a wall or a refusal ends the run as blocked."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TYPE_CHECKING, NoReturn, Self
from urllib.parse import urlsplit

from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response, TextResponse

from outsource_scraper.errors import CredentialRefused

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

REFUSALS = {
    401: "the site asks for a login",
    403: "the site refuses access",
    407: "a proxy asks for a login",
    429: "the site says that there were too many requests",
    451: "the site refuses access here",
}
"""Statuses that are a refusal, whatever the body says."""

CREDENTIAL = "credential"
"""Key in the meta of a request that carries a credential: the name of the environment variable."""

GIVEN_UP = "backoff-given-up"
"""Flag of a response behind which nothing is tried any more (see `manners`)."""

_HEAD = 20_000
"""Bytes at the start of a page that are looked at; a challenge page announces itself early."""

_TITLES = (
    b"just a moment", b"attention required!", b"access denied", b"robot check", b"are you a robot",
)  # fmt: skip
_TRACES = (
    b"/cdn-cgi/challenge-platform/", b"cf-chl-", b"_cf_chl_opt", b"cf-browser-verification",  # Cloudflare
    b"captcha-delivery.com",  # DataDome
    b"/_incapsula_resource", b"_pxcaptcha", b"px-captcha",  # Imperva, PerimeterX
    b"/ddos-guard/", b"ddg-captcha", b"showcaptcha?",  # DDoS-Guard, Yandex
)  # fmt: skip
_CHALLENGE = re.compile(
    rb"<title>\s*(?:" + b"|".join(map(re.escape, _TITLES)) + b")|" + b"|".join(map(re.escape, _TRACES))
)
"""In lower case."""
_LOGIN = re.compile(r"/(?:log[-_]?in|sign[-_]?in|auth|account/login|users/sign_in)(?:[/.?]|$)", re.IGNORECASE)


def blocked_by(response: Response) -> str | None:
    """What shut us out, in a sentence; None where `response` is an answer like any other."""
    if is_challenge(response):
        return "the site shows a challenge page"
    if GIVEN_UP in response.flags:
        return "the site went on having no room for us"
    return REFUSALS.get(response.status)


def is_challenge(response: Response) -> bool:
    """Whether `response` asks for a browser or a person in the place of an answer."""
    if response.headers.get("cf-mitigated") == b"challenge":
        return True
    if not isinstance(response, TextResponse) or _is_data(response):
        return False
    head = response.body[:_HEAD].lower()
    # Every page comes by here, and looking for each word alone is many times as fast as the pattern.
    if not any(word in head for word in (*_TITLES, *_TRACES)):
        return False
    found = _CHALLENGE.search(head)
    # Sites behind such a guard carry its script on good pages too: alone it proves nothing there.
    return found is not None and (
        response.status != 200 or found[0].startswith(b"<title>") or _is_bare(response)
    )


def _is_data(response: Response) -> bool:
    kind = response.headers.get("Content-Type") or b""
    return b"json" in kind or b"xml" in kind


def _is_bare(response: TextResponse) -> bool:
    """Whether the page links to next to nothing, as challenge pages do and listings never."""
    return response.body.count(b"<a ") < 5


class BlockingMiddleware:
    """Ends the run at the first response that `blocked_by` knows, and counts it under `blocked/`."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._closing: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Do not follow a redirect to a log-in page.

        Raises:
            IgnoreRequest: the redirect is a wall.
        """
        if "redirect_urls" in request.meta and _LOGIN.search(urlsplit(request.url).path):
            self._end("the site sends us to its log-in page", request.url)

    def process_response(self, request: Request, response: Response) -> Response:
        """Pass a good response on; end the run at a wall.

        Raises:
            IgnoreRequest: the response is no answer but a wall.
            CredentialRefused: the site does not take the credential that the request carries, which the
                operator can mend; the spider ends the run.
        """
        if urlsplit(request.url).path == "/robots.txt" and GIVEN_UP not in response.flags:
            return response  # a site that hides it forbids nothing by that (RFC 9309, 2.3.1.3)
        variable = request.meta.get(CREDENTIAL)
        if variable is not None and response.status in {401, 403} and not is_challenge(response):
            spider = self._crawler.spider
            assert spider is not None  # noqa: S101 - there is no response without one
            raise CredentialRefused(spider.name, variable, f"HTTP {response.status}")
        why = blocked_by(response)
        if why is not None:
            self._end(f"{why} ({response.status})", response.url)
        return response

    def _end(self, why: str, url: str) -> NoReturn:
        stats = self._crawler.stats
        stats.inc_value("blocked/count")
        stats.set_value("blocked/reason", f"{why} at {url}")
        logger.error("blocked: %s at %s", why, url)
        if self._closing is None and self._crawler.engine is not None:
            # Not awaited: it waits for the requests under way, this one among them.
            self._closing = asyncio.ensure_future(self._crawler.engine.close_spider_async(reason="blocked"))
        raise IgnoreRequest(f"blocked: {why}")


class OffsiteRedirectMiddleware:
    """Lets no redirect lead off the site, and lets the spider know.

    Scrapy drops such a request without a word, and what the listing told of a project would go with it.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response:
        """Pass on what stays on the site.

        Raises:
            IgnoreRequest: it does not.
        """
        spider = self._crawler.spider
        location = response.headers.get("Location")
        if response.status not in {301, 302, 303, 307, 308} or location is None or spider is None:
            return response
        target = response.urljoin(location.decode("latin-1"))
        if spider.handles_request(request.replace(url=target)):
            return response
        self._crawler.stats.inc_value("offsite/filtered")
        raise IgnoreRequest(f"a redirect leads off the site, to {target}")
