"""The text that a partner signs when it accepts an offer, so that disclosing services can verify the acceptance themselves.

One fact per line, each line ended by a line feed, the first for the purpose:

    ngao.acceptance.v1
    <partner id>
    <offer id>
    <case reference>
    accept
"""

from __future__ import annotations

PURPOSE = b"ngao.acceptance.v1\n"


def to_sign(partner_id: str, offer_id: str, case_ref: str) -> bytes:
    """Return the bytes that follow the purpose. No value can hold a line break: the contract's references are codes."""
    return "".join(f"{fact}\n" for fact in (partner_id, offer_id, case_ref, "accept")).encode()
