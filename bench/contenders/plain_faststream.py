"""P2: the same flow in FastStream with pymongo's asynchronous client, durable settings on.

Quorum queues, persistent and mandatory messages with publisher confirms (aio-pika's default), acknowledgement after the
handler, majority and journal on every write. HTTP by FastStream's own ASGI application on uvicorn. No outbox, no inbox,
no encryption, no audit.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from faststream import AckPolicy, FastStream
from faststream.asgi import AsgiFastStream
from faststream.rabbit import ExchangeType, QueueType, RabbitBroker, RabbitExchange, RabbitQueue
from faststream.rabbit.schemas import Channel
from pydantic import AwareDatetime, BaseModel, ConfigDict
from pymongo import AsyncMongoClient, ReturnDocument, WriteConcern
from pymongo.errors import DuplicateKeyError

ROOM = json.loads(Path(sys.argv[1]).read_text())
_PREFETCH = 32

broker = RabbitBroker(
    ROOM["amqp"], default_channel=Channel(prefetch_count=_PREFETCH, publisher_confirms=True), logger=None,
    log_level=logging.WARNING,
)  # fmt: skip
database = AsyncMongoClient(ROOM["mongo"]).get_database(ROOM["database"], write_concern=WriteConcern("majority", j=True))
events = RabbitExchange("events", type=ExchangeType.TOPIC, durable=True)
partners = RabbitExchange("partners", type=ExchangeType.DIRECT, durable=True)


class Report(BaseModel):
    """What a report must have."""

    model_config = ConfigDict(extra="allow")
    source_event_id: str
    occurred_at: AwareDatetime
    violations: list[dict[str, Any]]
    location: dict[str, Any]
    needs: list[str]
    consent: list[dict[str, Any]]


def hears(service: str, event: str) -> Any:
    """Subscribe a service to an event, on a quorum queue of its own."""
    queue = RabbitQueue(f"{service}.{event}", queue_type=QueueType.QUORUM, durable=True, routing_key=event)
    return broker.subscriber(queue, events, ack_policy=AckPolicy.NACK_ON_ERROR)


async def dispatch(event: str, body: dict[str, Any]) -> None:
    """Say something durably."""
    await broker.publish(body, exchange=events, routing_key=event, persist=True, mandatory=True)


async def post(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer `POST /v1/reports`: store, then publish."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    given = dict(scope["headers"]).get(b"authorization", b"").decode()
    if not hmac.compare_digest(given, f"Bearer {ROOM['key']}"):
        await _answer(send, 401, {})
        return
    report = json.loads(body)
    Report.model_validate(report)
    case_ref = f"NG-{uuid.uuid4().hex[:10]}"
    try:
        await database.reports.insert_one({**report, "_id": case_ref, "received_at": datetime.now(UTC), "status": "received"})
    except DuplicateKeyError:
        case_ref = (await database.reports.find_one({"source_event_id": report["source_event_id"]}))["_id"]
    await dispatch("report_accepted", {"case_ref": case_ref, "report": report})
    await _answer(send, 202, {"case_ref": case_ref})


async def _answer(send: Any, status: int, content: dict[str, Any]) -> None:
    body = json.dumps(content).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def intake() -> None:
    """Keep the status of reports."""

    @hears("intake", "offered")
    async def on_offered(event: dict[str, Any]) -> None:
        await database.reports.update_one({"_id": event["case_ref"]}, {"$set": {"status": "offered"}})


def registry() -> None:
    """Find or make the person, then say."""

    @hears("registry", "report_accepted")
    async def on_accepted(event: dict[str, Any]) -> None:
        identity = event["report"]["subject"]["identity"]
        person = await database.persons.find_one({"emails": {"$in": identity["emails"]}})
        if person is None:
            person = {"_id": f"DEF-{uuid.uuid4().hex[:10]}", **identity}
            await database.persons.insert_one(person)
        await dispatch("defender_resolved", {"case_ref": event["case_ref"], "defender_ref": person["_id"]})


def referral() -> None:
    """Offer when case and person are known."""

    @hears("referral", "report_accepted")
    async def on_accepted(event: dict[str, Any]) -> None:
        report = event["report"]
        facts = {"county": report["location"]["code"], "needs": report["needs"], "languages": report["languages"]}
        await _learn(event["case_ref"], facts)

    @hears("referral", "defender_resolved")
    async def on_resolved(event: dict[str, Any]) -> None:
        await _learn(event["case_ref"], {"defender_ref": event["defender_ref"]})


async def _learn(case_ref: str, facts: dict[str, Any]) -> None:
    case = await database.cases.find_one_and_update(
        {"_id": case_ref}, {"$set": facts}, upsert=True, return_document=ReturnDocument.AFTER
    )
    if "county" in case and "defender_ref" in case:
        await _offer(case)


async def _offer(case: dict[str, Any]) -> None:
    wanted = {"counties": case["county"], "support_types": {"$in": case["needs"]}}
    partner = await database.partners.find_one(wanted)
    offer = {"offer_id": uuid.uuid4().hex, "case_ref": case["_id"], "partner": partner["_id"], "need": case["needs"][0]}
    await database.offers.insert_one({"_id": offer["offer_id"], **offer, "state": "offered"})
    await broker.publish(
        {"type": "offered", "data": offer}, exchange=partners, routing_key=partner["_id"], persist=True, mandatory=True
    )
    await dispatch("offered", offer)


def notify() -> None:
    """Store one message for each offer."""

    @hears("notify", "offered")
    async def on_offered(event: dict[str, Any]) -> None:
        await database.messages.insert_one({"case_ref": event["case_ref"], "recipient": event["partner"], "state": "queued"})


if __name__ == "__main__":
    {"intake": intake, "registry": registry, "referral": referral, "notify": notify}[sys.argv[2]]()
    if sys.argv[2] == "intake":
        application = AsgiFastStream(broker, asgi_routes=[("/v1/reports", post)])
        uvicorn.run(application, host="127.0.0.1", port=ROOM["port"], log_level="warning", access_log=False)
    else:
        asyncio.run(FastStream(broker, logger=None).run())
