"""Ask a human to confirm a contact again when its time has come, and again as long as no one has."""

from __future__ import annotations

from functools import partial

from ngao.chassis.handlers import every, measures
from ngao.chassis.measuring import SELDOM_S
from ngao.contracts.events.registry import ContactOutdated
from services.registry.contact.standing import terms_of
from services.registry.contact.store import overdue
from services.registry.context import Context, RegistryParts
from services.registry.people.finding import cases_of, person_of

_AT_ONCE = 100


@every(seconds=300)
def ring_for_contacts(parts: RegistryParts) -> None:
    """Ring for each person whose contact is due, each in a unit of its own: of two processes one conflicts, and rings no more."""
    for ref in parts.read().contact_safety.to_ring(parts.clock.now(), _AT_ONCE):
        parts.run(partial(ring, ref=ref))


def ring(ctx: Context, ref: str) -> bool:
    """Publish that the contact of a person is to be confirmed again, once for each time it is due.

    The event names the person's newest case, so that it leads there; without a case the person's reference stands for it.
    """
    record, person = ctx.contact_safety.get(ref), person_of(ctx, ref)
    if record is None or person is None or record.ring_at is None or record.ring_at > ctx.now:
        return False
    record.ring(ctx.now, terms_of(ctx))
    ctx.contact_safety.save(record)
    cases = [case for case in cases_of(ctx, person) if case.is_open]
    subject = cases[-1].id if cases else person.ref
    ctx.publish(ContactOutdated(case_ref=subject, defender_ref=person.ref), subject=subject, urgent=False)
    return True


@measures(seconds=SELDOM_S)
def measure_due_contacts(parts: RegistryParts) -> None:
    """Export of how many persons a contact is to be confirmed again and no one was asked yet."""
    count, first = overdue(parts.clock.now())
    parts.metrics.overdue("contact_confirmation", count, (parts.clock.now() - first).total_seconds() if first else 0.0)
