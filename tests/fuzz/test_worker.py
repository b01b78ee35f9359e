"""The limits that the other tests rely on do end what is beyond them."""

from __future__ import annotations

import ctypes
import unicodedata
from typing import TYPE_CHECKING

import pytest

from tests.fuzz.worker import MOST_MEMORY, Failed, Worker, cpu_limit

if TYPE_CHECKING:
    from collections.abc import Callable


def double(begin: Callable[[int], None], number: int) -> int:
    begin(number)
    return 2 * number


def spin(begin: Callable[[int], None]) -> None:
    begin(7)
    with cpu_limit():
        while True:
            pass


def spin_in_c(begin: Callable[[int], None]) -> None:
    begin(8)
    with cpu_limit():
        # Takes quadratic time and never looks at signals.
        unicodedata.normalize("NFC", "\u0301\u0323" * 1_000_000)


def raise_an_error(begin: Callable[[int], None]) -> None:
    begin(9)
    raise LookupError("as it was meant")


def crash(begin: Callable[[int], None]) -> None:
    begin(10)
    ctypes.string_at(0)


def take_memory(begin: Callable[[int], None]) -> None:
    begin(11)
    bytearray(2 * MOST_MEMORY)


@pytest.mark.parametrize(
    ("function", "step", "reason"),
    [
        (spin, 7, "more than 2 s of CPU"),
        (spin_in_c, 8, "more than 2 s of CPU"),
        (raise_an_error, 9, "LookupError: as it was meant"),
        (crash, 10, "died of SIGSEGV"),
        (take_memory, 11, "MemoryError"),
    ],
)
def test_what_is_beyond_a_limit_fails(
    worker: Worker, function: Callable[..., None], step: int, reason: str
) -> None:
    with pytest.raises(Failed) as failed:
        worker.run(function)
    assert failed.value.step == step
    assert reason in failed.value.reason
    assert worker.run(double, 21) == 42, "the next one runs"
