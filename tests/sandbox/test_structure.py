"""The market's pages have the structure of the saved ones: the same classes, attributes and keys."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree, html

from outsource_scraper.sandbox.platforms import platforms

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.conftest import Site

CARDS = {
    "flru": (
        "flru/projects-listing-2026-07-10.html",
        "/projects/",
        'div[id^="project-item"]',
        (
            "h2.b-post__title a[id^=prj_name_]",
            "a[data-disposable-project-id]",
            "div.b-post__price > span.text-4",
            ".fl-rub",
            "div.b-post__body > div.b-post__txt",
            "span.b-post__bold + span.text-gray-opacity-4",
            "[data-id=fl-view-count-href]",
            "[data-id=qa-page-desktop]",
            "svg[title='Количество ответов']",
            "span[title='Количество просмотров'] span.text-7",
            ".b-page__iphone",
        ),
    ),
    "freelanceru": (
        "freelanceru/tasks-listing-2026-07-10.html",
        "/task",
        "article.task-card",
        (
            "a.task-card__title-link[title][href^='/task/view/']",
            "p.task-card__desc",
            ".task-card__chips .task-chip--cat",
            ".task-chip:not(.task-chip--cat)",
            ".task-card__foot-item[title] .fa-clock-o",
            ".task-card__foot-item .fa-map-marker",
            ".task-card__foot-item .fa-comments + strong",
            ".task-card__foot-item .fa-eye",
            ".task-card__budget .cost-unit",
            ".task-card__budget--soft .cost-not-set",
            ".task-card__meta-rows span",
        ),
    ),
    "guru": (
        "guru/listing-2026-09.html",
        "/d/jobs/",
        "div.record.jobRecord[data-gid]",
        (
            ".jobRecord__meta > strong",
            ".jobRecord__meta strong[data-original-title]",
            "h2.jobRecord__title a[href*='&SearchUrl=']",
            ".jobRecord__budget > strong",
            ".record__header__action--full p strong",
            "p.jobRecord__desc[v-pre]",
            ".skillsList__skill.greyBackground a[href^='/d/jobs/c/']",
            "a.skillsList__skill--hasHover",
            ".identityName a",
            ".freelancerAvatar__subText strong",
            ".earnings__amount",
            ".feedback-score",
        ),
    ),
    "kwork": (
        "kwork/projects-listing-2026-05-20.html",
        "/projects",
        "div.want-card",
        (
            "h1.wants-card__header-title a[href^='/projects/']",
            ".wants-card__price .rouble",
            ".wants-card__description-higher-price",
            ".wants-card__description-text .d-inline",
            ".want-payer-statistic a[href^='https://kwork.ru/user/']",
            ".want-card__informers-row span.mr8",
        ),
    ),
    "wishket": (
        "wishket/listing-card-2026-08.html",
        "/project/",
        "div.project-info-box",
        (
            ".status-mark.recruiting-mark",
            "a.project-link[href^='/project/'] p",
            ".project-core-info p.budget",
            "p.term span",
            "p.launch-date span",
            "p.project-category-or-role",
            "p.project-level",
            ".status-mark.project-type-mark",
            ".project-skills-info span.skill-chip",
            "p.location-data",
            "p.start-recruitment-data",
            ".proposal-info p.info-detail span",
            "i.view-status[data-count]",
            "i.comment-status[data-count]",
            "i.interest-status[data-count]",
            ".client-info p.username",
            ".badge-box img[alt='인증된 클라이언트']",
            ".badge-box span",
        ),
    ),
}
PAGERS = [
    ("flru", "/projects/", "flru/projects-listing-2026-07-10.html", "#fl-pagination a.fl-pagination-next"),
    ("flru", "/projects/", "flru/projects-listing-2026-07-10.html", ".fl-pagination-item-selected"),
    (
        "freelanceru",
        "/task",
        "freelanceru/tasks-listing-2026-07-10.html",
        "ul.pagination li.next a[data-page]",
    ),
    ("guru", "/d/jobs/", "guru/listing-2026-09.html", "ul#ctl00_guB_ulpaginate li.active + li a"),
    ("guru", "/d/jobs/", "guru/listing-2026-09.html", "guru-no-content"),
    ("kwork", "/projects", "kwork/projects-listing-2026-05-20.html", ".pagination__arrow--next"),
]


def page(site: Site, name: str, path: str) -> Any:
    return html.fromstring(site.get(platforms()[name].hosts[0], path).body)


@pytest.mark.parametrize("name", CARDS)
def test_cards_have_what_the_saved_cards_have(name: str, site: Site, captures: Path) -> None:
    saved_page, path, card, parts = CARDS[name]
    saved = html.fromstring((captures / saved_page).read_bytes().decode("utf-8"))
    generated = page(site, name, path)
    assert generated.cssselect(card)
    for part in parts:
        assert saved.cssselect(f"{card} {part}"), f"the saved page has no {part}"
        assert generated.cssselect(f"{card} {part}"), f"the market's page has no {part}"


@pytest.mark.parametrize("name", CARDS)
def test_the_elements_of_cards_have_no_classes_of_our_own(name: str, site: Site, captures: Path) -> None:
    saved_page, path, card, _ = CARDS[name]
    known = set((captures / saved_page).read_text("utf-8").replace('"', " ").replace("'", " ").split())
    classes = {
        one
        for element in page(site, name, path).cssselect(f"{card}, {card} *")
        for one in (element.get("class") or "").split()
    }
    # Documented, but not in the one saved card of each.
    documented = {"wishket": {"new-mark"}, "guru": {"jobRecord__badge", "module_badge", "greenIcon"}}
    assert classes - known <= documented.get(name, set())


@pytest.mark.parametrize(("name", "path", "saved_page", "part"), PAGERS)
def test_pagers_have_what_the_saved_pagers_have(
    name: str, path: str, saved_page: str, part: str, site: Site, captures: Path
) -> None:
    assert html.fromstring((captures / saved_page).read_bytes().decode("utf-8")).cssselect(part)
    assert page(site, name, path).cssselect(part)


def keys(value: Any) -> Any:
    """The names of an object's members, with those of the objects in it."""
    if not isinstance(value, dict):
        return None
    return {name: keys(inner) for name, inner in value.items()}


