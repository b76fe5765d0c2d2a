"""An export has only members who agreed to be seen, contacts only of those who agreed to that, and no formula."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from ngao.chassis.errors import Forbidden, InvalidInput
from ngao.chassis.security.identity import Principal
from ngao.chassis.security.roles import WHOLE
from services.registry.networks.export_members import export_members
from services.registry.networks.table import written
from services.registry.people.register import register_defender
from tests.unit.registry.networks.conftest import SEES_ALL, Office


def exported(office: Office, **asked: str) -> list[dict[str, str]]:
    body = {"network": "women", "hub": "nairobi", "reason": "case_work", **asked}
    answer = export_members(office.by(Principal("operator", "e", grant=WHOLE)), body)
    rows = list(csv.DictReader(io.StringIO(answer["table"], newline="")))
    assert len(rows) == answer["members"]
    return rows


def test_only_who_agreed_to_be_seen_and_only_the_contact_of_who_agreed_to_that(office: Office) -> None:
    whole, name_only = office.member(**SEES_ALL), office.member(seen_by_convenor=True)
    office.member()
    office.member("coast", **SEES_ALL)
    office.invite(office.person())
    rows = {each["defender_ref"]: each for each in exported(office)}
    assert set(rows) == {whole, name_only}
    assert (rows[whole]["phone"], rows[whole]["contact"]) == ("'+254700000101", "yes")
    assert (rows[name_only]["phone"], rows[name_only]["email"], rows[name_only]["contact"]) == ("", "", "no")
    assert rows[name_only]["name"] == "Invented Person2 Akinyi"


def test_a_name_that_begins_like_a_formula_is_written_as_text(office: Office) -> None:
    stated = {"names": ["=1+1 Nafula"], "emails": ["-n@example.org"]}
    ref = str(register_defender(office.ctx, {"identity": stated})["defender_ref"])
    office.agrees(ref, office.invite(ref), **SEES_ALL)
    (row,) = exported(office)
    assert (row["name"], row["email"]) == ("'=1+1 Nafula", "'-n@example.org")


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_every_sign_that_begins_a_formula_is_preceded_by_an_apostrophe(begins: str) -> None:
    (_, (cell,)) = csv.reader(io.StringIO(written(("name",), [{"name": f"{begins}cmd"}]), newline=""))
    assert cell == f"'{begins}cmd"


def test_an_export_needs_a_reason_of_the_role_and_a_hub_that_exists_and_is_on_record(office: Office) -> None:
    for given, pointer in (({"reason": "curiosity"}, "/reason"), ({"hub": "atlantis"}, "/hub")):
        with pytest.raises(InvalidInput) as refused:
            exported(office, **given)
        assert [each.pointer for each in refused.value.errors] == [pointer]
    narrow = Principal("operator", "e", grant=replace(WHOLE, purposes=frozenset({"correction"})))
    with pytest.raises(Forbidden):
        export_members(office.by(narrow), {"network": "women", "hub": "nairobi", "reason": "case_work"})
    ref = office.member(**SEES_ALL)
    exported(office)
    detail = office.register.heard.details["members.exported"]
    assert detail == {"network": "women", "hub": "nairobi", "reason": "case_work", "shown": "1"}
    assert ref not in str(detail)
