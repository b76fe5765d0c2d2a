"""Known vulnerabilities of the locked packages, by pip-audit: `make audit`.

A feed is believed only after it has named a vulnerability of a package that is known to have one, because a mirror without
advisories finds nothing in anything. Exit codes: 0 nothing is known, 1 something is, 3 nothing was checked.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements-runtime.lock", "requirements.lock")
FEEDS = ("osv", "pypi")
KNOWN_BAD = "jinja2==2.4.1"
TOOL = "pip-audit>=2.7,<3"
NOTHING_KNOWN, SOMETHING_KNOWN, NOT_CHECKED = 0, 1, 3


def install(folder: Path) -> Path | None:
    """Install pip-audit in an environment of its own, so that it is no dependency of ours; None where pip cannot get it."""
    venv.create(folder / "venv", with_pip=True)
    command = [str(folder / "venv" / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", TOOL]
    done = subprocess.run(command, check=False, capture_output=True, timeout=300)
    return folder / "venv" / "bin" / "pip-audit" if done.returncode == 0 else None


def main(install: Callable[[Path], Path | None] = install, write: Callable[[str], object] = sys.stdout.write) -> int:
    """Audit both lock files with the first feed that answers."""
    with tempfile.TemporaryDirectory(prefix="ngao-audit-") as made:
        folder = Path(made)
        program = install(folder)
        if program is None:
            return _not_checked(write, f"pip cannot install {TOOL}")
        feed = next((each for each in FEEDS if answers(program, each, folder)), None)
        if feed is None:
            return _not_checked(write, f"no feed of advisories can be reached, or none names what is known of {KNOWN_BAD}")
        found = [look(program, feed, ROOT / lock, folder) for lock in LOCKS]
    if any(each is None for each in found):
        return _not_checked(write, f"the feed {feed} stopped to answer")
    lines = sorted({line for each in found for line in each or ()})
    write("".join(f"{line}\n" for line in lines) or f"The feed {feed} knows of nothing in {' and '.join(LOCKS)}.\n")
    return SOMETHING_KNOWN if lines else NOTHING_KNOWN


def answers(program: Path, feed: str, folder: Path) -> bool:
    """Return True if a feed answers and knows the well-known vulnerabilities."""
    canary = folder / "canary.txt"
    canary.write_text(f"{KNOWN_BAD}\n")
    return bool(look(program, feed, canary, folder, "--no-deps"))


def look(program: Path, feed: str, requirements: Path, folder: Path, *options: str) -> list[str] | None:
    """Return one line for each known vulnerability; None if the feed gave no complete answer."""
    report = folder / "report.json"
    report.unlink(missing_ok=True)
    command = [str(program), "--requirement", str(requirements), "--vulnerability-service", feed, "--disable-pip",
               "--progress-spinner", "off", "--format", "json", "--output", str(report), *options]  # fmt: skip
    subprocess.run(command, check=False, capture_output=True, timeout=600)
    return lines_of(report.read_text("utf-8")) if report.exists() else None


def lines_of(report: str) -> list[str]:
    """Return one line for each vulnerability in pip-audit's JSON."""
    packages: Sequence[dict[str, object]] = json.loads(report)["dependencies"]
    return [
        f"{package['name']} {package['version']}: {bad['id']}, mended in {', '.join(bad['fix_versions']) or 'nothing yet'}"
        for package in packages for bad in package.get("vulns", ())  # type: ignore[attr-defined]
    ]  # fmt: skip


def _not_checked(write: Callable[[str], object], why: str) -> int:
    write(f"NOTHING WAS CHECKED: {why}. Run it where a feed can be reached (api.osv.dev or pypi.org).\n")
    return NOT_CHECKED


if __name__ == "__main__":
    sys.exit(main())
