from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.fuzz.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def worker() -> Iterator[Worker]:
    """The process in which spoiled pages are read."""
    started = Worker()
    yield started
    started.stop()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what came of all spoiled pages together."""
    told = [
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "call"
        for name, value in report.user_properties
        if name == "fuzz"
    ]
    if not told:
        return
    names = (
        "mutations", "unreadable", "records", "projects", "set_aside", "rejected", "skipped", "duplicates",
        "refused",
    )  # fmt: skip
    sums = [len(told), *(sum(page[name] for page in told) for name in names)]
    cells = [*(f"{total:,}" for total in sums), f"{max(page['slowest'] for page in told):.2f} s"]
    terminalreporter.section("spoiled pages")
    terminalreporter.write_line("| pages | " + " | ".join(names) + " | slowest |")
    terminalreporter.write_line("|" + " --- |" * len(cells))
    terminalreporter.write_line("| " + " | ".join(cells) + " |")
