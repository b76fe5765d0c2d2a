"""A source system of the demo, as a process of its own: posts invented reports repeatedly.

`python -m ngao.local.demo.source ACCOUNT.json --every 60` alternates between HTTP and AMQP and writes one JSON line for each
report. A failed report is logged and not repeated: the next one follows soon.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

from ngao.client import Refused, SourceClient, Unreachable
from ngao.local.demo.scenarios import Body, person, report

_CASES = (
    ({"type": "unlawful_arrest", "ongoing": True}, "KE-30", ["legal_aid"]),
    ({"type": "physical_assault"}, "KE-28", ["medical"]),
    ({"type": "death_threat_to_defender", "ongoing": True}, "KE-47", ["digital_security", "psychosocial"]),
)


def bodies() -> Iterator[Body]:
    """Yield reports without end, each with an id that no other run uses, about invented people."""
    run = uuid4().hex[:8]
    for number in count(1):
        violation, county, needs = _CASES[number % len(_CASES)]
        subject = person(f"Invented Name {number % 900}", number % 900)
        more = {"subject": subject, "narrative": "Invented for the demonstration.", "source_event_id": f"demo-{run}-{number}"}
        yield report(number, violation, county, needs, **more)


def send(client: SourceClient, body: Body, by: str) -> dict[str, Any]:
    """Send one report. Return a line about the result, without content of the report."""
    line = {"hop": "posted", "by": by, "source_event_id": body["source_event_id"]}
    try:
        if by == "amqp":
            return line | {"message_id": client.publish(body)}
        answer = client.post(body)
        return line | {name: answer[name] for name in ("case_ref", "urgency")}
    except (Refused, Unreachable) as error:
        return line | {"hop": "refused" if isinstance(error, Refused) else "unreachable", "says": str(error)}


def main() -> None:
    """Run until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m ngao.local.demo.source", description="Posts invented reports.")
    parser.add_argument("account", type=Path)
    parser.add_argument("--every", type=float, default=60.0, metavar="SECONDS")
    arguments = parser.parse_args()
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    client = SourceClient.from_file(arguments.account)
    for number, body in enumerate(bodies()):
        sys.stdout.write(json.dumps(send(client, body, ("http", "amqp")[number % 2])) + "\n")
        sys.stdout.flush()
        if stopped.wait(arguments.every):
            break
    client.close()


if __name__ == "__main__":
    main()
