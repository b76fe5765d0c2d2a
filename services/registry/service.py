"""The registry's entrypoints."""

from __future__ import annotations

from typing import Any

from nameko.timer import timer

from ngao.chassis.approvals.asking import always
from ngao.chassis.errors import InvalidInput
from ngao.chassis.guard import guarded
from ngao.chassis.http.app import App
from ngao.chassis.http.auditing import itself
from ngao.chassis.http.endpoints import ChassisEndpoints
from ngao.chassis.http.entrypoint import Answer, Call, http
from ngao.chassis.messaging.consumer import consumes
from ngao.chassis.messaging.holding import holds_heads
from ngao.chassis.storage.unit_of_work import Unit
from ngao.contracts import Event, FieldError
from services.registry.people import responses as api


def _gives(_service: Any, call: Call, **_values: str) -> bool:
    """A withdrawal only protects, so it waits for nobody."""
    return bool(call.load()["granted"])


def _link_loosens(service: Any, call: Call, case_ref: str) -> bool:
    return bool(service.app.link_loosens(case_ref, call.load()["defender_ref"]))


def _separation_loosens(service: Any, _call: Call, case_ref: str) -> bool:
    return bool(service.app.separation_loosens(case_ref))


class RegistryService(ChassisEndpoints):
    """Who defenders are, what they agreed to, and how they may be reached."""

    name = "registry"
    app = App()

    on_audit_of_intake = holds_heads("intake")
    on_audit_of_referral = holds_heads("referral")
    on_audit_of_notify = holds_heads("notify")

    @consumes("intake.report.accepted.v1")
    def on_report_accepted(self, unit: Unit, event: Event) -> None:
        """Find out who it is, and say so."""
        self.app.report_accepted(unit, event)

    @consumes("intake.report.updated.v1")
    def on_report_updated(self, unit: Unit, event: Event) -> None:
        """Take the consents as they are now, and what is corrected about the person."""
        self.app.report_updated(unit, event)

    @consumes("intake.report.withdrawn.v1")
    def on_report_withdrawn(self, unit: Unit, event: Event) -> None:
        """Tell nothing more for this case."""
        self.app.report_withdrawn(unit, event)

    @consumes("referral.accepted.v1")
    def on_offer_accepted(self, unit: Unit, event: Event) -> None:
        """Disclose to the partner how to reach the person, or say why not."""
        self.app.offer_accepted(unit, event)

    @consumes("referral.completed.v1")
    def on_offer_completed(self, unit: Unit, event: Event) -> None:
        """The partner has done it."""
        self.app.offer_ended(unit, event)

    @consumes("referral.failed.v1")
    def on_offer_failed(self, unit: Unit, event: Event) -> None:
        """The partner could not do it."""
        self.app.offer_ended(unit, event)

    @consumes("referral.recalled.v1")
    def on_offer_recalled(self, unit: Unit, event: Event) -> None:
        """The referral was taken back."""
        self.app.offer_ended(unit, event)

    @http("GET", "/v1/defenders/<ref>", who="operator", needs="defenders:read", operation="readDefender",
          audit=itself("defender.read"), query=("reason",),
          summary="Read a defender's record; ?reason= is demanded, values need identity:read.",
          responses={200: api.DefenderShown})
    def read_defender(self, call: Call, ref: str) -> Answer:
        """One record."""
        return Answer(200, api.defender_answer(self.app.defender(ref, call.principal, _reason(call))))

    @http("GET", "/v1/defenders", who="operator", needs="defenders:read", operation="findDefender",
          audit=itself("defender.read"), query=("case_ref", "reason"),
          summary="Read the record of a case's person: ?case_ref= and ?reason=.", responses={200: api.DefenderShown})
    def find_defender(self, call: Call) -> Answer:
        """The record of a case's person."""
        case_ref = _asked(call, "case_ref")
        return Answer(200, api.defender_answer(self.app.defender_of_case(case_ref, call.principal, _reason(call))))

    @http("POST", "/v1/defenders/<ref>/restrictions", who="operator", needs="restrictions:write", operation="addRestriction",
          audit=itself("restriction.added"), summary="Never refer this person to this partner.", request=api.RestrictionRequest,
          responses={200: api.RestrictionsShown})
    def add_restriction(self, call: Call, ref: str) -> Answer:
        """Add a restriction."""
        asked = call.load()
        person = self.app.restrict(ref, asked["partner_id"], asked["reason"], call.principal)
        return Answer(200, api.restrictions_answer(person))

    @http("DELETE", "/v1/defenders/<ref>/restrictions/<partner_id>", who="operator", needs="restrictions:write",
          operation="liftRestriction",
          audit=itself("restriction.lifted"),
          summary="Take a restriction back.", responses={200: api.RestrictionsShown}, two_person=always)
    def lift_restriction(self, call: Call, ref: str, partner_id: str) -> Answer:
        """Lift a restriction."""
        return Answer(200, api.restrictions_answer(self.app.lift(ref, partner_id, call.principal)))

    @http("POST", "/v1/defenders/<ref>/consents", who="operator", needs="consents:write", operation="changeConsent",
          audit=itself("consent.granted", "consent.withdrawn"),
          summary="The person gives or withdraws a consent.", request=api.ConsentRequest, responses={200: api.CasesTold},
          two_person=_gives)
    def change_consent(self, call: Call, ref: str) -> Answer:
        """Note a consent or a withdrawal."""
        return Answer(200, {"cases": self.app.consent(ref, call.load(), call.principal)})

    @http("POST", "/v1/defenders/<ref>/source-references", who="operator", needs="defenders:write",
          operation="nameForSource",
          audit=itself("reference.given"), summary="Give a source a reference of its own for this person.",
          request=api.SourceRequest, responses={200: api.ReferenceShown})
    def name_for_source(self, call: Call, ref: str) -> Answer:
        """Always the same for one person and one source."""
        source_id = call.load()["source_id"]
        return Answer(200, {"source_id": source_id, "reference": self.app.name_for_source(ref, source_id, call.principal)})

    @http("GET", "/v1/candidates", who="operator", needs="defenders:read", operation="listCandidates",
          audit=itself("candidate.read"), query=("reason",),
          summary="Cases whose person may be known already; ?reason= is demanded.", responses={200: api.CandidatesShown})
    def list_candidates(self, call: Call) -> Answer:
        """What waits for a human."""
        return Answer(200, api.candidates_answer(self.app.candidates(call.principal, _reason(call))))

    @http("POST", "/v1/candidates/<case_ref>/link", who="operator", needs="defenders:write", operation="linkCandidate",
          audit=itself("candidate.linked"),
          summary="They are the same person.", request=api.LinkRequest, responses={200: api.Decided}, two_person=_link_loosens)
    def link_candidate(self, call: Call, case_ref: str) -> Answer:
        """Link two records."""
        return Answer(200, api.decided_answer(self.app.link(case_ref, call.load()["defender_ref"], call.principal)))

    @http("POST", "/v1/candidates/<case_ref>/separate", who="operator", needs="defenders:write", operation="separateCandidate",
          audit=itself("candidate.separate"),
          summary="They are two persons; a link made before is taken back.", responses={200: api.Decided},
          two_person=_separation_loosens)
    def separate_candidate(self, call: Call, case_ref: str) -> Answer:
        """Keep two records apart."""
        return Answer(200, api.decided_answer(self.app.separate(case_ref, call.principal)))

    @timer(interval=2)
    @guarded
    def absorb(self) -> None:
        """Let records take over what later reports told."""
        self.app.absorb()

    @timer(interval=3600)
    @guarded
    def forget(self) -> None:
        """Forget what is past its time."""
        self.app.forget()


def _reason(call: Call) -> str:
    return _asked(call, "reason")


def _asked(call: Call, name: str) -> str:
    value = call.query.get(name)
    if not value:
        raise InvalidInput(f"The query needs {name}.", [FieldError(f"/{name}", "required", "Give it in the query.")])
    return value
