"""What sources post over AMQP. A report in clear is read as a document: see `ngao.contracts.schemas.report`."""

from __future__ import annotations

from typing import Annotated

from ngao.contracts.classes import Pattern
from ngao.contracts.payloads import Internal, Payload, Sealed, event

_KEY_ID = Pattern(r"^[0-9a-f]{16}$", error="format|Must be 16 hex digits.")
_BOX = Pattern(r"^[A-Za-z0-9+/]{64,}={0,2}$", error="format|Must be a sealed box in base64.")


@event("intake.report.sealed.v1", schema="SealedReport", strict=True)
class ReportSealed(Payload):
    """A report as a libsodium sealed box that only intake opens: base64, of the canonical report's UTF-8 JSON."""

    key_id: Internal[Annotated[str, _KEY_ID]]
    box: Sealed[Annotated[str, _BOX]]
