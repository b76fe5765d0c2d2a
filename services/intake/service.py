"""Intake's entrypoints."""

from __future__ import annotations

from functools import partial
from typing import Any

from nameko.timer import timer

from ngao.broker.exchanges import RESULTS
from ngao.chassis.errors import InvalidInput, NotAllowedNow, NotFound
from ngao.chassis.http.app import App
from ngao.chassis.http.auditing import itself, nothing
from ngao.chassis.http.body import ANYTHING
from ngao.chassis.http.endpoints import ChassisEndpoints
from ngao.chassis.http.entrypoint import Answer, Call, http
from ngao.chassis.messaging.consumer import Delivery, consumes, consumes_edge
from ngao.chassis.messaging.holding import holds_heads
from ngao.chassis.security.identity import new_key
from ngao.chassis.storage.unit_of_work import Unit
from ngao.chassis.timers import guarded
from ngao.contracts import ContractError, Event
from ngao.contracts.schemas.report import Report as ReportSchema
from services.intake.quarantine.endpoints import QuarantineEndpoints
from services.intake.reports import schemas as http_api
from services.intake.reports import submit_amqp as edge
from services.intake.reports.documents import DOCUMENTS
from services.intake.reports.events import receipt_event
from services.intake.reports.posted import ACCEPTED, CLOUDEVENT, JSON, MANY, posted, posted_many
from services.intake.reports.responses import show_report, show_source
from services.intake.reports.schemas import show

_A_SYSTEM = "A source is a system, not a person."


def _makes_a_key(service: Any, call: Call, source_id: str) -> bool:
    return bool(call.load()["new_key"]) or not service.app.knows_source(source_id)


