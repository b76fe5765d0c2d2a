"""A mail to a person at risk leaves only while it is safe, and her address is in nothing that notify and the broker keep."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pymongo
import pytest

from ngao.local.mailbox import Mail, messages
from ngao.testing.mailbox import behave, misbehave
from ngao.testing.processes import World
from ngao.testing.waiting import eventually
from tests.support.auditing import on_record
from tests.support.coalition import Coalition, Source, opened, report
from tests.support.searching import broker_files, documents, service_files
from tests.support.searching import mail as letters

WITHIN_S = 50
"""A service that was just started lets nothing leave that it has to decide again, until it has received what it missed."""


@pytest.fixture(scope="module")
def coalition(world: World) -> Iterator[Coalition]:
    with opened(world) as made:
        yield made


class Case:
    """A case of a person who may be written to in these hours, accepted by a partner."""

    def __init__(self, coalition: Coalition, source: Source, hours: list[dict[str, Any]]) -> None:
        self.coalition, self.word = coalition, f"canary{secrets.token_hex(6)}"
        self.address = f"{self.word}@example.org"
        county = coalition.county()
        self.partner = coalition.partner(county, "keep")
        subject = {"identity": {"names": [f"Invented {self.word.capitalize()}"], "emails": [self.address]}}
        safety = {"may_contact": True, "channels": ["email"], "hours": hours}
        self.ref = source.takes(report(county, subject=subject, contact_safety=safety))["case_ref"]
        coalition.reaches(self.ref, "accepted")

    @property
    def message(self) -> dict[str, Any]:
        found = self.coalition.asks("notify", "GET", f"/v1/messages?case_ref={self.ref}")["messages"]
        return next((each for each in found if each["recipient_kind"] == "defender"), {})

    @property
    def mails(self) -> list[Mail]:
        return [mail for mail in messages(self.coalition.mail) if self.address in mail.recipients]

    def waits(self, reason: str) -> None:
        eventually(lambda: self.message.get("reason") == reason, within=WITHIN_S, what=f"the message to wait: {reason}")

    def asks_again(self) -> None:
        """Let the message ask again now, not after five minutes."""
        client: Any = pymongo.MongoClient(self.coalition.world.parts.mongo)
        stored = client[self.coalition.world.database("notify")].messages
        stored.update_one({"_id": self.message["message_id"]}, {"$set": {"due": datetime.now(UTC)}, "$inc": {"revision": 1}})
        client.close()

    def person(self) -> str:
        return str(self.coalition.asks("registry", "GET", f"/v1/defenders?case_ref={self.ref}&reason=case_work")["defender_ref"])

    def record(self, **changes: Any) -> None:
        body = {"channel": "email", "address": self.address, "allowed": True, "confirmed_how": "by_phone", **changes}
        self.coalition.asks("registry", "PUT", f"/v1/defenders/{self.person()}/contacts", body)

    def leaves(self) -> None:
        eventually(lambda: self.mails, within=WITHIN_S, what="the mail")


def hours(begins_in: int, ends_in: int) -> list[dict[str, Any]]:
    """Hours of every day from so many minutes from now, in Nairobi."""
    now = datetime.now(UTC) + timedelta(hours=3)
    begin, end = (now + timedelta(minutes=each) for each in (begins_in, ends_in))
    return [{"opens": f"{begin:%H:%M}", "closes": f"{end:%H:%M}", "days": []}]


@pytest.fixture(scope="module")
def source(coalition: Coalition) -> Source:
    return coalition.source()


def found_in(case: Case, place: Any) -> list[str]:
    """Where the person's own word is found among these documents or files."""
    return [name for name, content in place(case.coalition) if case.word.encode() in bytes(content)]


def test_a_mail_leaves_inside_the_hours_only_and_its_address_is_kept_nowhere(coalition: Coalition, source: Source) -> None:
    case = Case(coalition, source, hours(-600, -540))
    case.waits("outside_hours")
    time.sleep(2)
    assert case.mails == []
    case.record(hours=hours(-60, 60), zone="Africa/Nairobi")
    case.asks_again()
    case.leaves()
    (mail,) = case.mails
    assert "partner" not in mail.text.lower()
    eventually(lambda: case.message["state"] == "sent", what="the message to be recorded as sent")
    coalition.quiet()
    assert case.word.encode() in mail.path.read_bytes(), "the search would find what is there"
    assert found_in(case, letters) == [], "no letter names a person but in its address"
    for place in (documents, broker_files, service_files):
        assert found_in(case, place) == []


def test_stop_keeps_a_message_that_waits_from_ever_leaving(coalition: Coalition, source: Source) -> None:
    case = Case(coalition, source, hours(-600, -540))
    case.waits("outside_hours")
    coalition.asks("registry", "POST", f"/v1/defenders/{case.person()}/contact-stop", {})
    case.asks_again()
    eventually(lambda: case.message["state"] == "refused", within=WITHIN_S, what="the refusal")
    assert (case.message["reason"], case.mails) == ("stopped", [])


def test_an_address_is_handed_over_once_for_each_try_and_each_time_is_on_record(coalition: Coalition, source: Source) -> None:
    misbehave(coalition.mail, refuse="451 later")
    try:
        case = Case(coalition, source, [])
        case.waits("smtp_451")
    finally:
        behave(coalition.mail)
    case.leaves()
    client: Any = pymongo.MongoClient(coalition.world.parts.mongo)
    store = client[coalition.world.database("registry")]
    (handed,) = store.hand_overs.find({"case_ref": case.ref})
    acts = [each["action"] for each in on_record(store).find({"subject": case.ref, "action": {"$regex": "^address"}})]
    assert handed["times"] >= 2
    assert acts == ["address.handed"] * handed["times"]
    assert client[coalition.world.database("notify")].handed.count_documents({}) == 0
    client.close()
