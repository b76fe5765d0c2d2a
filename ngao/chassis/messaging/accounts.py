"""The names of broker accounts. The broker vouches for them on every message, so they are made here and nowhere else."""

from __future__ import annotations

KINDS_OF_OUTSIDERS = ("partner", "source")


def service_account(service: str) -> str:
    """The broker account of a service."""
    return f"svc-{service}"


def outsider_account(kind: str, outsider_id: str) -> str:
    """The broker account of a `source` or a `partner`; whoever makes one checks the id first (see `onboarding`)."""
    return f"{kind}-{outsider_id}"


def outsider_of(account: str) -> tuple[str, str] | None:
    """The kind and the id of the outsider to whom an account belongs, if it is one's."""
    kind, _, outsider_id = account.partition("-")
    return (kind, outsider_id) if kind in KINDS_OF_OUTSIDERS and outsider_id else None
