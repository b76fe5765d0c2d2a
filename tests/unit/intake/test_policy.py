"""Intake's policy files are checked against one another."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ngao.chassis.errors import Misconfigured
from services.intake.policy import IntakePolicy, load
from tests.unit.intake.conftest import POLICY


@pytest.mark.parametrize(("file", "old", "new", "named"), [
    ("triage.yaml", "violation_in: [attempted_killing]", "violation_in: [attempted_murder]", "life_attempted.when.violation_in"),
    ("triage.yaml", "needs_include: [medical]", "needs_include: [medicine]", "needs_care.when.needs_include"),
    ("triage.yaml", "id: must_leave", "id: needs_care", "needs_care is there twice"),
    ("triage.yaml", "high: 60", "high: 160", "thresholds"),
    ("triage.yaml", "effect: {points: 5}", "effect: {points: 5, at_least: low}", "told_by_the_person"),
    ("triage.yaml", "reporter_in: [self]", "reporter_in: [me]", "reporter_in"),
    ("support_types.yaml", "    digital: [digital_security]\n", "", "suggested_by.groups"),
    ("support_types.yaml", "    digital: [digital_security]", "    digital: [magic]", "magic"),
    ("violations.yaml", ', sw: "Mateso"', "", "torture.label: the text in sw"),
    ("violations.yaml", ', sw: "Amekamatwa au kuzuiliwa"', "", "liberty.label: the text in sw"),
    ("violations.yaml", "  liberty: {label", "  freedom: {label", "groups: liberty is not in its list"),
    ("support_types.yaml", ', sw: "Matibabu"', "", "medical.label: the text in sw"),
    ("perpetrators.yaml", ', sw: "Polisi"', ', sw: " "', "police.label: the text in sw"),
    ("perpetrators.yaml", ', sw: "Aliamuru"', "", "ordered.label: the text in sw"),
    ("flags.yaml", ', sw: "Mkalimani anahitajika"', "", "needs_interpreter.label: the text in sw"),
    ("flags.yaml", "media_interest:", "Media Interest:", "lower-case letters"),
    ("flags.yaml", "flags:", "flag:", "flags"),
    ("languages.yaml", "written_in: [en, sw]", "written_in: [en, xx]", "written_in"),
    ("violations.yaml", "severity: 100", "severity: 101", "severity"),
    ("profiles/kobo.yaml", "map: roles", "map: rolls", "rolls"),
    ("profiles/kobo.yaml", "from: [needs,", "from: [_geolocation,", "is on the discard list"),
    ("profiles/kobo.yaml", "from: [needs,", "from: ['[[',", "JMESPath"),
    ("profiles/kobo.yaml", "from: [needs,", "from: [needs || _geolocation,", "_geolocation is on the discard list"),
    ("profiles/kobo.yaml", "from: [needs,", """from: ["join(' ', [needs, username])",""", "username is on the discard list"),
    ("profiles/kobo.yaml", "from: [needs,", "from: [jion(needs),", "/needs: it calls a function"),
    ("profiles/kobo.yaml", "from: [needs,", """from: ["needs[?starts_wiht(@, 'a')]",""", "/needs: it calls a function"),
    ("profiles/kobo.yaml", "from: [needs,", "from: [join(needs),", "/needs: join takes"),
    ("profiles/kobo.yaml", "from: [needs,", "from: [not_null(),", "not_null"),
])  # fmt: skip
def test_a_mistake_stops_the_start_and_is_named(tmp_path: Path, file: str, old: str, new: str, named: str) -> None:
    shutil.copytree(POLICY, tmp_path / "policy")
    path = tmp_path / "policy" / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(Misconfigured) as caught:
        load([tmp_path / "policy"])
    assert file in str(caught.value)
    assert named in str(caught.value)


def test_a_coalition_may_have_no_flags(tmp_path: Path) -> None:
    (tmp_path / "flags.yaml").write_text("flags: {}\n", "utf-8")
    assert load([POLICY, tmp_path]).flags == {}


def test_the_shipped_policy_carries_one_version(policy: IntakePolicy) -> None:
    assert policy.version == policy.triage.version
