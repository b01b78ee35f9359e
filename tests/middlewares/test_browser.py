"""How the browser is started and what it does not load; tests/commands/test_browser.py crawls with it."""

from __future__ import annotations

import logging
import os
import shutil
from typing import TYPE_CHECKING

import pytest
from scrapy import Request

from outsource_scraper.middlewares.browser import holds_no_posting, in_a_line, renders
from outsource_scraper.middlewares.chromium import has_browser, launch_options

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one folder on the PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def install(programs: Path, name: str) -> str:
    program = programs / name
    program.touch(0o755)
    assert shutil.which(name) == str(program)
    return str(program)


@pytest.mark.parametrize(("user", "given_up"), [(0, True), (1000, False)])
def test_the_sandbox_is_given_up_as_root_alone_and_told_once(
    user: int, given_up: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    arguments = launch_options()["args"]
    assert ("--no-sandbox" in arguments) is given_up
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == given_up
    assert all("without its sandbox" in warning for warning in warnings)


def test_the_sandbox_is_given_up_where_the_operator_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "--no-sandbox" in launch_options(sandbox=False)["args"]
    assert not caplog.records


@pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"])
def test_a_browser_on_the_path_is_taken(name: str, programs: Path) -> None:
    program = install(programs, name)
    assert launch_options()["executable_path"] == program
    assert has_browser()


def test_without_one_playwright_s_own_is_taken(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(programs))
    assert "executable_path" not in launch_options()
    assert not has_browser()
    (programs / "chromium-1200").mkdir()
    assert has_browser()


@pytest.mark.parametrize(
    ("kind", "host", "loaded"),
    [
        ("document", "www.weblancer.net", True),
        ("script", "www.weblancer.net", True),
        ("fetch", "api.weblancer.net", True),
        ("xhr", "api.weblancer.net", True),
        ("script", "cdn.jsdelivr.net", True),
        ("image", "www.weblancer.net", False),
        ("media", "www.weblancer.net", False),
        ("font", "fonts.gstatic.com", False),
        ("stylesheet", "www.weblancer.net", False),
        ("ping", "www.weblancer.net", False),
        ("script", "www.googletagmanager.com", False),
        ("script", "googletagmanager.com", False),
        ("xhr", "region1.google-analytics.com", False),
        ("script", "mc.yandex.ru", False),
        ("script", "connect.facebook.net", False),
        ("script", "top-fwz1.mail.ru", False),
        # Names that only look like a tracker's.
        ("script", "yandex.ru", True),
        ("script", "mail.ru", True),
        ("script", "notfacebook.com", True),
        ("script", "facebook.com.example.org", True),
        ("document", "", True),
    ],
)
def test_what_shows_no_posting_is_not_loaded(kind: str, host: str, loaded: bool) -> None:
    assert holds_no_posting(kind, host) is not loaded


@pytest.mark.parametrize(
    ("url", "rendered"),
    [
        ("https://www.weblancer.net/robots.txt", False),
        ("https://www.weblancer.net/freelance/", True),
        ("https://www.weblancer.net/freelance/robots.txt", True),
    ],
)
def test_robots_txt_is_no_page(url: str, rendered: bool) -> None:
    assert renders(Request(url)) is rendered


def test_a_warning_of_the_library_becomes_a_line() -> None:
    error = (ValueError, ValueError("x"), None)
    record = logging.LogRecord(
        "scrapy-playwright", logging.WARNING, "x.py", 1, "Closing page: %s", ("lost\nCall log:\n- x",), error
    )
    assert in_a_line(record)
    assert (record.getMessage(), record.exc_info) == ("Closing page: lost", None)
