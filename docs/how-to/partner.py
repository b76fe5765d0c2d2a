"""A complete partner: accepts the referrals that it can help with, and receives their contacts."""

from __future__ import annotations

import sys
from pathlib import Path

from ngao.client import FileSeen, PartnerClient
from ngao.contracts import Event

account = Path(sys.argv[1] if len(sys.argv) > 1 else "account.json")
client = PartnerClient.from_file(account, seen=FileSeen(account.with_suffix(".seen")))
WE_DO = {"legal_aid", "bail_and_court_support"}


@client.on("referral.offered.v1")
def offered(event: Event) -> None:
    """Answer an offer; the client has sent the receipt."""
    if event.data["need"] in WE_DO:
        client.accept(event.data["offer_id"])
    else:
        client.decline(event.data["offer_id"], reason="not_eligible")


@client.on("registry.contact.disclosed.v1")
def disclosed(event: Event) -> None:
    """Put the contact into your own case system here: opened, in clear, for you alone."""
    print(event.data["case_ref"], "may be reached; phone numbers:", len(event.data["disclosed"]["phones"]))
    client.start(event.data["offer_id"])


@client.on("referral.recalled.v1")
def recalled(event: Event) -> None:
    """Stop, and erase the disclosures."""
    print(event.data["case_ref"], "is recalled:", event.data["reason"])


if __name__ == "__main__":
    client.run()
