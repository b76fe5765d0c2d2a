"""The page of settings is complete: every key of a settings file and every environment variable, each with its meaning."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.generating import settings


def test_every_key_has_a_meaning_and_no_other_has() -> None:
    assert sorted(settings.keys()) == sorted(settings.KEYS)
    assert [key for key, meaning in settings.KEYS.items() if not meaning.endswith(".")] == []


def test_every_variable_has_a_meaning_and_no_other_has() -> None:
    assert sorted(settings.variables()) == sorted(settings.VARIABLES)


def test_a_row_shows_type_limits_and_default() -> None:
    (page,) = settings.files().values()
    assert "| `http.port` | whole number: 0 to 65535 | required |" in page
    assert "| `logging.level` | text: `debug`, `info`, `warning`, `error` | `info` |" in page
    assert "| `own.smtp.from` | e-mail address | required |" in page


def test_a_new_variable_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text("NGAO_PLANTED = 1\n")
    monkeypatch.setattr(settings, "_READERS", (str(planted),))
    assert "NGAO_PLANTED" in settings.variables()