def embedded_state(text: str) -> dict[str, Any]:
    start = re.search(r"window\.stateData\s*=\s*", text)
    assert start is not None
    state: dict[str, Any] = json.JSONDecoder().raw_decode(text, start.end())[0]
    return state


def test_a_want_of_kwork_has_the_saved_members(site: Site, captures: Path) -> None:
    saved = embedded_state((captures / "kwork/projects-listing-2026-05-20.html").read_text("utf-8"))
    generated = embedded_state(site.get("kwork.ru", "/projects").text)
    for state in (saved, generated):
        assert state["wantsListData"]["wants"]
        assert state["wantsListData"]["pagination"]["per_page"] == 12
    one, other = (state["wantsListData"] for state in (saved, generated))
    assert keys(other["wants"][0]) == keys(one["wants"][0])
    assert keys(other["pagination"]) == keys(one["pagination"])
    types = {
        name: (type(value), type(one["wants"][0][name])) for name, value in other["wants"][0].items() if value
    }
    assert {
        name: pair for name, pair in types.items() if pair[0] is not pair[1] and one["wants"][0][name]
    } == {}


def test_a_project_of_freelancer_has_the_saved_members(site: Site, captures: Path) -> None:
    saved = json.loads((captures / "freelancer/projects-active-2022-03-20.json").read_text("utf-8"))
    full = json.loads((captures / "freelancer/projects-full-2021-09-20.json").read_text("utf-8"))
    asked = "limit=100&full_description=true&job_details=true&user_details=true"
    generated = json.loads(site.get("www.freelancer.com", f"/api/projects/0.1/projects/active/?{asked}").body)
    assert set(generated) == set(saved)
    assert set(generated["result"]) == set(saved["result"])
    one, other = (answer["result"]["projects"][0] for answer in (saved, generated))
    assert set(other) == set(one)
    for part in ("currency", "budget", "bid_stats"):
        assert set(other[part]) == set(one[part])
    assert set(other["jobs"][0]) == set(one["jobs"][0])
    assert set(other["upgrades"]) <= set(one["upgrades"])
    owner, known = (next(iter(answer["result"]["users"].values())) for answer in (generated, full))
    assert set(owner) - {"employer_reputation"} <= set(known)
    assert set(owner["status"]) <= set(known["status"])


def test_a_posting_of_remote_ok_has_the_saved_members(site: Site, captures: Path) -> None:
    saved = json.loads((captures / "remoteok/api-2026-07-10.json").read_text("utf-8"))
    generated = json.loads(site.get("remoteok.com", "/api").body)
    for index in (0, 1):
        assert set(generated[index]) == set(saved[index])
        assert {name: type(value) for name, value in generated[index].items()} == {
            name: type(value) for name, value in saved[index].items()
        }


def test_an_item_of_we_work_remotely_has_the_saved_elements(site: Site, captures: Path) -> None:
    saved = etree.parse(captures / "weworkremotely/feed-2026-07-10.xml").getroot()
    generated = etree.fromstring(site.get("weworkremotely.com", "/remote-jobs.rss").body)
    one, other = ([child.tag for child in next(feed.iterfind("channel/item"))] for feed in (saved, generated))
    assert other == one
    kinds = {item.findtext("type") for item in generated.iterfind("channel/item")}
    assert kinds == {"Contract", "Full-Time"}


def test_job_postings_of_detail_pages_have_the_saved_members(site: Site, captures: Path) -> None:
    def job(text: str) -> dict[str, Any]:
        found = re.search(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL)
        assert found is not None
        posting: dict[str, Any] = json.loads(found[1])
        return posting

    saved = job((captures / "guru/detail-jsonld-2025.html").read_text("utf-8"))
    priced = next(p for p in site.market.view(platforms()["guru"].profile).postings if p.budget is not None)
    generated = job(site.get("www.guru.com", f"/jobs/some-job/{priced.number}").text)
    assert set(saved) - set(generated) == {"applicantLocationRequirements"}
    assert set(generated) <= set(saved)
    assert keys(generated["baseSalary"]) == keys(saved["baseSalary"])
    documented = job((captures / "wishket/detail-structure-documented.html").read_text("utf-8"))
    newest = site.market.view(platforms()["wishket"].profile).postings[0]
    answer = site.get("www.wishket.com", f"/project/{newest.number}/").text
    assert set(documented) <= set(job(answer))
    assert 'class="project-detail-condition-row"' in answer
    assert 'class="skill-tag' in answer
    assert "project-info-box" not in answer


def test_the_cards_that_a_script_builds_have_the_saved_classes(site: Site, captures: Path) -> None:
    saved = html.fromstring((captures / "weblancer/projects-listing-2026-07-10.html").read_bytes().decode())
    expected = {
        one
        for element in saved.cssselect("article, article *")
        for one in (element.get("class") or "").split()
    }
    script = site.get("www.weblancer.net", "/static/app.js").text
    assert {one for found in re.findall(r'class="([^"]*)"', script) for one in found.split()} == expected


def test_the_shell_holds_no_card(site: Site) -> None:
    shell = page(site, "weblancer", "/freelance/")
    assert shell.cssselect("main#orders, script[src='/static/app.js']")
    assert not shell.cssselect("article, h2")
