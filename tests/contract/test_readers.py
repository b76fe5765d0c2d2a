"""What a service can see of events is what the table of readers allows, by the schemas that it reads with."""

from __future__ import annotations

from marshmallow import Schema

from ngao.contracts import CATALOGUE, gives_notice, subscriptions_of
from ngao.contracts.classes import DataClass
from tests.support.each import for_each
from tests.support.inventory import declared
from tests.support.readers import Readers

NOTICES = {entry.name: entry.notice for entry in CATALOGUE.values() if entry.notice}
ABOUT_WHAT_HAPPENED = {"violations", "perpetrators", "needs", "need", "reasons", "urgency_reasons", "reason", "county", "box"}


HANDED_OVER = {"registry.address.handed.v1", "registry.address.refused.v1"}
"""What notify asked for itself: the address of one person for one message, which only its own key opens, or why not."""


def test_notify_gets_notices_and_what_it_asked_for_itself() -> None:
    assert {name for name in subscriptions_of("notify") if not gives_notice(name, "notify")} == HANDED_OVER
    assert not any(gives_notice(name, reader) for reader in ("intake", "registry", "referral") for name in CATALOGUE)


@for_each(("name", "notice"), NOTICES.items())
def test_a_notice_has_the_fields_of_the_table_and_no_code_and_no_box(name: str, notice: type[Schema]) -> None:
    assert set(notice().fields) == set(Readers().rows["notify"][name])
    fields = dict(declared(notice))
    assert {path.rpartition("/")[2] for path in fields} & ABOUT_WHAT_HAPPENED == set()
    assert {field.metadata["class"] for field in fields.values()} == {DataClass.INTERNAL}


def test_the_table_names_what_readers_are_subscribed_to() -> None:
    assert set(Readers().rows["notify"]) == set(subscriptions_of("notify"))
    for reader in ("registry", "referral"):
        assert set(Readers().rows[reader]) <= set(subscriptions_of(reader))
