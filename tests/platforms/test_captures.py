"""Saved responses of real platforms, kept outside the project, are read to the exact value of every field.

What is expected was written by reading the pages. Their texts are not ours to publish: titles, descriptions
and names stand in captured.json as digests of the exact text.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.platforms.test_golden import HERE, PLATFORMS, read

CASES = [
    pytest.param(name, file, case, id=file)
    for name in PLATFORMS
    if (HERE / name / "captured.json").exists()
    for file, case in json.loads((HERE / name / "captured.json").read_text("utf-8")).items()
]


def veiled(value: Any, wanted: Any) -> Any:
    """`value` with a digest in the place of every text for which `wanted` holds one."""
    if isinstance(wanted, str) and wanted.startswith("sha256:") and isinstance(value, str):
        return "sha256:" + sha256(value.encode()).hexdigest()[:16]
    if isinstance(wanted, dict) and isinstance(value, dict):
        return {key: veiled(item, wanted.get(key)) for key, item in value.items()}
    if isinstance(wanted, list) and isinstance(value, list) and len(wanted) == len(value):
        return [veiled(item, other) for item, other in zip(value, wanted, strict=True)]
    return value


@pytest.mark.parametrize(("platform", "file", "case"), CASES)
def test_captured_page(platform: str, file: str, case: dict, captures: Path) -> None:
    got = read(platform, captures / file, case["url"], case["now"])
    assert got["rejected"] == []
    assert len(got["projects"]) == case["count"]
    assert got["skipped"] == case.get("skipped", 0)
    for index, wanted in case["records"].items():
        assert veiled(got["projects"][int(index)], wanted) == wanted, index


def test_every_capture_of_a_platform_is_expected(captures: Path) -> None:
    """Pages of a platform that has a spider must not lie unread."""
    known = {file for name in PLATFORMS if (HERE / name / "captured.json").exists()
             for file in json.loads((HERE / name / "captured.json").read_text("utf-8"))}  # fmt: skip
    others = {"wishket/detail-values-2026-10.json", "upwork/challenge-page-2025-05-21.html"}
    unread = {
        f"{name}/{path.name}"
        for name in PLATFORMS
        if (captures / name).is_dir()
        for path in (captures / name).iterdir()
        if path.suffix in {".html", ".json", ".xml"}
    }
    assert unread - known - others == set()
