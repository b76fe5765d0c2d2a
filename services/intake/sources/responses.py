"""Responses about sources."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from ngao.contracts.classes import INTERNAL, SENSITIVE, Tolerant
from services.intake.reports.responses import show
from services.intake.sources.model import Source


class SourceShown(Tolerant):
    """A source. `key` is there only in the answer that made it, once."""

    source_id = fields.String(metadata=INTERNAL)
    enabled = fields.Boolean(metadata=INTERNAL)
    profile = fields.String(allow_none=True, metadata=INTERNAL)
    rate_per_second = fields.Float(allow_none=True, metadata=INTERNAL)
    keys = fields.Integer(metadata=INTERNAL)
    created_at = fields.AwareDateTime(metadata=INTERNAL)
    key = fields.String(metadata=SENSITIVE)


def source_answer(source: Source, key: str | None = None) -> dict[str, Any]:
    """Return a source, with its new key if it was just given one."""
    fresh = {"key": key} if key else {}
    return show(
        SourceShown,
        source_id=source.id,
        enabled=source.enabled,
        profile=source.profile,
        rate_per_second=source.rate_per_second,
        keys=len(source.key_hashes),
        created_at=source.created_at,
        **fresh,
    )
