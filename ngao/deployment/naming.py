"""Names on broker and store in a deployment and the embedded runtime, for commands that load no driver."""

from __future__ import annotations

from datetime import UTC, datetime

from ngao import contracts
from ngao.broker import exchanges
from ngao.broker.layout import EDGE_INBOUND
from ngao.kernel.scopes import SCOPES

SERVICES = contracts.SERVICES
CONSOLE = "console"
"""The service that people sign in to; it alone signs staff tokens."""
SEALED_TO = ("registry", "intake", "notify")
"""Services that others seal to, each with one key pair per period."""

DISCLOSING = ("registry", "intake")
"""Services that seal to partners, and so must know whose signature for a partner's keys is valid."""

AT_EDGE = tuple(each.service for each in EDGE_INBOUND)
"""Services that read messages of outsiders."""

VHOST, EDGE_VHOST = exchanges.VHOST, exchanges.EDGE_VHOST
ADMINISTRATOR = "ngao-admin"
REPLICA_SET = "rs0"
OPERATOR_SCOPES = tuple(SCOPES)
"""The scopes of a deployment's first operator: all."""


def database_of(service: str) -> str:
    """Return the name of a service's database."""
    return f"ngao_{service}"


def store_of(service: str) -> str:
    """Return the name of a service's store: its container, its host name and its folder of secrets."""
    return f"{service}-store"


def period_of() -> str:
    """Return the key period of now: its year and month."""
    return f"{datetime.now(UTC):%Y-%m}"
