"""Referral's entrypoints: what it hears, answers and does in time."""

from __future__ import annotations

from typing import Any

from nameko.timer import timer

from ngao.broker.exchanges import PARTNERS
from ngao.chassis.errors import InvalidInput
from ngao.chassis.http.app import App
from ngao.chassis.http.auditing import itself, lists, nothing
from ngao.chassis.http.endpoints import ChassisEndpoints
from ngao.chassis.http.entrypoint import Answer, Call, http
from ngao.chassis.messaging.consumer import consumes, consumes_edge
from ngao.chassis.messaging.delivery import Delivery
from ngao.chassis.messaging.holding import holds_heads
from ngao.chassis.storage.unit_of_work import Unit
from ngao.chassis.timers import guarded
from ngao.contracts import Event, FieldError
from services.referral import views
from services.referral.cases.model import Life
from services.referral.directory import responses as api
from services.referral.messages import reply_from
from services.referral.offers.model import Verb
from services.referral.offers.partner_posts import Post

_MOST = 10**15


def _gives_what_opens(service: Any, call: Call, partner_id: str) -> bool:
    data = call.load()
    return bool(service.app.gives_what_opens(api.partner_from(_partner_id(partner_id), data), new_key=data["new_key"]))


class ReferralService(ChassisEndpoints):
    """Cases, offers and the partner directory."""

    name = "referral"
    app = App()

    on_audit_of_intake = holds_heads("intake")
    on_audit_of_notify = holds_heads("notify")
    on_audit_of_registry = holds_heads("registry")

    # Events

    @consumes("intake.report.accepted.v1")
    def on_report_accepted(self, unit: Unit, event: Event) -> None:
        """A report opens a case."""
        self.app.report_accepted(unit, event)

    @consumes("intake.report.updated.v1")
    def on_report_updated(self, unit: Unit, event: Event) -> None:
        """Later facts about a report."""
        self.app.report_updated(unit, event)

    @consumes("intake.report.withdrawn.v1")
    def on_report_withdrawn(self, unit: Unit, event: Event) -> None:
        """The source took the report back."""
        self.app.report_withdrawn(unit, event)

    @consumes("registry.defender.resolved.v1")
    def on_defender_resolved(self, unit: Unit, event: Event) -> None:
        """The registry knows the restrictions."""
        self.app.defender_resolved(unit, event)

    @consumes("registry.consent.changed.v1")
    def on_consent_changed(self, unit: Unit, event: Event) -> None:
        """A consent was given or withdrawn."""
        self.app.consent_changed(unit, event)

    @consumes("registry.contact.disclosed.v1")
    def on_contact_disclosed(self, unit: Unit, event: Event) -> None:
        """A partner was given the contact."""
        self.app.disclosed(unit, event)

    @consumes("registry.contact.withheld.v1")
    def on_contact_withheld(self, unit: Unit, event: Event) -> None:
        """A partner was refused the contact."""
        self.app.disclosed(unit, event)

    @consumes("intake.narrative.disclosed.v1")
    def on_narrative_disclosed(self, unit: Unit, event: Event) -> None:
        """A partner was given the narrative."""
        self.app.disclosed(unit, event)

    @consumes("intake.narrative.withheld.v1")
    def on_narrative_withheld(self, unit: Unit, event: Event) -> None:
        """A partner was refused the narrative."""
        self.app.disclosed(unit, event)

    @consumes("notify.message.sent.v1")
    def on_message_sent(self, unit: Unit, event: Event) -> None:
        """Somebody was told."""
        self.app.message_told(unit, event)

    @consumes("notify.message.delivered.v1")
    def on_message_delivered(self, unit: Unit, event: Event) -> None:
        """A message has arrived."""
        self.app.message_told(unit, event)

    @consumes("notify.message.failed.v1")
    def on_message_failed(self, unit: Unit, event: Event) -> None:
        """A message could not be sent."""
        self.app.message_told(unit, event)

    @consumes("notify.message.refused.v1")
    def on_message_refused(self, unit: Unit, event: Event) -> None:
        """A message would not have been safe."""
        self.app.message_told(unit, event)

    @consumes("notify.message.acknowledged.v1")
    def on_message_acknowledged(self, unit: Unit, event: Event) -> None:
        """A human has seen it."""
        self.app.message_told(unit, event)

    @consumes_edge("partner-replies", queue="referral.partner-replies", outsiders="partners")
    def on_partner_reply(self, unit: Unit, delivery: Delivery) -> None:
        """A partner answers over AMQP."""
        self.app.partner_posted(unit, Post(delivery.body, delivery.routing_key, delivery.user_id))

    @timer(interval=1)
    @guarded
    def end_waits(self) -> None:
        """Deadlines."""
        self.app.expire_due()

    @timer(interval=1)
    @guarded
    def shut_out(self) -> None:
        """Offers to partners that are not trusted any more."""
        self.app.shut_out()

    @timer(interval=600)
    @guarded
    def forget(self) -> None:
        """Forget what is past its time."""
        self.app.forget()

    # Operators

    @http("PUT", "/v1/partners/<partner_id>", who="operator", needs="partners:write", operation="putPartner",
          audit=itself("partner.put"), request=api.PartnerRequest,
          summary="Create or replace a partner; a new one gets its bearer key, `new_key` gives another.",
          responses={200: api.PartnerView, 201: api.PartnerView}, two_person=_gives_what_opens)
    def put_partner(self, call: Call, partner_id: str) -> Answer:
        """Keep a partner; the key is shown this once."""
        data = call.load()
        partner = api.partner_from(_partner_id(partner_id), data)
        kept = self.app.put_partner(partner, call.principal.id, new_key=data["new_key"])
        return Answer(201 if kept.created else 200, {**views.partner_view(kept.partner), "key": kept.key})

    @http("GET", "/v1/partners/<partner_id>", who="operator", needs="partners:read", operation="getPartner",
          audit=nothing(api.AN_ORGANISATION), summary="A partner and its load.", responses={200: api.PartnerView})
    def get_partner(self, _call: Call, partner_id: str) -> dict[str, Any]:
        """One partner."""
        return views.partner_view(*self.app.partner(partner_id))

    @http("POST", "/v1/partners/<partner_id>/revoke", who="operator", needs="partners:write", operation="revokePartner",
          audit=itself("partner.revoked"), request=api.NothingRequest,
          summary="Shut a partner out at once; the answer lists what it had taken.", responses={200: api.OffersView})
    def revoke_partner(self, call: Call, partner_id: str) -> dict[str, Any]:
        """Its key opens nothing, its open offers go to others, what it took is shown to a human."""
        return views.held_view(self.app.revoke_partner(partner_id, call.principal.id))

    @http("GET", "/v1/partners/<partner_id>/offers", who="operator", needs="partners:read", operation="listPartnerOffers",
          audit=lists("offers"),
          summary="What a partner has open or has taken, the oldest first.", responses={200: api.OffersView})
    def list_partner_offers(self, _call: Call, partner_id: str) -> dict[str, Any]:
        """What a partner holds."""
        return views.held_view(self.app.offers_of(partner_id))

    @http("GET", "/v1/partners", who="operator", needs="partners:read", operation="listPartners",
          audit=nothing(api.AN_ORGANISATION), summary="The directory.", responses={200: api.PartnersView})
    def list_partners(self, call: Call) -> dict[str, Any]:
        """All partners."""
        missed = {each.recipient: each for each in call.chassis.backlog.unreached() if each.to == PARTNERS}
        return {"partners": [views.partner_view(partner, load, missed.get(partner.id)) for partner, load in self.app.partners()]}

    @http("GET", "/v1/cases", who="operator", needs="cases:read", operation="listCases",
          audit=lists("cases"), query=("state", "limit"),
          summary="Cases, the newest first; `?state=waiting|open|closed&limit=`.", responses={200: api.CasesView})
    def list_cases(self, call: Call) -> dict[str, Any]:
        """Cases in short."""
        limit = api.whole_number(call.query, "limit", 100, 1000)
        return {"cases": [views.case_view(case) for case in self.app.cases(_life(call), limit)]}

    @http("GET", "/v1/cases/<case_ref>", who="operator", needs="cases:read", operation="getCase",
          audit=itself("case.read"), summary="A case and its story so far.", responses={200: api.StoryView})
    def get_case(self, call: Call, case_ref: str) -> dict[str, Any]:
        """The story of a case."""
        return views.story_view(*self.app.story(case_ref, call.principal.id))

    @http("GET", "/v1/cases/<case_ref>/match", who="operator", needs="cases:read", operation="explainMatch",
          audit=itself("case.match_read"), query=("partner_id",),
          summary="Whom the case would be offered to, and why; `?partner_id=` asks about one.", responses={200: api.MatchesView})
    def explain_match(self, call: Call, case_ref: str) -> dict[str, Any]:
        """A dry run, explained."""
        return views.matches_view(case_ref, self.app.explain(case_ref, call.principal.id, call.query.get("partner_id")))

    @http("POST", "/v1/cases/<case_ref>/match", who="operator", needs="cases:write", operation="matchAgain",
          audit=itself("case.match_again"), request=api.NothingRequest,
          summary="Match the needs that a human holds again now.", responses={200: api.CaseView})
    def match_again(self, call: Call, case_ref: str) -> dict[str, Any]:
        """Offer what can be offered now."""
        return views.case_view(self.app.match_again(case_ref, call.principal.id))

    @http("POST", "/v1/cases/<case_ref>/needs/<need>/settle", who="operator", needs="cases:write", operation="settleNeed",
          audit=itself("need.settled"), request=api.SettleRequest,
          summary="A human says that a need is met or gone.", responses={200: api.CaseView})
    def settle_need(self, call: Call, case_ref: str, need: str) -> dict[str, Any]:
        """Settle a need."""
        return views.case_view(self.app.settle(case_ref, need, call.load()["reason"], call.principal.id))

    # Partners

    @http("GET", "/v1/partners/me", who="partner", operation="getOwnPartner",
          summary="The calling partner's own record.", responses={200: api.PartnerView})
    def get_me(self, call: Call) -> dict[str, Any]:
        """The partner itself."""
        return views.partner_view(*self.app.partner(call.principal.id))

    @http("GET", "/v1/partners/me/events", who="partner", operation="catchUp", query=("after", "limit"),
          summary="What the partner was told after a cursor; `?after=&limit=`.", responses={200: api.EventsView})
    def catch_up(self, call: Call) -> dict[str, Any]:
        """Events after a cursor."""
        after = api.whole_number(call.query, "after", 0, _MOST)
        page = self.app.catch_up(call.principal.id, after, api.whole_number(call.query, "limit", 100, 500))
        return {"events": page.events, "next_after": page.next_after}

    @http("GET", "/v1/offers/<offer_id>", who="partner", operation="getOffer",
          summary="Where one of the partner's own offers stands.", responses={200: api.OfferView})
    def get_offer(self, call: Call, offer_id: str) -> dict[str, Any]:
        """One offer."""
        return _offer_answer(self.app.offer(call.principal.id, offer_id))

    @http("POST", "/v1/offers/<offer_id>/receipt", who="partner", operation="receiveOffer", request=api.NothingRequest,
          summary="The partner's own system has the offer.", responses={200: api.OfferView})
    def receive_offer(self, call: Call, offer_id: str) -> dict[str, Any]:
        """Note the receipt."""
        return self._reply(call, offer_id, Verb.RECEIPT)

    @http("POST", "/v1/offers/<offer_id>/accept", who="partner", operation="acceptOffer", request=api.AcceptRequest,
          summary="The partner takes the referral.", responses={200: api.OfferView, 409: None})
    def accept_offer(self, call: Call, offer_id: str) -> dict[str, Any]:
        """Accept."""
        return self._reply(call, offer_id, Verb.ACCEPT)

    @http("POST", "/v1/offers/<offer_id>/decline", who="partner", operation="declineOffer", request=api.DeclineRequest,
          summary="The partner says no.", responses={200: api.OfferView, 409: None})
    def decline_offer(self, call: Call, offer_id: str) -> dict[str, Any]:
        """Decline."""
        return self._reply(call, offer_id, Verb.DECLINE)

    @http("POST", "/v1/offers/<offer_id>/start", who="partner", operation="startOffer", request=api.NothingRequest,
          summary="The partner starts work.", responses={200: api.OfferView, 409: None})
    def start_offer(self, call: Call, offer_id: str) -> dict[str, Any]:
        """Start."""
        return self._reply(call, offer_id, Verb.START)

    @http("POST", "/v1/offers/<offer_id>/complete", who="partner", operation="completeOffer", request=api.CompleteRequest,
          summary="The partner has done it.", responses={200: api.OfferView, 409: None})
    def complete_offer(self, call: Call, offer_id: str) -> dict[str, Any]:
        """Complete."""
        return self._reply(call, offer_id, Verb.COMPLETE)

    @http("POST", "/v1/offers/<offer_id>/fail", who="partner", operation="failOffer", request=api.FailRequest,
          summary="The partner cannot do it.", responses={200: api.OfferView, 409: None})
    def fail_offer(self, call: Call, offer_id: str) -> dict[str, Any]:
        """Fail."""
        return self._reply(call, offer_id, Verb.FAIL)

    def _reply(self, call: Call, offer_id: str, verb: Verb) -> dict[str, Any]:
        # A reply that says all by its URL needs no body.
        data = call.load() if call.body or verb in {Verb.DECLINE, Verb.FAIL} else {}
        if verb is Verb.COMPLETE:
            data.setdefault("outcome", "helped")
        reply = reply_from(verb, {**data, "offer_id": offer_id})
        return _offer_answer(self.app.reply(call.principal.id, reply, call.trace))


def _offer_answer(answer: Any) -> dict[str, Any]:
    return views.own_offer_view(answer.case_ref, answer.urgency, answer.offer)


def _partner_id(given: str) -> str:
    if not api.PARTNER_ID.fullmatch(given) or given == "me":
        detail = "Must have 2 to 41 characters: lower-case letters, digits and hyphens, a letter first; not `me`."
        raise InvalidInput("The partner id is not usable.", [FieldError("/partner_id", "format", detail)])
    return given


def _life(call: Call) -> Life | None:
    given = call.query.get("state")
    if given is None:
        return None
    if given not in set(Life):
        raise InvalidInput("The query has an error.", [FieldError("/state", "unknown_code", "Must be waiting, open or closed.")])
    return Life(given)
