"""Container images without a container engine: built by buildah, run in namespaces of the kernel's own.

`Buildah` keeps its images in a folder of its own, so that nothing of the user's is seen or touched, and hands
the builds what this machine needs to reach the package indexes: its certificates, pip's configuration, apt's.
`Image.start` does what an engine does with an image: process 1 in a namespace of its own, the image's root
read only, no capabilities, an arbitrary user, nothing writable but what is mounted.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

BASE = "localhost/base"
PACKAGES = "python3,python3-venv,ca-certificates"
"""What stands in for the official image of Python: Debian's own, of the release that runs the tests."""
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
TOO_LARGE = 12 * 2**30
"""Bytes of layers of earlier builds, above which all of them are thrown away."""

START = """
set -e
root=$1
shift
mount --bind "$root" "$root"
mounts=$(mktemp)
while [ "$1" != -- ]; do
    if [ -d "$1" ]; then mkdir -p "$root$2"; else mkdir -p "$root${2%/*}" && touch "$root$2"; fi
    printf '%s\\n%s\\n' "$1" "$2" >>"$mounts"
    shift 2
done
shift
mount -o remount,bind,ro "$root"
while read -r source && read -r target; do mount --bind "$source" "$root$target"; done <"$mounts"
rm "$mounts"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for name in null zero full random urandom; do
    touch "$root/dev/$name"
    mount --bind "/dev/$name" "$root/dev/$name"
done
exec chroot "$root" "$@"
"""


@dataclass(frozen=True)
class Image:
    """An image that was built."""

    name: str
    config: Mapping[str, Any]
    """As `docker inspect` shows it under `Config`."""
    root: Path
    """Its files."""
    size: int
    """Bytes."""
    added: int
    """Bytes beside those of the base."""

    @contextmanager
    def start(
        self,
        *command: str,
        data: Path,
        env: Mapping[str, str] | None = None,
        user: int = 10001,
        mounts: Mapping[str, Path] | None = None,
        entrypoint: Sequence[str] | None = None,
    ) -> Iterator[Running]:
        """Run the entrypoint with the arguments `command`.

        Nothing can be written to but `data`, the volume, and what else is mounted: `mounts`, by path inside.
        """
        mounted = {
            "/etc/hosts": Path("/etc/hosts"),
            "/etc/resolv.conf": Path("/etc/resolv.conf"),
            "/data": data,
        }
        pairs = (part for inside, path in {**mounted, **(mounts or {})}.items() for part in (path, inside))
        variables = [*self.config["Env"], *(f"{name}={value}" for name, value in (env or {}).items())]
        program = [
            *("setpriv", f"--reuid={user}", "--regid=0", "--clear-groups", "--no-new-privs"),
            *("--bounding-set=-all", "--inh-caps=-all"),
            *("env", "-i", f"--chdir={self.config['WorkingDir']}", *variables),
            *(self.config["Entrypoint"] if entrypoint is None else entrypoint),
            *command,
        ]
        namespaces = ("unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child")
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as log:
            process = subprocess.Popen(
                [*namespaces, "sh", "-c", START, "sh", self.root, *pairs, "--", *program],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=log,
            )
            try:
                yield Running(process, out, log)
            finally:
                process.kill()
                process.wait()

    def run(self, *command: str, timeout: float = 120, **options: Any) -> Running:
        """Run to the end."""
        with self.start(*command, **options) as running:
            running.wait(timeout)
            return running


