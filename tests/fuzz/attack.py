"""Many mutations of one page, one after the other, within the limits of a worker."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from tests.fuzz.mutator import Mutator
from tests.fuzz.reading import Account, Reader
from tests.fuzz.worker import cpu_limit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fuzz.pages import SavedPage


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the mutations of a page, and which of them took longest."""

    account: Account
    slowest: float
    """Seconds of CPU."""
    slowest_number: int


def mutation(page: SavedPage, seed: int, number: int) -> tuple[bytes, str]:
    """Return mutation `number` of `page`, always the same for the same seed: a body and its Content-Type."""
    return Mutator(page.path.read_bytes()).mutate(Random(f"{seed}/{page}/{number}"))  # noqa: S311


def keep(page: SavedPage, seed: int, number: int, folder: Path) -> Path:
    """Write mutation `number` of `page` into `folder`, its Content-Type beside it; return the page's file."""
    body, content_type = mutation(page, seed, number)
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / f"{page.platform}-{page.path.stem}-{seed}-{number}{page.path.suffix}"
    kept.write_bytes(body)
    kept.with_name(f"{kept.name}.type").write_text(content_type, "utf-8")
    return kept.resolve()


def attack(begin: Callable[[int], None], page: SavedPage, seed: int, numbers: range) -> Outcome:
    """Have the page's spider read all of `numbers`."""
    reader = Reader(page)
    account, slowest, slowest_number = Account(), 0.0, 0

    async def read_all() -> None:
        nonlocal slowest, slowest_number
        for number in numbers:
            body, content_type = mutation(page, seed, number)
            begin(number)
            started = time.process_time()
            with cpu_limit():
                account.add(await reader.read(body, content_type))
            taken = time.process_time() - started
            if taken > slowest:
                slowest, slowest_number = taken, number

    asyncio.run(read_all())
    return Outcome(account, slowest, slowest_number)
