"""Whether an event comes from the service that owns its type, by the way its owner publishes it.

RabbitMQ checks topic permissions for a message's first routing key only: before 4.0 the keys in its `CC` and `BCC` headers
are routed unchecked (rabbitmq-server PR 12553), and `BCC` is gone when the message arrives. So that a message is in a
queue proves nothing about who may publish there. What proves it is the broker's own word for the account (`user_id`) and
the agreement of queue, routing key, type and source; and the signature of the service, whose key no broker holds.
"""

from __future__ import annotations

from ngao.chassis.errors import Permanent
from ngao.chassis.messaging.accounts import service_account
from ngao.chassis.messaging.delivery import Delivery
from ngao.chassis.messaging.signatures import Signatures
from ngao.chassis.observability.metrics import Metrics
from ngao.contracts import Event, type_named

_SIGNATURE = "signature"
_CHECKS = {
    "routing-key": "The message has another routing key than its event.",
    "type": "The event has another type than the queue is for.",
    "source": "The event names another source than the owner of its type.",
    "account": "The broker does not vouch for the account of the service that owns the type.",
    _SIGNATURE: "The service that owns the type has not signed these bytes.",
}
"""What has to agree, in the order in which it is looked at."""


class NotAuthentic(Permanent):
    """An event that its owner did not publish, or not to this queue; `errors` names the first thing that does not agree."""

    slug = "not-authentic"

    def __init__(self, check: str) -> None:
        super().__init__(f"The event is not its owner's: {check} does not agree.")
        self.errors = [{"pointer": "", "code": check, "detail": _CHECKS[check]}]


class Authenticity:
    """Asked for every internal event before the inbox is: an event that fails is parked, never handled."""

    def __init__(self, metrics: Metrics, signatures: Signatures) -> None:
        self._metrics, self._signatures = metrics, signatures
        for check in _CHECKS:
            metrics.not_authentic.labels(check)  # Prometheus sees no rise in a number that appears as one

    def demand(self, event: Event, delivery: Delivery, queue_key: str) -> None:
        """Raise NotAuthentic, or UnknownType, for an event that came by a way its owner does not use.

        `queue_key` is the routing key that the queue is bound with. Of a copy that the service itself published again,
        `delivery` has the routing key and the account of the original.
        """
        failed = _failed(event, delivery, queue_key)
        if failed is None and not self._signatures.agree(event, delivery.body):
            failed = _SIGNATURE
        if failed is not None:
            self._metrics.not_authentic.labels(failed).inc()
            raise NotAuthentic(failed)


def _failed(event: Event, delivery: Delivery, queue_key: str) -> str | None:
    owner = type_named(event.type).owner
    agreed = {
        "routing-key": delivery.routing_key == event.routing_key,
        "type": event.routing_key == queue_key,
        "source": event.source == f"/ngao/{owner}",
        "account": delivery.user_id == service_account(owner),
    }
    return next((check for check, agrees in agreed.items() if not agrees), None)
