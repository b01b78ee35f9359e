"""The schedules in `deploy/`: valid to the tools that read them, and their commands run as they stand."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from sqlalchemy import URL

from tests.conftest import PROJECT, Market, fetch, need
from tests.deploy.conftest import PATIENCE

HOME = "/opt/outsource_scraper"
"""Where the examples expect the checkout."""
KUBERNETES = PROJECT / "deploy" / "kubernetes"
UNITS = PROJECT / "deploy" / "systemd"
KUSTOMIZATION = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())
RESOURCES = {name: yaml.safe_load((KUBERNETES / name).read_text()) for name in KUSTOMIZATION["resources"]}
ENABLED_IN_THE_MARKET = {"flru", "freelanceru", "freelancer", "guru", "kwork", "remoteok", "weworkremotely"}

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def setting(unit: str, name: str) -> str:
    """The one value of a unit's setting."""
    found = re.findall(rf"^{name}=(.*)$", (UNITS / unit).read_text(), re.MULTILINE)
    assert len(found) == 1
    return str(found[0])


def pod_of(resource: dict[str, Any]) -> dict[str, Any]:
    spec = resource["spec"]
    template: dict[str, Any] = spec.get("jobTemplate", {"spec": spec})["spec"]["template"]["spec"]
    return template


def crontab() -> list[str]:
    """The commands of the crontab: the one of every minute, and that of once a day."""
    lines = [line for line in (PROJECT / "deploy" / "crontab").read_text().splitlines() if line[0] != "#"]
    every_minute, once_a_day = lines
    assert every_minute.startswith("* * * * * ")
    assert re.match(r"\d+ \d+ \* \* \* ", once_a_day)
    # To cron a % is the end of a line.
    assert "%" not in "".join(lines)
    return [line.split(" ", 5)[5] for line in lines]


@pytest.fixture
def run(checkout: Path, tmp_path: Path, market: Market, database_url: URL) -> Run:
    """Run a command by /bin/sh in the checkout, with no variable but those that an operator sets."""

    def command(line: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        given = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(tmp_path),
            "OUTSOURCE_DATA_DIR": str(tmp_path / "data"),
            "OUTSOURCE_CONTACT": "tests@example.org",
            "OUTSOURCE_SANDBOX_URL": market.url,
            "DATABASE_URL": database_url.render_as_string(hide_password=False),
            **variables,
        }
        return subprocess.run(
            ["/bin/sh", "-c", line.replace(HOME, str(checkout))],
            cwd=checkout,
            env=given,
            capture_output=True,
            text=True,
            timeout=PATIENCE * 2,
            check=False,
        )

    return command


async def test_the_commands_one_after_another(run: Run, database_url: URL, checkout: Path) -> None:
    scrapy = f"{HOME}/.venv/bin/scrapy"
    (migrate,) = pod_of(RESOURCES["migrate.yaml"])["containers"]
    (crawl,) = pod_of(RESOURCES["crawl.yaml"])["containers"]
    ended = run(shlex.join([scrapy, *migrate["args"]]))
    assert ended.returncode == 0, ended.stderr
    every_minute, once_a_day = crontab()
    ended = run(every_minute)
    log = (checkout / "crawlall.log").read_text()
    assert "platforms were due: " in ended.stdout.splitlines()[-1], ended.stderr + log
    assert "Spider closed (finished)" in log
    found = await fetch(database_url, "SELECT platform FROM crawl_runs WHERE verdict = 'ok'")
    assert {row["platform"] for row in found} >= ENABLED_IN_THE_MARKET
    for line in (shlex.join([scrapy, *crawl["args"]]), setting("outsource-scraper.service", "ExecStart")):
        ended = run(line)
        assert ended.returncode == 0, ended.stderr
        assert re.match(r"0 of \d+ platforms were due; next is ", ended.stdout.splitlines()[-1])
    ended = run(once_a_day)
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr
    assert "upwork: 0 projects older than 24 h were deleted\n" in (checkout / "purge.log").read_text()


