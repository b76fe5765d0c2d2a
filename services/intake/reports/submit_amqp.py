"""Accept reports over AMQP: each becomes a report, or a refusal that its source can read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ngao.broker.exchanges import RESULTS
from ngao.chassis.errors import InvalidInput, NgaoError, NotAllowedNow, Permanent, SealBroken
from ngao.chassis.handlers import on_edge
from ngao.chassis.http.problems import broken_fields
from ngao.chassis.messaging.accounts import outsider_account
from ngao.chassis.messaging.delivery import Delivery
from ngao.chassis.messaging.pipeline import Rejected
from ngao.chassis.security.sealed_boxes import OwnBoxes
from ngao.contracts import ContractError, Event, FieldError, InvalidContent, Undecodable, event_of, open_event, parse_json
from ngao.contracts.envelope import from_document
from ngao.contracts.events.intake import ReportReceipt, ReportRejected
from ngao.contracts.events.parts import FieldRefusal
from ngao.contracts.events.source import ReportSealed
from ngao.kernel.records import from_record
from services.intake.context import Context
from services.intake.reports.posted import CLOUDEVENT, JSON, Posted, accept_posted, cloud_event

MOST_BYTES = 1024 * 1024


class UnknownSource(Permanent):
    """No operator has onboarded this source, or it is disabled; what it sent waits until that changes."""

    slug = "unknown-source"


class WrongAccount(Permanent):
    """The account that posted is not that of the source it names."""

    slug = "wrong-account"


@on_edge("reports", queue="intake.reports", outsiders="sources")
def receive_posted(ctx: Context, delivery: Delivery) -> None:
    """Take a report in that a source posted, sealed or not: it gets a receipt, or the names of the broken fields.

    Raises WrongAccount, UnknownSource, Rejected.
    """
    source_id = source_of(delivery)
    source = ctx.sources.get(source_id)
    if source is None or not source.may_post:
        raise UnknownSource("This source is not onboarded here, or it is disabled.")
    report = None
    try:
        report = posted_in(delivery, ctx.boxes)
        receipt = accept_posted(ctx, source_id, report)
    except (ContractError, InvalidInput, NotAllowedNow) as error:
        raise refusal_of(error, source_id, delivery, report) from None
    except (ValueError, OverflowError, TypeError):
        # What a report can make break here breaks at the next attempt too: its source gets an answer now, not after an hour.
        unreadable = InvalidInput("The report holds something that cannot be worked with.", slug="unreadable")
        raise refusal_of(unreadable, source_id, delivery, report) from None
    answer = ReportReceipt(source_event_id=report.document["source_event_id"], **receipt)
    event = event_of(answer, subject=answer.case_ref, traceparent=ctx.unit.traceparent, time=ctx.now)
    ctx.unit.emit(replace(event, extra={"sourceid": source_id}), to=RESULTS)


def source_of(delivery: Delivery) -> str:
    """Return the source, as the broker vouches for it. Raises WrongAccount."""
    if delivery.user_id != outsider_account("source", delivery.routing_key):
        raise WrongAccount("The routing key names another source than the account that posted.")
    return delivery.routing_key


def posted_in(delivery: Delivery, boxes: OwnBoxes) -> Posted:
    """Return the report in a delivery, its box opened if it is sealed. Raises ContractError, InvalidInput."""
    if len(delivery.body) > MOST_BYTES:
        raise InvalidInput("The body is too large.", slug="too-large")
    if delivery.content_type == CLOUDEVENT:
        document = parse_json(delivery.body)
        event = from_document(document)
        return _unsealed(event, boxes) if event.type == ReportSealed.type_name else cloud_event(document)
    if delivery.content_type == JSON:
        return Posted(parse_json(delivery.body)).named(delivery.message_id)
    raise InvalidInput(f"Send {CLOUDEVENT} or {JSON}.", slug="unsupported-media-type")


def refusal_of(error: NgaoError | ContractError, source_id: str, delivery: Delivery, posted: Posted | None = None) -> Rejected:
    """Return the error that parks the message and informs its source; `posted` is the report, if it could be read."""
    broken = error.errors if isinstance(error, InvalidInput | InvalidContent) else []
    errors = broken_fields(broken)
    event_id = (_named(posted.document, "source_event_id") if posted else None) or _event_id(delivery)
    refusals = tuple(FieldRefusal(**field) for field in errors)
    answer = event_of(ReportRejected(event_id=event_id, reason=error.slug, errors=refusals), subject=source_id)
    return Rejected(error.slug, errors, replace(answer, extra={"sourceid": source_id}), to=RESULTS)


def _unsealed(event: Event, boxes: OwnBoxes) -> Posted:
    """Return the report in a sealed event. Errors in the content of the box point into the report, others into the event."""
    try:
        sealed = from_record(ReportSealed, open_event(event))
        content = boxes.open(sealed.key_id, sealed.box)
    except InvalidContent as error:
        raise InvalidContent([field.under("/data") for field in error.errors]) from None
    except SealBroken:
        detail = "It does not open with a key that intake has now. Ask GET /v1/sealing-key for the key and seal again."
        message = "The report is not sealed to a key that intake has."
        raise InvalidInput(message, [FieldError("/data/box", "seal_broken", detail)], slug=SealBroken.slug) from None
    return Posted(parse_json(content)).named(event.id)


def _event_id(delivery: Delivery) -> str | None:
    """Return the id by which the source knows its message, as far as it can be read."""
    try:
        document = parse_json(delivery.body[:MOST_BYTES])
    except Undecodable:
        return delivery.message_id
    data = document.get("data") if isinstance(document, dict) else None
    found = _named(document, "source_event_id") or _named(data, "source_event_id") or _named(document, "id")
    return found or delivery.message_id


def _named(document: Any, name: str) -> str | None:
    value = document.get(name) if isinstance(document, dict) else None
    return value[:200] if isinstance(value, str) and value else None