@dataclass
class Running:
    """A container that runs, or has."""

    process: subprocess.Popen[bytes]
    _out: Any = field(repr=False)
    _log: Any = field(repr=False)
    code: int | None = None
    out: str = ""
    log: str = ""

    def wait(self, timeout: float) -> int:
        """Wait for the end, and return the exit code."""
        try:
            self.code = self.process.wait(timeout)
        finally:
            self.read()
        return self.code

    def read(self) -> str:
        """Take in what the container has written until now, and return all of it."""
        for name, file in (("out", self._out), ("log", self._log)):
            file.seek(0)
            setattr(self, name, file.read())
        return self.out + self.log

    def stop(self) -> None:
        """Send SIGTERM to process 1, as `docker stop` does."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        os.kill(int(children), signal.SIGTERM)


class Buildah:
    """buildah with a folder for its images, which are kept from run to run and built by layers.

    Several processes may use the folder at a time.
    """

    def __init__(self, folder: Path, release: str) -> None:
        """`release` is the code name of this machine's Debian."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._release = release
        self._folder = folder
        self._configuration = Path(tempfile.mkdtemp(prefix="outsource_test_"))
        self._containers: list[str] = []
        self._users = (folder / "users").open("w")
        with self._alone():
            self._driver = os.environ.get("STORAGE_DRIVER", "overlay")
            if self._driver == "overlay" and self._call("images", check=False).returncode:
                self._driver = "vfs"  # slower; for a folder that is on an overlay itself
            with suppress(BlockingIOError):
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._clean()
            fcntl.flock(self._users, fcntl.LOCK_SH)
            self._make_base()

    def close(self) -> None:
        """Remove the containers; what was built is kept for the next time."""
        if self._containers:
            self._call("rm", *self._containers)
        self._users.close()
        shutil.rmtree(self._configuration)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """What is built by one process, others find when it is their turn."""
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _clean(self) -> None:
        """Remove what killed processes have left, and all images where they have become too many."""
        self._call("rm", "--all")
        if int(run("du", "--summarize", "--bytes", str(self._folder)).stdout.split()[0]) > TOO_LARGE:
            self._call("rmi", "--all", "--force")

    def _make_base(self) -> None:
        """Make the base image where there is none yet."""
        if self._call("inspect", "--type", "image", BASE, check=False).returncode == 0:
            return
        container = self._buildah("from", "scratch")
        root = self._buildah("mount", container)
        sources = debian_sources()
        mirrors = re.findall(r"(?:URIs:|deb)\s+(https?://\S+)", sources) or ["https://deb.debian.org/debian"]
        packages = f"--include={PACKAGES}"
        run("debootstrap", "--variant=minbase", packages, self._release, root, mirrors[0])
        # As in the official images no packages lie about. pip's configuration is laid over the file.
        run("chroot", root, "sh", "-c", "apt-get clean && rm -rf /var/lib/apt/lists/* && touch /etc/pip.conf")
        if sources:
            Path(root, "etc/apt/sources.list").unlink()
            Path(root, "etc/apt/sources.list.d/debian.sources").write_text(sources)
        self._buildah("umount", container)
        self._buildah("commit", "--rm", container, BASE)

    def build(self, target: str, context: Path, arguments: Mapping[str, str]) -> Image:
        """Build a target of the Dockerfile in `context`."""
        name = f"localhost/{target}"
        given = {"BASE": BASE, **arguments}
        with self._alone():
            self._buildah(
                *("build", "--layers", "--isolation", "chroot", "--pull-never", "--format", "docker"),
                *(f"--build-arg={name}={value}" for name, value in given.items()),
                *(f"--volume={source}:{inside}:ro" for source, inside in self._mounts()),
                *("--target", target, "--tag", name, str(context)),
            )
            shown = json.loads(self._buildah("inspect", "--type", "image", name))
            root = Path(self._buildah("mount", self._container(name)))
        size = self._size(name)
        return Image(target, shown["Docker"]["config"], root, size, size - self._size(BASE))

    def run(self, image: Image, *command: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """`buildah run` of the image's entrypoint, in a container of its own with a writable root."""
        container = self._container(f"localhost/{image.name}")
        variables = (f"--env={name}={value}" for name, value in env.items())
        program = (*image.config["Entrypoint"], *command)
        return self._call("run", "--isolation", "chroot", *variables, container, "--", *program, check=False)

    def _container(self, image: str) -> str:
        self._containers.append(self._buildah("from", "--pull-never", image))
        return self._containers[-1]

    def _buildah(self, *arguments: str) -> str:
        return self._call(*arguments).stdout.strip()

    def _call(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        places = ("--root", str(self._folder / "storage"), "--runroot", str(self._folder / "run"))
        return run("buildah", *places, "--storage-driver", self._driver, *arguments, check=check)

    def _size(self, image: str) -> int:
        listed = json.loads(self._buildah("images", "--json", image))
        number, unit = listed[0]["size"].split()
        return int(float(number) * {"B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9}[unit])

    def _mounts(self) -> Iterator[tuple[Path, str]]:
        """What of this machine's configuration a build needs to reach the package indexes, and where."""
        yield CERTIFICATES, str(CERTIFICATES)
        pip = self._configuration / "pip.conf"
        pip.write_text(
            "[global]\n" + "".join(f"{name} = {value}\n" for name, value in pip_settings().items())
        )
        yield pip, "/etc/pip.conf"
        apt = self._configuration / "apt.conf"
        apt.write_text("".join(apt_settings()))
        yield apt, "/etc/apt/apt.conf.d/99machine"


def pip_settings() -> dict[str, str]:
    """How this machine's pip reaches its index over the network; folders of this machine are left out."""
    listed = run("pip", "config", "list", check=False).stdout if shutil.which("pip") else ""
    found = dict(re.findall(r"^(?:global|install|:env:)\.([a-z-]+)='(.*)'$", listed, re.MULTILINE))
    names = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "default-timeout")
    kept = {name: found[name] for name in names if name in found and "file:" not in found[name]}
    return {**kept, "cert": str(CERTIFICATES)}


def apt_settings() -> Iterator[str]:
    """How this machine's apt reaches its mirror."""
    for line in run("apt-config", "dump").stdout.splitlines(keepends=True):
        if re.match(r'Acquire::(?:https?::|Check-)\S+ "[^"]+";', line):
            yield line


def debian_sources() -> str:
    """This machine's own sources of Debian's packages, security updates included; empty where unknown."""
    file = Path("/etc/apt/sources.list.d/debian.sources")
    return file.read_text() if file.exists() else ""


def run(*command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a program; where it fails, the test says what it has written."""
    ended = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert not check or ended.returncode == 0, (
        f"{shlex.join(command)}\n{ended.stdout[-3000:]}{ended.stderr[-5000:]}"
    )
    return ended
