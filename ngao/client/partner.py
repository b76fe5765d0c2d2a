"""The client of a partner: receives offers, urgent ones first, answers them, and opens disclosures.

The example of use is `docs/how-to/partner.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from ngao.client import account as accounts
from ngao.client.account import Account
from ngao.client.consumer import Consumer
from ngao.client.errors import Refused, SealBroken
from ngao.client.keys import Keys
from ngao.client.publisher import Publisher
from ngao.client.seen import InMemorySeen, Latest, Seen
from ngao.contracts import Audience, Event, InvalidContent, UnknownType, decode, event_of, open_event, type_named
from ngao.contracts.events import replies
from ngao.contracts.events.intake import NarrativeDisclosed
from ngao.contracts.events.referral import OfferMade
from ngao.contracts.events.registry import ContactDisclosed

OFFERED = OfferMade.type_name
DISCLOSURES = (ContactDisclosed.type_name, NarrativeDisclosed.type_name)
REPLIES = "partner-replies"
_RECEIPTS = UUID("5d0f3c1e-6b0c-5e5e-9d52-0c8a1f6a7b11")

Handler = Callable[[Event], object]


class PartnerClient:
    """One partner's connection to the platform.

    Handlers run one at a time and should return within seconds: meanwhile nothing else is consumed and no heartbeat is
    answered. `seen` stores handled events; use a FileSeen or your own to keep it over restarts.
    """

    def __init__(self, account: Account, keys: Keys, *, seen: Seen | None = None) -> None:
        self._account = account
        self._keys = keys
        self._seen: Seen = InMemorySeen() if seen is None else seen
        self._handlers: dict[str, Handler] = {}
        self._publisher = Publisher(account.broker)
        self._handling: Event | None = None
        self._cases: Latest[str, str] = Latest()
        self._receipted = ""
        self._stopped = False

    @classmethod
    def from_file(cls, path: str | Path, *, seen: Seen | None = None) -> PartnerClient:
        """Read the account file of onboarding and the private keys beside it. Raises BadAccount."""
        account = accounts.load(Path(path), "partner")
        return cls(account, Keys.from_directory(account.keys_directory), seen=seen)

    @property
    def partner_id(self) -> str:
        """Our id on the platform."""
        return self._account.id

    def on(self, event_type: str) -> Callable[[Handler], Handler]:
        """Register the handler of an event type. Raises UnknownType for a type that the platform never sends to a partner.

        The handler gets an event whose `data` has native values. The opened content of a disclosure is `data["disclosed"]`.
        """
        if Audience.PARTNER not in type_named(event_type).audiences:
            raise UnknownType(f"The platform never sends {event_type} to a partner, so that its handler would never run.")

        def named(handler: Handler) -> Handler:
            self._handlers[event_type] = handler
            return handler

        return named

    def run(self, until: Callable[[], bool] | None = None) -> None:
        """Consume until `until()` is true or `stop()` is called, and reconnect automatically. Raises Refused, BadAccount."""
        self._stopped = False
        queues = [self._account.queue("urgent"), self._account.queue("routine")]
        consumer = Consumer(self._account.broker, queues, self._handle, idle=self._publisher.pump)
        consumer.run(lambda: self._stopped or (until is not None and until()))

    def stop(self) -> None:
        """Make `run` return after the current message. Can be called from a handler, a signal or another thread."""
        self._stopped = True

    def close(self) -> None:
        """Close the connection for replies."""
        self._publisher.close()

    def accept(self, offer_id: str, case_ref: str | None = None) -> None:
        """Accept the referral. Contact and narrative follow, sealed, as far as the person has consented.

        It is signed with our signing key, if there is one. `case_ref` is that of the offer; it can be left out in the program
        that has handled the offer.
        """
        case_ref = case_ref or self._cases.get(offer_id)
        if case_ref is None and self._keys.can_sign:
            raise Refused("This program has not received the offer. Give its case_ref, which the signature covers.", status=422)
        self._reply(replies.AcceptReply(offer_id=offer_id, **self._keys.accepts(self.partner_id, offer_id, case_ref or "")))

    def decline(self, offer_id: str, reason: str) -> None:
        """Decline, so that another partner is asked immediately. `reason` is a code: no_capacity, out_of_area, unsafe, ..."""
        self._reply(replies.DeclineReply(offer_id=offer_id, reason=reason))

    def start(self, offer_id: str) -> None:
        """Report that the work has begun."""
        self._reply(replies.StartReply(offer_id=offer_id))

    def complete(self, offer_id: str, outcome: str = "helped") -> None:
        """Report that the work is done. `outcome` is a code: helped, partly_helped, advised, handed_over."""
        self._reply(replies.CompleteReply(offer_id=offer_id, outcome=outcome))

    def fail(self, offer_id: str, reason: str) -> None:
        """Report that the work cannot be done; the need is offered again. `reason` is a code: unreachable, unsafe, ..."""
        self._reply(replies.FailReply(offer_id=offer_id, reason=reason))

    def _reply(self, reply: replies.OfferReply) -> None:
        """Publish a reply. Raises Unreachable, and Refused, for example for a code that the contract does not know."""
        made = self._made(reply)
        offered = self._handling
        if offered is not None and offered.data["offer_id"] == reply.offer_id and self._receipted != offered.id:
            self._receipt(offered)  # a reply from inside the handler must not overtake the receipt
        self._publish(made)

    def _handle(self, body: bytes) -> None:
        event = decode(body)
        self._account.signed_by.demand(event, body)
        handler = self._handlers.get(event.type)
        if handler is None:
            type_named(event.type)
            return
        opened, self._receipted = self._opened(event), ""
        if event.type == OFFERED:
            self._cases[opened.data["offer_id"]] = opened.data["case_ref"]
        if event.id not in self._seen:
            self._call(handler, opened)
            self._seen.add(event.id)
        if event.type == OFFERED and self._receipted != event.id:
            self._receipt(opened)

    def _call(self, handler: Handler, event: Event) -> None:
        self._handling = event if event.type == OFFERED else None
        try:
            handler(event)
        finally:
            self._handling = None

    def _opened(self, event: Event) -> Event:
        data = open_event(event)
        if event.type in DISCLOSURES:
            data["disclosed"] = self._disclosed(data)
        return replace(event, data=data)

    def _disclosed(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return the content of a box, if it belongs to the case and the offer of its envelope."""
        try:
            content = json.loads(self._keys.open(data["key_id"], data.pop("box")))
        except ValueError:
            raise SealBroken("The disclosure's content is not JSON.") from None
        same = isinstance(content, dict) and all(content.get(name) == data[name] for name in ("case_ref", "offer_id"))
        if not same:
            raise SealBroken("The disclosure's content belongs to another offer.")
        return dict(content)

    def _receipt(self, offered: Event) -> None:
        """Confirm that we have received the offer. Its id is derived from the offer's: a repeated receipt is the same event."""
        made = self._made(replies.ReceiptReply(offer_id=offered.data["offer_id"]))
        self._publish(replace(made, id=str(uuid5(_RECEIPTS, offered.id)), urgent=offered.urgent))
        self._receipted = offered.id

    def _made(self, reply: replies.OfferReply) -> Event:
        try:
            return event_of(reply, subject=reply.offer_id, source=f"/partner/{self.partner_id}")
        except InvalidContent as error:
            errors = [each.as_dict() for each in error.errors]
            raise Refused("Some fields of the reply are invalid. See `errors`.", status=422, errors=errors) from None

    def _publish(self, event: Event) -> None:
        verb = event.type.split(".")[2]
        self._publisher.publish(event, exchange=REPLIES, routing_key=f"{self.partner_id}.{verb}")
