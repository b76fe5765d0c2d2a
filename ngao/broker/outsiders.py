"""The kinds of outsiders, and whose a broker account is."""

from __future__ import annotations

from ngao.kernel.actors import OUTSIDERS

KINDS_OF_OUTSIDERS = tuple(sorted(OUTSIDERS))


def outsider_of(account: str) -> tuple[str, str] | None:
    """The kind and the id of the outsider to whom an account belongs, if it is one's."""
    kind, _, outsider_id = account.partition("-")
    return (kind, outsider_id) if kind in KINDS_OF_OUTSIDERS and outsider_id else None
