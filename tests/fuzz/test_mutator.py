"""Mutations can be had again, and they do spoil the page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.fuzz.attack import keep, mutation
from tests.fuzz.mutator import MOST_BYTES
from tests.fuzz.pages import SavedPage, saved_pages

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS = 200
ONE_OF_EACH_KIND = [page for page in saved_pages() if str(page) in {
    "flru/listing.html", "crowdworks/listing.html", "freelancer/listing.json", "weworkremotely/feed.xml",
}]  # fmt: skip


@pytest.mark.parametrize("page", ONE_OF_EACH_KIND, ids=str)
def test_a_seed_and_a_number_are_a_mutation(page: SavedPage) -> None:
    first = [mutation(page, 1, number) for number in range(ROUNDS)]
    assert [mutation(page, 1, number) for number in range(ROUNDS)] == first
    assert mutation(page, 2, 0) != first[0]
    assert len({body for body, _ in first}) > ROUNDS * 0.8
    assert all(len(body) <= MOST_BYTES for body, _ in first)
    assert max(len(body) for body, _ in first) > 100_000


def test_json_is_spoiled_by_its_members_and_by_its_bytes() -> None:
    page = next(page for page in ONE_OF_EACH_KIND if page.path.suffix == ".json")
    can_be_read = 0
    for number in range(ROUNDS):
        try:
            json.loads(mutation(page, 1, number)[0])
        except (ValueError, RecursionError):
            continue
        can_be_read += 1
    assert ROUNDS * 0.4 < can_be_read < ROUNDS * 0.95


def test_a_page_that_failed_is_kept_as_it_was_read(tmp_path: Path) -> None:
    page = ONE_OF_EACH_KIND[0]
    kept = keep(page, 1, 7, tmp_path / "failures")
    body, content_type = mutation(page, 1, 7)
    assert kept.read_bytes() == body
    assert kept.with_name(f"{kept.name}.type").read_text("utf-8") == content_type
    assert kept.suffix == page.path.suffix, "scrapy extract goes by it"
    assert keep(page, 1, 8, tmp_path / "failures") != kept
