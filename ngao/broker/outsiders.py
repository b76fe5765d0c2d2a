"""The kinds of outsiders, and the owners of broker accounts."""

from __future__ import annotations

from ngao.kernel.actors import OUTSIDERS

KINDS_OF_OUTSIDERS = tuple(sorted(OUTSIDERS))


def outsider_of(account: str) -> tuple[str, str] | None:
    """Return the kind and the id of the outsider to whom an account belongs, or None."""
    kind, _, outsider_id = account.partition("-")
    return (kind, outsider_id) if kind in KINDS_OF_OUTSIDERS and outsider_id else None
