"""A process of its own for what may hang, crash or eat all memory, so that it ends that and not the tests.

The limit is CPU time of the process, and the signal's default action ends it: a loop inside of a library in
C, which no handler in Python could interrupt, is ended too, and a busy machine changes nothing.
"""

from __future__ import annotations

import faulthandler
import logging
import multiprocessing
import resource
import signal
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

MOST_SECONDS = 2.0
MOST_MEMORY = 4 * 2**30
"""Bytes of addresses, above which an allocation fails."""

Step = TypeVar("Step")


class Failed(Exception):  # noqa: N818 - named by what happened
    """What ran in the process raised an error, or ended the process; `step` is the last that it had begun."""

    def __init__(self, step: Any, reason: str) -> None:
        super().__init__(f"at {step}: {reason}")
        self.step = step
        self.reason = reason


class Worker:
    """Runs one function after the other in a process, which is started anew where one has ended it."""

    def __init__(self) -> None:
        self._process: multiprocessing.process.BaseProcess | None = None
        self._connection: Connection | None = None

    def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Return what `function(begin, *arguments)` returns; it calls `begin(step)` before each of its steps.

        Raises:
            Failed: it raised an error, or the process did not live to its end.
        """
        if self._process is None:
            self._start()
        assert self._process is not None
        assert self._connection is not None
        self._connection.send((function, arguments))
        step = None
        while True:
            try:
                kind, told = self._connection.recv()
            except EOFError:
                process = self._process
                process.join()
                self.stop()
                raise Failed(step, _how_it_ended(process.exitcode)) from None
            if kind == "result":
                return told
            if kind == "error":
                raise Failed(step, told)
            step = told

    def stop(self) -> None:
        """End the process."""
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            self._process.join()
        self._process = self._connection = None

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, its_end = context.Pipe()
        self._process = context.Process(target=_serve, args=(its_end,))
        self._process.start()
        its_end.close()


@contextmanager
def cpu_limit() -> Iterator[None]:
    """End this process where what is inside takes more than `MOST_SECONDS` of CPU."""
    signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _serve(connection: Connection) -> None:
    logging.disable(logging.CRITICAL)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    # It says where the time went, and hands on to the default action.
    faulthandler.register(signal.SIGPROF, chain=True)
    while True:
        try:
            function, arguments = connection.recv()
        except EOFError:
            return
        try:
            result = function(lambda step: connection.send(("begun", step)), *arguments)
        except Exception:  # noqa: BLE001 - it is handed on
            connection.send(("error", traceback.format_exc()))
        else:
            connection.send(("result", result))


def _how_it_ended(code: int | None) -> str:
    if code == -signal.SIGPROF:
        return f"it took more than {MOST_SECONDS:.0f} s of CPU; where, stands on standard error"
    if code is not None and code < 0:
        return f"the process died of {signal.Signals(-code).name}"
    return f"the process ended with {code}"
