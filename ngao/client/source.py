"""The client of a source: posts reports over HTTP or AMQP, and receives their results.

The example of use is `docs/how-to/source.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from marshmallow import ValidationError

from ngao import contracts
from ngao.client import account as accounts
from ngao.client.account import Account
from ngao.client.consumer import Consumer
from ngao.client.errors import Refused
from ngao.client.http import Http
from ngao.client.keys import Recipient
from ngao.client.link import until_deadline
from ngao.client.publisher import Publisher
from ngao.client.seen import InMemorySeen, Seen
from ngao.contracts import Event, decode, make, open_event, type_named
from ngao.contracts.errors import field_errors
from ngao.contracts.events.source import ReportSealed
from ngao.kernel.padding import padded

SUBMITTED = "intake.report.submitted.v1"
REPORTS = "reports"
RETRY_S = 30.0


class SourceClient:
    """One source system's connection to intake.

    Posting the same report again is safe: `source_event_id` makes it a duplicate, with the first answer.
    """

    def __init__(self, account: Account, *, seen: Seen | None = None, retry_seconds: float = RETRY_S) -> None:
        self._account = account
        self._seen: Seen = InMemorySeen() if seen is None else seen
        self._retry_seconds = retry_seconds
        self._stopped = False

    @classmethod
    def from_file(cls, path: str | Path, *, seen: Seen | None = None) -> SourceClient:
        """Read the account file of onboarding. Raises BadAccount."""
        return cls(accounts.load(Path(path), "source"), seen=seen)

    def post(self, report: Mapping[str, Any]) -> dict[str, Any]:
        """Post a report (plain JSON values) over HTTP. Return report_id, case_ref, urgency, duplicate and status_url.

        When this returns, the report is stored. Retries until `retry_seconds`. Raises Refused with the invalid fields,
        Unreachable if the report is not known to be accepted.
        """
        answer: dict[str, Any] = {}
        until_deadline(self._retry_seconds, lambda: answer.update(self._http.post("/v1/reports", dict(report))))
        return answer

    def publish(self, report: Mapping[str, Any]) -> str:
        """Check a report and publish it to the broker. Return the event id. The receipt comes through `results`.

        When this returns, the report is on the broker's disk. If the account has `seal_to`, it is sealed and only intake can
        read it. Without, it is stored there in clear, with names and narrative.
        Raises Refused with the invalid fields, Unreachable.
        """
        event = event_of(self._account, report)
        self._publisher.publish(event, exchange=REPORTS, routing_key=self._account.id)
        return event.id

    def results(self, handler: Callable[[Event], object], until: Callable[[], bool] | None = None) -> None:
        """Pass receipts and rejections of reports over AMQP to a handler, until `until()` or `stop()`."""
        self._stopped = False
        consumer = Consumer(self._account.broker, [self._account.queue("results")], lambda body: self._handle(handler, body))
        consumer.run(lambda: self._stopped or (until is not None and until()))

    def stop(self) -> None:
        """Make `results` return after the current message."""
        self._stopped = True

    def close(self) -> None:
        """Close the connection for reports."""
        if "_publisher" in vars(self):
            self._publisher.close()

    @cached_property
    def _http(self) -> Http:
        return Http(self._account.http_access)

    @cached_property
    def _publisher(self) -> Publisher:
        return Publisher(self._account.broker, timeout=self._retry_seconds)

    def _handle(self, handler: Callable[[Event], object], body: bytes) -> None:
        event = decode(body)
        self._account.signed_by.demand(event, body)
        if event.id in self._seen:
            return
        handler(replace(event, data=open_event(event)))
        self._seen.add(event.id)


def event_of(account: Account, report: Mapping[str, Any]) -> Event:
    """Return the event that `publish` sends, sealed if the account has `seal_to`. Raises Refused with the invalid fields."""
    event = _submitted(account, report) if account.seal_to is None else _sealed(account, account.seal_to, report)
    return replace(event, subject=event.id)


def _submitted(account: Account, report: Mapping[str, Any]) -> Event:
    return make(SUBMITTED, subject="", data=_checked(report), source=f"/source/{account.id}")


def _sealed(account: Account, recipient: Recipient, report: Mapping[str, Any]) -> Event:
    content = json.dumps(_submitted(account, report).data, ensure_ascii=False, separators=(",", ":")).encode()
    report_sealed = ReportSealed(key_id=recipient.key_id, box=recipient.seal(padded(content)))
    return contracts.event_of(report_sealed, subject="", source=f"/source/{account.id}")


def _checked(report: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return dict(type_named(SUBMITTED).schema().load(report))
    except ValidationError as error:
        errors = [each.as_dict() for each in field_errors(error.messages)]
        raise Refused("Some fields of the report are invalid. See `errors`.", status=422, errors=errors) from None
