"""Which browser is started, and how.

A module of its own, because it is asked for without loading what drives a browser.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS = ("--disable-gpu", "--disable-dev-shm-usage")
_NOBODY = "http://127.0.0.1:9/"
"""The discard port, at which nobody listens."""
_ASK_NOBODY = (
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
    "--no-default-browser-check", "--disable-domain-reliability", "--no-pings",
    # Each has something that it asks for all the same: a component wanted "on demand", and who is signed in.
    f"--component-updater=url-source={_NOBODY}", f"--gaia-url={_NOBODY}",
)  # fmt: skip
"""Arguments that keep Chromium from asking its vendor's hosts."""
BARE = ("--blink-settings=imagesEnabled=false", "--disable-remote-fonts")
"""Arguments that keep Chromium from asking for pictures and fonts: cheaper than each refused by `unread`."""


def has_browser() -> bool:
    """Whether a browser is there, on the PATH or one that Playwright has installed, and what drives it."""
    if importlib.util.find_spec("scrapy_playwright") is None:
        return False
    folder = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    return any(map(shutil.which, _BROWSERS)) or any(folder.glob("chromium-*"))


def launch_options(*, sandbox: bool = True) -> dict[str, Any]:
    """How to start the browser: one found on the PATH, else Playwright's own.

    Chromium's sandbox is given up where `sandbox` is False, and as root, under whom it does not start with
    one.
    """
    arguments = [*_ARGUMENTS, *_ASK_NOBODY, *BARE]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        logger.warning("running as root: Chromium is started without its sandbox; prefer an ordinary user")
        sandbox = False
    if not sandbox:
        arguments.append("--no-sandbox")
    found = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    return {"args": arguments} | ({"executable_path": found} if found else {})
