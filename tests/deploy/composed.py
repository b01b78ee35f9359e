"""`compose.yaml` as compose reads it, and what its services have in common wherever a test runs them."""

import json
import re
import urllib.parse
import urllib.request
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import PROJECT
from tests.deploy.databases import PASSWORD, Database, new_database

FILE = PROJECT / "compose.yaml"


def compose(environment: Mapping[str, str]) -> Any:
    """The file with its variables replaced, as compose reads them."""

    def value(match: re.Match[str]) -> str:
        name, operator, rest = match["name"], match["operator"], match["rest"]
        given = environment.get(name)
        assert given or operator != ":?", f"{name}: {rest}"
        return json.dumps(given or (rest if operator == ":-" else ""))

    form = r"\$\{(?P<name>\w+)(?P<operator>:[-?])(?P<rest>[^}]*)\}"
    return yaml.safe_load(re.sub(form, value, FILE.read_text("utf-8")))


SERVICES = compose({"OUTSOURCE_CONTACT": "a@example.org"})["services"]


def in_order(services: Mapping[str, Any]) -> list[str]:
    """The names of the services, each behind those that it waits for."""
    ordered: list[str] = []
    while len(ordered) < len(services):
        ready = [
            name
            for name, service in services.items()
            if name not in ordered and set(service.get("depends_on", ())) <= set(ordered)
        ]
        assert ready, "the services wait for each other"
        ordered += ready
    return ordered


def of_the_project(port: int, folder: Path) -> AbstractContextManager[Database]:
    """A database as PostgreSQL's image makes it from the variables in the file."""
    variables = SERVICES["postgres"]["environment"]
    assert variables["POSTGRES_INITDB_ARGS"] == "--encoding=UTF8 --locale=C.UTF-8"
    return new_database(port, folder, variables["POSTGRES_USER"], variables["POSTGRES_DB"])


def secret_in(folder: Path) -> Path:
    """The password in a file, as the operator writes it."""
    path = folder / "postgres_password"
    path.write_text(f"{PASSWORD}\n", "utf-8")
    path.chmod(0o644)
    return path


def good(database: Database) -> set[str]:
    """The platforms that have had a good run."""
    return {row["platform"] for row in database.fetch("SELECT platform FROM crawl_runs WHERE verdict = 'ok'")}


def ask(url: str, **form: str) -> Any:
    """Ask a service over HTTP; with `form` as the body if there is one."""
    body = urllib.parse.urlencode(form).encode() if form else None
    with urllib.request.urlopen(url, body, timeout=30) as answer:  # noqa: S310 - ours
        return json.load(answer)
