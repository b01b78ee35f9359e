"""The market over HTTP: hosts, pages, validators, the control API."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from outsource_scraper.lzstring import compress_to_base64
from outsource_scraper.sandbox.markup import slug
from outsource_scraper.sandbox.platforms import platforms

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from outsource_scraper.sandbox.market import Market
    from outsource_scraper.sandbox.model import Posting
    from tests.sandbox.conftest import Site

NOW = datetime(2026, 10, 5, 12, 30, tzinfo=UTC)


def wishket(filters: str) -> str:
    return f"/project/?d={quote(compress_to_base64(filters))}"


LISTINGS: dict[str, Callable[[int], str]] = {
    "flru": lambda page: "/projects/" if page == 1 else f"/projects/page-{page}/",
    "freelancer": lambda page: f"/api/projects/0.1/projects/active/?limit=50&offset={50 * (page - 1)}",
    "freelanceru": lambda page: f"/task?page={page}",
    "guru": lambda page: "/d/jobs/" if page == 1 else f"/d/jobs/pg/{page}/",
    "kwork": lambda page: f"/projects?page={page}",
    "remoteok": lambda _: "/api",
    "weblancer": lambda page: f"/api/orders?page={page}",
    "weworkremotely": lambda _: "/remote-jobs.rss",
    "wishket": lambda page: wishket(f"srt=new&page={page}"),
}
PAGE_SIZES = {
    "flru": 30, "freelancer": 50, "freelanceru": 25, "guru": 20, "kwork": 12, "weblancer": 10, "wishket": 10,
}  # fmt: skip
IDS = {
    "flru": r'id="project-item(\d+)"',
    "freelancer": r'"id":(\d{8}),',
    "freelanceru": r'href="/task/view/(\d+)"',
    "guru": r'data-gid="(\d+)"',
    "kwork": r'<h1 class="wants-card__header-title[^>]*><a href="/projects/(\d+)"',
    "remoteok": r'"id": "(\d+)"',
    "weblancer": r'"id":(\d{7}),',
    "weworkremotely": r"<guid>https://[^<]*-(\d+)</guid>",
    "wishket": r'class="[^"]*project-link" href="/project/(\d+)/"',
}
each_listing = pytest.mark.parametrize("name", LISTINGS)


def host(name: str) -> str:
    return platforms()[name].hosts[0]


def test_every_platform_has_its_listing_in_this_test() -> None:
    assert set(LISTINGS) == set(platforms())


@each_listing
def test_the_pages_hold_all_listed_postings_once(name: str, site: Site) -> None:
    listed = [p.number for p in site.market.view(platforms()[name].profile).postings]
    pages = -(-len(listed) // PAGE_SIZES[name]) if name in PAGE_SIZES else 1
    assert pages == 1 or len(listed) > PAGE_SIZES[name]
    found = [
        int(number)
        for page in range(1, pages + 1)
        for number in re.findall(IDS[name], site.get(host(name), LISTINGS[name](page)).text)
    ]
    assert found == listed


@each_listing
def test_the_same_seed_and_clock_give_the_same_bytes(
    name: str,
    site: Site,
    make_market: Callable[..., Market],
    serve: Callable[[Market], AbstractContextManager[Site]],
) -> None:
    first = site.get(host(name), LISTINGS[name](1))
    for seed, same in ((7, True), (8, False)):
        with serve(make_market(seed)) as other:
            again = other.get(host(name), LISTINGS[name](1))
        assert (again.body == first.body) is same
        assert (again.headers["ETag"] == first.headers["ETag"]) is same


@each_listing
def test_robots_txt_is_the_platform_s_own(name: str, site: Site) -> None:
    answer = site.get(host(name), "/robots.txt")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.text == platforms()[name].robots


def test_what_is_known_of_robots_txt_is_in_it(site: Site) -> None:
    assert "Crawl-delay: 5" in site.get("www.wishket.com", "/robots.txt").text
    assert "Disallow: /jobs/?*" in site.get("www.freelancer.com", "/robots.txt").text


@each_listing
def test_a_known_page_is_not_sent_again(name: str, site: Site) -> None:
    path = LISTINGS[name](1)
    first = site.get(host(name), path)
    etag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    for header in (
        {"If_None_Match": etag},
        {"If_None_Match": f'"other", W/{etag}'},
        {"If_Modified_Since": modified},
    ):
        answer = site.get(host(name), path, **header)
        assert (answer.status, answer.body) == (304, b""), header
        assert answer.headers["ETag"] == etag
    for header in (
        {"If_None_Match": '"other"'},
        {"If_None_Match": '"other"', "If_Modified_Since": modified},
        {"If_Modified_Since": "Mon, 05 Oct 2020 00:00:00 GMT"},
        {"If_Modified_Since": "yesterday"},
    ):
        assert site.get(host(name), path, **header).status == 200, header
    site.control.advance(timedelta(hours=6))
    assert site.get(host(name), path, If_None_Match=etag).status == 200
    assert site.get(host(name), path, If_Modified_Since=modified).status == 200


def test_a_feed_stays_the_same_while_nothing_happens(site: Site) -> None:
    view = site.market.view(platforms()["weworkremotely"].profile)
    first = site.get("weworkremotely.com", "/remote-jobs.rss")
    assert parsedate_to_datetime(first.headers["Last-Modified"]) == view.changed_at
    assert view.changed_at < NOW
    site.control.move_to(view.changed_at + timedelta(minutes=1))
    again = site.get("weworkremotely.com", "/remote-jobs.rss", If_None_Match=first.headers["ETag"])
    assert again.status == 304


@each_listing
def test_the_date_header_is_the_market_s(name: str, site: Site) -> None:
    assert site.get(host(name), LISTINGS[name](1)).headers["Date"] == "Mon, 05 Oct 2026 12:30:00 GMT"
    site.control.advance(timedelta(days=1))
    assert site.get(host(name), LISTINGS[name](1)).headers["Date"] == "Tue, 06 Oct 2026 12:30:00 GMT"


@each_listing
def test_head_has_the_headers_alone(name: str, site: Site) -> None:
    path = LISTINGS[name](1)
    head, full = (site.get(host(name), path, method) for method in ("HEAD", "GET"))
    assert head.body == b""
    assert head.headers["ETag"] == full.headers["ETag"]
    assert head.headers["Content-Length"] == str(len(full.body))


@each_listing
@pytest.mark.parametrize(("method", "path"), [("GET", "/nothing-here"), ("POST", "/")])
def test_other_paths_are_not_found(name: str, method: str, path: str, site: Site) -> None:
    assert site.get(host(name), path, method).status == 404


def test_an_unknown_host_is_told_the_known_ones(site: Site) -> None:
    answer = site.get("www.example.com", "/")
    assert answer.status == 404
    assert "www.fl.ru" in answer.text


def details(posting: Posting) -> list[tuple[str, str]]:
    title = slug(posting.original_title)
    return [
        ("flru", f"/projects/{posting.number}/{title}.html"),
        ("freelancer", f"/api/projects/0.1/projects/{posting.number}/?full_description=true"),
        ("freelanceru", f"/task/view/{posting.number}"),
        ("guru", f"/jobs/{title}/{posting.number}"),
        ("kwork", f"/projects/{posting.number}"),
        ("weblancer", f"/freelance/veb-programmirovanie-31/{title}-{posting.number}/"),
        ("wishket", f"/project/{posting.number}/"),
    ]


@pytest.mark.parametrize("name", [name for name in LISTINGS if name in PAGE_SIZES])
def test_a_posting_has_its_page_even_when_it_is_closed(name: str, site: Site) -> None:
    profile = platforms()[name].profile
    closed_later = site.market.changes(profile, NOW, NOW + timedelta(hours=8)).closed[-1]
    posting = site.market.find(profile, closed_later)
    assert posting is not None
    path = dict(details(posting))[name]
    task = max(posting.description.split("\n"), key=len)
    before = site.get(host(name), path)
    assert before.status == 200
    assert task.lstrip("-• ").split("'")[0].split('"')[0] in before.text
    site.control.advance(timedelta(hours=8))
    after = site.get(host(name), path)
    assert after.status == 200
    assert after.text != before.text
    assert site.get(host(name), path.replace(str(closed_later), str(closed_later + 90_000))).status == 404


def test_freelancer_gives_only_what_is_asked_for(site: Site) -> None:
    path = "/api/projects/0.1/projects/active/?limit=5"
    bare = json.loads(site.get("www.freelancer.com", path).body)["result"]
    assert bare["users"] is None
    assert all(p["description"] is None and p["jobs"] is None for p in bare["projects"])
    full = json.loads(
        site.get(
            "www.freelancer.com", f"{path}&full_description=true&job_details=true&user_details=true"
        ).body
    )["result"]
    assert [p["id"] for p in full["projects"]] == [p["id"] for p in bare["projects"]]
    assert all(p["description"] and p["jobs"] for p in full["projects"])
    assert set(full["users"]) == {str(p["owner_id"]) for p in full["projects"]}
    compact = json.loads(site.get("www.freelancer.com", f"{path}&compact=true").body)["result"]
    assert all(None not in project.values() for project in compact["projects"])


def test_freelancer_searches(site: Site) -> None:
    postings = site.market.view(platforms()["freelancer"].profile).postings
    skill = postings[0].skills[0]
    path = f"/api/projects/0.1/projects/active/?limit=100&query={quote(skill)}"
    result = json.loads(site.get("www.freelancer.com", path).body)["result"]
    expected = [
        p.number
        for p in postings
        if all(word in f"{p.title} {p.description}".lower() for word in skill.lower().split())
    ]
    assert [p["id"] for p in result["projects"]] == expected
    assert result["total_count"] == len(expected) < len(postings)


def test_wishket_answers_its_own_script_with_json(site: Site) -> None:
    path = wishket("srt=new&page=2")
    page = site.get("www.wishket.com", path)
    script = site.get("www.wishket.com", path, X_Requested_With="XMLHttpRequest")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert script.headers["Content-Type"] == "application/json; charset=utf-8"
    answer = json.loads(script.body)
    assert answer["count"] == len(site.market.view(platforms()["wishket"].profile).postings)
    assert re.findall(IDS["wishket"], answer["result"]) == re.findall(IDS["wishket"], page.text)


def test_wishket_searches_and_filters(site: Site) -> None:
    def answer(filters: str) -> dict[str, object]:
        asked = site.get("www.wishket.com", wishket(filters), X_Requested_With="XMLHttpRequest")
        found: dict[str, object] = json.loads(asked.body)
        return found

    postings = site.market.view(platforms()["wishket"].profile).postings
    by_word = [p for p in postings if "예약" in p.title]
    assert 0 < len(by_word) < len(postings)
    assert answer("s=예약")["count"] == len(by_word)
    contracts = [p for p in postings if p.budget is None or p.budget.unit == "fixed"]
    assert 0 < len(contracts) < len(postings)
    assert answer("pt=task_based")["count"] == len(contracts)


@pytest.mark.parametrize(
    ("name", "path"),
    [("flru", "/projects/category/dizajn/"), ("kwork", "/projects?c=27"), ("guru", "/d/jobs/c/design-art/")],
)
def test_a_category_is_a_part_of_the_listing(name: str, path: str, site: Site) -> None:
    design = [p.number for p in site.market.view(platforms()[name].profile).postings if p.topic == "design"]
    found = [int(number) for number in re.findall(IDS[name], site.get(host(name), path).text)]
    assert found == design[: PAGE_SIZES[name]]
    assert found


def test_the_state_tells_what_happened(site: Site) -> None:
    site.control.advance(timedelta(hours=3))
    state = site.control.state()
    assert state["now"] == "2026-10-05T15:30:00+00:00"
    assert state["since"] == "2026-10-05T12:30:00+00:00"
    assert set(state["platforms"]) == set(platforms())
    for name, told in state["platforms"].items():
        changes = site.market.changes(platforms()[name].profile, NOW)
        assert told["new"] == changes.new
        assert told["changed"] == changes.changed
        assert told["closed"] == changes.closed
        assert told["reopened"] == changes.reopened
        assert told["listed"] >= told["open"] > 60
    later = site.control.state(since=NOW + timedelta(hours=3))
    assert later["platforms"]["flru"]["new"] == []


@each_listing
def test_the_truth_is_what_is_listed(name: str, site: Site) -> None:
    truth = site.control.truth(name)
    listed = {
        str(p.number): p.number for p in site.market.view(platforms()[name].profile).postings if not p.closed
    }
    ids = [record["project"]["external_id"] for record in truth]
    assert len(ids) == len(set(ids)) > 30
    if name in PAGE_SIZES:
        assert {
            record["project"]["external_id"] for record in truth if record["project"]["status"] == "open"
        } == set(listed)
    assert all(record["project"]["platform"] == name for record in truth)


def test_the_log_tells_the_requests_in_their_order(site: Site) -> None:
    site.get("www.fl.ru", "/robots.txt", User_Agent="tester")
    site.get("kwork.ru", "/projects?page=2", Cookie="a=b")
    site.get("www.example.com", "/")
    first, second, third = site.control.log()
    assert (first["host"], first["method"], first["path"], first["status"], first["user_agent"]) == (
        "www.fl.ru",
        "GET",
        "/robots.txt",
        200,
        "tester",
    )
    assert (second["path"], second["headers"]["Cookie"]) == ("/projects?page=2", "a=b")
    assert third["status"] == 404
    assert first["t"] <= second["t"] <= third["t"]
    site.control.clear_log()
    assert site.control.log() == []


def test_the_clock_can_be_set(site: Site) -> None:
    site.control.move_to(datetime(2027, 1, 2, 3, 4, tzinfo=UTC))
    assert site.control.state()["now"] == "2027-01-02T03:04:00+00:00"
    assert site.get("www.fl.ru", "/projects/").headers["Date"] == "Sat, 02 Jan 2027 03:04:00 GMT"


@pytest.mark.parametrize(
    ("method", "path", "body", "sentence"),
    [
        ("POST", "/_market/clock", "{}", "either"),
        ("POST", "/_market/clock", '{"advance_seconds": true}', "either"),
        ("POST", "/_market/clock", '{"advance_seconds": 1e30}', "calendar"),
        ("POST", "/_market/clock", '{"now": "2019-01-01T00:00:00Z"}', "move the clock"),
        ("POST", "/_market/clock", '{"now": "2026-01-01T00:00:00"}', "time zone"),
        ("POST", "/_market/clock", '{"now": "tomorrow"}', "ISO 8601"),
        ("POST", "/_market/clock", "[]", "not a JSON object"),
        ("POST", "/_market/clock", "{", "not JSON"),
        ("POST", "/_market/faults", '{"kind": "gremlin"}', "kind"),
        ("POST", "/_market/faults", '{"kind": "status"}', "needs the status"),
        ("POST", "/_market/faults", '{"kind": "status", "status": 99}', "between"),
        ("POST", "/_market/faults", '{"kind": "empty", "platform": "nowhere"}', "no platform"),
        ("POST", "/_market/faults", '{"kind": "empty", "path": "("}', "regular expression"),
        ("POST", "/_market/faults", '{"kind": "empty", "count": "2"}', "'count'"),
        ("POST", "/_market/faults", '{"kind": "empty", "hits": 2}', "'hits'"),
        ("POST", "/_market/faults", '{"kind": "slow", "seconds": -1}', "'seconds'"),
        ("GET", "/_market/truth/nowhere", "", "no platform"),
        ("GET", "/_market/state?since=now", "", "ISO 8601"),
        ("PUT", "/_market/clock", "", "not part"),
        ("GET", "/_market/nothing", "", "not part"),
    ],
)
def test_a_mistake_is_answered_with_a_sentence(
    method: str, path: str, body: str, sentence: str, site: Site
) -> None:
    answer = site.send(method, path, body)
    assert answer.status == 400
    assert sentence in json.loads(answer.body)["error"]


def test_the_client_passes_the_sentence_on(site: Site) -> None:
    with pytest.raises(ValueError, match="no platform 'nowhere'"):
        site.control.truth("nowhere")


def test_a_request_that_came_before_the_log_was_cleared_is_not_in_it(site: Site) -> None:
    site.control.fault("slow", platform="flru", seconds=1.0)
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(site.get, "www.fl.ru", "/projects/")
        while not site.control.faults()[0]["hits"]:
            time.sleep(0.01)
        site.control.clear_log()
        assert slow.result().status == 200
    assert site.control.log() == []
