"""What `bin/ngao` is given when a test runs it."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from tests.support.pages import ROOT


def borrowed(folder: Path) -> dict[str, str]:
    """The environment that runs these tests, shown as one of its own, so that it makes no second one."""
    (folder / "venv").symlink_to(sys.prefix)
    (folder / "venv.lock").write_text(hashlib.sha256((ROOT / "requirements.lock").read_bytes()).hexdigest())
    return {"NGAO_PYTHON": sys.executable, "NGAO_VENV": str(folder / "venv")}
