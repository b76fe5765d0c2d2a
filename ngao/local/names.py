"""Names that the embedded runtime gives on broker and store; here, so that commands know them without loading a driver."""

from __future__ import annotations

VHOST, EDGE_VHOST = "ngao", "ngao.edge"
REPLICA_SET = "rs0"


def database_of(service: str) -> str:
    """The name of a service's database."""
    return f"ngao_{service}"


def account_of(service: str) -> str:
    """The name of a service's account, kept in its own database."""
    return f"svc-{service}"
