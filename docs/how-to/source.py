"""A complete source: posts one report over HTTP and again over AMQP, and waits for the second result."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ngao.client import Refused, SourceClient
from ngao.contracts import Event

account, report_file = (Path(argument) for argument in sys.argv[1:3])
client = SourceClient.from_file(account)
report = json.loads(report_file.read_text("utf-8"))


def answered(event: Event) -> None:
    """Print the result of a report over AMQP."""
    print(event.type, event.data.get("case_ref", event.data.get("reason")))
    client.stop()


try:
    answer = client.post(report)
    print("posted:", answer["case_ref"], answer["urgency"], "again" if answer["duplicate"] else "new")
    client.publish(report)
    client.results(answered)
except Refused as refused:
    print(refused, *(f"{error['pointer']}: {error['detail']}" for error in refused.errors), sep="\n")
finally:
    client.close()
