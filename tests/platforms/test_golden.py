"""Every saved page under tests/platforms/<name>/ gives exactly what its expected.json says.

A page that expected.json does not know yet is read once, what came out is written there, and the test
fails: read it, correct the spider or keep it, and commit it.
"""

import json
from datetime import datetime
from pathlib import Path

import pytest
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader

from outsource_scraper.commands.extract import saved_response, to_json

HERE = Path(__file__).parent
PLATFORMS = sorted(path.name for path in HERE.iterdir() if path.is_dir() and not path.name.startswith("_"))
PAGES = [
    pytest.param(name, page.name, id=f"{name}/{page.name}")
    for name in PLATFORMS
    for page in sorted((HERE / name).iterdir())
    if page.suffix in {".html", ".json", ".xml"} and page.name not in {"expected.json", "captured.json"}
]


def read(platform: str, path: Path, url: str, now: str) -> dict:
    loader = SpiderLoader.from_settings(Settings({"SPIDER_MODULES": ["outsource_scraper.spiders"]}))
    spider = loader.load(platform)()
    reading = spider.read_saved(saved_response(path, url), now=datetime.fromisoformat(now))
    return {
        "projects": [json.loads(to_json(project)) for project in reading.projects],
        "rejected": [
            {"external_id": rejected.external_id, "reason": rejected.reason} for rejected in reading.rejected
        ],
        "skipped": reading.skipped,
    }


@pytest.mark.parametrize(("platform", "page"), PAGES)
def test_saved_page(platform: str, page: str) -> None:
    expectations = HERE / platform / "expected.json"
    expected = json.loads(expectations.read_text("utf-8")) if expectations.exists() else {}
    case = expected.get(page, {})
    if "projects" not in case:
        loader = SpiderLoader.from_settings(Settings({"SPIDER_MODULES": ["outsource_scraper.spiders"]}))
        case = {"url": loader.load(platform)().listing_request(1).url, "now": "2026-11-01T12:00:00Z", **case}
        expected[page] = {**case, **read(platform, HERE / platform / page, case["url"], case["now"])}
        expectations.write_text(json.dumps(expected, ensure_ascii=False, indent=1) + "\n", "utf-8")
        pytest.fail(f"{expectations.name} of {platform} now has {page}: read it, correct it, commit it")
    got = read(platform, HERE / platform / page, case["url"], case["now"])
    assert [project["external_id"] for project in got["projects"]] == [
        project["external_id"] for project in case["projects"]
    ]
    for project, wanted in zip(got["projects"], case["projects"], strict=True):
        assert project == wanted
    assert got["rejected"] == case.get("rejected", [])
    assert got["skipped"] == case.get("skipped", 0)


def test_no_expectation_without_its_page() -> None:
    for name in PLATFORMS:
        expected = json.loads((HERE / name / "expected.json").read_text("utf-8"))
        missing = [page for page in expected if not (HERE / name / page).exists()]
        assert not missing, name
