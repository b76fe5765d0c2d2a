"""Notify's entrypoints."""

from __future__ import annotations

from typing import Any

from nameko.timer import timer

from ngao.chassis.errors import NotFound
from ngao.chassis.http.app import App
from ngao.chassis.http.auditing import itself, lists, shows
from ngao.chassis.http.endpoints import ChassisEndpoints
from ngao.chassis.http.entrypoint import Answer, Call, http
from ngao.chassis.messaging.consumer import consumes
from ngao.chassis.storage.unit_of_work import Unit
from ngao.chassis.timers import guarded
from ngao.contracts import Event
from services.notify.messages import responses as http_api
from services.notify.roster.model import DUTY_OFFICER, PARTNER, Recipient


class NotifyService(ChassisEndpoints):
    """Hears what happens, tells people, is told that they know."""

    name = "notify"
    app = App()

    @consumes("intake.report.accepted.v1")
    def on_report_accepted(self, unit: Unit, event: Event) -> None:
        """A report is stored."""
        self.app.tell(unit, event)

    @consumes("intake.report.updated.v1")
    def on_report_updated(self, unit: Unit, event: Event) -> None:
        """A report is not what it was: its urgency may have risen."""
        self.app.tell(unit, event)

    @consumes("intake.report.quarantined.v1")
    def on_report_quarantined(self, unit: Unit, event: Event) -> None:
        """A body could not be read as a report: nobody knows yet how urgent it is."""
        self.app.tell(unit, event)

    @consumes("intake.quarantine.filled.v1")
    def on_quarantine_filled(self, unit: Unit, event: Event) -> None:
        """No more is taken from a source whose bodies cannot be read."""
        self.app.tell(unit, event)

    @consumes("registry.defender.resolved.v1")
    def on_defender_resolved(self, unit: Unit, event: Event) -> None:
        """Whether the defender may be contacted."""
        self.app.learn(unit, event)

    @consumes("referral.offered.v1")
    def on_offered(self, unit: Unit, event: Event) -> None:
        """A partner is asked."""
        self.app.tell(unit, event)

    @consumes("referral.accepted.v1")
    def on_accepted(self, unit: Unit, event: Event) -> None:
        """A partner said yes; that its keys are vouched for by now concerns only those who disclose."""
        if not event.data["again"]:
            self.app.tell(unit, event)

    @consumes("referral.declined.v1")
    def on_declined(self, unit: Unit, event: Event) -> None:
        """A partner said no."""
        self.app.tell(unit, event)

    @consumes("referral.expired.v1")
    def on_expired(self, unit: Unit, event: Event) -> None:
        """A partner was silent."""
        self.app.tell(unit, event)

    @consumes("referral.started.v1")
    def on_started(self, unit: Unit, event: Event) -> None:
        """A partner is at work."""
        self.app.tell(unit, event)

    @consumes("referral.completed.v1")
    def on_completed(self, unit: Unit, event: Event) -> None:
        """A partner has done it."""
        self.app.tell(unit, event)

    @consumes("referral.failed.v1")
    def on_failed(self, unit: Unit, event: Event) -> None:
        """A partner could not do it."""
        self.app.tell(unit, event)

    @consumes("referral.withdrawn.v1")
    def on_withdrawn(self, unit: Unit, event: Event) -> None:
        """An open offer is taken back."""
        self.app.tell(unit, event)

    @consumes("referral.recalled.v1")
    def on_recalled(self, unit: Unit, event: Event) -> None:
        """An accepted referral is taken back."""
        self.app.tell(unit, event)

    @consumes("referral.unroutable.v1")
    def on_unroutable(self, unit: Unit, event: Event) -> None:
        """No partner fits."""
        self.app.tell(unit, event)

    @consumes("referral.case.reopened.v1")
    def on_case_reopened(self, unit: Unit, event: Event) -> None:
        """News has opened a case, or what was settled in it, again."""
        self.app.tell(unit, event)

    @consumes("referral.helper.revoked.v1")
    def on_helper_revoked(self, unit: Unit, event: Event) -> None:
        """A partner was revoked and holds a need."""
        self.app.tell(unit, event)

    @consumes("referral.disclosure.missed.v1")
    def on_disclosure_overdue(self, unit: Unit, event: Event) -> None:
        """A partner accepted and has no contact or narrative."""
        self.app.tell(unit, event)

    @timer(interval=0.5)
    @guarded
    def send_due(self) -> None:
        """Send what is due, urgent first."""
        self.app.send_due(urgent_only=False)

    @timer(interval=0.5)
    @guarded
    def send_urgent(self) -> None:
        """A lane of its own, so that a slow mail server holding a routine message does not hold an urgent one."""
        self.app.send_due(urgent_only=True)

    @timer(interval=5)
    @guarded
    def escalate_due(self) -> None:
        """Tell the next human where nobody acknowledged in time."""
        self.app.escalate_due()

    @timer(interval=600)
    @guarded
    def forget(self) -> None:
        """Destroy the addresses of those whose time off the roster is over."""
        self.app.forget()

    @http(
        "PUT", "/v1/roster/duty-officers/<officer_id>", who="operator", needs="roster:write", operation="putDutyOfficer",
        audit=itself("roster.put"), request=http_api.RosterEntry,
        summary="Keep or replace a person of the ladders.", responses={200: http_api.RosterEntryShown},
    )  # fmt: skip
    def put_duty_officer(self, call: Call, officer_id: str) -> dict[str, Any]:
        """The id is what `ladders` in notifications.yaml names."""
        return self._put(call, Recipient(DUTY_OFFICER, http_api.roster_id(officer_id)))

    @http(
        "GET", "/v1/roster/duty-officers/<officer_id>", who="operator", needs="roster:read", operation="showDutyOfficer",
        audit=itself("roster.read"),
        summary="One person of the ladders, address masked.", responses={200: http_api.RosterEntryShown},
    )  # fmt: skip
    def show_duty_officer(self, call: Call, officer_id: str) -> dict[str, Any]:
        """That it was read is audited."""
        found: list[dict[str, Any]] = self.app.roster(call.principal.id, DUTY_OFFICER, http_api.roster_id(officer_id))
        if not found:
            raise NotFound("There is no such roster entry.")
        return found[0]

    @http(
        "PUT", "/v1/roster/partners/<partner_id>", who="operator", needs="roster:write", operation="putPartnerContact",
        audit=itself("roster.put"), request=http_api.RosterEntry,
        summary="Keep or replace whom a partner wants told.", responses={200: http_api.RosterEntryShown},
    )  # fmt: skip
    def put_partner(self, call: Call, partner_id: str) -> dict[str, Any]:
        """The id is the partner's in the directory."""
        return self._put(call, Recipient(PARTNER, http_api.roster_id(partner_id)))

    @http(
        "DELETE", "/v1/roster/duty-officers/<officer_id>", who="operator", needs="roster:write", operation="removeDutyOfficer",
        audit=itself("roster.removed"), summary="Take a person off the ladders; the address is destroyed.", responses={204: None},
    )  # fmt: skip
    def remove_duty_officer(self, call: Call, officer_id: str) -> Answer:
        """A ladder that names them passes them over."""
        self.app.take_off_roster(Recipient(DUTY_OFFICER, http_api.roster_id(officer_id)), call.principal.id)
        return Answer(204, None)

    @http(
        "DELETE", "/v1/roster/partners/<partner_id>", who="operator", needs="roster:write", operation="removePartnerContact",
        audit=itself("roster.removed"),
        summary="Tell a partner nothing any more; the address is destroyed.", responses={204: None},
    )  # fmt: skip
    def remove_partner(self, call: Call, partner_id: str) -> Answer:
        """The partner itself stays in the directory."""
        self.app.take_off_roster(Recipient(PARTNER, http_api.roster_id(partner_id)), call.principal.id)
        return Answer(204, None)

    @http(
        "GET", "/v1/roster", who="operator", needs="roster:read", operation="listRoster",
        audit=itself("roster.read"),
        summary="Everybody who can be told, addresses masked.", responses={200: http_api.RosterShown},
    )  # fmt: skip
    def list_roster(self, call: Call) -> dict[str, Any]:
        """That it was read is audited."""
        return {"roster": self.app.roster(call.principal.id)}

    @http(
        "GET", "/v1/messages", who="operator", needs="messages:read", operation="listMessages",
        audit=lists("messages"), query=http_api.QUERY_OF_MESSAGES,
        summary="Messages, newest first; by case_ref, state, reference.", responses={200: http_api.MessagesShown},
    )  # fmt: skip
    def list_messages(self, call: Call) -> dict[str, Any]:
        """`?state=refused` and `?state=failed` are what an operator should look at."""
        found: dict[str, Any] = self.app.messages(http_api.wanted(call.query))
        return found

    @http(
        "GET", "/v1/messages/<message_id>", who="operator", needs="messages:read", operation="showMessage",
        audit=shows("message.read", "message_id"), summary="One message and its history.", responses={200: http_api.MessageShown},
    )  # fmt: skip
    def show_message(self, call: Call, message_id: str) -> dict[str, Any]:  # noqa: ARG002 - every handler is given its call
        """By reference; never the address."""
        found: dict[str, Any] = self.app.message(message_id)
        return found

    @http(
        "POST", "/v1/messages/<message_id>/acknowledge", who="operator", needs="messages:write", operation="acknowledgeMessage",
        audit=itself("message.acknowledged"),
        summary="Say that it has been seen; stops the ladder.", responses={200: http_api.MessageShown},
    )  # fmt: skip
    def acknowledge(self, call: Call, message_id: str) -> dict[str, Any]:
        """A second time changes nothing."""
        seen: dict[str, Any] = self.app.acknowledge(message_id, call.principal.id)
        return seen

    def _put(self, call: Call, recipient: Recipient) -> dict[str, Any]:
        kept: dict[str, Any] = self.app.put_on_roster(recipient, call.load(), call.principal.id)
        return kept
