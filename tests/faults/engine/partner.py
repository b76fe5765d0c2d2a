"""A partner service under test, as a process: `python -m tests.faults.engine.partner ACCOUNT.json keep`.

It writes a history of what it hears, on the wire and after repeats are left out, and of what it answers. `control.json` beside
its account makes it behave badly: {"delay": seconds, "silent": true, "times": how often each answer is said, "flood": many}.
"""

from __future__ import annotations

import hashlib
import json
import logging
import signal
import sys
import time
from pathlib import Path
from typing import Any

from ngao.client import PartnerClient
from ngao.client.account import load
from ngao.client.errors import Refused, Unreachable
from ngao.client.keys import Keys
from ngao.client.seen import FileSeen
from ngao.contracts import Event, decode
from tests.faults.engine.history import History
from tests.support.partner import HEARD

CONTROL = "control.json"


class WatchedClient(PartnerClient):
    """Notes every delivery before anything else sees it."""

    history: History

    def _handle(self, body: bytes) -> None:
        event = decode(body)
        self.history.note("ok", "wire", event=event.id, what=event.type)
        super()._handle(body)


class Desk:
    """Takes most offers, declines one in ten, finishes half of what it has started."""

    def __init__(self, client: WatchedClient, folder: Path) -> None:
        self._client = client
        self._control = folder / CONTROL

    def hear(self, event: Event) -> None:
        """Write it down and answer it."""
        data = event.data
        opened = sorted(data["disclosed"]) if "disclosed" in data else []
        told = {"case_ref": data["case_ref"], "offer_id": data["offer_id"], "event": event.id, "sequence": event.sequence}
        self._client.history.note("ok", "heard", what=event.type, urgent=event.urgent, opened=opened, **told)
        control = self._control_now()
        time.sleep(control.get("delay", 0))
        if control.get("silent"):
            return
        for _ in range(control.get("times", 1)):
            self._answer(event.type, data["offer_id"])
        if control.get("flood") and event.type == "referral.offered.v1":
            for number in range(control["flood"]):
                self._client.decline(f"{number}-nobody-offered-this", "no_capacity")

    def _answer(self, what: str, offer_id: str) -> None:
        lot = hashlib.sha256(offer_id.encode()).digest()[0]
        if what == "referral.offered.v1":
            if lot < 26:
                self._say("decline", lambda: self._client.decline(offer_id, "no_capacity"), offer_id)
            else:
                self._say("accept", lambda: self._client.accept(offer_id), offer_id)
        elif what == "referral.accepted.v1":
            self._say("start", lambda: self._client.start(offer_id), offer_id)
            if lot % 2:
                self._say("complete", lambda: self._client.complete(offer_id), offer_id)

    def _say(self, verb: str, reply: Any, offer_id: str) -> None:
        op = self._client.history.invoke("reply", verb=verb, offer_id=offer_id)
        try:
            reply()
        except (Unreachable, Refused) as error:
            kind = "info" if isinstance(error, Unreachable) else "fail"
            self._client.history.note(kind, "reply", op=op, verb=verb, offer_id=offer_id)
            raise
        self._client.history.note("ok", "reply", op=op, verb=verb, offer_id=offer_id)

    def _control_now(self) -> dict[str, Any]:
        try:
            return dict(json.loads(self._control.read_text("utf-8")))
        except (FileNotFoundError, ValueError):
            return {}


def main(account: str, history: str) -> None:
    """Run until SIGTERM."""
    logging.disable(logging.CRITICAL)
    path = Path(account)
    loaded = load(path, "partner")
    client = WatchedClient(loaded, Keys.from_directory(loaded.keys_directory), seen=FileSeen(path.with_name("seen")))
    client.history = History(Path(history))
    desk = Desk(client, path.parent)
    for event_type in HEARD:
        client.on(event_type)(desk.hear)
    signal.signal(signal.SIGTERM, lambda *_: client.stop())
    client.run()
    client.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
