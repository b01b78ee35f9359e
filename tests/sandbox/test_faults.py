"""Every fault does what it says, over real HTTP, and ends when it should."""

from __future__ import annotations

import http.client
import json
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outsource_scraper.sandbox.faults import Kind
from outsource_scraper.sandbox.platforms import platforms

if TYPE_CHECKING:
    from tests.sandbox.conftest import Answer, Site

LISTINGS = {
    "flru": "/projects/",
    "freelancer": "/api/projects/0.1/projects/active/?limit=100&full_description=true&job_details=true",
    "freelanceru": "/task",
    "guru": "/d/jobs/",
    "kwork": "/projects",
    "remoteok": "/api",
    "weblancer": "/api/orders",
    "weworkremotely": "/remote-jobs.rss",
    "wishket": "/project/",
}
JSON_LISTINGS = ("freelancer", "remoteok", "weblancer")
each_listing = pytest.mark.parametrize("name", LISTINGS)


def listing(site: Site, name: str, **headers: str) -> Answer:
    return site.get(platforms()[name].hosts[0], LISTINGS[name], **headers)


def numbers(site: Site, name: str) -> list[int]:
    return [posting.number for posting in site.market.view(platforms()[name].profile).postings]


def test_every_kind_is_tried_in_this_file() -> None:
    tried = set(re.findall(r'\.fault\(\s*"(\w+)"', Path(__file__).read_text("utf-8")))
    assert tried == set(Kind)


@pytest.mark.parametrize("status", [403, 404, 429, 500, 503])
def test_a_status_comes_as_often_as_was_asked_for(status: int, site: Site) -> None:
    site.control.fault("status", status=status, count=2, platform="flru")
    assert [listing(site, "flru").status for _ in range(3)] == [status, status, 200]
    assert site.control.faults()[0]["hits"] == 2


def test_retry_after_is_in_seconds_or_a_date(site: Site) -> None:
    site.control.fault("status", status=429, retry_after=120, count=1)
    assert listing(site, "guru").headers["Retry-After"] == "120"
    site.control.fault("status", status=503, retry_after=120, retry_after_as_date=True, count=1)
    assert listing(site, "guru").headers["Retry-After"] == "Mon, 05 Oct 2026 12:32:00 GMT"
    site.control.fault("status", status=429, count=1)
    assert "Retry-After" not in listing(site, "guru").headers


def test_a_fault_hits_its_platform_and_its_path_alone(site: Site) -> None:
    site.control.fault("status", status=403, platform="kwork", path=r"page=2\b")
    assert site.get("kwork.ru", "/projects?page=2").status == 403
    assert site.get("kwork.ru", "/projects?page=1").status == 200
    assert site.get("freelance.ru", "/task?page=2").status == 200


def test_robots_txt_is_spared_unless_it_is_named(site: Site) -> None:
    site.control.fault("status", status=403)
    assert listing(site, "flru").status == 403
    assert site.get("www.fl.ru", "/robots.txt").status == 200
    site.control.fault("status", status=503, path="^/robots.txt$")
    assert site.get("www.fl.ru", "/robots.txt").status == 503


def test_cleared_faults_are_over(site: Site) -> None:
    site.control.fault("status", status=403)
    assert listing(site, "flru").status == 403
    site.control.clear_faults()
    assert listing(site, "flru").status == 200
    assert site.control.faults() == []


@pytest.mark.parametrize(("asked", "status"), [(None, 403), (200, 200)])
def test_a_challenge_page_has_the_known_marks(asked: int | None, status: int, site: Site) -> None:
    site.control.fault("challenge", status=asked)
    answer = listing(site, "guru")
    assert answer.status == status
    assert answer.headers["cf-mitigated"] == "challenge"
    assert "<title>Just a moment...</title>" in answer.text
    assert "/cdn-cgi/challenge-platform/" in answer.text
    assert "_cf_chl_opt" in answer.text


def test_a_login_wall_redirects(site: Site) -> None:
    site.control.fault("login_wall")
    answer = listing(site, "wishket")
    assert (answer.status, answer.headers["Location"]) == (302, "/login")
    assert site.get("www.wishket.com", "/login").status == 200


