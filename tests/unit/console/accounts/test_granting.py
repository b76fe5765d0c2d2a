"""Which roles an account may have: a person of a partner has those that reach its offers, and others have none of these."""

from __future__ import annotations

from pathlib import Path

import pytest

from ngao.chassis.errors import InvalidInput
from ngao.chassis.security.roles import Grant, Role, read_roles
from services.console.accounts.granting import check_granted

ROLES = {
    **read_roles((Path(__file__).resolve().parents[4] / "deploy" / "policy",)),
    "guest": Role("works on own cases", {"cases:read": Grant("own")}),
}
COUNTIES = ("KE-30",)


@pytest.mark.parametrize(
    ("roles", "hubs", "partner"),
    [(["watch"], [], ""), (["hub-convenor"], ["KE-30"], ""), (["partner-staff"], [], "haki-legal"), (["guest"], [], "")],
)
def test_roles_that_fit_are_granted(roles: list[str], hubs: list[str], partner: str) -> None:
    check_granted(roles, hubs, ROLES, COUNTIES, partner)


@pytest.mark.parametrize(
    ("roles", "hubs", "partner", "pointer"),
    [
        (["partner-staff"], [], "", "/partner"),
        (["watch"], [], "haki-legal", "/partner"),
        (["partner-staff", "watch"], [], "haki-legal", "/partner"),
        (["partner-staff", "watch"], [], "", "/partner"),
        (["hub-convenor"], [], "", "/hubs"),
        (["all"], [], "haki-legal", "/roles/0"),
    ],
)
def test_roles_that_do_not_fit_name_the_field(roles: list[str], hubs: list[str], partner: str, pointer: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_granted(roles, hubs, ROLES, COUNTIES, partner)
    assert [each.pointer for each in refused.value.errors] == [pointer]
