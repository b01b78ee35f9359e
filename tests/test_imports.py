"""The direction of imports between the rooms of the house."""

import ast
from pathlib import Path

import pytest

import outsource_scraper

PACKAGE = Path(outsource_scraper.__file__).parent
BASE = {"items", "errors", ""}
ALLOWED = {
    "": set(),
    "items": set(),
    "errors": set(),
    "spans": set(),
    "config": {"errors", "spans"},
    "settings": {"config", "errors", ""},
    "lzstring": set(),
    "normalize": BASE,
    "spiders": BASE | {"normalize", "lzstring", "spans"},
    "middlewares": BASE,
    "database": BASE | {"config"},
    "pipelines": BASE | {"config", "database", "normalize"},
    "extensions": BASE | {"config", "database", "middlewares", "pipelines", "spiders"},
    "market": BASE | {"database"},
    "sandbox": BASE | {"normalize", "lzstring", "middlewares"},
    "commands": None,
}
"""Room -> the rooms it may import besides itself; None: any."""
WITHOUT_SCRAPY = {"", "items", "errors", "spans", "config", "normalize", "database"}


def room(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return "" if first == "__init__.py" else first.removesuffix(".py")


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            found.add(node.module or "")
    return found


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_a_room_imports_only_what_it_may(path: Path) -> None:
    here = room(path)
    assert here in ALLOWED, f"the room {here!r} has no rule: say in this test what it may import"
    allowed = ALLOWED[here]
    for module in imports(path):
        top, _, rest = module.partition(".")
        if top == "outsource_scraper" and allowed is not None:
            other = rest.split(".")[0]
            assert other == here or other in allowed, f"{here} must not import {other or 'the package'}"
        if top == "scrapy":
            assert here not in WITHOUT_SCRAPY, f"{here} must not import scrapy"
