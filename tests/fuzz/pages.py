"""The saved pages that are spoiled, with the platform and the URL of each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tests.platforms.test_golden import HERE, PLATFORMS


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPage:
    """A page under tests/platforms, or a captured one, which lies beside the project."""

    platform: str
    path: Path
    url: str

    def __str__(self) -> str:
        return f"{self.platform}/{self.path.name}"


def saved_pages() -> list[SavedPage]:
    """Every page of every platform that has an expected.json."""
    return _pages("expected.json", HERE)


def captured_pages(folder: Path) -> list[SavedPage]:
    """Every page that a captured.json names, in `folder`, where the captures lie if there are any."""
    return _pages("captured.json", folder)


def _pages(index: str, folder: Path) -> list[SavedPage]:
    return [
        SavedPage(platform=name, path=folder / name / Path(file).name, url=case["url"])
        for name in PLATFORMS
        if (HERE / name / index).exists()
        for file, case in json.loads((HERE / name / index).read_text("utf-8")).items()
    ]
