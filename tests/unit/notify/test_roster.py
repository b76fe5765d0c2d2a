"""What the audit says of those whose addresses were destroyed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from ngao.testing.memory import SHIPPED_POLICY
from services.notify.context import Context
from services.notify.policy import read_retention
from services.notify.roster.model import DUTY_OFFICER, Contact, Recipient
from services.notify.roster.remove import erase
from tests.support.notify import NotifyUnderTest, officers

AMINA, BARAKA = Recipient(DUTY_OFFICER, "amina"), Recipient(DUTY_OFFICER, "baraka")


class Parts:
    """What erasing uses of notify's parts. Amina is put back just after it was read who is removed."""

    def __init__(self) -> None:
        self.notify = NotifyUnderTest(*officers("amina", "baraka"))
        self.retention = read_retention([SHIPPED_POLICY])

    def run(self, work: Callable[[Context], Any]) -> Any:
        ctx = self.notify.open()
        removed = ctx.roster.removed

        def read_removed(*asked: Any) -> Any:
            found = removed(*asked)
            self.notify.open().roster.put(Contact(AMINA, "email", "en"), "amina@example.com")
            return found

        ctx.roster.removed = read_removed  # type: ignore[method-assign]
        return work(ctx)


def test_a_person_who_is_put_back_while_addresses_are_destroyed_is_not_called_forgotten() -> None:
    parts = Parts()
    for each in (AMINA, BARAKA):
        parts.notify.context().roster.remove(each, parts.notify.now)
    erase(cast("Any", parts))
    assert [each.recipient for each, _ in parts.notify.context().roster.listed()] == [AMINA]
    assert [(each.action, each.subject) for each in parts.notify.audited] == [("roster.forgotten", str(BARAKA))]
