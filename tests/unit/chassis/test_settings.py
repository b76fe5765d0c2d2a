"""A settings file: what is read from beside it, what overrules it, and what stops the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from ngao.chassis.errors import Misconfigured
from ngao.chassis.settings import load

SETTINGS = """\
service = "notify"
own_file = "own.toml"
[http]
port = 8080
public_url = "https://localhost:8443"
[broker]
host = "broker"
port = 5671
username = "svc-notify"
password_file = "password"
[store]
hosts = "notify-store:27017"
database = "ngao_notify"
[keys]
directory = "keys"
public_directory = "public"
[policy]
directories = ["policy"]
[operators]
file = "operators.json"
[own]
link = "https://desk.example.org"
[own.smtp]
host = "mail"
"""


def settings(folder: Path, own: str | None) -> Path:
    (folder / "password").write_text("not a secret\n")
    if own is not None:
        (folder / "own.toml").write_text(own)
    (folder / "service.toml").write_text(SETTINGS)
    return folder / "service.toml"


def test_a_file_of_its_own_is_laid_over_the_services_own_section(tmp_path: Path) -> None:
    found = load(settings(tmp_path, '[smtp]\nhost = "mail.example.org"\n'))
    assert found.own == {"link": "https://desk.example.org", "smtp": {"host": "mail.example.org"}}


@pytest.mark.parametrize(("own", "says"), [(None, "cannot be read"), ("[smtp", "is not TOML")])
def test_a_file_of_its_own_that_is_missing_or_broken_stops_the_start(tmp_path: Path, own: str | None, says: str) -> None:
    with pytest.raises(Misconfigured, match=rf"own\.toml {says}"):
        load(settings(tmp_path, own))


def test_the_environment_says_what_the_service_is_called_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = settings(tmp_path, "")
    monkeypatch.delenv("NGAO_PUBLIC_URL", raising=False)
    assert load(path).http.public_url == "https://localhost:8443"
    monkeypatch.setenv("NGAO_PUBLIC_URL", "https://intake.example.org")
    assert load(path).http.public_url == "https://intake.example.org"


@pytest.mark.parametrize(("said", "mode"), [("", "two"), ('[approvals]\nmode = "single"', "single")])
def test_two_operators_are_needed_unless_the_file_or_the_environment_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, mode: str
) -> None:
    monkeypatch.delenv("NGAO_APPROVALS", raising=False)
    path = settings(tmp_path, "")
    path.write_text(f"{path.read_text()}\n{said}\n")
    assert (load(path).approvals.mode, load(path).approvals.within_s) == (mode, 86_400.0)
    for chosen in ("single", "two"):
        monkeypatch.setenv("NGAO_APPROVALS", chosen)
        assert load(path).approvals.mode == chosen
    monkeypatch.setenv("NGAO_APPROVALS", "nobody")
    with pytest.raises(Misconfigured, match="NGAO_APPROVALS must be one of"):
        load(path)