@each_listing
def test_a_truncated_body_is_shorter_than_announced(name: str, site: Site) -> None:
    whole = listing(site, name).body
    site.control.fault("truncated", count=1)
    with pytest.raises(http.client.IncompleteRead) as caught:
        listing(site, name)
    assert 0 < len(caught.value.partial) < len(whole)
    assert listing(site, name).body == whole


@each_listing
def test_a_cut_body_has_the_length_it_says(name: str, site: Site) -> None:
    whole = listing(site, name)
    site.control.fault("cut")
    cut = listing(site, name)
    assert cut.status == 200
    assert whole.text.startswith(cut.text)
    assert cut.text != whole.text
    if name in JSON_LISTINGS:
        with pytest.raises(json.JSONDecodeError):
            json.loads(cut.body)


@pytest.mark.parametrize("kind", ["slow", "drip"])
def test_a_slow_answer_lets_others_pass_and_is_whole(kind: str, site: Site) -> None:
    whole = listing(site, "flru").body
    if kind == "slow":
        site.control.fault("slow", seconds=2.5, platform="flru", count=1)
    else:
        site.control.fault("drip", seconds=2.5, platform="flru", count=1)
    slow: list[bytes] = []
    thread = threading.Thread(target=lambda: slow.append(listing(site, "flru").body))
    thread.start()
    while not site.control.faults()[0]["hits"]:
        pass
    assert listing(site, "kwork").status == 200
    thread.join()
    assert slow == [whole]
    assert [entry["host"] for entry in site.control.log()[1:]] == ["kwork.ru", "www.fl.ru"]


@each_listing
def test_an_empty_listing_is_valid_and_has_no_postings(name: str, site: Site) -> None:
    newest = str(numbers(site, name)[0])
    assert newest in listing(site, name).text
    site.control.fault("empty")
    answer = listing(site, name)
    assert answer.status == 200
    assert newest not in answer.text


def test_an_empty_listing_counts_nought_or_claims_results(site: Site) -> None:
    def counts() -> list[int]:
        kwork = re.search(r'"total":(\d+)', listing(site, "kwork").text)
        assert kwork is not None
        return [
            json.loads(listing(site, "wishket", X_Requested_With="XMLHttpRequest").body)["count"],
            json.loads(listing(site, "freelancer").body)["result"]["total_count"],
            int(kwork[1]),
        ]

    full = counts()
    assert min(full) > 50
    site.control.fault("empty")
    assert counts() == [0, 0, 0]
    site.control.clear_faults()
    site.control.fault("empty_with_count")
    assert counts() == full
    for name in LISTINGS:
        assert str(numbers(site, name)[0]) not in listing(site, name).text


@each_listing
def test_one_broken_card_stands_among_good_ones(name: str, site: Site) -> None:
    shown = numbers(site, name)
    whole = listing(site, name).text
    site.control.fault("broken_card")
    broken = listing(site, name).text
    assert str(shown[1]) in whole
    assert str(shown[1]) not in broken
    assert str(shown[0]) in broken
    assert str(shown[2]) in broken
    if name in JSON_LISTINGS:
        parsed = json.loads(broken)
        records = {
            "freelancer": lambda: parsed["result"]["projects"],
            "remoteok": lambda: parsed[1:],
            "weblancer": lambda: parsed["orders"],
        }[name]()
        assert isinstance(records[0]["id"], int | str)
        assert not isinstance(records[1]["id"], int | str)


@each_listing
def test_a_duplicate_stands_twice_on_the_page(name: str, site: Site) -> None:
    shown = numbers(site, name)
    before = listing(site, name).text.count(str(shown[1]))
    site.control.fault("duplicate")
    doubled = listing(site, name).text
    assert doubled.count(str(shown[1])) == 2 * before
    assert doubled.count(str(shown[0])) == before


@each_listing
def test_a_title_has_nul_characters(name: str, site: Site) -> None:
    assert "\0" not in listing(site, name).text
    site.control.fault("nul_title")
    text = listing(site, name).text
    assert ("\\u0000" if name in JSON_LISTINGS else "\0") in text


