"""What the help of the commands shows, and which program it belongs to."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from ngao.cli import develop
from ngao.cli.app import build

WIDE = {"COLUMNS": "200"}


@pytest.mark.parametrize("command", [("case", "urgency"), ("source", "add"), ("parked", "replay")])
def test_the_help_names_the_variable_with_the_address_of_a_service(command: tuple[str, ...]) -> None:
    result = CliRunner().invoke(build(), [*command, "--help"], env=WIDE)
    assert "Default: NGAO_URL_<SERVICE>, else this machine's." in result.stdout


def test_the_help_of_up_names_the_variable_of_a_port() -> None:
    assert "NGAO_PORT_<NAME> sets a port" in CliRunner().invoke(build(), ["up", "--help"], env=WIDE).stdout


def test_the_arguments_of_a_program_are_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(develop.os, "chdir", lambda _folder: None)
    monkeypatch.setattr(develop.os, "execvpe", lambda _program, command, _environment: started.append(command))
    CliRunner().invoke(build(), ["run", "python", "-m", "ngao.client", "--help"])
    assert [[Path(command[0]).name, *command[1:]] for command in started] == [["python", "-m", "ngao.client", "--help"]]


def test_the_help_of_run_is_still_there() -> None:
    assert "Usage" in CliRunner().invoke(build(), ["run", "--help"]).stdout
