"""Reports that sources post over AMQP: from a delivery to a report, or to a refusal that its source can read."""

from __future__ import annotations

from typing import Any

from ngao.chassis.errors import InvalidInput, NgaoError, Permanent
from ngao.chassis.http.problems import broken_fields
from ngao.chassis.messaging.consumer import Delivery, Rejected
from ngao.contracts import ContractError, InvalidContent, Undecodable, parse_json
from services.intake.http_api import CLOUDEVENT, JSON, Posted, cloud_event
from services.intake.messages import rejected_event

MOST_BYTES = 1024 * 1024


class UnknownSource(Permanent):
    """Nobody has onboarded this source, or it is disabled; what it sent waits until that changes."""

    slug = "unknown-source"


class WrongAccount(Permanent):
    """The account that posted is not that of the source it names."""

    slug = "wrong-account"


def source_of(delivery: Delivery) -> str:
    """The source, as the broker vouches for it; raises WrongAccount."""
    if delivery.user_id != f"source-{delivery.routing_key}":
        raise WrongAccount("The routing key names another source than the account that posted.")
    return delivery.routing_key


def posted_in(delivery: Delivery) -> Posted:
    """The report in a delivery; raises ContractError, InvalidInput."""
    if len(delivery.body) > MOST_BYTES:
        raise InvalidInput("The body is too large.", slug="too-large")
    if delivery.content_type == CLOUDEVENT:
        return cloud_event(parse_json(delivery.body))
    if delivery.content_type == JSON:
        return Posted(parse_json(delivery.body)).named(delivery.message_id)
    raise InvalidInput(f"Send {CLOUDEVENT} or {JSON}.", slug="unsupported-media-type")


def refusal_of(error: NgaoError | ContractError, source_id: str, delivery: Delivery) -> Rejected:
    """What parks the message and tells its source why."""
    broken = error.errors if isinstance(error, InvalidInput | InvalidContent) else []
    errors = broken_fields(broken)
    return Rejected(error.slug, errors, rejected_event(source_id, _event_id(delivery), error.slug, errors))


def _event_id(delivery: Delivery) -> str | None:
    """The id by which the source knows its message, as far as it can be read."""
    try:
        document = parse_json(delivery.body[:MOST_BYTES])
    except Undecodable:
        return delivery.message_id
    found = _named(document, "source_event_id") or _named(_data(document), "source_event_id") or _named(document, "id")
    return found or delivery.message_id


def _data(document: Any) -> Any:
    return document.get("data") if isinstance(document, dict) else None


def _named(document: Any, name: str) -> str | None:
    value = document.get(name) if isinstance(document, dict) else None
    return value[:200] if isinstance(value, str) and value else None
