"""P1: the same flow in nameko as its documentation teaches, with the durable settings on.

Events by `EventDispatcher` and `event_handler`, the database by a dependency provider, persistent messages, publisher
confirms, durable queues, acknowledgement after the handler, majority and journal on every write. No outbox, no inbox,
no encryption, no audit.
"""

from __future__ import annotations

import hmac
import json
import uuid
from datetime import UTC, datetime
from typing import Any

from kombu import Exchange
from marshmallow import INCLUDE, Schema, fields
from nameko import config
from nameko.events import EventDispatcher, event_handler
from nameko.extensions import DependencyProvider
from nameko.messaging import Publisher
from nameko.web.handlers import http
from pymongo import MongoClient, WriteConcern
from pymongo.errors import DuplicateKeyError


class Mongo(DependencyProvider):
    """The room's database."""

    def setup(self) -> None:
        """Connect once a container."""
        self.database = MongoClient(config["MONGO_URI"]).get_database(
            config["MONGO_DATABASE"], write_concern=WriteConcern("majority", j=True)
        )

    def get_dependency(self, worker_ctx: Any) -> Any:  # noqa: ARG002  # nameko's signature
        """Return the database for a worker."""
        return self.database


class ReportSchema(Schema):
    """What a report must have."""

    class Meta:  # noqa: D106  # marshmallow's way
        unknown = INCLUDE

    source_event_id = fields.String(required=True)
    occurred_at = fields.AwareDateTime(required=True)
    violations = fields.List(fields.Dict(), required=True)
    location = fields.Dict(required=True)
    needs = fields.List(fields.String(), required=True)
    consent = fields.List(fields.Dict(), required=True)


class IntakeService:
    """Takes reports in."""

    name = "intake"
    mongo = Mongo()
    dispatch = EventDispatcher()

    @http("POST", "/v1/reports")
    def post(self, request: Any) -> tuple[int, dict[str, str], str]:
        """Store, then say."""
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given, f"Bearer {config['KEY']}"):
            return 401, {}, ""
        report = json.loads(request.get_data(as_text=True))
        ReportSchema().load(report)
        case_ref = f"NG-{uuid.uuid4().hex[:10]}"
        record = {**report, "_id": case_ref, "received_at": datetime.now(UTC), "status": "received"}
        try:
            self.mongo.reports.insert_one(record)
        except DuplicateKeyError:
            case_ref = self.mongo.reports.find_one({"source_event_id": report["source_event_id"]})["_id"]
        self.dispatch("report_accepted", {"case_ref": case_ref, "report": report})
        return 202, {"Content-Type": "application/json"}, json.dumps({"case_ref": case_ref})

    @event_handler("referral", "offered")
    def on_offered(self, event: dict[str, Any]) -> None:
        """Keep the status."""
        self.mongo.reports.update_one({"_id": event["case_ref"]}, {"$set": {"status": "offered"}})


class RegistryService:
    """Knows the persons."""

    name = "registry"
    mongo = Mongo()
    dispatch = EventDispatcher()

    @event_handler("intake", "report_accepted")
    def on_accepted(self, event: dict[str, Any]) -> None:
        """Find or make the person, then say."""
        identity = event["report"]["subject"]["identity"]
        person = self.mongo.persons.find_one({"emails": {"$in": identity["emails"]}})
        if person is None:
            person = {"_id": f"DEF-{uuid.uuid4().hex[:10]}", **identity}
            self.mongo.persons.insert_one(person)
        self.dispatch("defender_resolved", {"case_ref": event["case_ref"], "defender_ref": person["_id"]})


class ReferralService:
    """Finds a partner."""

    name = "referral"
    mongo = Mongo()
    dispatch = EventDispatcher()
    publish = Publisher(exchange=Exchange("partners", type="direct", durable=True), mandatory=True)

    @event_handler("intake", "report_accepted")
    def on_accepted(self, event: dict[str, Any]) -> None:
        """Keep the case; offer it when the person is known."""
        report = event["report"]
        facts = {"county": report["location"]["code"], "needs": report["needs"], "languages": report["languages"]}
        self._learn(event["case_ref"], facts)

    @event_handler("registry", "defender_resolved")
    def on_resolved(self, event: dict[str, Any]) -> None:
        """Keep the person; offer when the case is known."""
        self._learn(event["case_ref"], {"defender_ref": event["defender_ref"]})

    def _learn(self, case_ref: str, facts: dict[str, Any]) -> None:
        case = self.mongo.cases.find_one_and_update({"_id": case_ref}, {"$set": facts}, upsert=True, return_document=True)
        if "county" in case and "defender_ref" in case:
            self._offer(case)

    def _offer(self, case: dict[str, Any]) -> None:
        wanted = {"counties": case["county"], "support_types": {"$in": case["needs"]}}
        partner = self.mongo.partners.find_one(wanted)
        offer = {"offer_id": uuid.uuid4().hex, "case_ref": case["_id"], "partner": partner["_id"], "need": case["needs"][0]}
        self.mongo.offers.insert_one({"_id": offer["offer_id"], **offer, "state": "offered"})
        self.publish({"type": "offered", "data": offer}, routing_key=partner["_id"])
        self.dispatch("offered", offer)


class NotifyService:
    """Stores one message for each offer."""

    name = "notify"
    mongo = Mongo()

    @event_handler("referral", "offered")
    def on_offered(self, event: dict[str, Any]) -> None:
        """Store one message for each offer."""
        self.mongo.messages.insert_one({"case_ref": event["case_ref"], "recipient": event["partner"], "state": "queued"})
