"""Everything that a report can meet, with markers in it: the good ways, and every way to go wrong."""

from __future__ import annotations

import json
import secrets
import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pymongo
import yaml

from ngao.chassis.security import keyfiles, seals
from ngao.contracts import CONTENT_TYPE, encode, make
from ngao.contracts.schemas.report import Report
from ngao.local.demo.story import kobo_submission
from ngao.local.mailbox import misbehave
from tests.support.coalition import CRITICAL, Coalition, Partner, report
from tests.support.markers import Planted, Token, leaf_at, plant, takes
from tests.support.processes import ROOT
from tests.support.waiting import eventually

KOBO = ROOT / "deploy" / "policy" / "profiles" / "kobo.yaml"
Change = Callable[[Any], Any]


class MarkedRun:
    """One coalition through which marked reports are sent. `planted` tells which fields carry markers."""

    def __init__(self, coalition: Coalition, token: Token) -> None:
        self.coalition, self.token = coalition, token
        for process in coalition.services.values():
            process.answers = []
        self.county = coalition.county()
        self.source, self.kobo = coalition.source(), coalition.source("kobo", profile="kobo")
        self.partner = coalition.partner(self.county, "keep")
        self.planted: Planted = plant(Report, token, report(self.county))

    def marked(self, **changes: Any) -> dict[str, Any]:
        """A good report with markers in all fields that may hold something about a person."""
        return {**plant(Report, self.token, report(self.county)).document, **changes}

    # What goes well

    def good(self) -> None:
        """Over each way in, through to a partner that opens both disclosures; updated, withdrawn, repeated."""
        receipts = [self.source.takes(self.marked()), self.source.publishes(self.marked()), self._kobo()]
        receipts.append(self.source.takes(self.marked(violations=[CRITICAL])))
        for receipt in receipts:
            self.partner.hears("registry.contact.disclosed", receipt["case_ref"])
            self.partner.hears("intake.narrative.disclosed", receipt["case_ref"])
        first = receipts[0]
        path = f"/v1/reports/{first['report_id']}"
        assert self.source.post({"narrative": self.token.forms(90)[0]}, f"{path}/updates")[0] == 202
        assert self.source.post(self.marked(), "/v1/reports/validate")[0] == 200
        assert self.source.post({}, f"{path}/withdraw")[0] == 200
        self.source.status(first)
        lines = "\n".join(json.dumps(each) for each in (self.marked(), {**self.marked(), "needs": ["none"]}))
        assert self.source.post(lines.encode(), Content_Type="application/x-ndjson")[0] == 202
        self.coalition.told(receipts[3]["case_ref"], "duty-officer")

    def _kobo(self) -> dict[str, Any]:
        status, receipt = self.kobo.post(self.kobo_form(), f"/v1/inbound/{self.kobo.id}")
        assert status == 202, receipt
        return dict(receipt)

    def kobo_form(self) -> dict[str, Any]:
        """A submission with a marker in each question that the profile maps to a sensitive field."""
        form = kobo_submission() | {"meta/rootUuid": f"uuid:{secrets.token_hex(8)}", "incident/county": self.county,
                                    "help/needs": "lawyer", "safety/channels": "email"}  # fmt: skip
        for number, entry in enumerate(yaml.safe_load(KOBO.read_text())["fields"], 50):
            leaf, sensitive = leaf_at(Report(), entry["to"].replace("*", "0"))
            forms = self.token.forms(number) if sensitive else ()
            fitting = [each for each in forms if takes(leaf, each) and (entry.get("as") != "words" or " " not in each)]
            if fitting:
                form[entry["from"][0].strip('"')] = fitting[0]
        return form

    # What goes wrong

    def wrong_over_http(self) -> None:
        """Each marked field broken, each coded field given a marker, bodies that are no reports, keys that are none."""
        bodies = [json.dumps(self.marked()) for _ in range(2)]
        for pointer in sorted(self.planted.marked):
            self._refused(json.dumps(changed(self.marked(), pointer, lambda value: {"deeper": value})).encode())
        for pointer in ("/violations/0/type", "/reporter/role", "/needs/0", "/location/code", "/languages/0", "/occurred_at"):
            self._refused(json.dumps(changed(self.marked(), pointer, lambda _: self.token.forms(91)[0])).encode())
        self._refused(json.dumps(self.marked(surname=self.token.forms(92)[0])).encode())
        whole = bodies[0].encode()
        broken = [whole[:-9], whole + b"}", whole.replace(b"quoted", b"\xff\xfe"), b'{"a":' * 99 + whole, whole * 900]
        for body in broken:
            self._refused(body)
        self._refused(whole, Content_Type="text/xml")
        intake, key = self.source.intake, self.source.key
        for wrong in (None, f"{key[:-3]}abc", self.token.word, f"ngao_source_{self.token.word}_{'x' * 43}"):
            assert intake.request("POST", "/v1/reports", whole, wrong)[0] == 401
        for path in ("/v1/reports/", "/v1/reports?who=", "/nowhere/", "/v1/inbound/"):
            assert intake.request("GET", path + self.token.word, None, key)[0] in {400, 404, 405}
        assert self.source.post({"narrative": [self.token.word]}, "/v1/reports/validate")[0] == 422
        body = self.marked()
        self.source.takes(body)
        assert self.source.post({**body, "narrative": self.token.forms(93)[0]})[0] == 409
        self._wrong_forms()

    def _wrong_forms(self) -> None:
        path = f"/v1/inbound/{self.kobo.id}"
        form = self.kobo_form()
        for wrong in ({"incident/violation_type": self.token.word}, {"incident/county": self.token.word}, {"incident/date": "?"}):
            assert self.kobo.post({**form, **wrong}, path)[0] == 422
        assert self.kobo.post({**form, "other/question": self.token.forms(94)[0]}, path)[0] == 202
        assert self.kobo.post(json.dumps(form).encode()[:-20], path)[0] == 400

    def _refused(self, body: bytes, **headers: str) -> None:
        status, problem = self.source.post(body, **headers)
        assert status in {400, 413, 415, 422}, (status, problem)

    def wrong_in_a_box(self) -> None:
        """Boxes that open to something broken, boxes that do not open; parked, replayed, dropped."""
        intake = self.coalition.asks("intake", "GET", "/v1/sealing-key")
        whole = json.dumps(self.marked()).encode()
        contents = [whole[:-5], b"[" * 50 + whole, json.dumps(self.marked(surname=self.token.word)).encode(),
                    json.dumps(self.marked(needs=[self.token.word])).encode(), whole.replace(b"quoted", b"\xff")]  # fmt: skip
        for content in contents:
            self._box(intake["key_id"], seals.seal_to(intake["public_key"], content))
        self._box("0" * 16, seals.seal_to(intake["public_key"], whole))
        self._box(intake["key_id"], seals.seal_to(seals.new_key_pair()[1], whole))
        parked = self._parked("intake", 7)
        for each in parked[:2]:
            self.coalition.asks("intake", "POST", f"/v1/parked/{each['id']}/replay", {"reason": "tried again"})
        self._parked("intake", 7)
        self.coalition.asks("intake", "POST", f"/v1/parked/{parked[2]['id']}/drop", {"reason": "given up"})

    def _box(self, key_id: str, box: str) -> None:
        data = {"key_id": key_id, "box": box}
        event = make("intake.report.sealed.v1", subject="", data=data, source=f"/source/{self.source.id}")
        self.source.publishes_raw(encode(event), CONTENT_TYPE)

    def _parked(self, service: str, count: int) -> list[dict[str, Any]]:
        def found() -> list[dict[str, Any]]:
            listed: list[dict[str, Any]] = self.coalition.asks(service, "GET", "/v1/parked")["parked"]
            return listed if len(listed) >= count else []

        return eventually(found, what=f"{count} parked messages at {service}")

    def wrong_inside(self) -> None:
        """Handlers that fail with a person's data in their hands."""
        folder = self.coalition.world.directory / "keys" / "public"
        key_id, public = keyfiles.active_public(folder, "registry")
        told = {"v": 1, "identity": self.marked()["subject"]["identity"], "attributes": {}, "contact_safety": None}
        contents = [{**told, "case_ref": "NG-0000000000"}, {**told, "case_ref": "NG-0000000002", "identity": self.token.word},
                    {**told, "case_ref": "NG-0000000003", "contact_safety": [self.token.word]}]  # fmt: skip
        boxes = [json.dumps(each).encode() for each in contents] + [self.token.word.encode()]
        for number, content in enumerate(boxes, 1):
            self._says_accepted(f"NG-000000000{number}", key_id, seals.seal_to(public, content))
        self._parked("registry", len(boxes))
        self._accepts_with_a_broken_key()

    def _says_accepted(self, case_ref: str, key_id: str, box: str) -> None:
        now = datetime.now(UTC)
        data = {
            "report_id": case_ref, "case_ref": case_ref, "source_id": "s", "received_at": now, "occurred_at": now,
            "urgency": "low", "urgency_reasons": [], "policy_version": "1", "reporter_role": "self", "violations": [],
            "needs": ["medical"], "county": self.county, "languages": [], "consent": [], "has_narrative": False,
            "sealed_identity": {"key_id": key_id, "box": box},
        }  # fmt: skip
        self.coalition.line.publish(make("intake.report.accepted.v1", subject=case_ref, data=data))

    def _accepts_with_a_broken_key(self) -> None:
        """Intake and registry open what they keep, and cannot seal it to who is said to have accepted."""
        case_ref = self.source.takes(self.marked(needs=["medical"]))["case_ref"]
        self.coalition.reaches(case_ref, "case.opened")
        data = {
            "case_ref": case_ref, "offer_id": "o", "partner_id": self.partner.id, "need": "medical", "urgency": "low",
            "accepted_at": datetime.now(UTC), "partner_public_key": "none", "partner_key_id": "none",
        }  # fmt: skip
        self.coalition.line.publish(make("referral.accepted.v1", subject=case_ref, data=data))
        eventually(lambda: "message.failed" in self.source.intake.log.read_text(), what="intake to fail")

    def store_fails(self) -> None:
        """The database refuses writes while a marked report is in hand."""
        with refusing(self.coalition):
            status, _ = self.source.post(self.marked())
            assert status in {500, 503}, status
        self.source.takes(self.marked())

    def mail_fails(self) -> None:
        """A mail server that repeats an address in its refusal."""
        address = {"email": f"{self.token.word}@example.org", "language": "en"}
        misbehave(self.coalition.mail, refuse=f"550 {self.token.word} unknown", only_to="nobody@example.org")
        self.coalition.asks("notify", "PUT", "/v1/roster/duty-officers/never-told", address)
        self.coalition.asks("notify", "GET", "/v1/roster")
        wrong = {"email": self.token.forms(95)[0], "language": "en"}
        notify, key = self.coalition.services["notify"], self.coalition.world.operator_key
        assert notify.request("PUT", "/v1/roster/duty-officers/never-told", wrong, key)[0] == 422
        (self.coalition.mail / "control.json").unlink()

    def partner_fails(self) -> Partner:
        """A partner whose own program raises with what it was told in its hands."""
        county = self.coalition.county()
        failing = self.coalition.partner(county, "raise")
        body = self.marked(location={"scheme": "iso3166-2", "code": county})
        case_ref = self.source.takes(body)["case_ref"]
        failing.hears("intake.narrative.disclosed", case_ref)
        assert failing.asks("POST", "/v1/offers/none/decline", {"reason": self.token.forms(96)[0]})[0] in {404, 422}
        return failing


@contextmanager
def refusing(coalition: Coalition) -> Iterator[None]:
    """Intake's reports cannot be written."""
    client: Any = pymongo.MongoClient(coalition.world.parts.mongo)
    data = {"failCommands": ["insert", "update"], "namespace": f"{coalition.world.database('intake')}.reports", "errorCode": 8000}
    client.admin.command({"configureFailPoint": "failCommand", "mode": "alwaysOn", "data": data})
    try:
        yield
    finally:
        client.admin.command({"configureFailPoint": "failCommand", "mode": "off"})
        client.close()


def changed(document: dict[str, Any], pointer: str, change: Change) -> dict[str, Any]:
    """A copy with the value at a pointer changed."""
    copied: dict[str, Any] = json.loads(json.dumps(document))
    *steps, last = [int(step) if step.isdigit() else step for step in pointer.strip("/").split("/")]
    inside: Any = copied
    for step in steps:
        inside = inside[step]
    inside[last] = change(inside[last])
    return copied


def send_mail(port: int, text: str) -> None:
    """One mail, as notify would send it."""
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        smtp.sendmail("control@example.org", ["control@example.org"], f"Subject: control\r\n\r\n{text}\r\n".encode())