def test_systemd_takes_the_units(checkout: Path, tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    need(analyze, "systemd-analyze is missing: apt-get install systemd")
    for path in UNITS.iterdir():
        # Only the place of the checkout is another one here.
        (tmp_path / path.name).write_text(path.read_text().replace(HOME, str(checkout)))
    units = sorted(map(str, tmp_path.iterdir()))
    assert len(units) == 2
    verified = subprocess.run([str(analyze), "verify", *units], capture_output=True, text=True, check=False)
    # It also looks at the units of this machine, and may find fault with those.
    ours = [line for line in verified.stderr.splitlines() if "outsource-scraper" in line]
    assert ours == []
    assert verified.returncode == 0, verified.stderr
    # It tells a setting that it does not know by a warning alone: the check above must see it.
    (tmp_path / "outsource-scraper.service").write_text(
        "[Service]\nType=oneshot\nExecStart=/bin/true\nNonsense=1\n"
    )
    spoiled = subprocess.run([str(analyze), "verify", *units], capture_output=True, text=True, check=False)
    assert "Nonsense" in spoiled.stderr


def test_the_timer_starts_the_service_every_minute() -> None:
    assert setting("outsource-scraper.timer", "OnCalendar") == "minutely"
    # No Unit=: the timer starts the service of its own name.
    assert {path.stem for path in UNITS.iterdir()} == {"outsource-scraper"}
    assert setting("outsource-scraper.service", "Type") == "oneshot"


@pytest.mark.parametrize("name", sorted(RESOURCES))
def test_a_resource_is_as_kubernetes_publishes_it(name: str) -> None:
    version = kubernetes_validate.latest_version()
    kubernetes_validate.validate(RESOURCES[name], version, strict=True)
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**RESOURCES[name], "nonsense": 1}, version, strict=True)


def test_kustomize_puts_them_together() -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is missing; that every resource is valid is tested without it")
    made = subprocess.run([kubectl, "kustomize", KUBERNETES], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    resources = {resource["kind"]: resource for resource in yaml.safe_load_all(made.stdout)}
    assert set(resources) == {"ConfigMap", "PersistentVolumeClaim", "CronJob", "Job"}
    for resource in resources.values():
        kubernetes_validate.validate(resource, kubernetes_validate.latest_version(), strict=True)
    for kind in ("CronJob", "Job"):
        (container,) = pod_of(resources[kind])["containers"]
        assert container["image"] == "outsource_scraper:browser"
        assert container["envFrom"][1]["configMapRef"]["name"] == resources["ConfigMap"]["metadata"]["name"]


def test_the_cron_job_is_for_every_minute_and_one_at_a_time() -> None:
    spec = RESOURCES["crawl.yaml"]["spec"]
    assert (spec["schedule"], spec["concurrencyPolicy"]) == ("* * * * *", "Forbid")
    assert spec["startingDeadlineSeconds"] > 0
    assert spec["jobTemplate"]["spec"]["activeDeadlineSeconds"] > 4 * 3600
    claims = [volume.get("persistentVolumeClaim") for volume in pod_of(RESOURCES["crawl.yaml"])["volumes"]]
    assert {"claimName": RESOURCES["data.yaml"]["metadata"]["name"]} in claims


@pytest.mark.parametrize("name", ["migrate.yaml", "crawl.yaml"])
def test_a_pod_may_do_no_more_than_it_must(name: str) -> None:
    pod = pod_of(RESOURCES[name])
    # https://kubernetes.io/docs/concepts/security/pod-security-standards/, "Restricted"
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"]
    assert container["envFrom"][0] == {"secretRef": {"name": "outsource-scraper"}}
    mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounted["data"] == "/data"
    assert mounted.keys() == {volume["name"] for volume in pod["volumes"]}


def test_the_documentation_names_every_file() -> None:
    text = (PROJECT / "docs" / "deploying.md").read_text("utf-8")
    for path in (PROJECT / "deploy").rglob("*"):
        if path.is_file():
            place = path.parent if path.parent in {KUBERNETES, UNITS} else path
            assert str(place.relative_to(PROJECT)) in text, place
