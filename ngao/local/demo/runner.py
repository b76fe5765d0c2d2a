"""Runs the scenarios: posts every report, watches the outcome, and checks that it is the expected one.

Each outcome is read from the services' own answers, the partners' own logs and the mail server.
"""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import pika
import requests
from rich.console import Console

from ngao.client import Refused, SourceClient
from ngao.client.account import load as load_account
from ngao.deployment.polling import wait_until
from ngao.local.demo.console import StepPrinter
from ngao.local.demo.scenarios import Scenario, all_scenarios, suspended_report
from ngao.local.demo.setup import SILENT, DemoSetup

WITHIN_S = 90.0
_AT_WORK = {"accepted", "started"}
_UNOFFERED = {"no_consent": "no_consent", "unroutable": "no_partner"}
"""The outcomes without an offer, each with the reason that the officer gets."""


@dataclass
class PostedReport:
    """One posted report and its outcome."""

    scenario: Scenario
    answer: dict[str, Any]
    case_ref: str = ""


class DemoRun:
    """One run of the demo on a running platform."""

    def __init__(self, setup: DemoSetup, operator_key: str, console: Console) -> None:
        self._setup = setup
        self._platform = setup.platform
        self._key = operator_key
        self._session = requests.Session()
        self._session.trust_env = False
        self._run = secrets.token_hex(3)
        self._suspended = ""
        self.printer = StepPrinter(console, self._timeline, self._platform.home.logs, self._platform.home.mail)
        self.posted: list[PostedReport] = []

    def post_all(self) -> None:
        """Post every report, each by the method of its source."""
        methods = {"http": self._by_http, "kobo": self._by_kobo, "amqp": self._by_amqp}
        planned = all_scenarios("digital_security", "KE-31", "monitoring_and_advocacy")
        for by, scenarios in groupby(planned, lambda scenario: scenario.by):
            if by == "batch":
                self._post_batch(list(scenarios))
                continue
            for scenario in scenarios:
                self._record(scenario, methods[by](scenario))
                self.printer.print_new(self.cases)

    @property
    def cases(self) -> list[str]:
        """The cases so far."""
        return list(dict.fromkeys(each.case_ref for each in self.posted if each.case_ref))

    def watch(self) -> list[str]:
        """Print steps until every scenario has its outcome, with a time limit. Return the missing outcomes."""

        def missing() -> list[str]:
            self.printer.print_new(self.cases)
            return [f"{each.scenario.title}: {said}" for each in self.posted if (said := self._missing(each))]

        return [] if wait_until(lambda: not missing(), WITHIN_S, 0.2) else missing()

    def _record(self, scenario: Scenario, answer: dict[str, Any]) -> None:
        case_ref = str(answer.get("case_ref") or "")
        self.posted.append(PostedReport(scenario, answer, case_ref))
        if case_ref:
            duplicate = " (a duplicate: the first answer again)" if answer.get("duplicate") else ""
            self.printer.print_step("source", f"{scenario.title}: accepted, {answer['urgency']}{duplicate}", case_ref, "bold")
        else:
            fields = ", ".join(error["pointer"] for error in answer.get("errors", []))
            self.printer.print_step("source", f"{scenario.title}: refused ({fields})", "", "red")

    def _by_http(self, scenario: Scenario) -> dict[str, Any]:
        client = SourceClient.from_file(self._setup.source("web-form"))
        try:
            return client.post(self._own(scenario.body))
        except Refused as refused:
            return {"title": "refused", "status": refused.status, "errors": refused.errors, "text": str(refused)}

    def _by_kobo(self, scenario: Scenario) -> dict[str, Any]:
        body = {**scenario.body, "meta/rootUuid": f"uuid:5b2c7f1e-0001-4a5e-9d52-{self._run}000000"}
        access = load_account(self._setup.source("kobo-nairobi"), "source").http_access
        url, headers = f"{access.url}/v1/inbound/kobo-nairobi", {"Authorization": f"Bearer {access.key}"}
        return dict(self._session.post(url, json=body, headers=headers, timeout=30).json())

    def _by_amqp(self, scenario: Scenario) -> dict[str, Any]:
        return self.await_receipt(self._publish(self._own(scenario.body)))

    def publish_while_suspended(self) -> None:
        """Publish a valid report of a suspended source."""
        self._suspended = self._publish(self._own(suspended_report()))

    def await_receipt(self, source_event_id: str | None = None) -> dict[str, Any]:
        """Return the result event for one report of the help desk."""
        wanted = source_event_id or self._suspended
        client = SourceClient.from_file(self._setup.source("help-desk"))
        results: list[dict[str, Any]] = []
        deadline = time.monotonic() + 30

        def handle(event: Any) -> None:
            if event.data.get("source_event_id") == wanted:
                results.append(dict(event.data))

        client.results(handle, until=lambda: bool(results) or time.monotonic() > deadline)
        return results[0] if results else {"title": "no receipt came"}

    def _publish(self, body: dict[str, Any]) -> str:
        client = SourceClient.from_file(self._setup.source("help-desk"))
        client.publish(body)
        client.close()
        return str(body["source_event_id"])

    def _post_batch(self, batch: list[Scenario]) -> None:
        access = load_account(self._setup.source("web-form"), "source").http_access
        lines = "\n".join(json.dumps(self._own(scenario.body)) for scenario in batch)
        headers = {"Authorization": f"Bearer {access.key}", "Content-Type": "application/x-ndjson"}
        answer = self._session.post(f"{access.url}/v1/reports", data=lines.encode(), headers=headers, timeout=30).json()
        for scenario, result in zip(batch, answer["results"], strict=True):
            self._record(scenario, result.get("problem") or result)

    def _own(self, body: dict[str, Any]) -> dict[str, Any]:
        """Give the report an id of this run. Within a run, the same report has the same id."""
        return {**body, "source_event_id": f"{body['source_event_id']}-{self._run}"}

    def _timeline(self, case_ref: str) -> dict[str, Any] | None:
        answer = self._session.get(
            f"{self._platform.url('referral')}/v1/cases/{case_ref}", headers={"Authorization": f"Bearer {self._key}"}, timeout=30
        )
        return answer.json() if answer.status_code == 200 else None

    def _missing(self, posted: PostedReport) -> str:
        """Return the part of the expected outcome that has not happened, or nothing."""
        expects, case = posted.scenario.expects, self.printer.timelines.get(posted.case_ref) or {}
        offers = [(offer["partner_id"], offer["state"]) for offer in case.get("offers", [])]
        if expects == "refused":
            return _missing_fields(posted)
        if expects == "duplicate":
            same = posted.answer.get("duplicate") is True and posted.case_ref == self.posted[0].case_ref
            return "" if same else "it was not recognised as a duplicate"
        if reason := _UNOFFERED.get(expects):
            notified = any(step["what"].endswith("unroutable") and step["reason"] == reason for step in case.get("story", []))
            return "an offer was made" if offers else "" if notified else f"no officer was notified ({reason})"
        if expects == "rerouted" and dict(offers).get(SILENT) != "expired":
            return "the silent partner's offer has not expired"
        if not posted.case_ref:
            return "it was not accepted"
        states = {state for _, state in offers}
        undone = "its partner has not completed the work" if states & _AT_WORK else "no partner has accepted"
        return "" if "completed" in states else undone


def _missing_fields(posted: PostedReport) -> str:
    named = {error["pointer"] for error in posted.answer.get("errors", [])}
    lacking = set(posted.scenario.broken) - named
    if posted.case_ref or not named:
        return "it was not refused with its fields"
    return f"not named: {', '.join(sorted(lacking))}" if lacking else ""


def publish_unreadable(account_file: Path, body: bytes) -> None:
    """Publish bytes that are no report, as a broken source would. The platform must park them."""
    account = load_account(account_file, "source")
    with pika.BlockingConnection(account.broker) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        user = account.broker.credentials.username
        properties = pika.BasicProperties(content_type="application/cloudevents+json", user_id=user, delivery_mode=2)
        channel.basic_publish("reports", account.id, body, properties, mandatory=True)
