"""The catalogue of events as a person and as a program reads it."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from ngao.cli.app import build


def listed(*options: str) -> str:
    return CliRunner().invoke(build(), ["events", "list", *options]).stdout


def test_people_read_the_columns_of_the_glossary() -> None:
    assert listed().split("\n")[0].split() == ["type", "owner", "subscribers", "audiences", "meaning"]
    (opened,) = [line for line in listed().splitlines() if line.startswith("referral.case.opened.v1")]
    assert opened.split()[1:4] == ["referral", "intake", "internal"]


def test_programs_read_the_same_keys_as_before() -> None:
    keys = {key for entry in json.loads(listed("--json")) for key in entry}
    assert keys == {"type", "owner", "heard_by", "audiences", "classification", "says"}
