"""The command: one line, then pages until it is told to stop."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from outsource_scraper.sandbox.__main__ import main
from outsource_scraper.sandbox.client import Control

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND = [sys.executable, "-m", "outsource_scraper.sandbox"]


@pytest.fixture
def started() -> Iterator[subprocess.Popen[str]]:
    command = [*COMMAND, "--clock", "2026-10-05T12:30:00Z", "--frozen", "--seed", "5", "--size", "20"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_stop(number: signal.Signals, started: subprocess.Popen[str]) -> None:
    assert started.stdout is not None
    line = started.stdout.readline()
    found = re.fullmatch(r"sandbox listening on (http://127\.0\.0\.1:\d+)\n", line)
    assert found is not None
    state = Control(found[1]).state()
    assert (state["now"], state["frozen"]) == ("2026-10-05T12:30:00+00:00", True)
    assert (state["seed"], state["size"]) == (5, 20)
    started.send_signal(number)
    out, err = started.communicate(timeout=30)
    assert (started.returncode, out, err) == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--host", "0.0.0.0"], "not a loopback address"),  # noqa: S104 - what is refused
        (["--host", "192.0.2.1"], "not a loopback address"),
        (["--host", "www.example.com"], "no IP address"),
        (["--port", "70000"], "no port"),
        (["--port", "-1"], "no port"),
        (["--clock", "noon"], "no ISO 8601 instant"),
        (["--clock", "2026-10-05T12:30:00"], "no time zone"),
        (["--clock", "2019-10-05T12:30:00Z"], "move the clock"),
        (["--size", "0"], "at least one"),
    ],
)
def test_a_wrong_argument_is_told_in_a_sentence(arguments: list[str], sentence: str) -> None:
    ran = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 2
    assert sentence in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""


def test_a_taken_port_is_told_in_a_sentence(
    started: subprocess.Popen[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert started.stdout is not None
    port = started.stdout.readline().rsplit(":", 1)[1].strip()
    assert main(["--port", port]) == 1
    assert f"cannot listen on 127.0.0.1 port {port}" in capsys.readouterr().err
