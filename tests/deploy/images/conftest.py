"""The images, built once for all tests, and a volume for what they write."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import platformdirs
import pytest

from outsource_scraper import __version__
from tests.conftest import PROJECT, need
from tests.deploy.images.containers import Buildah, Image

REVISION = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="session")
def buildah() -> Iterator[Buildah]:
    release = Path("/etc/os-release").read_text() if Path("/etc/os-release").exists() else ""
    codename = dict(line.split("=", 1) for line in release.splitlines() if "=" in line).get(
        "VERSION_CODENAME"
    )
    need("\nID=debian" in release and os.geteuid() == 0, "images are built by root on Debian alone")
    for program in ("buildah", "debootstrap"):
        need(shutil.which(program), f"{program} is missing: apt-get install buildah debootstrap")
    cache = platformdirs.user_cache_path("outsource_scraper", appauthor=False)
    started = Buildah(cache / "containers" / str(codename), str(codename))
    try:
        yield started
    finally:
        started.close()


@pytest.fixture(scope="session")
def build(buildah: Buildah) -> Callable[[str], Image]:
    """Return the image of a target, built at its first use."""
    built: dict[str, Image] = {}

    def image(target: str) -> Image:
        if target not in built:
            built[target] = buildah.build(target, PROJECT, {"VERSION": __version__, "REVISION": REVISION})
        return built[target]

    return image


@pytest.fixture
def data() -> Iterator[Path]:
    """An empty volume as an engine makes it: whose group, root's, may write."""
    folder = Path(tempfile.mkdtemp(prefix="outsource_test_"))
    folder.chmod(0o770)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
