"""Credentials: asked for before anything is fetched, sent where they belong, never shown, refused once."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr
from scrapy.crawler import AsyncCrawlerRunner, Crawler

from outsource_scraper.errors import ConfigError
from outsource_scraper.extensions.verdict import Verdict, judge
from outsource_scraper.spiders import freelancehunt, freelancer, upwork
from outsource_scraper.spiders._base import PlatformSpider
from outsource_scraper.spiders.freelancehunt import FreelancehuntSpider
from outsource_scraper.spiders.freelancer import FreelancerSpider
from outsource_scraper.spiders.upwork import UpworkSpider

UPWORK = {
    "UPWORK_CLIENT_ID": "the-client",
    "UPWORK_CLIENT_SECRET": SecretStr("s3cret-client"),
    "UPWORK_REFRESH_TOKEN": SecretStr("s3cret-refresh"),
}
MIDDLEWARES = {
    "outsource_scraper.middlewares.access_token.AccessTokenMiddleware": 545,
    "outsource_scraper.middlewares.blocking.BlockingMiddleware": 540,
}


@dataclass
class Asked:
    path: str
    authorization: str | None
    body: Any


@dataclass
class Site:
    """Answers the requests of a crawl in turn, by path, and keeps what was asked."""

    answers: dict[str, list[web.Response]]
    asked: list[Asked] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    async def answer(self, request: web.Request) -> web.Response:
        body = await (request.json() if request.content_type == "application/json" else request.post())
        self.asked.append(Asked(request.path, request.headers.get("Authorization"), body))
        return self.answers[request.path].pop(0)

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


@dataclass
class Ended:
    stats: dict[str, Any]
    reason: str
    spider: PlatformSpider[Any]

    @property
    def outcome(self) -> tuple[Verdict, str | None]:
        found = judge(self.stats, finish_reason=self.reason, ended=self.spider.ended, filtered=False)
        return found.verdict, found.reason


Run = Callable[..., Any]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Crawl `site` with a spider whose addresses lead there."""

    async def crawl(
        spider: type[PlatformSpider[Any]], site: Site, settings: dict[str, Any], **arguments: str
    ) -> Ended:
        async with site.served() as base:
            monkeypatch.setattr(upwork, "API", f"{base}/graphql")
            monkeypatch.setattr(upwork, "TOKENS", f"{base}/token")
            monkeypatch.setattr(freelancehunt, "API", f"{base}/projects")
            monkeypatch.setattr(freelancer, "API", f"{base}/projects")
            local = type("Local", (spider,), {"allowed_domains": ("127.0.0.1",)})
            all_settings = {"TWISTED_REACTOR_ENABLED": False, "LOG_ENABLED": False, "RETRY_ENABLED": False,
                            "TELNETCONSOLE_ENABLED": False, "REMOTE_CONTROL_ENABLED": False,
                            "DOWNLOADER_MIDDLEWARES": MIDDLEWARES, **settings}  # fmt: skip
            crawler = AsyncCrawlerRunner(all_settings).create_crawler(local)
            crawler.settings.set("DOWNLOAD_DELAY", 0, "cmdline")
            await AsyncCrawlerRunner(all_settings).crawl(crawler, **arguments)
        stats = crawler.stats.get_stats()
        return Ended(stats, stats["finish_reason"], crawler.spider)

    return crawl


def token(value: str, *, newer: str | None = None) -> web.Response:
    more = {} if newer is None else {"refresh_token": newer}
    return web.json_response({"access_token": value, "token_type": "Bearer", "expires_in": 86400, **more})


def jobs(*ids: str, after: str | None = None) -> web.Response:
    edges = [{"node": {"id": one, "title": f"Job {one}", "ciphertext": f"~02{one}"}} for one in ids]
    page = {"hasNextPage": after is not None, "endCursor": after}
    return web.json_response({"data": {"marketplaceJobPostingsSearch": {"edges": edges, "pageInfo": page}}})


def refusal(status: int) -> web.Response:
    return web.json_response({"message": "no"}, status=status)


