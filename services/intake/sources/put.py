"""Create or change a source, or stop it from posting."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from marshmallow import fields, validate

from ngao.chassis.errors import InvalidInput
from ngao.chassis.handlers import http, itself
from ngao.chassis.security.identity import new_key
from ngao.contracts.classes import INTERNAL, Strict
from ngao.kernel.problems import FieldError
from services.intake.context import Context
from services.intake.reports.responses import show
from services.intake.sources.model import ID_PATTERN, OWN_IDS, Source
from services.intake.sources.show import SourceShown

_SETTINGS = ("enabled", "profile", "rate_per_second")


class SourceSettings(Strict):
    """What an operator decides about a source; what is left out stays as it is."""

    enabled = fields.Boolean(metadata=INTERNAL)
    profile = fields.String(allow_none=True, metadata=INTERNAL)
    rate_per_second = fields.Float(allow_none=True, validate=validate.Range(min=0.01, max=10_000), metadata=INTERNAL)
    new_key = fields.Boolean(load_default=False, metadata=INTERNAL)
    revoke_old_keys = fields.Boolean(load_default=False, metadata=INTERNAL)


def _makes_a_key(ctx: Context, source_id: str, body: dict[str, Any]) -> bool:
    return bool(body["new_key"]) or ctx.sources.get(source_id) is None


@http.put(
    "/v1/sources/<source_id>",
    roles="operator",
    scope="sources:write",
    audit=itself("source.put"),
    request=SourceSettings,
    returns=SourceShown,
    two_person=_makes_a_key,
    summary="Make or change a source.",
)
def put_source(ctx: Context, source_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Make or change a source. A new one gets a key, an old one only if `new_key` asks for it.

    The key is in this answer and nowhere else. Raises InvalidInput.
    """
    _check(source_id, body.get("profile"), ctx.policy.profiles)
    old = ctx.sources.get(source_id)
    if body["revoke_old_keys"] and not body["new_key"]:
        problem = FieldError(
            "/revoke_old_keys", "requires", "Needs new_key. To let the source post no more, send enabled: false."
        )
        raise InvalidInput("Keys are revoked only when a new one is made.", [problem])
    source = replace(old or Source(source_id, ctx.now), **{name: body[name] for name in _SETTINGS if name in body})
    key = None
    if old is None or body["new_key"]:
        key, key_hash = new_key("source", source_id)
        source.add_key(key_hash, revoke_old=body["revoke_old_keys"])
    ctx.sources.save(source)
    detail = {"enabled": str(source.enabled).lower(), "new_key": str(key is not None).lower()}
    ctx.audit("source.put", subject=source_id, detail=detail)
    return show(SourceShown, source) | ({"key": key} if key else {})


def _check(source_id: str, profile: str | None, profiles: Collection[str]) -> None:
    if not ID_PATTERN.fullmatch(source_id):
        problem = FieldError("", "format", "Lower-case letters, digits and hyphens, 2 to 41, a letter first.")
        raise InvalidInput("This cannot be the id of a source.", [problem])
    if source_id in OWN_IDS:
        problem = FieldError("", "reserved", "The platform's own reports have this source id. Choose another one.")
        raise InvalidInput("This cannot be the id of a source.", [problem])
    if profile is not None and profile not in profiles:
        problem = FieldError("/profile", "unknown_code", f"Must be one of: {', '.join(sorted(profiles))}.")
        raise InvalidInput("There is no such mapping profile.", [problem])
