"""Crawls under a real Scrapyd: deployed as an egg, scheduled, cancelled, failed, and what is seen of it."""

from __future__ import annotations

import json
import subprocess
import zipfile
from typing import TYPE_CHECKING, Any

from scrapy.spiderloader import SpiderLoader
from scrapy.utils.project import get_project_settings

from outsource_scraper.normalize.skills import canonical_skills
from tests.conftest import fetch, in_own_loop
from tests.deploy.conftest import GIT, PASSWORD, blocks_of, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import URL

    from tests.conftest import Market, Server
    from tests.deploy.conftest import Scrapyd


def ask(url: URL, statement: str) -> list[dict[str, Any]]:
    return in_own_loop(fetch(url, statement))


def runs(url: URL) -> list[dict[str, Any]]:
    return ask(url, "SELECT * FROM crawl_runs ORDER BY id")


def stored(url: URL, platform: str) -> int:
    """How many projects of a platform a database holds; 0 also where the tables are still to be made."""
    (tables,) = ask(url, "SELECT to_regclass('projects') IS NOT NULL AS made")
    rows = ask(url, "SELECT platform FROM projects") if tables["made"] else []
    return sum(row["platform"] == platform for row in rows)


def git(folder: Path, *command: str) -> list[str]:
    done = subprocess.run([GIT, *command], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def in_its_folder(scrapyd: Scrapyd, command: str) -> subprocess.CompletedProcess[str]:
    """Run `command` as the documentation runs commands of the egg."""
    return scrapyd.shell.run(f"./run sh -c 'cd ~/scrapyd && SCRAPY_PROJECT=outsource_scraper exec {command}'")


def slow_details(market: Market, seconds: float) -> None:
    """Let each of the forty detail pages of Guru take so long, for a crawl to be met in its middle."""
    market.control.fault("slow", platform="guru", path=r"/jobs/.*\d+", seconds=seconds)


def test_an_egg_of_everything_is_deployed_and_git_sees_nothing_of_it(scrapyd: Scrapyd) -> None:
    names = SpiderLoader.from_settings(get_project_settings()).list()
    deployed = json.loads(scrapyd.deployed.stdout)
    assert deployed["spiders"] == len(names) > 20
    assert scrapyd.ask("listspiders", project="outsource_scraper")["spiders"] == sorted(names)
    checkout = scrapyd.shell.checkout
    assert git(checkout, "status", "--porcelain") == []
    egg = scrapyd.home / "eggs" / deployed["project"] / f"{deployed['version']}.egg"
    with zipfile.ZipFile(egg) as packed:
        held = set(packed.namelist())
    missing = set(git(checkout, "ls-files", "outsource_scraper")) - held
    assert not missing
    assert not {name for name in held if not name.startswith(("outsource_scraper/", "EGG-INFO/"))}


def test_a_job_stores_with_its_arguments_and_settings(scrapyd: Scrapyd, market: Market, storage: URL) -> None:
    contact = "https://crawler.example/about?x=1+1"
    job = scrapyd.schedule(
        *("flru", storage, f"OUTSOURCE_CONTACT={contact}", "LOG_LEVEL=DEBUG"), mode="full", max_pages="7"
    )
    scrapyd.wait_for(job)
    log = scrapyd.log(job)
    assert log[-1].endswith("INFO: flru: ok"), log[-1]
    assert any(" DEBUG: " in line for line in log)
    assert scrapyd.exit_status(job) == 0
    (run,) = runs(storage)
    assert (run["verdict"], run["mode"], run["reason"]) == ("ok", "full", None)
    assert json.loads(run["arguments"]) == {"mode": "full", "max_pages": 7}
    truth = market.control.truth("flru")
    projects = {row["external_id"]: row for row in ask(storage, "SELECT * FROM projects")}
    assert projects.keys() == {one["project"]["external_id"] for one in truth}
    assert run["new"] == len(truth) > 10
    # The names of skills stand in a file of the package.
    for one in truth:
        wanted = one["project"]["skills"]
        assert not wanted or projects[one["project"]["external_id"]]["skills"] == canonical_skills(wanted)
    assert {entry["user_agent"].partition("(+")[2] for entry in market.control.log()} == {f"{contact})"}


def test_a_failed_crawl_is_seen_although_scrapyd_calls_it_finished(
    scrapyd: Scrapyd, market: Market, storage: URL
) -> None:
    settings = {"flru": "LOG_JSON=0", "kwork": "LOG_JSON=1"}
    for platform in settings:
        market.control.fault("challenge", platform=platform, status=403)
    jobs = {platform: scrapyd.schedule(platform, storage, setting) for platform, setting in settings.items()}
    scrapyd.wait_for(*jobs.values())
    told = {run["platform"]: run for run in runs(storage)}
    assert told.keys() == jobs.keys()
    for platform, run in told.items():
        assert run["verdict"] == "blocked"
        assert "challenge page" in run["reason"]
        assert scrapyd.exit_status(jobs[platform]) == 4
    assert scrapyd.log(jobs["flru"])[-1].endswith(f"ERROR: flru: blocked: {told['flru']['reason']}")
    last = json.loads(scrapyd.log(jobs["kwork"])[-1])
    assert (last["level"], last["run"]) == ("ERROR", told["kwork"]["id"])
    assert last["event"] == f"kwork: blocked: {told['kwork']['reason']}"


def test_a_second_job_of_a_platform_ends_by_itself_and_a_cancelled_one_in_order(
    scrapyd: Scrapyd, market: Market, storage: URL
) -> None:
    slow_details(market, 2)
    first = scrapyd.schedule("guru", storage, "CONCURRENT_REQUESTS=1", mode="full")
    wait_until(lambda: stored(storage, "guru"), "the first project")
    second = scrapyd.schedule("guru", storage)
    scrapyd.wait_for(second)
    assert scrapyd.jobs("running")[first]["spider"] == "guru"
    running, refused = runs(storage)
    assert (running["verdict"], refused["verdict"]) == (None, "busy")
    assert scrapyd.log(second)[-1].endswith(f"guru: busy: {refused['reason']}")
    assert scrapyd.exit_status(second) == 7

    assert scrapyd.cancel(first) == "running"
    scrapyd.wait_for(first)
    log = scrapyd.log(first)
    (scraped,) = [int(line.strip(" ,").split(": ")[1]) for line in log if "'item_scraped_count'" in line]
    assert 0 < scraped < len(market.control.truth("guru"))
    assert stored(storage, "guru") == scraped
    ended, _ = runs(storage)
    assert (ended["verdict"], ended["new"]) == ("partial", scraped)
    assert log[-1].endswith(f"ERROR: guru: partial: {ended['reason']}")
    assert scrapyd.exit_status(first) == 5


def test_where_no_row_can_be_written_the_log_ends_with_the_sentence(
    scrapyd: Scrapyd,
    market: Market,
    storage: URL,
    password_server: Server,
    migrated_template: Callable[[Server], str],
) -> None:
    def schedule(url: URL | str, *settings: str, **arguments: str) -> str:
        return scrapyd.schedule("flru", url, *settings, **arguments)

    with password_server.new_database(migrated_template(password_server)) as read_only:
        password_server.execute(
            f'ALTER DATABASE "{read_only.database}" SET default_transaction_read_only = on'
        )
        jobs = {
            schedule(storage.set(password="none")): (1, "refuses the user crawler"),  # noqa: S106
            schedule("postgresql+asyncpg://crawler@127.0.0.1:1/none"): (1, "cannot be reached"),
            schedule("postgresql asyncpg://crawler@127.0.0.1/none"): (1, "send it with --data-urlencode"),
            schedule(read_only.set(username="postgres"), "STORE_RETRY_TIMES=1"): (1, "cannot be written to"),
            schedule(storage, max_pages="none"): (2, "max_pages must be a whole number"),
            schedule(storage, "OUTSOURCE_CONTACT=", "SANDBOX_URL="): (1, "set OUTSOURCE_CONTACT"),
        }
        scrapyd.wait_for(*jobs)
    for job, (status, sentence) in jobs.items():
        log = scrapyd.log(job)
        assert " ERROR: " in log[-1]
        assert sentence in log[-1]
        assert PASSWORD not in "\n".join(log)
        assert scrapyd.exit_status(job) == status
    assert market.control.log() == []


def test_commands_of_ours_run_out_of_the_egg(scrapyd: Scrapyd, storage: URL) -> None:
    elsewhere = in_its_folder(scrapyd, 'python -c "import outsource_scraper"')
    assert "ModuleNotFoundError" in elsewhere.stderr, "not the egg, but an installed project is tested"
    listed = in_its_folder(scrapyd, "python -m scrapyd.runner platforms")
    assert listed.returncode == 0, listed.stderr
    assert "flru" in listed.stdout
    url = storage.render_as_string(hide_password=False)
    migrated = in_its_folder(scrapyd, f'python -m scrapyd.runner migrate -s "DATABASE_URL={url}"')
    assert migrated.returncode == 0, migrated.stderr
    assert ask(storage, "SELECT version_num FROM alembic_version")


def test_a_setting_that_cannot_be_used_is_the_answer_to_a_deployment(scrapyd: Scrapyd) -> None:
    wrong = scrapyd.home / ".env"
    wrong.write_text("POSTGRES_PORT=many\n")
    try:
        refused = scrapyd.shell.run("./run scrapyd-deploy")
    finally:
        wrong.unlink()
    assert "error: POSTGRES_PORT must be a whole number" in refused.stdout


def test_scrapyd_client_knows_the_targets(scrapyd: Scrapyd) -> None:
    told = scrapyd.shell.run("./run scrapyd-client targets")
    assert [line.split() for line in told.stdout.splitlines()] == [
        ["default", scrapyd.url],
        ["local", "http://127.0.0.1:6800"],
    ]
    told = scrapyd.shell.run("./run scrapyd-client spiders -p outsource_scraper")
    assert "flru" in told.stdout.split()


def test_every_command_of_the_documentation_as_it_is_written(
    scrapyd: Scrapyd, market: Market, tmp_path: Path
) -> None:
    slow_details(market, 1)
    for block in blocks_of("Scrapyd"):
        if block in scrapyd.ran:
            continue
        if "outsource_scraper.sandbox" in block:
            output = tmp_path / "market"
            with scrapyd.shell.running(block, output):
                wait_until(output.read_text, "the address of the market")
            assert "http://127.0.0.1:" in output.read_text()
            continue
        if "/cancel.json" in block:
            wait_until(lambda: stored(scrapyd.default, "guru"), "the first project of Guru")
        elif "/logs/" in block:
            scrapyd.wait_for_all()
        ended = scrapyd.shell.run(block)
        assert ended.returncode == 0, ended.stderr
        answers = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]
        assert answers or "json" not in block
        assert {answer["status"] for answer in answers} <= {"ok"}, ended.stdout
        if "/logs/" in block:
            assert "guru: partial: " in ended.stdout.splitlines()[0]
            assert "flru" in ended.stdout, "the last runs"
    verdicts = {run["platform"]: run["verdict"] for run in runs(scrapyd.default)}
    assert verdicts == {"flru": "ok", "guru": "partial"}
