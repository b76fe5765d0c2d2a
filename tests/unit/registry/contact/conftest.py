"""What officers tell the registry about contact; who and what in it is invented."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ngao.chassis.security.identity import Principal
from ngao.chassis.security.roles import WHOLE
from services.registry.contact.manage import put_contact, read_contacts
from services.registry.contact.requests import ContactToKeep
from services.registry.contact.stop import stop_contact
from tests.support.registry import MARY, SAFE, Register

SEES = Principal("operator", "amina", {"identity:read": WHOLE}, grant=WHOLE)
PHONE = "+254700000001"
EVENINGS = [{"opens": "18:00", "closes": "20:00", "days": ["mon", "tue", "wed", "thu", "fri"]}]


class Desk:
    """A registry with one person, and an officer who records how she may be reached."""

    def __init__(self) -> None:
        self.register = Register()
        self.ref = self.register.report("NG-1", MARY, contact_safety=SAFE).defender_ref or ""

    def put(self, **changes: Any) -> str:
        """Record a contact, loaded as it comes from outside."""
        told = {"channel": "phone", "address": PHONE, "allowed": True, "confirmed_how": "in_person"} | changes
        body = ContactToKeep().load({name: value for name, value in told.items() if value is not None})
        return str(put_contact(self.register.open(SEES), self.ref, body)["contact_id"])

    def stop(self, ref: str = "", reason: str = "said_stop") -> dict[str, Any]:
        return stop_contact(self.register.open(SEES), ref or self.ref, {"reason": reason})

    def read(self, caller: Principal = SEES) -> dict[str, Any]:
        return read_contacts(self.register.open(caller), self.ref, reason="case_work")


@pytest.fixture
def desk() -> Desk:
    return Desk()


Put = Callable[..., str]
