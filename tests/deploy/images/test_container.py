"""The images, built from the Dockerfile and run as a strict container engine runs them."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from outsource_scraper import __version__
from tests.conftest import Market
from tests.deploy.conftest import wait_until
from tests.deploy.databases import Database
from tests.deploy.images.conftest import REVISION
from tests.deploy.images.containers import Buildah, Image, Running

Build = Callable[[str], Image]

GRACE = 10
"""Seconds that `docker stop` leaves."""
SOMEBODY = 1_000_660_000
"""A user id as OpenShift gives them: of no user that the image knows."""
TARGETS = ["crawler", "browser", "scrapyd"]


@pytest.mark.parametrize("target", TARGETS)
def test_what_an_engine_is_told(target: str, build: Build) -> None:
    config = build(target).config
    assert config["User"] == "10001:0"
    assert config["Volumes"] == {"/data": {}}
    assert config["WorkingDir"] == "/data"
    assert config["Entrypoint"][0] == ("scrapyd" if target == "scrapyd" else "scrapy")
    labels = {name: value for name, value in config["Labels"].items() if "opencontainers" in name}
    assert labels == {
        "org.opencontainers.image.title": "outsource_scraper",
        "org.opencontainers.image.version": __version__,
        "org.opencontainers.image.revision": REVISION,
    }
    # Only where something serves is there something to ask.
    assert bool(config.get("Healthcheck")) is (target == "scrapyd")


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_is_in_it_that_only_builds(target: str, build: Build) -> None:
    root = build(target).root
    folders = [root / folder for folder in ("opt/venv/bin", "usr/local/bin", "usr/bin", "bin", "usr/sbin")]
    programs = {path.name.split("-")[-1] for folder in folders for path in folder.iterdir()}
    assert "python3" in programs
    assert programs.isdisjoint({"gcc", "cc", "c++", "g++", "clang", "make", "ld", "as", "pip", "pip3", "uv"})
    assert list((root / "var/lib/apt/lists").iterdir()) == []
    assert list((root / "var/cache/apt").rglob("*.deb")) == []
    assert list((root / "root").glob(".cache")) == []
    assert list((root / "app").iterdir()) == [root / "app/outsource_scraper"]
    assert not (root / "src").exists()
    assert list((root / "opt").iterdir()) == [root / "opt/venv"]


@pytest.mark.parametrize("target", TARGETS)
def test_everything_is_compiled(target: str, build: Build) -> None:
    """Where nobody may write, what is not compiled is compiled anew at every start."""
    root = build(target).root
    for place in ("app", "opt/venv/lib"):
        sources = [path for path in (root / place).rglob("*.py") if "templates" not in path.parts]
        assert len(sources) > 100
        for path in sources:
            assert list((path.parent / "__pycache__").glob(f"{path.stem}.cpython-*.pyc")), path


def test_buildah_runs_a_crawl(
    buildah: Buildah, build: Build, database: Database, market: Market, capsys: pytest.CaptureFixture[str]
) -> None:
    image = build("crawler")
    started = time.monotonic()
    assert buildah.run(image, "version", env={}).stdout.startswith("Scrapy ")
    seconds = time.monotonic() - started
    ended = buildah.run(image, "crawl", "flru", "-a", "mode=full", env=variables(database, market))
    assert ended.returncode == 0, ended.stderr
    assert stored(database) == shown(market, "flru")
    with capsys.disabled():
        print(f"\nimage crawler: `scrapy version` by buildah, start to end: {seconds:.1f} s")


@pytest.mark.parametrize("target", TARGETS)
def test_size(target: str, build: Build, capsys: pytest.CaptureFixture[str]) -> None:
    image = build(target)
    with capsys.disabled():
        print(f"\nimage {target}: {image.size / 1e6:.0f} MB, {image.added / 1e6:.0f} of them beside the base")
    assert image.added > 0


def test_by_anybody_with_nothing_to_write_to_but_the_data_folder(
    build: Build, database: Database, market: Market, data: Path
) -> None:
    image = build("crawler")
    crawl = ("crawl", "flru", "-a", "mode=full", "-O", "flru.jsonl")
    env = variables(database, market)
    assert image.run("migrate", data=data, env=env, user=SOMEBODY).code == 0
    database.fetch(f"REVOKE INSERT ON projects FROM {database.user}")
    ended = image.run(*crawl, data=data, env=env, user=SOMEBODY)
    assert ended.code == 6, ended.log
    waiting = [path for path in data.rglob("*.jsonl") if "spool" in path.parts]
    assert waiting
    assert {path.stat().st_uid for path in data.rglob("*")} == {SOMEBODY}
    database.fetch(f"GRANT INSERT ON projects TO {database.user}")
    ended = image.run(*crawl, data=data, env=env, user=SOMEBODY)
    assert ended.code == 0, ended.log
    assert stored(database) == shown(market, "flru")
    assert written(data) == stored(database)
    assert image.run("backup", "flru.dump", data=data, env=env, user=SOMEBODY).code == 0
    assert (data / "flru.dump").read_bytes().startswith(b"PGDMP")
    assert [path for path in data.rglob("*.jsonl") if "spool" in path.parts] == []


@pytest.mark.parametrize("target", TARGETS)
def test_nobody_may_change_the_programs(target: str, build: Build) -> None:
    root = build(target).root
    for place in ("app", "opt", "etc", "usr/bin", "usr/local"):
        for path in (root / place).rglob("*"):
            status = path.lstat()
            writing = 0o022 if status.st_gid == 0 else 0o002
            assert path.is_symlink() or (status.st_uid == 0 and not status.st_mode & writing), path


def test_sigterm_in_the_middle_of_a_crawl(
    build: Build, database: Database, market: Market, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    market.control.fault("slow", platform="flru", path="page-2", seconds=5.0)
    with crawl_until_something_is_scraped(build("crawler"), database, market, data) as running:
        started = time.monotonic()
        running.stop()
        # Behind it an engine kills, and what is in memory is gone.
        assert running.wait(GRACE) == 5, running.log
        seconds = time.monotonic() - started
    with capsys.disabled():
        print(f"\nSIGTERM, with an answer under way that takes 5 s: ended after {seconds:.1f} s")
    assert written(data)
    assert written(data) == stored(database)
    (run,) = database.fetch("SELECT verdict, reason, finished_at FROM crawl_runs")
    assert (run["verdict"], run["reason"]) == ("partial", "the crawl was cut off (shutdown)")
    assert run["finished_at"] is not None


def test_stopped_twice(build: Build, database: Database, market: Market, data: Path) -> None:
    market.control.fault("slow", platform="flru", path="page-2", seconds=60.0)
    with crawl_until_something_is_scraped(build("crawler"), database, market, data) as running:
        running.stop()
        wait_until(lambda: "shutting down gracefully" in running.read(), "the first signal")
        running.stop()
        assert running.wait(GRACE) == 1, running.log
    assert written(data)
    assert written(data) <= stored(database)


def test_the_browser_renders_for_anybody(
    build: Build, database: Database, market: Market, data: Path
) -> None:
    image = build("browser")
    crawl = ("crawl", "weblancer", "-a", "mode=full")
    ended = image.run(*crawl, data=data, env=variables(database, market), user=SOMEBODY)
    assert ended.code == 0, ended.log
    assert stored(database) == shown(market, "weblancer")


def test_without_a_browser_a_platform_that_needs_one_says_so(
    build: Build, database: Database, market: Market, data: Path
) -> None:
    crawl = ("crawl", "weblancer")
    ended = build("crawler").run(*crawl, data=data, env=variables(database, market))
    assert ended.code == 1
    assert "take the container image with the browser" in ended.log
    assert "Traceback" not in ended.log


def test_without_a_server_it_starts_one_in_the_data_folder(build: Build, market: Market, data: Path) -> None:
    ended = build("crawler").run("crawl", "flru", data=data, env={"OUTSOURCE_SANDBOX_URL": market.url})
    assert ended.code == 0, ended.log
    assert (data / "postgresql" / "data" / "PG_VERSION").exists()


def test_without_a_server_a_user_without_a_name_is_told_why_there_is_none(
    build: Build, market: Market, data: Path
) -> None:
    """PostgreSQL makes no database for a user id that the image's list of users does not hold."""
    env = {"OUTSOURCE_SANDBOX_URL": market.url}
    ended = build("crawler").run("crawl", "flru", data=data, env=env, user=SOMEBODY)
    assert ended.code == 1
    assert ended.log.startswith("error: The embedded PostgreSQL needs a user with a name, and the user id ")
    assert "set DATABASE_URL" in ended.log
    assert ended.log.count("\n") == 1


@contextmanager
def crawl_until_something_is_scraped(
    image: Image, database: Database, market: Market, data: Path
) -> Iterator[Running]:
    market.control.clear_log()
    crawl = ("crawl", "flru", "-a", "mode=full", "-O", "flru.jsonl")
    with image.start(*crawl, data=data, env=variables(database, market), user=SOMEBODY) as running:
        file = data / "flru.jsonl"
        wait_until(lambda: file.exists() and file.stat().st_size, "something scraped")
        yield running


def variables(database: Database, market: Market) -> dict[str, str]:
    return {"DATABASE_URL": database.url, "OUTSOURCE_SANDBOX_URL": market.url}


def written(data: Path) -> set[str]:
    """What Scrapy has reported as scraped."""
    lines = (data / "flru.jsonl").read_text().splitlines()
    return {json.loads(line)["external_id"] for line in lines}


def stored(database: Database) -> set[str]:
    return {row["external_id"] for row in database.fetch("SELECT external_id FROM projects")}


def shown(market: Market, platform: str) -> set[str]:
    return {one["project"]["external_id"] for one in market.control.truth(platform)}
