"""No page that a site could send makes a spider fall, hang or lose a record.

Every saved page is spoiled in many ways and read as a crawl reads it. What must hold is in `reading`: no
exception leaves the spider, each record is a project, rejected, skipped or a duplicate, a page that cannot be
read is one rejected record, and every project is one that can be stored. `--fuzz-rounds` says how many
mutations each page gets.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from tests.conftest import CAPTURES
from tests.fuzz.attack import attack, keep
from tests.fuzz.pages import SavedPage, captured_pages, saved_pages
from tests.fuzz.worker import Failed, Worker


@pytest.mark.parametrize("page", saved_pages(), ids=str)
def test_a_spoiled_page(page: SavedPage, worker: Worker, request: pytest.FixtureRequest) -> None:
    request.node.user_properties.append(("fuzz", withstand(page, worker, request.config)))


@pytest.mark.parametrize("page", captured_pages(CAPTURES), ids=str)
def test_a_spoiled_captured_page(
    page: SavedPage, captures: Path, worker: Worker, request: pytest.FixtureRequest
) -> None:
    assert page.path.is_relative_to(captures)
    request.node.user_properties.append(("fuzz", withstand(page, worker, request.config)))


def withstand(page: SavedPage, worker: Worker, config: pytest.Config) -> dict[str, float]:
    """Have `page` attacked as the command line says; return what came of it, for the table at the end.

    A failure says how to have it again, and where the spoiled page was written for a look.
    """
    seed, number = config.getoption("--fuzz-seed"), config.getoption("--fuzz-number")
    numbers = range(config.getoption("--fuzz-rounds")) if number is None else range(number, number + 1)
    try:
        outcome = worker.run(attack, page, seed, numbers)
    except Failed as failed:
        again = f"./run test tests/fuzz -k '{page}' --fuzz-seed {seed} --fuzz-number {failed.step}"
        kept = "no page: it failed before the first"
        if failed.step is not None:
            kept = str(keep(page, seed, failed.step, Path(config.getoption("--fuzz-failures"))))
        pytest.fail(
            f"{page}, seed {seed}, number {failed.step}: {failed.reason}\nAgain: {again}\nThe page: {kept}",
            pytrace=False,
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
    return {**asdict(account), "slowest": outcome.slowest}
