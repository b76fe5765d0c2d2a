"""The reference by which one partner knows a case: two partners cannot find out by it that they were asked about the same one.

Referral draws a salt for each partner of a case. Who knows the case reference and the salt (referral, registry, intake) makes the
reference again and verifies a partner's signature over it; the reference does not lead back to the case.
"""

from __future__ import annotations

import hashlib

from ngao.kernel.references import spelt

_LENGTH = 16
_PURPOSE = b"ngao.partner-case.v1\n"


def case_ref_for(partner_id: str, case_ref: str, salt: str | None) -> str:
    """Return the partner's own reference of a case, 80 bits; without a salt, as for offers of older versions, the case's own."""
    if not salt:
        return case_ref
    facts = "".join(f"{fact}\n" for fact in (partner_id, case_ref, salt)).encode()
    number = int.from_bytes(hashlib.sha256(_PURPOSE + facts).digest()[: _LENGTH * 5 // 8], "big")
    return spelt("NP-", number, _LENGTH)
