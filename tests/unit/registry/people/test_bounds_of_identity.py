"""Names, phones and addresses are shown only within the bounds that `identity:read` was given with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ngao.chassis.security.identity import Principal
from ngao.chassis.security.roles import WHOLE, Grant
from ngao.contracts import DataClass
from services.registry.candidates.review import list_candidates
from services.registry.people.read import find_defender
from tests.support.registry import MARY, SAFE, Register

IN_CODES = frozenset({DataClass.PUBLIC, DataClass.INTERNAL})
ALMOST = {"names": ["Mary Wanjikuu Kamau"], "phones": ["0700000002"], "emails": []}


def operator(identity: Grant | None, reading: Grant = WHOLE) -> Principal:
    rights = {"defenders:read": reading} | ({"identity:read": identity} if identity else {})
    return Principal("operator", "o", rights, grant=reading)


@pytest.mark.parametrize(("who", "shown"), [
    (operator(WHOLE), True),
    (operator(Grant(purposes=frozenset({"case_work", "correction"}))), True),
    (operator(None), False),
    (operator(Grant(reach="hub")), False),
    (operator(Grant(purposes=frozenset({"correction"}))), False),
    (operator(Grant(sees=IN_CODES)), False),
    (operator(WHOLE, Grant(sees=IN_CODES)), False),
], ids=["all", "for this reason", "not at all", "of a hub", "for another reason", "in codes", "the record in codes"])  # fmt: skip
def test_values_are_shown_and_audited_as_shown_only_if_both_rights_allow_it(who: Principal, shown: bool) -> None:
    register = Register()
    register.report("NG-1", MARY, contact_safety=SAFE)
    register.report("NG-2", ALMOST, contact_safety=SAFE)
    record = find_defender(replace(register.ctx, principal=who), case_ref="NG-1", reason="case_work")
    assert (record["masked"], record["identity"]["names"] == MARY["names"]) == (not shown, shown)
    assert (record["contact"][0]["safety"] is not None) is shown
    (candidate,) = list_candidates(replace(register.ctx, principal=who), reason="case_work")["candidates"]
    assert (candidate["masked"], candidate["identity"]["names"] == ALMOST["names"]) == (not shown, shown)
    audited = {register.heard.details[action]["shown"] for action in ("defender.read", "candidate.read")}
    assert audited == {"values" if shown else "masked"}
