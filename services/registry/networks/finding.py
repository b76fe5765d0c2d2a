"""Find networks, hubs and memberships: steps that several use cases share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice

from ngao.chassis.errors import InvalidInput, NotFound
from ngao.contracts import FieldError
from services.registry.context import Context
from services.registry.networks.model import KEPT_FOR, Membership, MembershipRecord, Network, Of
from services.registry.people.finding import person_of
from services.registry.people.keeping import keep_for, release
from services.registry.people.model import Person


def known_network(ctx: Context, code: str) -> Network:
    """Return a network. Raises NotFound."""
    network = ctx.policy.networks.get(code)
    if network is None:
        raise NotFound("There is no such network.")
    return network


def check_hub(network: Network, hub: str) -> None:
    """Raise InvalidInput for a hub that the network does not have; none at all is the whole network."""
    if hub and hub not in network.hubs:
        raise InvalidInput("There is no such hub.", [_unknown("/hub", "hub", network.hubs)])


def wrong_place(ctx: Context, network: str, hub: str, role: str) -> list[FieldError]:
    """Return what is wrong with a membership that is asked for. What was given is not repeated."""
    known = ctx.policy.networks.get(network)
    if known is None:
        return [_unknown("/network", "network", ctx.policy.networks)]
    if role not in known.roles:
        return [_unknown("/role", "role", known.roles)]
    if known.roles[role].of is Of.NETWORK:
        detail = "This role is of the whole network. Leave the hub out."
        return [FieldError("/hub", "no_hub_wanted", detail)] if hub else []
    if not hub:
        return [FieldError("/hub", "required", f"This role is of a hub. Give one of: {', '.join(known.hubs)}.")]
    return [] if hub in known.hubs else [_unknown("/hub", "hub", known.hubs)]


def check_place(ctx: Context, network: str, hub: str, role: str) -> None:
    """Raise InvalidInput for a network, hub or role that policy does not have, naming the field."""
    if wrong := wrong_place(ctx, network, hub, role):
        raise InvalidInput("There is no such place in a network.", wrong)


def records_of(ctx: Context, person: Person) -> list[MembershipRecord]:
    """Return the records in which memberships of a person are."""
    return ctx.memberships.of(record.id for record in person.records)


def membership_at(ctx: Context, person: Person, network: str, hub: str) -> tuple[MembershipRecord, Membership | None]:
    """Return the record and the membership of this hub; without one, the record to write to."""
    return _found(ctx, person, lambda each: (each.network, each.hub) == (network, hub))


def known_membership(ctx: Context, person: Person, membership_id: str) -> tuple[MembershipRecord, Membership]:
    """Return the record and the membership with this id. Raises NotFound."""
    record, found = _found(ctx, person, lambda each: each.id == membership_id)
    if found is None:
        raise NotFound("The defender has no such membership.")
    return record, found


def members_at(ctx: Context, refs: Iterable[str], network: str, hub: str) -> Iterator[tuple[Person, Membership]]:
    """Return each person of these records once, with her current membership of this hub, whichever record it is on."""
    wanted = list(dict.fromkeys(refs))
    ctx.defenders.read(wanted)
    people = {person.ref: person for person in (person_of(ctx, ref) for ref in wanted) if person}
    for person in people.values():
        mine = (each for record in records_of(ctx, person) for each in record.memberships)
        current = (each for each in mine if each.is_current and (each.network, each.hub) == (network, hub))
        yield from ((person, each) for each in islice(current, 1))


def store(ctx: Context, person: Person, record: MembershipRecord, membership: Membership) -> None:
    """Store a changed membership. The person is kept as long as one of hers has not ended."""
    record.put(membership)
    ctx.memberships.save(record)
    if any(each.has_current for each in (record, *records_of(ctx, person))):
        keep_for(ctx, person, KEPT_FOR)
    else:
        release(ctx, person, KEPT_FOR)


def _found(ctx: Context, person: Person, fits: Callable[[Membership], bool]) -> tuple[MembershipRecord, Membership | None]:
    for record in records_of(ctx, person):
        for membership in record.memberships:
            if fits(membership):
                return record, membership
    return ctx.memberships.get(person.root.id) or MembershipRecord(person.root.id), None


def _unknown(pointer: str, what: str, known: Collection[str]) -> FieldError:
    return FieldError(pointer, f"unknown_{what}", f"There is no such {what}. Must be one of: {', '.join(known) or 'none'}.")
