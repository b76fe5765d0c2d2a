"""A partner of the demo, as a process of its own: receives offers, answers them, and opens disclosures.

`python -m ngao.local.demo.partner ACCOUNT.json accept|decline|silent` writes one JSON line per step. It only counts the opened
content: a name belongs in no log, not even an invented one.
"""

from __future__ import annotations

import json
import signal
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from ngao.client import PartnerClient
from ngao.contracts import Event

_BOTH = {"contact", "narrative"}


class Simulator:
    """One partner with one behaviour: `accept` helps to the end, `decline` has no capacity, `silent` does nothing."""

    def __init__(self, client: PartnerClient, behaviour: str) -> None:
        self._client = client
        self._behaviour = behaviour
        self._told: dict[str, set[str]] = defaultdict(set)

    def offered(self, event: Event) -> None:
        """Answer an offer, or stay silent."""
        offer_id = event.data["offer_id"]
        log_step("offered", event)
        if self._behaviour == "accept":
            self._client.accept(offer_id)
        elif self._behaviour == "decline":
            self._client.decline(offer_id, "no_capacity")

    def accepted(self, event: Event) -> None:
        """Start the work after the platform has confirmed our acceptance."""
        log_step("accepted", event)
        self._client.start(event.data["offer_id"])

    def contact(self, event: Event) -> None:
        """Count the opened contact."""
        opened = event.data["disclosed"]
        counts = {f"opened_{name}": len(opened.get(name) or ()) for name in ("names", "phones", "emails")}
        log_step("contact_opened", event, **counts)
        self._done_with(event, "contact")

    def narrative(self, event: Event) -> None:
        """Count the opened narrative."""
        log_step("narrative_opened", event, opened_characters=len(event.data["disclosed"]["narrative"]))
        self._done_with(event, "narrative")

    def withheld(self, event: Event) -> None:
        """Record a withheld part."""
        part = "contact" if event.type.startswith("registry.") else "narrative"
        log_step("withheld", event, part=part, reason=event.data["reason"])
        self._done_with(event, part)

    def stopped(self, event: Event) -> None:
        """Record the end of an offer or a referral."""
        log_step(event.type.split(".")[1], event)

    def _done_with(self, event: Event, part: str) -> None:
        """Complete the referral after both parts, because this is a demo."""
        offer_id = event.data["offer_id"]
        self._told[offer_id].add(part)
        if self._told[offer_id] == _BOTH:
            self._client.complete(offer_id, "helped")
            log_step("completed", event)


def log_step(step: str, event: Event, **more: Any) -> None:
    """Write one step as one line."""
    line = {"hop": step, "case_ref": event.data["case_ref"], "offer_id": event.data["offer_id"], **more}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main(account: str, behaviour: str) -> None:
    """Run until SIGTERM."""
    client = PartnerClient.from_file(Path(account))
    simulator = Simulator(client, behaviour)
    handlers = {
        "referral.offered.v1": simulator.offered,
        "referral.accepted.v1": simulator.accepted,
        "registry.contact.disclosed.v1": simulator.contact,
        "intake.narrative.disclosed.v1": simulator.narrative,
        "registry.contact.withheld.v1": simulator.withheld,
        "intake.narrative.withheld.v1": simulator.withheld,
        "referral.expired.v1": simulator.stopped,
        "referral.withdrawn.v1": simulator.stopped,
        "referral.recalled.v1": simulator.stopped,
    }
    for event_type, handler in handlers.items():
        client.on(event_type)(handler)
    signal.signal(signal.SIGTERM, lambda *_: client.stop())
    client.run()
    client.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
