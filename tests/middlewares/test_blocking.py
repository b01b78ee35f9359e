from pathlib import Path

import pytest
from scrapy import Request
from scrapy.http import HtmlResponse, JsonResponse, Response
from scrapy.utils.test import get_crawler

from outsource_scraper.errors import CredentialRefused
from outsource_scraper.middlewares.blocking import BlockingMiddleware, blocked_by

URL = "https://board.example/projects/"
LISTING = b"<title>Projects</title>" + b'<a href="/projects/1/">Shop in Vue</a>' * 20
CHALLENGE = b"""<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>
<script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1"></script></body></html>"""


def response(body: bytes, status: int = 200, **headers: str) -> Response:
    return HtmlResponse(URL, status=status, body=body, headers=headers)


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (response(CHALLENGE), "challenge"),
        (response(CHALLENGE, 403), "challenge"),
        (response(CHALLENGE, 503), "challenge"),
        (response(b"<html></html>", 403, **{"cf-mitigated": "challenge"}), "challenge"),
        (response(b"<title>Attention Required! | Cloudflare</title>", 403), "challenge"),
        (response(b'<iframe src="https://geo.captcha-delivery.com/captcha/"></iframe>'), "challenge"),
        (response(b"no entry", 403), "refuses access"),
        (response(b"who are you", 401), "login"),
        (response(b"slowly", 429), "too many requests"),
    ],
)
def test_a_wall_is_recognised(answer: Response, word: str) -> None:
    assert word in (blocked_by(answer) or "")


@pytest.mark.parametrize(
    "answer",
    [
        response(LISTING),
        # The guard's script stands on good pages too, once it has let one in.
        response(LISTING + b'<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script>'),
        response(b"not here", 404),
        response(b"broken", 500),
        JsonResponse(URL, body=b'{"title": "captcha-delivery.com"}', headers={"Content-Type": "text/json"}),
    ],
)
def test_an_answer_like_any_other_is_none(answer: Response) -> None:
    assert blocked_by(answer) is None


def test_the_saved_challenge_page(captures: Path) -> None:
    body = (captures / "upwork" / "challenge-page-2025-05-21.html").read_bytes()
    assert "challenge" in (blocked_by(response(body)) or "")


def test_no_saved_listing_is_taken_for_a_wall(captures: Path) -> None:
    pages = [page for page in captures.rglob("*.html") if "challenge" not in page.name]
    assert len(pages) > 8
    blocked = {page.name: why for page in pages if (why := blocked_by(response(page.read_bytes())))}
    assert blocked == {}


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_credential_is_no_wall(status: int) -> None:
    crawler = get_crawler()
    crawler.spider = crawler._create_spider("board")
    request = Request(URL, meta={"credential": "BOARD_TOKEN"})
    with pytest.raises(CredentialRefused, match=rf"board refuses BOARD_TOKEN \(HTTP {status}\): set"):
        BlockingMiddleware.from_crawler(crawler).process_response(request, response(b"no", status))
    assert "blocked/count" not in crawler.stats.get_stats()
