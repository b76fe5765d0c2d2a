"""Make the Python environment, for the launcher `ngao`. Standard library only.

The file `<environment>.lock` is both the lock (so that two first runs do not meet) and the memory of how far the work has
come: empty, `making`, or the hash of the lock file whose packages are installed. An environment whose making was
interrupted is made from scratch: pip takes a package that it has half unpacked for a whole one.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import IO, NoReturn

REPOSITORY = Path(__file__).resolve().parent.parent
REQUIREMENTS = REPOSITORY / "requirements.lock"
MAKING = "making"


def main() -> None:
    """Prepare what is missing."""
    folder = Path(os.environ.get("NGAO_VENV") or REPOSITORY / ".venv").absolute()
    prepare(folder, hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest())


def lock_of(folder: Path) -> Path:
    """Return the file beside the environment that records its lock."""
    return folder.with_name(folder.name + ".lock")


def prepare(folder: Path, wanted: str) -> None:
    """Do the steps that are missing, one process at a time."""
    lock_of(folder).parent.mkdir(parents=True, exist_ok=True)
    with lock_of(folder).open("a+") as lock:
        wait_for(lock)
        lock.seek(0)
        state = lock.read()
        if state == wanted and (folder / "bin" / "python").exists():
            return
        refuse_a_stranger(folder, state)
        remember(lock, MAKING)
        if state in {"", MAKING} or not (folder / "bin" / "python").exists():
            make(folder)
        install(folder, lock)
        remember(lock, wanted)


def wait_for(lock: IO[str]) -> None:
    """Take the lock, and say so when another run has it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("another run is preparing the environment; waiting for it")
        fcntl.flock(lock, fcntl.LOCK_EX)


def remember(lock: IO[str], state: str) -> None:
    """Write down how far the work has come."""
    lock.seek(0)
    lock.truncate()
    lock.write(state)
    lock.flush()
    os.fsync(lock.fileno())


def refuse_a_stranger(folder: Path, state: str) -> None:
    """Never clear a folder that this script did not make."""
    if not state and folder.exists() and any(folder.iterdir()):
        stop(f"{folder} exists and was not made by this launcher; remove it or set NGAO_VENV to another folder.")


def make(folder: Path) -> None:
    """Create the environment from scratch."""
    need_venv()
    say(f"making the Python environment in {folder}")
    if folder.exists():
        shutil.rmtree(folder)
    done = subprocess.run([sys.executable, "-m", "venv", str(folder)], check=False, capture_output=True, text=True)
    if done.returncode:
        stop(f"the Python environment could not be made: {last_line(done.stdout + done.stderr)}")


def need_venv() -> None:
    """Install what is missing as root, or print what to install: Debian ships Python without `ensurepip`."""
    if has_ensurepip():
        return
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    if os.geteuid() or not shutil.which("apt-get"):
        stop(f"this Python has no venv module; ask an administrator to run: apt-get install {package}")
    say(f"installing {package} with apt-get")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
    install_it = [*apt, "install", "-y", "--no-install-recommends", package]
    # dpkg first: an installation that was interrupted has to be finished before apt-get does anything
    for command in (["dpkg", "--configure", "-a"], [*apt, "update"], install_it):
        done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment)
    if done.returncode or not has_ensurepip():
        stop(f"apt-get could not install {package}: {last_line(done.stderr)}")


def has_ensurepip() -> bool:
    """Ask a new process, because this one would not see what was installed meanwhile."""
    return not subprocess.run([sys.executable, "-c", "import ensurepip, venv"], check=False, capture_output=True).returncode


def install(folder: Path, lock: IO[str]) -> None:
    """Install exactly what the lock file names, each file checked against its hash.

    pip holds the lock, too: should this process be killed, the next run waits until pip has ended.
    """
    total = sum("==" in line for line in REQUIREMENTS.read_text().splitlines() if not line.startswith((" ", "#")))
    say(f"installing {total} packages, each checked against requirements.lock")
    command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]
    command += ["--no-input", "--no-deps", "--require-hashes", "--requirement", str(REQUIREMENTS)]
    held = (lock.fileno(),)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, pass_fds=held) as pip:
        tail = follow(pip, total)
    if pip.returncode:
        stop("the packages could not be installed; pip's last lines:\n" + "\n".join(tail))


def follow(pip: subprocess.Popen[str], total: int) -> list[str]:
    """Count pip's packages aloud; give back its last lines."""
    seen, tail = 0, []
    for line in pip.stdout or ():
        tail = [*tail[-7:], line.rstrip()]
        if line.startswith(("Collecting ", "Requirement already satisfied")):
            seen += 1
            if seen % 20 == 0:
                say(f"  {seen} of {total} packages")
        elif line.startswith("Installing collected"):
            say("  unpacking")
    return tail


def last_line(text: str) -> str:
    """Return the line in which a tool usually gives the reason."""
    return (text.strip().splitlines() or ["no reason given"])[-1]


def say(line: str) -> None:
    """Print progress to the error stream, so that `--json` output stays clean."""
    print(f"ngao: {line}", file=sys.stderr, flush=True)


def stop(sentence: str) -> NoReturn:
    """End with one sentence and no traceback."""
    say(sentence)
    raise SystemExit(1)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except OSError as error:
        stop(f"the environment cannot be prepared: {error}")
