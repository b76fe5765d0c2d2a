"""The address of the broker's management interface, from options, the environment or this machine's platform."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from ngao.broker.management import Management
from ngao.broker.onboarding import Edge
from ngao.chassis.errors import Misconfigured
from ngao.chassis.settings import read_secret
from ngao.deployment.naming import ADMINISTRATOR, EDGE_VHOST
from ngao.local.home import Home


def management() -> closing[Management]:
    """Open the interface as an administrator for a `with` block. Raises Misconfigured when no address is known."""
    return closing(open_management())


def open_management(password: str | None = None) -> Management:
    """Open the interface as an administrator, by default with the stored password. Raises Misconfigured without an address."""
    url, own = management_url(), Home.from_environment().secrets / "broker-admin"
    if not url:
        raise Misconfigured("No broker address is known. Run `ngao up`, or set NGAO_BROKER_MANAGEMENT to its management address.")
    password = password or read_secret(Path(os.environ.get("NGAO_BROKER_PASSWORD_FILE") or own))
    return Management(url, os.environ.get("NGAO_BROKER_USER", ADMINISTRATOR), password, ca_file=os.environ.get("NGAO_CA_FILE"))


def management_url() -> str | None:
    """Return the address of the interface: from the environment, or this machine's platform. None if it is unknown."""
    return os.environ.get("NGAO_BROKER_MANAGEMENT") or Home.from_environment().state().get("management")


def public_url(variable: str) -> str | None:
    """Return an address for outsiders if it differs from ours: NGAO_EDGE_HTTP is intake's, NGAO_EDGE_PARTNERS is referral's."""
    return (os.environ.get(variable) or "").rstrip("/") or None


def edge() -> Edge:
    """Return the broker address for outsiders: NGAO_EDGE_ADDRESS (`host:port`), or this machine's. Raises Misconfigured."""
    named = os.environ.get("NGAO_EDGE_ADDRESS")
    if not named:
        amqp = Home.from_environment().state().get("amqp")
        if not amqp:
            raise Misconfigured("No broker address for outsiders is known. Run `ngao up`, or set NGAO_EDGE_ADDRESS to host:port.")
        return Edge(edge_vhost(), amqp["host"], amqp["port"])
    parts = urlsplit(f"//{named}")
    if not parts.hostname or not parts.port:
        raise Misconfigured("NGAO_EDGE_ADDRESS must be host:port.")
    return Edge(edge_vhost(), parts.hostname, parts.port)


def edge_vhost() -> str:
    """Return the virtual host of outsiders."""
    return os.environ.get("NGAO_EDGE_VHOST", EDGE_VHOST)
