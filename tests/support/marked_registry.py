"""What operators tell the registry about people, with markers in it; each feature of the registry adds a function."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from services.registry.checkins.requests import AnswerGiven, CheckinPlan, WordGiven
from services.registry.contact.requests import ContactToKeep
from services.registry.networks.import_members import TableToImport
from services.registry.networks.responses import Invitation
from services.registry.people.find import Looked
from services.registry.people.register import Registration
from services.registry.protection.requests import AssessmentToSave
from services.registry.trainings.responses import EntryToKeep
from tests.support.unrecorded import unrecorded

if TYPE_CHECKING:
    from tests.support.marked_run import MarkedRun

PLACE = {"network": "women_defenders", "hub": "nairobi", "role": "member"}


def registered(run: MarkedRun) -> None:
    """An operator registers a person without a report, looks for her, and sends both with mistakes in them."""
    registry, key = run.coalition.services["registry"], run.coalition.world.operator_key
    person = run.plant(Registration, {})
    ref = run.coalition.asks("registry", "POST", "/v1/defenders", person)["defender_ref"]
    looked = run.plant(Looked, {"reason": "case_work"})
    with unrecorded(registry):  # these answers tell an operator with the right scope who it is
        run.coalition.asks("registry", "POST", "/v1/defenders/find", looked)
        found = run.coalition.asks("registry", "POST", "/v1/defenders/find", {**looked, "identity": person["identity"]})["people"]
    assert ref in [each["defender_ref"] for each in found]
    word = run.token.text("a field that no one knows")
    for path, body in (("/v1/defenders", person), ("/v1/defenders/find", looked)):
        wrong = [{**body, word: 1}, {**body, "identity": word}, {**body, "identity": {"names": [[word]]}}]
        for each in wrong:
            assert registry.request("POST", path, each, key)[0] == 422
        assert registry.request("POST", path, json.dumps(body).encode()[:-3], key)[0] == 400
    assert registry.request("POST", "/v1/defenders/find", {**looked, "reason": word}, key)[0] == 422


def contact_recorded(run: MarkedRun) -> None:
    """An officer records how a registered person may be reached, reads it, asks, and sends it with mistakes in it."""
    registry, key = run.coalition.services["registry"], run.coalition.world.operator_key
    person = {"identity": {"names": [run.token.text("a person whose contact is recorded")]}}
    ref = run.coalition.asks("registry", "POST", "/v1/defenders", person)["defender_ref"]
    good = {"channel": "email", "allowed": True, "confirmed_how": "in_person"}
    contact = run.plant(ContactToKeep, good)
    contact["address"] = run.token.forms("ContactToKeep/address")[2]
    contact["hours"][0]["closes"] = "20:00"
    path = f"/v1/defenders/{ref}/contacts"
    kept = run.coalition.asks("registry", "PUT", path, contact)["contact_id"]
    run.coalition.asks("registry", "POST", f"{path}/{kept}/confirmation", {"confirmed_how": "by_phone"})
    run.coalition.asks("registry", "GET", f"/v1/contact-safety/{ref}")
    with unrecorded(registry):
        shown = run.coalition.asks("registry", "GET", f"{path}?reason=case_work")["contacts"]
    assert [each["address"] for each in shown] == [contact["address"]]
    word = run.token.text("a field that no one knows")
    for wrong in ({word: 1}, {"address": f"{word} {word}"}, {"zone": word}, {"hours": word}):
        assert registry.request("PUT", path, {**contact, **wrong}, key)[0] == 422
    assert registry.request("PUT", path, {**contact, "channel": "phone"}, key)[0] == 422
    run.coalition.asks("registry", "POST", f"/v1/defenders/{ref}/contact-stop", {})


def member_of_a_network(run: MarkedRun) -> None:
    """A person is invited to a place that does not exist and to one that does; a table of members has good and bad rows."""
    registry, key = run.coalition.services["registry"], run.coalition.world.operator_key
    person = {"identity": {"names": [run.token.text("a person who becomes a member")]}}
    ref = run.coalition.asks("registry", "POST", "/v1/defenders", person)["defender_ref"]
    path = f"/v1/defenders/{ref}/memberships"
    assert registry.request("POST", path, run.plant(Invitation, {}), key)[0] == 422
    kept = run.coalition.asks("registry", "POST", path, PLACE)["membership_id"]
    agreed = {"seen_by_convenor": True, "contact": True, "how": "in_person"}
    run.coalition.asks("registry", "PUT", f"{path}/{kept}/agreement", agreed)
    assert registry.request("POST", "/v1/members/import", run.plant(TableToImport, {}), key)[0] == 422
    word, phone, *_ = run.token.forms("TableToImport/table/a row")
    good = f"{word},{phone},women_defenders,nairobi,member"
    wrong = f"{word},{word},women_defenders,{word},member\n{word},{phone},{word},{word},{word}\n={word},{phone},,,"
    table = {"table": f"name,phone,network,hub,role\n{good}\n{wrong}"}
    for dry_run in (True, False):
        answer = run.coalition.asks("registry", "POST", "/v1/members/import", {**table, "dry_run": dry_run})
        assert [each["outcome"] for each in answer["rows"]] == ["added", "refused", "refused", "refused"]
    hub = {"network": "women_defenders", "hub": "nairobi", "reason": "case_work"}
    run.coalition.asks("registry", "GET", "/v1/networks/women_defenders/hubs/nairobi/members")
    run.coalition.asks("registry", "GET", f"{path}?reason=case_work")
    with unrecorded(registry):  # the table is for an operator who may have it
        assert run.coalition.asks("registry", "POST", "/v1/members/export", hub)["members"] == 1


def checked_in(run: MarkedRun) -> None:
    """An operator plans a check-in; it is answered by link and by word, with both words and with others; and ends."""
    registry, key = run.coalition.services["registry"], run.coalition.world.operator_key
    ref = run.coalition.asks("registry", "POST", "/v1/defenders", run.plant(Registration, {}))["defender_ref"]
    due = {"due": "2036-12-24T18:00", "zone": "Africa/Nairobi", "kind": "journey"}
    plan = {**run.plant(CheckinPlan, due), "help_word": run.token.word}  # the two words must not be alike
    with unrecorded(registry):  # this answer has the secret of the link, once
        made = run.coalition.asks("registry", "POST", f"/v1/defenders/{ref}/checkins", plan)
    path = f"/v1/checkins/{made['checkin_id']}"
    with unrecorded(registry):  # this one shows an operator with the right scope whom to ask
        run.coalition.asks("registry", "GET", f"{path}/contacts?reason=case_work")
    words = [run.plant(WordGiven, {}), *({"word": each} for each in (plan["safe_word"], plan["help_word"], [plan["help_word"]]))]
    for body in words:
        assert registry.request("POST", f"{path}/answers", body, key)[0] in {200, 422}
    answer = run.plant(AnswerGiven, {})
    for body in (answer, {**answer, "link": made["link"]}, {"link": made["link"], "word": plan["safe_word"]}):
        assert registry.request("POST", "/v1/checkins/answers", body)[0] in {200, 422}
    word = run.token.text("a field that no one knows")
    for wrong in ({word: 1}, {"due": word}, {"zone": word}, {"contacts": [word]}, {"kind": word}):
        body = {**plan, **wrong}
        assert registry.request("POST", f"/v1/defenders/{ref}/checkins", body, key)[0] == 422
    run.coalition.asks("registry", "GET", "/v1/checkins")


def in_a_training(run: MarkedRun) -> None:
    """A person is invited to a session; a session and a state that do not exist are refused."""
    registry, key = run.coalition.services["registry"], run.coalition.world.operator_key
    person = {"identity": {"names": [run.token.text("a person who is trained")]}}
    ref = run.coalition.asks("registry", "POST", "/v1/defenders", person)["defender_ref"]
    session = {"programme": "security", "day": "2026-01-15", "county": "KE-30", "places": 2}
    made, path = run.coalition.asks("registry", "POST", "/v1/trainings", session), f"/v1/defenders/{ref}/trainings"
    entry = {"session_id": made["session_id"], "state": "attended", "counted": True}
    for wrong in (run.plant(EntryToKeep, {"state": "attended"}), {**entry, "state": run.token.text("a state")}):
        assert registry.request("PUT", path, wrong, key)[0] == 422
    run.coalition.asks("registry", "PUT", path, entry)


def risk_assessed(run: MarkedRun) -> None:
    """An officer saves two versions of a risk assessment, reads them, and sends one with mistakes in it."""
    registry, key = run.coalition.services["registry"], run.coalition.world.operator_key
    person = {"identity": {"names": [run.token.text("a person whose risk is assessed")]}}
    ref = run.coalition.asks("registry", "POST", "/v1/defenders", person)["defender_ref"]
    review = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    good = {
        "seen": 0, "vulnerability": "high", "capacity": "low", "review_on": review,
        "threats": [{"likelihood": "likely", "impact": "severe"}], "measures": [{"responsible": "person", "until": review}],
    }  # fmt: skip
    assessment = run.plant(AssessmentToSave, good)
    path = f"/v1/defenders/{ref}/assessments"
    for seen in (0, 1):
        run.coalition.asks("registry", "PUT", f"{path}/person", {**assessment, "seen": seen})
    run.coalition.asks("registry", "GET", "/v1/protection/reviews")
    with unrecorded(registry):
        (shown,) = run.coalition.asks("registry", "GET", f"{path}?reason=case_work")["current"]
        assert run.coalition.asks("registry", "GET", f"{path}/person/1?reason=case_work")["content"] == shown["content"]
    assert shown["content"]["capacities"] == assessment["capacities"]
    word = run.token.text("a field that no one knows")
    for wrong in ({word: 1}, {"vulnerability": word}, {"threats": word}, {"measures": [{word: word}]}, {"review_on": word}):
        assert registry.request("PUT", f"{path}/person", {**assessment, **wrong}, key)[0] == 422


PARTS = (registered, contact_recorded, member_of_a_network, checked_in, in_a_training, risk_assessed)
