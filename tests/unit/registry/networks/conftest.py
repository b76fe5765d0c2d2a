"""A registry with a network of two hubs, and who works in it; who and what in it is invented."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ngao.chassis.security.identity import Principal
from ngao.chassis.security.roles import WHOLE
from ngao.contracts import DataClass
from ngao.kernel.scopes import HUB
from services.registry.context import Context
from services.registry.networks.manage import end_membership, invite_member, read_memberships, record_agreement
from services.registry.networks.model import Hub, Network, NetworkRole, Of
from services.registry.networks.responses import Agreement, Invitation
from services.registry.people.register import register_defender
from tests.support.registry import POLICY, Register

LABEL = {"en": "A label", "sw": "Lebo"}
NETWORK = Network(
    LABEL,
    {"member": NetworkRole(LABEL, Of.HUB), "convenor": NetworkRole(LABEL, Of.HUB), "national": NetworkRole(LABEL, Of.NETWORK)},
    {"nairobi": Hub(LABEL, ("KE-30",)), "coast": Hub(LABEL, ("KE-28", "KE-19"))},
)
SEES_ALL = {"seen_by_convenor": True, "told_of_cases": True, "contact": True}


def convenor(*counties: str) -> Principal:
    """A convenor who reaches these counties, as the chassis hands her to a use case."""
    grant = replace(WHOLE, reach=HUB, sees=frozenset({DataClass.PUBLIC, DataClass.INTERNAL}))
    return Principal("operator", "convenor", {"networks:read": grant}, hubs=frozenset(counties), grant=grant)


class Office:
    """The registry, and an officer who keeps memberships."""

    def __init__(self) -> None:
        self.register = Register()
        self.register.policy = replace(POLICY, networks={"women": NETWORK})
        self._people = 0

    @property
    def ctx(self) -> Context:
        return self.register.ctx

    def by(self, caller: Principal) -> Context:
        return self.register.open(caller)

    def person(self) -> str:
        self._people += 1
        stated = {"names": [f"Invented Person{self._people} Akinyi"], "phones": [f"+2547000001{self._people:02}"]}
        return str(register_defender(self.ctx, {"identity": stated})["defender_ref"])

    def invite(self, ref: str, hub: str = "nairobi", role: str = "member") -> str:
        body = Invitation().load({"network": "women", "hub": hub, "role": role})
        return str(invite_member(self.ctx, ref, body)["membership_id"])

    def agrees(self, ref: str, membership: str, **agreed: Any) -> dict[str, Any]:
        return record_agreement(self.ctx, ref, membership, Agreement().load({"how": "in_person", **agreed}))

    def member(self, hub: str = "nairobi", **agreed: Any) -> str:
        """Register a person who is a member of a hub and agreed to this."""
        ref = self.person()
        self.agrees(ref, self.invite(ref, hub), **agreed)
        return ref

    def membership(self, ref: str) -> dict[str, Any]:
        """Return the only membership of a person."""
        (only,) = read_memberships(self.ctx, ref, reason="case_work")["memberships"]
        return dict(only)

    def leaves(self, ref: str, membership: str) -> dict[str, Any]:
        return end_membership(self.ctx, ref, membership)


@pytest.fixture
def office() -> Office:
    return Office()
