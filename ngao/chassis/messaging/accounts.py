"""The names of broker accounts. The broker vouches for them on every message, so they are made here and nowhere else."""

from __future__ import annotations


def service_account(service: str) -> str:
    """Return the broker account of a service."""
    return f"svc-{service}"


def outsider_account(kind: str, outsider_id: str) -> str:
    """Return the broker account of an outsider of a kind; the caller checks the id first."""
    return f"{kind}-{outsider_id}"
