"""The names of the queues that a service reads."""

from __future__ import annotations

from ngao.contracts import CATALOGUE


def lane_name(queue: str, outsider_id: str) -> str:
    """The plain name of the lane that leads one outsider's messages to a queue's reader."""
    return f"{queue}.{outsider_id}"


def lane_owner(queue: str, name: str) -> str | None:
    """Whose lane to a queue it is, by its plain name; None for any other queue."""
    beside, _, outsider_id = name.rpartition(".")
    return outsider_id if beside == queue else None


def subscription_queues(service: str, event_type: str) -> tuple[tuple[str, str], ...]:
    """The routine queue of a subscription, and the urgent one where there is one, each with the routing key it is bound with."""
    name = f"{service}.{event_type}"
    routine, urgent = (name, f"routine.{event_type}"), (f"{name}.urgent", f"urgent.{event_type}")
    known = CATALOGUE.get(event_type)
    return (routine, urgent) if known is None or known.may_be_urgent else (routine,)
