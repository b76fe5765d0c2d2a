"""The exchanges at the edge, each named once: what partners and sources write to, and where they are answered.

A service that imports this can publish to them: the chassis knows a destination once it is declared.
"""

from __future__ import annotations

from ngao.chassis.messaging.destinations import Destination, declare
from ngao.contracts import Event, for_partner

VHOST, EDGE_VHOST = "ngao", "ngao.edge"
"""The virtual host that the services talk on, and that of outsiders."""


def _to_its_partner(event: Event) -> str:
    return f"{event.partnerid}.{event.routing_key}"


def _to_its_source(event: Event) -> str:
    return f"{event.extra['sourceid']}.{event.type}"


REPORTS = "reports"
PARTNER_REPLIES = "partner-replies"
PARTNERS = declare("partners", Destination("partners", edge=True, outsiders="partner", form=for_partner, key=_to_its_partner))
# An answer bears no number: gaps would reveal to a source what else is known about the case (law 10).
RESULTS = declare("results", Destination("results", edge=True, outsiders="source", numbered=False, key=_to_its_source))
