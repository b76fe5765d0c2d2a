"""The pages of networks: hubs with the numbers of members, and the members of one hub as references."""

from __future__ import annotations

from typing import Any

from flask import abort
from flask_babel import lazy_gettext as _l

from services.console.networks.model import hub_in, labels_of
from services.console.pages.declaring import page
from services.console.pages.desk import Desk

SEES, READS = "networks:read", "members:read"


@page("/networks", scope=SEES, group="network", title=_l("Networks"))
def show_networks(desk: Desk) -> Any:
    """Show the hubs that the person reaches, each with the number of members who agreed to be seen."""
    return desk.show("networks.html", networks=networks(desk))


@page("/networks/<code:network>/<code:hub>", scope=SEES)
def show_hub(desk: Desk, network: str, hub: str) -> Any:
    """Show the members of a hub: to those who may see all of them all, to a convenor those who agreed."""
    known = networks(desk)
    found = hub_in(known, network, hub)
    if found is None:
        abort(404)
    sees_all = desk.may(READS)
    if sees_all:
        query = f"network={network}&hub={hub}&reason={desk.reason(READS)}"
        answer = desk.known("registry", f"/v1/members?{query}", READS)
    else:
        answer = desk.known("registry", f"/v1/networks/{network}/hubs/{hub}/members", SEES)
    return desk.show("hub.html", network=found[0], hub=found[1], labels=labels_of(known), sees_all=sees_all, **answer)


def networks(desk: Desk) -> list[Any]:
    """Return the networks with the hubs that the person reaches."""
    return list(desk.known("registry", "/v1/networks", SEES)["networks"])
