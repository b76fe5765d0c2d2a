"""Read what every side holds after a round, into the checker's plain data."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Any

from ngao.chassis.messaging.outbox import WAITING
from ngao.deployment.naming import SERVICES
from tests.faults.engine.facts import Facts, Limits
from tests.faults.engine.history import read
from tests.faults.engine.site import Running, Site


def parked_now(site: Site) -> dict[str, dict[str, Any]]:
    """Everything that stands parked, by service and id."""
    found = {}
    for service in SERVICES:
        for each in site.database(service).parked.find({"state": "parked"}, {"body": 0}):
            found[f"{service}/{each['_id']}"] = {
                "service": service, "id": each["_id"], "queue": each["queue"], "reason": each["reason"], "size": each["size"],
            }  # fmt: skip
    return found


def refs_of(site: Site, running: Running) -> list[str]:
    """The case references of one round."""
    return [each["case_ref"] for each in site.database("intake").reports.find({"source_id": running.source.id}, {"case_ref": 1})]


def ghosts(site: Site) -> list[str]:
    """Cases and messages that no report stands behind."""
    real = {each["case_ref"] for each in site.database("intake").reports.find({}, {"case_ref": 1})}
    places = (("referral", "cases", "_id"), ("registry", "cases", "_id"), ("notify", "messages", "case_ref"))
    there = chain.from_iterable(site.database(service)[name].distinct(field) for service, name, field in places)
    return sorted({ref for ref in there if ref not in real})


def queues_now(site: Site) -> dict[str, int]:
    """Messages in every queue of both virtual hosts, ready or on their way.

    Not those of sources: a round's source ends before the platform is quiet, and its receipts then wait for it. Nor what a
    test has copied for itself.
    """
    world = site.stage.world
    found = {}
    for vhost in (world.vhost, world.edge_vhost):
        for queue in site.stage.management.get("queues", vhost) or ():
            if not queue["name"].startswith(("source.", "test.")):
                found[queue["name"]] = int(queue.get("messages") or 0)
    return found


def outboxes_now(site: Site) -> dict[str, int]:
    return {service: site.database(service).outbox.count_documents(WAITING) for service in SERVICES}


def heard_by_partners(site: Site) -> list[dict[str, Any]]:
    """What partners noted, with each case by its own reference: a partner knows it by another."""
    cases = site.database("referral").cases.find({}, {"offers.id": 1})
    case_of = {offer["id"]: case["_id"] for case in cases for offer in case.get("offers", ())}
    lines = [line for partner in site.partners for line in read(Path(partner.behaviour))]
    return [{**line, **({"case_ref": case_of[line["offer_id"]]} if line.get("offer_id") in case_of else {})} for line in lines]


def collect(site: Site, running: Running, *, before: set[str], old_ghosts: set[str], limits: Limits) -> Facts:
    """All of one round."""
    refs = refs_of(site, running)
    parked = {name: each for name, each in parked_now(site).items() if name not in before}
    audits = {service: _audit(site, service) for service in SERVICES}  # first: it moves what the journal holds to its place
    return Facts(
        source_id=running.source.id,
        ops=list(read(running.history)),
        heard=heard_by_partners(site),
        reports=_reports(site, running),
        cases=_cases(site, refs),
        story=_story(site, refs),
        resolved=[each["_id"] for each in site.database("registry").cases.find({"_id": {"$in": refs}}, {"_id": 1})],
        disclosures=[{"offer_id": each["_id"]} for each in site.database("registry").disclosures.find({}, {"_id": 1})],
        messages=_messages(site, refs),
        outbox=outboxes_now(site),
        queues=queues_now(site),
        parked=list(parked.values()),
        ghosts=[ref for ref in ghosts(site) if ref not in old_ghosts],
        audits=audits,
        limits=limits,
    )


def _reports(site: Site, running: Running) -> list[dict[str, Any]]:
    def step(each: dict[str, Any]) -> dict[str, Any]:
        return {"what": each["what"], "offer_id": each.get("offer_id") or "", "need": each.get("need") or ""}

    return [
        {"key": each["source_event_id"], "case_ref": each["case_ref"], "urgency": each["urgency"],
         "withdrawn": bool(each.get("withdrawn_at")), "story": [step(one) for one in each.get("story", ())]}
        for each in site.database("intake").reports.find({"source_id": running.source.id})
    ]  # fmt: skip


def _cases(site: Site, refs: list[str]) -> list[dict[str, Any]]:
    def offer(each: dict[str, Any]) -> dict[str, Any]:
        accepted = each.get("accepted_at") is not None
        kept = {"id": each["id"], "need": each["need"], "state": each["state"]}
        return {**kept, "partner": each["partner_id"], "accepted": accepted}

    return [
        {"case_ref": each["_id"], "life": each["life"], "known": bool(each.get("report")),
         "needs": [{"name": need["name"], "state": need["state"]} for need in each.get("needs", ())],
         "offers": [offer(one) for one in each.get("offers", ())]}
        for each in site.database("referral").cases.find({"_id": {"$in": refs}})
    ]  # fmt: skip


def _story(site: Site, refs: list[str]) -> list[dict[str, Any]]:
    names = ("case_ref", "what", "offer_id", "need", "reason")
    found = site.database("referral").story.find({"case_ref": {"$in": refs}})
    return [{name: each.get(name) or "" for name in names} for each in found]


def _messages(site: Site, refs: list[str]) -> list[dict[str, Any]]:
    found = site.database("notify").messages.find({"case_ref": {"$in": refs}})
    return [
        {"cause": each["cause"], "recipient": f"{each['recipient_kind']}:{each['recipient_ref']}", "template": each["template"],
         "position": each.get("position", 0), "state": each["state"]}
        for each in found
    ]  # fmt: skip


def _audit(site: Site, service: str) -> bool:
    status, answer = site.services[service].request("GET", "/v1/audit/verify", key=site.stage.world.operator_key)
    return status == 200 and bool(answer["whole"])
