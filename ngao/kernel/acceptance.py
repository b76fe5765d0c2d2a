"""What a partner signs when it accepts an offer, so that whoever discloses sees for itself that this partner said yes.

One fact a line, each line ended by a line feed, the first for the purpose:

    ngao.acceptance.v1
    <partner id>
    <offer id>
    <case reference>
    accept
"""

from __future__ import annotations

PURPOSE = b"ngao.acceptance.v1\n"


def to_sign(partner_id: str, offer_id: str, case_ref: str) -> bytes:
    """The bytes that follow the purpose. None of these ever holds a line break: the contract's references are codes."""
    return "".join(f"{fact}\n" for fact in (partner_id, offer_id, case_ref, "accept")).encode()
