"""A partner of the tests, as a process of its own with `ngao.client`: `python -m tests.support.partner ACCOUNT.json keep`.

It writes one JSON line for everything it hears. Of what it opens it writes digests, so that a test can tell that the very
words have arrived, and its log still holds none of them.
"""

from __future__ import annotations

import hashlib
import json
import signal
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from ngao.client import PartnerClient
from ngao.client.partner import DISCLOSURES
from ngao.contracts import Event

ANSWERS = {
    "registry.contact.disclosed.v1": "contact", "registry.contact.withheld.v1": "contact",
    "intake.narrative.disclosed.v1": "narrative", "intake.narrative.withheld.v1": "narrative",
}  # fmt: skip
HEARD = (
    "referral.offered.v1", "referral.accepted.v1", "referral.expired.v1", "referral.withdrawn.v1", "referral.recalled.v1",
    *ANSWERS,
)  # fmt: skip


class Desk:
    """`help` takes a referral and finishes it, `keep` takes it and works on, `decline` says no, `silent` says nothing.

    `help` finishes once it has both answers, contact and narrative: to a partner that has finished nothing is disclosed any more,
    and a service that was started a moment ago waits some seconds before it discloses. `raise` takes it, and fails with what it
    was told in its error.
    """

    def __init__(self, client: PartnerClient, behaviour: str) -> None:
        self._client = client
        self._behaviour = behaviour
        self._answers: dict[str, set[str]] = defaultdict(set)

    def hear(self, event: Event) -> None:
        """Write it down and answer it."""
        offer_id = event.data["offer_id"]
        line = {"what": event.type.removesuffix(".v1"), "case_ref": event.data["case_ref"], "offer_id": offer_id}
        opened = digests(event.data["disclosed"]) if event.type in DISCLOSURES else {}
        self._write({**line, "reason": event.data.get("reason"), "opened": opened})
        if opened and self._behaviour == "raise":
            raise RuntimeError(str(event.data["disclosed"]))
        if event.type == "referral.offered.v1":
            self._answer(offer_id)
        elif event.type == "referral.accepted.v1":
            self._client.start(offer_id)
        elif event.type in ANSWERS:
            self._answers[offer_id].add(ANSWERS[event.type])
            if self._behaviour == "help" and len(self._answers[offer_id]) == 2:
                self._client.complete(offer_id, "helped")

    def _answer(self, offer_id: str) -> None:
        if self._behaviour in {"help", "keep", "raise"}:
            self._client.accept(offer_id)
        elif self._behaviour == "decline":
            self._client.decline(offer_id, "no_capacity")

    def _write(self, line: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


def digest(value: Any) -> str:
    """What a value is written down as."""
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def digests(opened: dict[str, Any]) -> dict[str, str]:
    """A disclosure, each of its fields as a digest."""
    return {name: digest(value) for name, value in opened.items()}


def main(account: str, behaviour: str) -> None:
    """Run until SIGTERM."""
    client = PartnerClient.from_file(Path(account))
    desk = Desk(client, behaviour)
    for event_type in HEARD:
        client.on(event_type)(desk.hear)
    signal.signal(signal.SIGTERM, lambda *_: client.stop())
    client.run()
    client.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