class TestMissing:
    @pytest.mark.parametrize(
        ("spider", "settings", "words"),
        [
            (FreelancehuntSpider, {}, ["needs FREELANCEHUNT_TOKEN: get it at https://freelancehunt.com/my/"]),
            (FreelancehuntSpider, {"FREELANCEHUNT_TOKEN": ""}, ["FREELANCEHUNT_TOKEN", ".env"]),
            (UpworkSpider, {}, ["UPWORK_CLIENT_ID, UPWORK_CLIENT_SECRET, UPWORK_REFRESH_TOKEN: get them"]),
            (UpworkSpider, {**UPWORK, "UPWORK_CLIENT_SECRET": None}, ["needs UPWORK_CLIENT_SECRET: get it"]),
        ],
    )
    def test_one_sentence_says_what_is_missing(
        self, spider: type[PlatformSpider[Any]], settings: dict[str, Any], words: list[str]
    ) -> None:
        with pytest.raises(ConfigError) as raised:
            Crawler(spider, settings)._create_spider()
        for word in words:
            assert word in str(raised.value)
        assert "s3cret" not in str(raised.value)

    def test_an_optional_one_may_be_missing(self) -> None:
        assert Crawler(FreelancerSpider)._create_spider().credential("FREELANCER_TOKEN") is None

    @pytest.mark.parametrize("spider", [FreelancehuntSpider, UpworkSpider])
    def test_a_saved_page_is_read_without(self, spider: type[PlatformSpider[Any]]) -> None:
        assert spider().listing_request(1).url.startswith("https://api.")


@pytest.mark.parametrize("value", ["s3cret", SecretStr("s3cret")])
def test_a_credential_comes_from_the_environment_or_from_the_command_line(value: Any) -> None:
    spider = Crawler(FreelancehuntSpider, {"FREELANCEHUNT_TOKEN": value})._create_spider()
    assert spider.credential("FREELANCEHUNT_TOKEN") == "s3cret"
    assert spider.listing_request(1).headers["Authorization"] == b"Bearer s3cret"


