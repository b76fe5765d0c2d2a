"""The names of broker accounts. The broker vouches for them on every message, so they are made here and nowhere else."""

from __future__ import annotations


def service_account(service: str) -> str:
    """The broker account of a service."""
    return f"svc-{service}"


def outsider_account(kind: str, outsider_id: str) -> str:
    """The broker account of an outsider of a kind; whoever makes one checks the id first."""
    return f"{kind}-{outsider_id}"
