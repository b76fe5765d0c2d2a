"""Everything that a report can meet, with markers in it: the good ways, and every way to go wrong."""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pymongo
import yaml
from marshmallow import Schema

from ngao.chassis.security import keyfiles, seals
from ngao.chassis.security.vouches import Statement
from ngao.contracts import CONTENT_TYPE, encode, make, subscriptions_of
from ngao.contracts.events.source import ReportSealed
from ngao.contracts.payloads import schema_of
from ngao.contracts.schemas.report import Report
from ngao.local.demo.scenarios import kobo_submission
from ngao.testing.mailbox import behave, misbehave
from ngao.testing.processes import ROOT
from ngao.testing.waiting import eventually
from services.intake.by_phone.take import ReportByPhone
from services.intake.notes.write import NoteToWrite
from services.intake.reports.update import ReportUpdate
from services.notify.roster.responses import RosterEntry
from tests.support import marked_registry
from tests.support.coalition import CRITICAL, Coalition, Partner, report
from tests.support.markers import Planted, Stem, Token, leaf_at, plant, takes
from tests.support.staff import Browser, invite, set_up
from tests.support.unrecorded import unrecorded

KOBO = ROOT / "deploy" / "policy" / "profiles" / "kobo.yaml"
Change = Callable[[Any], Any]


