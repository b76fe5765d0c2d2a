"""A partner's program registers handlers of the events that the platform sends to partners, and of no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from ngao.client import Keys, PartnerClient, keygen
from ngao.client.account import from_mapping
from ngao.contracts import CATALOGUE, Audience, Event, UnknownType
from tests.support.each import for_each

ACCOUNT = {"partner_id": "clinic", "host": "broker.example.org", "password": "hush", "queues": {}}
FOR_PARTNERS = [name for name, entry in CATALOGUE.items() if Audience.PARTNER in entry.audiences]
REPORTED_BY_PARTNERS = [f"referral.{state}.v1" for state in ("declined", "started", "completed", "failed")]


def handle(_event: Event) -> None:
    """Do nothing."""


@pytest.fixture
def client(tmp_path: Path) -> PartnerClient:
    keygen(tmp_path)
    return PartnerClient(from_mapping(ACCOUNT, "partner", base=tmp_path), Keys.from_directory(tmp_path))


@for_each("name", FOR_PARTNERS)
def test_every_type_that_is_sent_to_partners_can_be_handled(client: PartnerClient, name: str) -> None:
    assert client.on(name)(handle) is handle


@for_each("name", [*REPORTED_BY_PARTNERS, "referral.case.opened.v1", "partner.offer.accept.v1"])
def test_a_type_that_is_never_sent_to_partners_is_refused(client: PartnerClient, name: str) -> None:
    with pytest.raises(UnknownType) as refused:
        client.on(name)
    assert str(refused.value) == f"The platform never sends {name} to a partner, so that its handler would never run."



def test_an_unknown_type_is_refused(client: PartnerClient) -> None:
    with pytest.raises(UnknownType, match="no such event type"):
        client.on("referral.offred.v1")
