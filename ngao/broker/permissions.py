"""The rights of each broker account: only its own queues, and only its own routing keys on the exchanges."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ngao.broker.exchanges import PARTNER_REPLIES, REPORTS
from ngao.chassis.messaging.destinations import EVENTS, NOTICES, REDELIVER

NOTHING = "^$"
_END = r"$(?!\n)"
"""The broker's `$` alone matches before a line feed as well, and a routing key may end with one."""
_INSIDE = (EVENTS, NOTICES)


@dataclass(frozen=True)
class Permission:
    """An account's rights on one virtual host, as the broker's three patterns over names."""

    configure: str = NOTHING
    write: str = NOTHING
    read: str = NOTHING


@dataclass(frozen=True)
class TopicPermission:
    """The routing keys that an account may write to one topic exchange. Reading is by binding, and no account may bind."""

    exchange: str
    write: str
    read: str = NOTHING


@dataclass(frozen=True)
class Rights:
    """All that an account may do on one virtual host."""

    permission: Permission
    topics: tuple[TopicPermission, ...]


def of_service_inside(service: str, tiers_s: Sequence[int]) -> Rights:
    """Return a service's rights: it reads the queues under its name, and publishes only its own event types."""
    return _of_service(service, _INSIDE, r"(routine|urgent)\.", tiers_s)


def of_service_on_edge(service: str, outbound: Sequence[str], tiers_s: Sequence[int]) -> Rights:
    """Return a service's rights at the edge: it writes only to the exchanges that it has events for."""
    return _of_service(service, outbound, r"[a-z][a-z0-9-]*\.((routine|urgent)\.)?", tiers_s)


def of_source(source_id: str, queues: Iterable[str]) -> Rights:
    """Return a source's rights: it posts under its own name and reads its own results."""
    topic = TopicPermission(REPORTS, f"^{re.escape(source_id)}{_END}")
    return Rights(Permission(write=one_of([REPORTS]), read=one_of(queues)), (topic,))


def of_partner(partner_id: str, queues: Iterable[str]) -> Rights:
    """Return a partner's rights: it replies under its own name and reads its own two queues."""
    topic = TopicPermission(PARTNER_REPLIES, rf"^{re.escape(partner_id)}\.[a-z]+{_END}")
    return Rights(Permission(write=one_of([PARTNER_REPLIES]), read=one_of(queues)), (topic,))


def of_outsider(kind: str, outsider_id: str, queues: Iterable[str]) -> Rights:
    """Return the rights of a partner or a source."""
    return of_partner(outsider_id, queues) if kind == "partner" else of_source(outsider_id, queues)


def one_of(names: Iterable[str]) -> str:
    """Return a pattern that matches exactly these names."""
    return f"^({'|'.join(re.escape(name) for name in names)}){_END}"


def _of_service(service: str, exchanges: Sequence[str], before: str, tiers_s: Sequence[int]) -> Rights:
    """Limit routing keys: those of events by what comes `before` the service's own types, others by the names of its own queues.

    The other exchanges lead back to a queue.
    """
    own, back = re.escape(service), [REDELIVER, *(f"retry.{tier}" for tier in tiers_s)]
    says = (TopicPermission(name, rf"^{before}{own}\.") for name in exchanges)
    returns = (TopicPermission(name, rf"^{own}\.") for name in back)
    return Rights(Permission(write=one_of([*exchanges, *back]), read=rf"^{own}\."), (*says, *returns))
