"""Names that a deployment and the embedded runtime give on broker and store, for commands that load no driver."""

from __future__ import annotations

from datetime import UTC, datetime

from ngao import contracts
from ngao.broker.layout import EDGE_INBOUND
from ngao.chassis.messaging.accounts import service_account
from ngao.kernel.scopes import SCOPES

SERVICES = contracts.SERVICES
SEALED_TO = ("registry", "intake")
"""Services that others seal to, each with a key pair by period."""

DISCLOSING = ("registry", "intake")
"""Services that seal to partners, and so must know whose word for a partner's keys they take."""

AT_EDGE = tuple(each.service for each in EDGE_INBOUND)
"""Services that read what outsiders publish."""

VHOST, EDGE_VHOST = "ngao", "ngao.edge"
ADMINISTRATOR = "ngao-admin"
REPLICA_SET = "rs0"
OPERATOR_SCOPES = tuple(SCOPES)
"""What the first operator of a deployment may do: everything."""


def database_of(service: str) -> str:
    """The name of a service's database."""
    return f"ngao_{service}"


def account_of(service: str) -> str:
    """The name of a service's account, kept in its own database."""
    return service_account(service)


def store_of(service: str) -> str:
    """The name of a service's store: its container, its host name and its folder of secrets."""
    return f"{service}-store"


def period_of(moment: datetime | None = None) -> str:
    """The key period of a moment, by default of now: its year and month."""
    return f"{moment or datetime.now(UTC):%Y-%m}"