class IntakeService(QuarantineEndpoints, ChassisEndpoints):
    """Takes reports in, tells how they are doing, hears how help is coming along."""

    name = "intake"
    app = App()
    documents = DOCUMENTS

    on_audit_of_referral = holds_heads("referral")
    on_audit_of_notify = holds_heads("notify")
    on_audit_of_registry = holds_heads("registry")

    @http(
        "POST", "/v1/reports", who="source", operation="postReports", request=ReportSchema, accepts=ACCEPTED,
        summary="Post one report, or a batch of them.", responses={202: http_api.ReceiptShown},
    )  # fmt: skip
    def post_reports(self, call: Call) -> Answer:
        """202 means: stored for good. A batch gets an answer for each item."""
        source_id = call.principal.id
        if call.content_type in MANY:
            outcomes = self.app.receive_many(source_id, posted_many(call))
            return Answer(202, {"results": [http_api.result(at, outcome) for at, outcome in enumerate(outcomes)]})
        return Answer(202, self.app.receive(source_id, posted(call), call.trace))

    @http(
        "POST", "/v1/reports/validate", who="source", operation="validateReport", request=ReportSchema,
        accepts=(JSON, CLOUDEVENT), summary="Check a report without posting it.",
        responses={200: http_api.ForeseenShown},
    )  # fmt: skip
    def validate(self, call: Call) -> dict[str, Any]:
        """Nothing of it is kept."""
        return show(http_api.ForeseenShown, **self.app.validate(call.principal.id, posted(call)))

    @http(
        "POST", "/v1/inbound/<source_id>", who="source", operation="postNative", accepts=(JSON, ANYTHING),
        responses={202: http_api.InboundShown},
        summary="Post a native body, mapped by the source's profile.",
    )  # fmt: skip
    def post_native(self, call: Call, source_id: str) -> Answer:
        """Pointers in errors point into the body that was sent."""
        if source_id != call.principal.id:
            raise NotFound("There is no such source.")
        return Answer(202, show(http_api.InboundShown, **self.app.forms.post(source_id, call)))

    @http(
        "GET", "/v1/reports/<report_id>", who="source", operation="showReport", responses={200: http_api.StatusShown},
        summary="How a report is doing.",
    )  # fmt: skip
    def show_report(self, call: Call, report_id: str) -> dict[str, Any]:
        """Only for the source that posted it."""
        return show_report(self.app.status(call.principal.id, report_id))

    @http(
        "POST", "/v1/reports/<report_id>/updates", who="source", operation="updateReport", request=http_api.ReportUpdate,
        summary="Tell later facts.", responses={202: http_api.ReceiptShown},
    )  # fmt: skip
    def update_report(self, call: Call, report_id: str) -> Answer:
        """The same update twice counts once."""
        return Answer(202, self.app.update(call.principal.id, report_id, call.load(), call.idempotency_key, call.trace))

    @http(
        "POST", "/v1/reports/<report_id>/withdraw", who="source", operation="withdrawReport",
        summary="Take a report back.", responses={200: http_api.StatusShown},
    )  # fmt: skip
    def withdraw_report(self, call: Call, report_id: str) -> dict[str, Any]:
        """What was offered is recalled."""
        return show_report(self.app.withdraw(call.principal.id, report_id, call.trace))

    @http(
        "PUT", "/v1/sources/<source_id>", who="operator", needs="sources:write", operation="putSource",
        audit=itself("source.put"), request=http_api.SourceSettings,
        summary="Make or change a source.", responses={200: http_api.SourceShown}, two_person=_makes_a_key,
    )  # fmt: skip
    def put_source(self, call: Call, source_id: str) -> dict[str, Any]:
        """A new source's key is in this answer and nowhere else."""
        made, key = self.app.put_source(source_id, call.load(), partial(new_key, "source"), call.principal.actor)
        return show_source(made, key)

    @http(
        "GET", "/v1/sources/<source_id>", who="operator", needs="sources:read", operation="showSource",
        audit=nothing(_A_SYSTEM), summary="One source.", responses={200: http_api.SourceShown},
    )  # fmt: skip
    def show_source(self, call: Call, source_id: str) -> dict[str, Any]:  # noqa: ARG002  # every handler is given its call
        """Without its keys."""
        return show_source(self.app.source(source_id))

    @http(
        "GET", "/v1/sources", who="operator", needs="sources:read", operation="listSources",
        audit=nothing(_A_SYSTEM), summary="All sources.", responses={200: http_api.SourcesShown},
    )  # fmt: skip
    def list_sources(self, call: Call) -> dict[str, Any]:  # noqa: ARG002  # every handler is given its call
        """Without their keys."""
        return {"sources": [show_source(each) for each in self.app.sources()]}

    @http(
        "GET", "/v1/sealing-key", who=("source", "operator"), needs="sources:read", operation="showSealingKey",
        audit=nothing("A public key."),
        summary="The public key that reports over AMQP are sealed to.", responses={200: http_api.SealingKeyShown},
    )  # fmt: skip
    def show_sealing_key(self, call: Call) -> dict[str, Any]:  # noqa: ARG002  # every handler is given its call
        """That of the active period; it changes with the period."""
        key_id, public_key = self.app.boxes.public()
        return show(http_api.SealingKeyShown, key_id=key_id, public_key=public_key)

    @http(
        "GET", "/v1/cases/<case_ref>/report", who="operator", needs="reports:read", operation="readCaseReport",
        audit=itself("report.read"), query=("reason",),
        summary="What a case's report says in codes; ?reason= is demanded.", responses={200: http_api.CaseReportShown},
    )  # fmt: skip
    def read_report(self, call: Call, case_ref: str) -> dict[str, Any]:
        """That it was read is audited, with the reason."""
        found: dict[str, Any] = self.app.case_report(case_ref, self.reader(call))
        return found

    @http(
        "GET", "/v1/cases/<case_ref>/narrative", who="operator", needs="narrative:read", operation="readNarrative",
        audit=itself("narrative.read"), query=("reason",),
        summary="What was told in words; ?reason= is demanded.", responses={200: http_api.NarrativeShown},
    )  # fmt: skip
    def read_narrative(self, call: Call, case_ref: str) -> dict[str, Any]:
        """That it was read is audited, with the reason."""
        told = self.app.narrative(case_ref, self.reader(call))
        return show(http_api.NarrativeShown, case_ref=case_ref, narrative=told.narrative, attachments=told.attachments)

    @http(
        "POST", "/v1/cases/<case_ref>/urgency", who="operator", needs="cases:write", operation="decideUrgency",
        audit=itself("report.urgency_decided"), request=http_api.UrgencyDecision, summary="Raise or lower the urgency of a case.",
        responses={200: http_api.UrgencyShown},
    )  # fmt: skip
    def decide_urgency(self, call: Call, case_ref: str) -> dict[str, Any]:
        """It holds until a fact or another report brings something new. The source of the report is shown nothing of it."""
        decided = self.app.decide_urgency(case_ref, call.load(), call.principal.actor, call.trace)
        return show(http_api.UrgencyShown, **vars(decided))

    @timer(interval=600)
    @guarded
    def forget(self) -> None:
        """Forget what is past its time."""
        self.app.forget()

    @timer(interval=5)
    @guarded
    def tell_again(self) -> None:
        """Tell reports again that no case was opened for."""
        self.app.tell_again()

    @timer(interval=2)
    @guarded
    def judge_earlier(self) -> None:
        """Judge earlier reports about the same person again."""
        self.app.judge_earlier()

    @consumes_edge("reports", queue="intake.reports", outsiders="sources")
    def on_posted(self, unit: Unit, delivery: Delivery) -> None:
        """A source posted over AMQP, sealed or not: it gets a receipt, or hears which fields are broken."""
        source_id = edge.source_of(delivery)
        if not self.app.is_open(source_id):
            raise edge.UnknownSource("This source is not onboarded here, or it is disabled.")
        posted = None
        try:
            posted = edge.posted_in(delivery, self.app.boxes)
            receipt = self.app.take(unit, source_id, posted)
        except (ContractError, InvalidInput, NotAllowedNow) as error:
            raise edge.refusal_of(error, source_id, delivery, posted) from None
        except (ValueError, OverflowError, TypeError):
            # What a report can make break here breaks at the next attempt too: its source gets an answer now, not after an hour.
            unreadable = InvalidInput("The report holds something that cannot be worked with.", slug="unreadable")
            raise edge.refusal_of(unreadable, source_id, delivery, posted) from None
        answer = {"source_event_id": posted.document["source_event_id"], **receipt}
        unit.emit(receipt_event(source_id, answer, unit.traceparent), to=RESULTS)

    @consumes("registry.consent.changed.v1")
    def on_consent_changed(self, unit: Unit, event: Event) -> None:
        """The person changed their mind."""
        self.app.hear_consent(unit, event)

    @consumes("referral.accepted.v1")
    def on_accepted(self, unit: Unit, event: Event) -> None:
        """A partner took the referral."""
        self.app.hear_acceptance(unit, event)

    @consumes("referral.case.opened.v1")
    def on_case_opened(self, unit: Unit, event: Event) -> None:
        """Referral took the case on."""
        self.app.hear_step(unit, event)

    @consumes("referral.case.closed.v1")
    def on_case_closed(self, unit: Unit, event: Event) -> None:
        """Nothing is left to do."""
        self.app.hear_step(unit, event)

    @consumes("referral.case.reopened.v1")
    def on_case_reopened(self, unit: Unit, event: Event) -> None:
        """News has opened the case, or what was settled in it, again."""
        self.app.hear_step(unit, event)

    @consumes("referral.offered.v1")
    def on_offered(self, unit: Unit, event: Event) -> None:
        """A partner is asked."""
        self.app.hear_step(unit, event)

    @consumes("referral.declined.v1")
    def on_declined(self, unit: Unit, event: Event) -> None:
        """A partner said no."""
        self.app.hear_step(unit, event)

    @consumes("referral.expired.v1")
    def on_expired(self, unit: Unit, event: Event) -> None:
        """A partner was silent."""
        self.app.hear_step(unit, event)

    @consumes("referral.started.v1")
    def on_started(self, unit: Unit, event: Event) -> None:
        """A partner is at work."""
        self.app.hear_step(unit, event)

    @consumes("referral.completed.v1")
    def on_completed(self, unit: Unit, event: Event) -> None:
        """A partner has done it."""
        self.app.hear_step(unit, event)

    @consumes("referral.failed.v1")
    def on_failed(self, unit: Unit, event: Event) -> None:
        """A partner could not do it."""
        self.app.hear_step(unit, event)

    @consumes("referral.withdrawn.v1")
    def on_withdrawn(self, unit: Unit, event: Event) -> None:
        """An open offer was taken back."""
        self.app.hear_step(unit, event)

    @consumes("referral.recalled.v1")
    def on_recalled(self, unit: Unit, event: Event) -> None:
        """An accepted referral was taken back."""
        self.app.hear_step(unit, event)

    @consumes("referral.unroutable.v1")
    def on_unroutable(self, unit: Unit, event: Event) -> None:
        """No partner fits; a duty officer has the case."""
        self.app.hear_step(unit, event)