class MarkedRun:
    """One coalition through which marked reports are sent.

    `token` marks what the platform must keep closed. `open` marks what outsiders send in clear to the broker, on whose disk it
    lies by their own act; everywhere else it is as bad as the other. `planted` tells for each schema which fields carry markers.
    """

    def __init__(self, coalition: Coalition) -> None:
        self.stem = Stem()
        self.coalition, self.token, self.open = coalition, Token(self.stem), Token(self.stem, "p")
        for process in coalition.services.values():
            process.answers = []
        self.county = coalition.county()
        self.source, self.kobo = coalition.source(), coalition.source("kobo", profile="kobo")
        self.partner = coalition.partner(self.county, "keep")
        sealed = schema_of(ReportSealed)
        self.planted: dict[type[Schema], Planted] = {sealed: Planted({}, {"/box"}, set())}  # what is in the box is marked
        self.documents = 0
        self.marked()

    def parts(self) -> tuple[Callable[[], Any], ...]:
        """All that can happen to a report but for faults, in an order in which none disturbs the next."""
        return (
            self.good, self.withheld, self.taken_back, self.wrong_over_http, self.wrong_in_a_box, self.wrong_inside,
            self.noted, self.poisoned, self.in_clear_over_amqp, self.store_fails, self.mail_fails, self.partner_fails,
            self.by_phone, self.on_pages, *(partial(each, self) for each in marked_registry.PARTS),
        )  # fmt: skip

    def marked(self, token: Token | None = None, **changes: Any) -> dict[str, Any]:
        """A good report with markers in all fields that may hold something about a person."""
        return {**self.plant(Report, report(self.county), token), **changes}

    def plant(self, schema: type[Schema], good: Mapping[str, Any], token: Token | None = None) -> dict[str, Any]:
        """A good document of a schema, marked."""
        planted = plant(schema, token or self.token, good)
        self.planted.setdefault(schema, planted)
        self.documents += 1
        return planted.document

    # What goes well

    def good(self) -> None:
        """Over each way in, through to a partner that opens both disclosures; updated, withdrawn, repeated."""
        receipts = [self.source.takes(self.marked()), self.source.publishes(self.marked()), self._kobo()]
        receipts.append(self.source.takes(self.marked(violations=[CRITICAL])))
        for receipt in receipts:
            self._disclosed(receipt["case_ref"])
        first = receipts[0]
        path = f"/v1/reports/{first['report_id']}"
        assert self.source.post(self.plant(ReportUpdate, {}), f"{path}/updates")[0] == 202
        assert self.source.post(self.marked(), "/v1/reports/validate")[0] == 200
        assert self.source.post({}, f"{path}/withdraw")[0] == 200
        self.source.status(first)
        lines = "\n".join(json.dumps(each) for each in (self.marked(), {**self.marked(), "needs": ["none"]}))
        assert self.source.post(lines.encode(), Content_Type="application/x-ndjson")[0] == 202
        self.coalition.told(receipts[3]["case_ref"], "duty-officer")
        eventually(lambda: self._waits_for_hours(receipts[3]), what="the message to the defender to wait for her hours")

    def _disclosed(self, case_ref: str) -> None:
        for service in ("registry.contact", "intake.narrative"):
            self.partner.hears(f"{service}.disclosed", case_ref)

    def _waits_for_hours(self, receipt: Mapping[str, Any]) -> bool:
        return [each["reason"] for each in self._letters(receipt, "queued")] == ["outside_hours"]

    def _letters(self, receipt: Mapping[str, Any], state: str) -> list[Any]:
        path = f"/v1/messages?case_ref={receipt['case_ref']}&state={state}"
        return list(self.coalition.asks("notify", "GET", path)["messages"])

    def _kobo(self) -> dict[str, Any]:
        status, receipt = self.kobo.post(self.kobo_form(), f"/v1/inbound/{self.kobo.id}")
        assert status == 202, receipt
        return dict(receipt)

    def kobo_form(self) -> dict[str, Any]:
        """A submission with a marker in each question that the profile maps to a sensitive field."""
        form = kobo_submission() | {"meta/rootUuid": f"uuid:{secrets.token_hex(8)}", "incident/county": self.county,
                                    "help/needs": "lawyer", "safety/channels": "email"}  # fmt: skip
        for entry in yaml.safe_load(KOBO.read_text())["fields"]:
            leaf, sensitive = leaf_at(Report(), entry["to"].replace("*", "0"))
            question = entry["from"][0].strip('"')
            forms = self.token.forms(f"kobo/{question}") if sensitive else ()
            fitting = [each for each in forms if takes(leaf, each) and (entry.get("as") != "words" or " " not in each)]
            if fitting:
                form[question] = fitting[0]
        self.documents += 1
        return form

    def noted(self) -> None:
        """An operator writes about a case, sends it again, and sends what is broken; another reads it."""
        intake, key = self.source.intake, self.coalition.world.operator_key
        path = f"/v1/cases/{self.source.takes(self.marked())['case_ref']}/notes"
        note = {**self.plant(NoteToWrite, {}), "act": secrets.token_hex(16)}
        for body in (note, note, {"text": self.token.text("a correction"), "corrects": 1}):
            self.coalition.asks("intake", "POST", path, body)
        text, other = self.token.text("a note that is refused"), {"Idempotency_Key": self.token.word}
        assert intake.request("POST", path, {"text": text}, key, **other)[0] == 200
        wrong = [{"text": [text]}, {"text": text * 300}, {"text": text, "act": text}, {"text": text, "corrects": 99},
                 {"text": text, text: 1}, {**note, "text": text}, {"flag": text, "text": text}]  # fmt: skip
        for body in wrong:
            assert intake.request("POST", path, body, key)[0] in {409, 422}
        assert intake.request("POST", path, json.dumps({"text": text}).encode()[:-3], key)[0] == 400
        flag = {"flag": self.token.word, "is_set": True, "revision": 0}
        assert intake.request("PUT", path.replace("notes", "flags"), flag, key)[0] == 422
        with unrecorded(intake):  # this answer shows an operator with the right scope what was written
            assert len(self.coalition.asks("intake", "GET", f"{path}?reason=case_work")["notes"]) == 3

    # What is refused to those who help, and what is recalled

    def withheld(self) -> None:
        """A consent to be referred, and to nothing being told: both disclosures are refused."""
        receipt = self.source.takes(self.marked(consent=[{"purpose": "referral", "scope": []}]))
        for service in ("registry.contact", "intake.narrative"):
            self.partner.hears(f"{service}.withheld", receipt["case_ref"])

    def taken_back(self) -> None:
        """An operator reads who it is, and notes that consent is withdrawn: what was disclosed is recalled."""
        receipt = self.source.takes(self.marked())
        self._disclosed(receipt["case_ref"])
        with unrecorded(self.coalition.services["registry"]):  # this answer tells an operator with the right scope who it is
            person = self.coalition.asks("registry", "GET", f"/v1/defenders?case_ref={receipt['case_ref']}&reason=case_work")
            self.coalition.asks("registry", "GET", "/v1/candidates?reason=candidate_review")
        withdrawn = {"granted": False, "purpose": "referral", "scope": [], "case_ref": receipt["case_ref"]}
        self.coalition.asks("registry", "POST", f"/v1/defenders/{person['defender_ref']}/consents", withdrawn)
        self.partner.hears("referral.recalled", receipt["case_ref"])

    # What goes wrong

    def wrong_over_http(self) -> None:
        """Each marked field broken, each coded field given a marker, bodies that are no reports, keys that are none."""
        for pointer in sorted(self.planted[Report].marked):
            self._refused(json.dumps(changed(self.marked(), pointer, lambda value: {"deeper": value})).encode())
        for pointer in ("/violations/0/type", "/reporter/role", "/needs/0", "/location/code", "/languages/0", "/occurred_at"):
            wrong = self.token.text(f"in place of a code, {pointer}")
            self._refused(json.dumps(changed(self.marked(), pointer, lambda _, wrong=wrong: wrong)).encode())
        self._refused(json.dumps(self.marked(surname=self.token.text("a field nobody knows"))).encode())
        whole = json.dumps(self.marked()).encode()
        broken = [whole[:-9], whole + b"}", whole.replace(b"quoted", b"\xff\xfe"), b'{"a":' * 99 + whole, whole * 900]
        for body in broken:
            self._refused(body)
        self._refused(whole, Content_Type="text/xml")
        self._wrong_keys(whole)
        assert self.source.post({"narrative": [self.token.word]}, "/v1/reports/validate")[0] == 422
        body = self.marked()
        self.source.takes(body)
        assert self.source.post({**body, "narrative": self.token.text("another narrative under the same id")})[0] == 409
        self._wrong_forms()

    def on_pages(self) -> None:
        """Paths, queries, bodies and cookies that a web page does not know: none is shown, logged or counted by its words."""
        console, word = self.coalition.services["console"], self.token.digits
        for path in (f"/c/{word}", f"/sign-in?lang={word}", f"/sign-in?name={word}", f"/assets/{word}/{word}.css"):
            for method in ("GET", "POST"):
                body = self.token.text("a form").encode() if method == "POST" else None
                assert console.request(method, path, body, Cookie=f"word={word}")[0] in {200, 303, 403, 404, 405}
        status, shown = console.request("GET", "/v1/system", key=self.coalition.world.operator_key)
        assert (status, shown["ready"]) == (200, True)
        browser = Browser(console.port)
        set_up(browser, invite(console, self.coalition.world.operator_key, "amina", "watch"), self.token.text("a password"))
        assert browser.get("/me").status == 200
        with pymongo.MongoClient[Any](self.coalition.world.parts.mongo) as client:
            client[self.coalition.world.database("console")]["sessions"].delete_many({})
        kept = browser.post("/me/sessions", text=self.token.text("a form whose session has ended"))
        assert (kept.status, "Your text is kept." in kept.text) == (403, True)

    def by_phone(self) -> None:
        """An operator takes a call, sends it again, and adds to it; what is broken is refused."""
        call = self.plant(ReportByPhone, report(self.county))
        intake, key = self.source.intake, self.coalition.world.operator_key
        for _ in range(2):
            assert intake.request("POST", "/v1/reports/by-phone", call, key)[0] == 202
        for body in ({**call, "narrative": self.token.text("another call")}, {**call, self.token.text("a field"): 1}):
            assert intake.request("POST", "/v1/reports/by-phone", body, key)[0] in {409, 422}

    def _wrong_keys(self, whole: bytes) -> None:
        intake, key = self.source.intake, self.source.key
        for wrong in (None, f"{key[:-3]}abc", self.token.word, f"ngao_source_{self.token.word}_{'x' * 43}"):
            assert intake.request("POST", "/v1/reports", whole, wrong)[0] == 401
        for path in ("/v1/reports/", "/v1/reports?who=", "/nowhere/", "/v1/inbound/"):
            assert intake.request("GET", path + self.token.word, None, key)[0] in {400, 404, 405}

    def _wrong_forms(self) -> None:
        path = f"/v1/inbound/{self.kobo.id}"
        form = self.kobo_form()
        wrong = dict.fromkeys(("incident/violation_type", "incident/county", "incident/date", "person/gender"), self.token.word)
        assert self.kobo.post({**form, **wrong, "meta/rootUuid": f"uuid:{secrets.token_hex(8)}"}, path)[0] == 202
        assert self.kobo.post({**form, "other/question": self.token.text("a question no profile maps")}, path)[0] == 202
        whole = json.dumps(form)
        for body in (whole.encode()[:-20], whole.encode("utf-16"), json.dumps({"surname": self.token.word}).encode()):
            assert self.kobo.post(body, path, Idempotency_Key=self.token.word)[0] == 202
        self._quarantined(3)

    def _quarantined(self, count: int) -> None:
        """Each is listed, shown and opened; none can be read; one is dismissed and the others stay."""
        shown = self.coalition.asks("intake", "GET", f"/v1/quarantine?source={self.kobo.id}")["quarantine"]
        assert len(shown) == count
        for path in (f"/v1/quarantine/{each['quarantine_id']}" for each in shown):
            self.coalition.asks("intake", "GET", path)
            with unrecorded(self.coalition.services["intake"]):  # what an operator with the right scope is shown
                self.coalition.asks("intake", "GET", f"{path}/original?reason=case_work")
            decided = {"reason": "tried again"}
            assert self.kobo.intake.request("POST", f"{path}/replay", decided, self.coalition.world.operator_key)[0] == 422
        self.coalition.asks("intake", "POST", f"{path}/dismiss", {"reason": "given up"})

    def _refused(self, body: bytes, **headers: str) -> None:
        status, problem = self.source.post(body, **headers)
        assert status in {400, 413, 415, 422}, (status, problem)

    def wrong_in_a_box(self) -> None:
        """Boxes that open to something broken, boxes that do not open; parked, replayed, dropped."""
        intake = self.coalition.asks("intake", "GET", "/v1/sealing-key")
        whole = json.dumps(self.marked()).encode()
        contents = [whole[:-5], b"[" * 50 + whole, json.dumps(self.marked(surname=self.token.word)).encode(),
                    json.dumps(self.marked(needs=[self.token.word])).encode(), whole.replace(b"quoted", b"\xff")]  # fmt: skip
        with self._parks("intake", len(contents) + 2) as parked:
            for content in contents:
                self._box(intake["key_id"], seals.seal_to(intake["public_key"], content))
            self._box("0" * 16, seals.seal_to(intake["public_key"], whole))
            self._box(intake["key_id"], seals.seal_to(seals.new_key_pair()[1], whole))
        first, second, third, *_ = parked
        for each in (first, second):
            self._again(each)
        self.coalition.asks("intake", "POST", f"/v1/parked/{third}/drop", {"reason": "given up"})

    def _again(self, parked_id: str) -> None:
        path = f"/v1/parked/{parked_id}"
        self.coalition.asks("intake", "POST", f"{path}/replay", {"reason": "tried again"})
        eventually(lambda: self.coalition.asks("intake", "GET", path)["times"] == 2, what="a message to be parked again")

    def _box(self, key_id: str, box: str) -> None:
        data = {"key_id": key_id, "box": box}
        event = make("intake.report.sealed.v1", subject="", data=data, source=f"/source/{self.source.id}")
        self.source.publishes_raw(encode(event), CONTENT_TYPE)

    @contextmanager
    def _parks(self, service: str, count: int) -> Iterator[list[str]]:
        """Something is done after which a service has parked so many messages more: their ids."""
        before, parked = self._parked(service), list[str]()
        yield parked

        def more() -> set[str]:
            found = self._parked(service) - before
            return found if len(found) >= count else set()

        parked += sorted(eventually(more, what=f"{count} more parked messages at {service}"))

    def _parked(self, service: str) -> set[str]:
        return {each["id"] for each in self.coalition.asks(service, "GET", "/v1/parked?limit=500")["parked"]}

    def wrong_inside(self) -> None:
        """Handlers that fail with a person's data in their hands."""
        folder = self.coalition.world.directory / "keys" / "public"
        key_id, public = keyfiles.active_public(folder, "registry")
        told = {"v": 1, "identity": self.marked()["subject"]["identity"], "attributes": {}, "contact_safety": None}
        contents = [{**told, "case_ref": "NG-0000000000"}, {**told, "case_ref": "NG-0000000002", "identity": self.token.word},
                    {**told, "case_ref": "NG-0000000003", "contact_safety": [self.token.word]}]  # fmt: skip
        boxes = [json.dumps(each).encode() for each in contents] + [self.token.word.encode()]
        with self._parks("registry", len(boxes)):
            for number, content in enumerate(boxes, 1):
                self._says_accepted(f"NG-000000000{number}", key_id, seals.seal_to(public, content))
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
        nowhere = b64encode(bytes(32)).decode()  # a point that nothing can be sealed to
        vouch = self.coalition.world.onboarding.sign(Statement(self.partner.id, nowhere, None, datetime.now(UTC)))
        data = {
            "case_ref": case_ref, "offer_id": "o", "partner_id": self.partner.id, "need": "medical", "urgency": "low",
            "accepted_at": datetime.now(UTC), "partner_public_key": "none", "partner_key_id": "none", "vouch": vouch,
        }  # fmt: skip
        self.coalition.line.publish(make("referral.accepted.v1", subject=case_ref, data=data))
        eventually(lambda: "message.failed" in self.source.intake.log.read_text(), what="intake to fail")

    def poisoned(self) -> None:
        """What cannot be read, in a queue of each service: cut, no text, nested, and an event with other things in it."""
        whole = json.dumps(self.marked(self.open)).encode()
        for service in self.coalition.services:
            name = subscriptions_of(service)[0]
            event = {"specversion": "1.0", "type": name, "source": "/ngao/other", "id": secrets.token_hex(8),
                     "time": datetime.now(UTC).isoformat(), "subject": self.open.word, "data": json.loads(whole)}  # fmt: skip
            bodies = [whole[:-5], whole.replace(b"quoted", b"\xff"), b"[" * 2000 + whole, json.dumps(event).encode()]
            with self._parks(service, len(bodies)):
                for body in bodies:
                    self.coalition.line.publish_raw(body, f"{service}.{name}", exchange="redeliver")

    def in_clear_over_amqp(self) -> None:
        """A system that cannot seal posts reports in clear, sound and broken ones."""
        sound = self.marked(self.open)
        whole = json.dumps(sound).encode()
        self.source.publishes_raw(whole, "application/json")
        self.source.hears(sound["source_event_id"])
        unknown = json.dumps(self.marked(self.open, surname=self.open.word)).encode()
        wrong = [unknown, whole[:-5], whole.replace(b"quoted", b"\xff"), b'{"a":' * 99 + whole, whole * 400]
        with self._parks("intake", len(wrong)):
            for body in wrong:
                self.source.publishes_raw(body, "application/json")

    def store_fails(self) -> None:
        """The database refuses writes while a marked report is in hand."""
        with refusing(self.coalition):
            status, _ = self.source.post(self.marked())
            assert status in {500, 503}, status
        self.source.takes(self.marked())

    def mail_fails(self) -> None:
        """A mail server that repeats an address in its refusal, and an address that is none."""
        notify, key = self.coalition.services["notify"], self.coalition.world.operator_key
        path = "/v1/roster/duty-officers/never-told"
        self.coalition.asks("notify", "PUT", path, self.plant(RosterEntry, {"language": "en"}))
        self.coalition.asks("notify", "GET", "/v1/roster")
        wrong = {"email": self.token.text("an address that is none"), "language": "en"}
        assert notify.request("PUT", path, wrong, key)[0] == 422
        misbehave(self.coalition.mail, refuse=f"550 {self.token.word} unknown", only_to=f"{self.partner.id}@example.org")
        receipt = self.source.takes(self.marked())
        eventually(lambda: self._letters(receipt, "failed"), what="a letter to be refused")
        behave(self.coalition.mail)

    def partner_fails(self) -> Partner:
        """A partner whose own program raises with what it was told in its hands."""
        county = self.coalition.county()
        failing = self.coalition.partner(county, "raise")
        body = self.marked(location={"scheme": "iso3166-2", "code": county})
        case_ref = self.source.takes(body)["case_ref"]
        failing.hears("intake.narrative.disclosed", case_ref)
        failing.close()
        failing.behaviour = "keep"
        failing.open()
        failing.hears("registry.contact.disclosed", case_ref)
        wrong = {"reason": self.token.text("in place of a partner's reason")}
        assert failing.asks("POST", "/v1/offers/none/decline", wrong)[0] in {404, 422}
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
