"""Show networks, and the members of a hub: to its convenors those who agreed to be seen, to the office all of them."""

from __future__ import annotations

from typing import Any

from ngao.chassis.errors import NotFound
from ngao.chassis.handlers import http, itself, nothing
from ngao.kernel.scopes import HUB
from services.registry.context import Context
from services.registry.networks.finding import check_hub, known_network, members_at
from services.registry.networks.manage import READS
from services.registry.networks.model import SEEN, Hub, Membership, Network, State
from services.registry.networks.responses import MembersShown, NetworksShown, SeenMembers, membership_shown
from services.registry.people.finding import cases_of
from services.registry.people.model import Person
from services.registry.people.read import check_reason

SEES = "networks:read"
MOST_SHOWN = 500


@http.get(
    "/v1/networks",
    roles="operator",
    scope=SEES,
    audit=nothing("Hubs and numbers of members, no record of a person."),
    bounded=(HUB,),
    returns=NetworksShown,
    summary="List networks and the hubs that the key reaches, with the number of members who agreed to be seen.",
)
def list_networks(ctx: Context) -> dict[str, Any]:
    """List them; a hub that the key does not reach is left out."""
    return {"networks": [_network(ctx, code, each) for code, each in ctx.policy.networks.items()]}


@http.get(
    "/v1/networks/<network>/hubs/<hub>/members",
    roles="operator",
    scope=SEES,
    audit=itself("members.seen"),
    bounded=(HUB,),
    returns=SeenMembers,
    summary="List the members of a hub who agreed to be seen by its convenors.",
)
def see_members(ctx: Context, network: str, hub: str) -> dict[str, Any]:
    """List them with what each agreed to. Raises NotFound, also for a hub that the key does not reach."""
    found = known_network(ctx, network).hubs.get(hub)
    if found is None or not found.is_reached_by(_counties(ctx)):
        raise NotFound("There is no such hub.")
    refs = ctx.memberships.at(network, hub, SEEN, MOST_SHOWN + 1)
    pairs = members_at(ctx, refs[:MOST_SHOWN], network, hub)
    shown = [_seen(ctx, person, each) for person, each in pairs if each.is_seen]
    ctx.audit("members.seen", subject="members", detail={"network": network, "hub": hub, "shown": str(len(shown))})
    return {"members": shown, "more": len(refs) > MOST_SHOWN}


@http.get(
    "/v1/members",
    roles="operator",
    scope=READS,
    audit=itself("members.read"),
    returns=MembersShown,
    summary="List all members of a hub and who is invited: ?network=, ?reason= and, but for the whole network's roles, ?hub=.",
)
def list_members(ctx: Context, *, network: str, reason: str, hub: str = "") -> dict[str, Any]:
    """List them. Raises InvalidInput for an unknown hub or reason, NotFound for an unknown network."""
    check_reason(reason, ctx.policy.read_reasons)
    check_hub(known_network(ctx, network), hub)
    standings = (State.MEMBER, State.INVITED)
    refs = [ref for each in standings for ref in ctx.memberships.at(network, hub, each, MOST_SHOWN + 1)]
    pairs = list(members_at(ctx, refs[:MOST_SHOWN], network, hub))
    detail = {"network": network, "hub": hub or "none", "reason": reason, "shown": str(len(pairs))}
    ctx.audit("members.read", subject="members", detail=detail)
    shown = [{"defender_ref": person.ref, **membership_shown(each)} for person, each in pairs]
    return {"members": shown, "more": len(refs) > MOST_SHOWN}


def _counties(ctx: Context) -> frozenset[str] | None:
    """Return the counties that the caller reaches; None for all of them."""
    return ctx.principal.hubs_reached if ctx.principal else frozenset()


def _network(ctx: Context, code: str, network: Network) -> dict[str, Any]:
    reached = _counties(ctx)
    return {
        "code": code,
        "label": dict(network.label),
        "roles": [{"code": role, "label": dict(each.label), "of": str(each.of)} for role, each in network.roles.items()],
        "hubs": [_hub(ctx, code, name, hub) for name, hub in network.hubs.items() if hub.is_reached_by(reached)],
    }


def _hub(ctx: Context, network: str, code: str, hub: Hub) -> dict[str, Any]:
    seen = ctx.memberships.count(network, code, SEEN)
    return {"code": code, "label": dict(hub.label), "counties": list(hub.counties), "seen": seen}


def _seen(ctx: Context, person: Person, membership: Membership) -> dict[str, Any]:
    agreed = membership.agreed
    return {
        "defender_ref": person.ref,
        "role": membership.role,
        "since": membership.since,
        "told_of_cases": agreed.told_of_cases,
        "contact": agreed.contact,
        "cases": [case.id for case in cases_of(ctx, person) if case.is_open] if agreed.told_of_cases else [],
    }
