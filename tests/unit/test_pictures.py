"""Pictures of pages need a browser: without one, a sentence says what is missing, and nothing else depends on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ngao.chassis.errors import Misconfigured
from ngao.local import pictures

NOWHERE = Path("/nowhere/chromium")


def test_without_chromium_a_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "CHROMIUM", NOWHERE)
    assert pictures.why_none() == "No pictures: there is no Chromium at /nowhere/chromium. On Debian: apt-get install chromium."
    with pytest.raises(Misconfigured, match="there is no Chromium"), pictures.chromium():
        pytest.fail("there is no browser")


def test_without_playwright_a_sentence_says_which_package_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "chromium"
    program.touch(mode=0o755)
    monkeypatch.setattr(pictures, "CHROMIUM", program)
    monkeypatch.setattr(pictures, "find_spec", lambda _: None)
    assert "the Python package playwright is missing" in pictures.why_none()


def test_a_platform_that_runs_has_no_browser_in_its_lock() -> None:
    lock = (Path(__file__).parents[2] / "requirements-runtime.lock").read_text("utf-8")
    assert "playwright" not in lock