@each_listing
def test_a_title_has_odd_letters(name: str, site: Site) -> None:
    site.control.fault("odd_letters")
    text = listing(site, name).text
    for letter in "\U0001f680\u202e\u200f\u200b":
        assert letter in text


@each_listing
def test_a_description_is_ten_megabytes_long(name: str, site: Site) -> None:
    assert len(listing(site, name).body) < 2_000_000
    site.control.fault("huge_description")
    if name == "wishket":
        number = numbers(site, name)[1]
        assert len(site.get("www.wishket.com", f"/project/{number}/").text) > 10_000_000
    else:
        assert len(listing(site, name).text) > 10_000_000


# The others show no budget.
@pytest.mark.parametrize(
    "name", ["flru", "freelancer", "freelanceru", "guru", "kwork", "remoteok", "weblancer", "wishket"]
)
def test_a_budget_is_beyond_all_measure(name: str, site: Site) -> None:
    site.control.fault("huge_budget")
    text = re.sub(r"(?<=\d)(?:[ ,]|&nbsp;)(?=\d)", "", listing(site, name).text)
    assert "1e+30" in text or "1" + 30 * "0" in text


@each_listing
def test_a_date_lies_in_the_year_9999(name: str, site: Site) -> None:
    site.control.fault("year_9999")
    text = listing(site, name).text
    if name == "freelancer":
        periods = [project["bidperiod"] for project in json.loads(text)["result"]["projects"]]
        assert max(periods) > 2_900_000
    elif name == "wishket":
        assert re.search(r"41\d{4}주", text)
    else:
        assert "9999" in text


@each_listing
def test_the_names_a_reader_looks_for_are_gone(name: str, site: Site) -> None:
    known = {
        "flru": 'class="text-h5 b-post__title',
        "freelancer": '"seo_url"',
        "freelanceru": 'class="task-card"',
        "guru": 'class="record jobRecord"',
        "kwork": "window.stateData=",
        "remoteok": '"position"',
        "weblancer": '"title"',
        "weworkremotely": "<guid>",
        "wishket": 'class="project-info-box"',
    }[name]
    assert known in listing(site, name).text
    site.control.fault("renamed")
    renamed = listing(site, name)
    assert known not in renamed.text
    assert str(numbers(site, name)[0]) in renamed.text
    if name in JSON_LISTINGS:
        json.loads(renamed.body)


def test_the_names_are_gone_from_html_inside_of_json_too(site: Site) -> None:
    site.control.fault("renamed")
    answer = json.loads(listing(site, "wishket", X_Requested_With="XMLHttpRequest").body)
    assert "project-info-box" not in answer["result"]
    assert answer["count"] > 50


@pytest.mark.parametrize("name", JSON_LISTINGS)
def test_html_comes_where_json_was_expected(name: str, site: Site) -> None:
    site.control.fault("html_for_json")
    answer = listing(site, name)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.text.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("name", "encoding"), [("flru", "windows-1251"), ("wishket", "cp949"), ("guru", "utf-16")]
)
def test_the_bytes_are_not_of_the_declared_encoding(name: str, encoding: str, site: Site) -> None:
    right = listing(site, name).text
    site.control.fault("wrong_charset")
    wrong = listing(site, name)
    assert wrong.headers["Content-Type"] == "text/html; charset=utf-8"
    with pytest.raises(UnicodeDecodeError):
        wrong.body.decode("utf-8")
    assert wrong.body.decode(encoding)[:2000] == right[:2000]


def test_faults_add_up(site: Site) -> None:
    site.control.fault("nul_title")
    site.control.fault("odd_letters")
    text = listing(site, "flru").text
    assert "\0" in text
    assert "\U0001f680" in text


def test_a_spoiled_page_is_not_kept(site: Site) -> None:
    whole = listing(site, "flru").body
    site.control.fault("broken_card", count=1)
    assert listing(site, "flru").body != whole
    assert listing(site, "flru").body == whole
