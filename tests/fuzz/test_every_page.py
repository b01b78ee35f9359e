"""No page that a site could send makes a spider fall, hang or lose a record.

Every saved page is spoiled in many ways and read as a crawl reads it. What must hold is in `reading`: no
exception leaves the spider, each record is a project, rejected, skipped or a duplicate, a page that cannot be
read is one rejected record, and every project is one that can be stored. `--fuzz-rounds` says how many
mutations each page gets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import CAPTURES
from tests.fuzz.attack import attack
from tests.fuzz.pages import SavedPage, captured_pages, saved_pages
from tests.fuzz.worker import Failed, Worker

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("page", saved_pages(), ids=str)
def test_a_spoiled_page(page: SavedPage, worker: Worker, request: pytest.FixtureRequest) -> None:
    withstand(page, worker, request.config)


@pytest.mark.parametrize("page", captured_pages(CAPTURES), ids=str)
def test_a_spoiled_captured_page(
    page: SavedPage, captures: Path, worker: Worker, request: pytest.FixtureRequest
) -> None:
    assert page.path.is_relative_to(captures)
    withstand(page, worker, request.config)


def withstand(page: SavedPage, worker: Worker, config: pytest.Config) -> None:
    """Have `page` attacked as the command line says; a failure says how to have it again."""
    seed, number = config.getoption("--fuzz-seed"), config.getoption("--fuzz-number")
    numbers = range(config.getoption("--fuzz-rounds")) if number is None else range(number, number + 1)
    try:
        outcome = worker.run(attack, page, seed, numbers)
    except Failed as failed:
        again = f"./run test tests/fuzz -k '{page}' --fuzz-seed {seed} --fuzz-number {failed.step}"
        pytest.fail(
            f"{page}, seed {seed}, number {failed.step}: {failed.reason}\nAgain: {again}", pytrace=False
        )
    account = outcome.account
    assert account.mutations == len(numbers)
    print(
        f"{page}: {account.mutations} mutations, {account.unreadable} unreadable, {account.records} records: "
        f"{account.projects} projects ({account.set_aside} for the store to set aside), "
        f"{account.rejected} rejected, {account.skipped} skipped, {account.duplicates} duplicates, "
        f"{account.refused} refused credentials; "
        f"slowest {outcome.slowest:.2f} s, number {outcome.slowest_number}"
    )
