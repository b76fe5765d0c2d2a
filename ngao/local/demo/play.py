"""Plays the story: posts every report, watches what comes of it, and checks that it is what was promised.

Nothing here is believed: each outcome is read from the services' own answers, the partners' own lines and the mail server.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pika
import requests
from rich.console import Console

from ngao.client import BadAccount, Refused, SourceClient
from ngao.client.account import load as load_account
from ngao.local.demo.narrator import Narrator
from ngao.local.demo.stage import SILENT, Stage
from ngao.local.demo.story import Scene, scenes, suspended_report

WITHIN_S = 90.0


@dataclass
class Played:
    """One scene and what became of it."""

    scene: Scene
    answer: dict[str, Any]
    case_ref: str = ""
    problems: list[str] = field(default_factory=list)


class Play:
    """One performance on a running platform."""

    def __init__(self, stage: Stage, operator_key: str, console: Console) -> None:
        self._stage = stage
        self._platform = stage.platform
        self._key = operator_key
        self._session = requests.Session()
        self._session.trust_env = False
        self._run = secrets.token_hex(3)
        self._suspended = ""
        self.narrator = Narrator(console, self._story, self._platform.home.logs, self._platform.home.mail)
        self.played: list[Played] = []

    def post_all(self) -> None:
        """Post every report, each on the way its source would."""
        ways: dict[str, Callable[[Scene], dict[str, Any]]] = {
            "http": self._by_http, "kobo": self._by_kobo, "amqp": self._by_amqp, "batch": self._by_http,
        }  # fmt: skip
        story = scenes("digital_security", "KE-31", "monitoring_and_advocacy")
        batch = [scene for scene in story if scene.by == "batch"]
        for scene in story:
            if scene.by == "batch":
                if scene is batch[0]:
                    self._post_batch(batch)
                continue
            self._note(scene, ways[scene.by](scene))
            self.narrator.look(self.cases)

    @property
    def cases(self) -> list[str]:
        """The cases so far."""
        return list(dict.fromkeys(each.case_ref for each in self.played if each.case_ref))

    def watch(self) -> list[str]:
        """Show hops until every scene has its outcome, bounded; gives what is still missing."""
        deadline = time.monotonic() + WITHIN_S
        while True:
            self.narrator.look(self.cases)
            missing = [f"{each.scene.title}: {said}" for each in self.played if (said := self._missing(each))]
            if not missing or time.monotonic() > deadline:
                return missing
            time.sleep(0.2)

    def _note(self, scene: Scene, answer: dict[str, Any]) -> None:
        case_ref = str(answer.get("case_ref") or "")
        self.played.append(Played(scene, answer, case_ref))
        if case_ref:
            duplicate = " (known already: the first answer again)" if answer.get("duplicate") else ""
            self.narrator.say("source", f"{scene.title}: accepted, {answer['urgency']}{duplicate}", case_ref, "bold")
        else:
            fields = ", ".join(error["pointer"] for error in answer.get("errors", []))
            self.narrator.say("source", f"{scene.title}: refused ({fields})", "", "red")

    def _by_http(self, scene: Scene) -> dict[str, Any]:
        client = SourceClient.from_file(self._stage.source("web-form"))
        try:
            return client.post(self._own(scene.body))
        except Refused as refused:
            return {"title": "refused", "status": refused.status, "errors": refused.errors, "text": str(refused)}

    def _by_kobo(self, scene: Scene) -> dict[str, Any]:
        body = {**scene.body, "meta/rootUuid": f"uuid:5b2c7f1e-0001-4a5e-9d52-{self._run}000000"}
        access = load_account(self._stage.source("kobo-nairobi"), "source").http
        if access is None:
            raise BadAccount("The Kobo source has no HTTP account.")
        url, headers = f"{access.url}/v1/inbound/kobo-nairobi", {"Authorization": f"Bearer {access.key}"}
        answer: dict[str, Any] = self._session.post(url, json=body, headers=headers, timeout=30).json()
        return answer

    def _by_amqp(self, scene: Scene) -> dict[str, Any]:
        return self.await_receipt(self._publish(self._own(scene.body)))

    def publish_while_suspended(self) -> None:
        """A good report of a source that may not post just now."""
        self._suspended = self._publish(self._own(suspended_report()))

    def await_receipt(self, source_event_id: str | None = None) -> dict[str, Any]:
        """What the help desk hears about one of its reports."""
        wanted = source_event_id or self._suspended
        client = SourceClient.from_file(self._stage.source("help-desk"))
        results: list[dict[str, Any]] = []
        deadline = time.monotonic() + 30

        def heard(event: Any) -> None:
            if event.data.get("source_event_id") == wanted:
                results.append(dict(event.data))

        client.results(heard, until=lambda: bool(results) or time.monotonic() > deadline)
        return results[0] if results else {"title": "no receipt came"}

    def _publish(self, body: dict[str, Any]) -> str:
        client = SourceClient.from_file(self._stage.source("help-desk"))
        client.publish(body)
        client.close()
        return str(body["source_event_id"])

    def _post_batch(self, batch: list[Scene]) -> None:
        access = load_account(self._stage.source("web-form"), "source").http
        if access is None:
            raise BadAccount("The web form has no HTTP account.")
        lines = "\n".join(json.dumps(self._own(scene.body)) for scene in batch)
        headers = {"Authorization": f"Bearer {access.key}", "Content-Type": "application/x-ndjson"}
        answer = self._session.post(f"{access.url}/v1/reports", data=lines.encode(), headers=headers, timeout=30).json()
        for scene, result in zip(batch, answer["results"], strict=True):
            self._note(scene, result.get("problem") or result)

    def _own(self, body: dict[str, Any]) -> dict[str, Any]:
        """Each run reports anew; within a run, a repeat is a repeat."""
        return {**body, "source_event_id": f"{body['source_event_id']}-{self._run}"}

    def _story(self, case_ref: str) -> dict[str, Any] | None:
        answer = self._session.get(
            f"{self._platform.url('referral')}/v1/cases/{case_ref}", headers={"Authorization": f"Bearer {self._key}"}, timeout=30
        )
        return answer.json() if answer.status_code == 200 else None

    def _missing(self, played: Played) -> str:
        return str(getattr(self, f"_missing_{played.scene.expects}")(played))

    def _states(self, played: Played) -> list[tuple[str, str]]:
        story = self.narrator.stories.get(played.case_ref) or {}
        return [(offer["partner_id"], offer["state"]) for offer in story.get("offers", [])]

    def _missing_accepted(self, played: Played) -> str:
        if not played.case_ref:
            return "it was not accepted"
        done = any(state in {"accepted", "started", "completed"} for _, state in self._states(played))
        return "" if done else "no partner has accepted"

    def _missing_rerouted(self, played: Played) -> str:
        states = dict(self._states(played))
        if states.get(SILENT) != "expired":
            return "the silent partner's offer has not expired"
        return self._missing_accepted(played)

    def _missing_no_consent(self, played: Played) -> str:
        return self._missing_reason(played, "no_consent")

    def _missing_unroutable(self, played: Played) -> str:
        return self._missing_reason(played, "no_partner")

    def _missing_reason(self, played: Played, reason: str) -> str:
        story = self.narrator.stories.get(played.case_ref) or {}
        told = any(hop["what"].endswith("unroutable") and hop["reason"] == reason for hop in story.get("story", []))
        if self._states(played):
            return "an offer was made"
        return "" if told else f"nobody was told ({reason})"

    def _missing_refused(self, played: Played) -> str:
        named = {error["pointer"] for error in played.answer.get("errors", [])}
        lacking = set(played.scene.broken) - named
        if played.case_ref or not named:
            return "it was not refused with its fields"
        return f"not named: {', '.join(sorted(lacking))}" if lacking else ""

    def _missing_duplicate(self, played: Played) -> str:
        first = self.played[0]
        same = played.answer.get("duplicate") is True and played.case_ref == first.case_ref
        return "" if same else "it was not recognised as a repeat"


def publish_poison(account_file: Path, body: bytes) -> None:
    """Send bytes that are no report, as a broken source would; the broker takes them, the platform must not choke."""
    account = load_account(account_file, "source")
    with pika.BlockingConnection(account.broker) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        user = account.broker.credentials.username
        properties = pika.BasicProperties(content_type="application/cloudevents+json", user_id=user, delivery_mode=2)
        channel.basic_publish("reports", account.id, body, properties, mandatory=True)
