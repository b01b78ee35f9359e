from __future__ import annotations

from typing import TYPE_CHECKING

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