async def test_upwork_gets_a_token_once_and_follows_the_cursor(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    site = Site({"/token": [token("t0ken-1")], "/graphql": [jobs("1", "2", after="cursor"), jobs("3")]})
    ended = await run(UpworkSpider, site, UPWORK, query="vue")
    assert site.paths == ["/token", "/graphql", "/graphql"]
    assert dict(site.asked[0].body) == {
        "grant_type": "refresh_token",
        "refresh_token": "s3cret-refresh",
        "client_id": "the-client",
        "client_secret": "s3cret-client",
    }
    assert [asked.authorization for asked in site.asked[1:]] == ["Bearer t0ken-1"] * 2
    filters = [asked.body["variables"]["filter"] for asked in site.asked[1:]]
    assert [wanted["pagination_eq"]["after"] for wanted in filters] == ["0", "cursor"]
    assert [wanted["searchExpression_eq"] for wanted in filters] == ["vue", "vue"]
    assert ended.stats["listing/records"] == 3
    assert ended.outcome == (Verdict.OK, None)
    for secret in ("s3cret", "t0ken"):
        assert secret not in caplog.text
        assert secret not in str(ended.stats)


async def test_an_access_token_that_runs_out_is_renewed_once(run: Run) -> None:
    site = Site(
        {
            "/token": [token("old"), token("new")],
            "/graphql": [jobs("1", after="50"), refusal(401), jobs("2")],
        }
    )
    ended = await run(UpworkSpider, site, UPWORK)
    assert site.paths == ["/token", "/graphql", "/graphql", "/token", "/graphql"]
    assert site.asked[-1].authorization == "Bearer new"
    assert site.asked[-1].body == site.asked[2].body
    assert ended.outcome == (Verdict.OK, None)


async def test_a_newer_refresh_token_is_the_one_that_is_used(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    site = Site(
        {
            "/token": [token("old", newer="s3cret-newer"), token("new")],
            "/graphql": [refusal(401), jobs("1")],
        }
    )
    await run(UpworkSpider, site, UPWORK)
    assert [asked.body["refresh_token"] for asked in site.asked if asked.path == "/token"] == [
        "s3cret-refresh",
        "s3cret-newer",
    ]
    assert "UPWORK_REFRESH_TOKEN" in caplog.text
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize(
    ("spider", "settings", "answers", "paths", "variable"),
    [
        (
            UpworkSpider,
            UPWORK,
            {"/token": [web.json_response({"error": "invalid_grant"}, status=400)]},
            ["/token"],
            "UPWORK_REFRESH_TOKEN (invalid_grant)",
        ),
        (
            UpworkSpider,
            UPWORK,
            {"/token": [web.json_response({"error": "invalid_client"}, status=401)]},
            ["/token"],
            "UPWORK_CLIENT_ID or UPWORK_CLIENT_SECRET (HTTP 401)",
        ),
        (
            UpworkSpider,
            UPWORK,
            {"/token": [token("a"), token("b")], "/graphql": [refusal(401), refusal(401)]},
            ["/token", "/graphql", "/token", "/graphql"],
            "UPWORK_REFRESH_TOKEN (HTTP 401)",
        ),
        (
            UpworkSpider,
            UPWORK,
            {"/token": [token("a")], "/graphql": [refusal(403)]},
            ["/token", "/graphql"],
            "UPWORK_REFRESH_TOKEN (HTTP 403)",
        ),
        (
            UpworkSpider,
            UPWORK,
            {
                "/token": [token("a")],
                "/graphql": [web.json_response({"errors": [{"message": "It has no permission."}]})],
            },
            ["/token", "/graphql"],
            "UPWORK_REFRESH_TOKEN (It has no permission)",
        ),
        (
            FreelancehuntSpider,
            {"FREELANCEHUNT_TOKEN": "s3cret"},
            {"/projects": [refusal(401)]},
            ["/projects"],
            "FREELANCEHUNT_TOKEN (HTTP 401)",
        ),
        (
            FreelancerSpider,
            {"FREELANCER_TOKEN": "s3cret"},
            {"/projects": [refusal(403)]},
            ["/projects"],
            "FREELANCER_TOKEN (HTTP 403)",
        ),
    ],
)
async def test_a_refused_credential_ends_the_run(
    run: Run,
    spider: type[PlatformSpider[Any]],
    settings: dict[str, Any],
    answers: dict[str, list[web.Response]],
    paths: list[str],
    variable: str,
) -> None:
    site = Site(answers)
    ended = await run(spider, site, settings)
    assert site.paths == paths
    assert ended.reason == "credential_refused"
    assert ended.outcome == (
        Verdict.FAILED,
        f"{spider.name} refuses {variable}: set a valid one in the environment or in .env.",
    )
    assert "blocked/count" not in ended.stats


async def test_an_optional_credential_that_was_not_sent_was_not_refused(run: Run) -> None:
    ended = await run(FreelancerSpider, Site({"/projects": [refusal(403)]}), {})
    assert ended.outcome[0] is Verdict.BLOCKED


@pytest.mark.parametrize(
    "answer",
    [
        web.Response(status=403, text="<title>Just a moment...</title>", content_type="text/html"),
        web.Response(status=429),
    ],
)
async def test_a_wall_before_the_api_says_nothing_of_the_credential(run: Run, answer: web.Response) -> None:
    ended = await run(FreelancehuntSpider, Site({"/projects": [answer]}), {"FREELANCEHUNT_TOKEN": "s3cret"})
    assert ended.outcome[0] is Verdict.BLOCKED


async def test_an_error_of_the_query_is_no_refusal(run: Run) -> None:
    error = {"errors": [{"message": "Validation error: field 'colour' is undefined"}]}
    answers = {"/token": [token("a")], "/graphql": [web.json_response(error), web.json_response(error)]}
    site = Site(answers)
    ended = await run(UpworkSpider, site, UPWORK)
    assert ended.reason == "finished"
    assert ended.stats["listing/failed_pages"] == 2
    after = [asked.body["variables"]["filter"]["pagination_eq"]["after"] for asked in site.asked[1:]]
    assert after == ["0", "50"], "the page behind the one that failed is asked for"
