"""The periods of the key-encryption keys: what each still wraps, and the wrapping under the newest."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from ngao.chassis.handlers.context import Parts
from ngao.chassis.handlers.declaring import http
from ngao.chassis.http.answers import NUMBER, TEXT, answer
from ngao.chassis.http.auditing import itself, nothing
from ngao.chassis.http.call import Call
from ngao.contracts import INTERNAL, Pattern, Strict


class RewrapOrder(Strict):
    """The `next` of an earlier answer, to continue there; empty to begin."""

    after = fields.String(load_default="", validate=Pattern("^([0-9a-f]{32})?$"), metadata=INTERNAL)


Wrapped = answer("Wrapped", "How many data keys a period still wraps.", period=TEXT, data_keys=NUMBER)
Periods = answer("Periods", "The key periods.", active=TEXT, wrapped=Wrapped)
Rewrapped = answer("Rewrapped", "How many data keys were wrapped, and where to continue.", rewrapped=NUMBER, next=TEXT)


@http.get("/v1/keys", roles="operator", scope="keys:read", audit=nothing("Periods and counts."), returns=Periods)
def show_keys(parts: Parts[Any]) -> dict[str, Any]:
    """Show the key periods, and what each still wraps.

    A period that wraps nothing any more can be retired: `ngao keys retire`.
    """
    keyring = parts.chassis.keyring
    wrapped = [{"period": period, "data_keys": count} for period, count in sorted(keyring.wrapped().items())]
    return {"active": keyring.active, "wrapped": wrapped}


@http.post(
    "/v1/keys/rewrap", roles="operator", scope="keys:write", audit=itself("keys.rewrapped"),
    request=RewrapOrder, returns=Rewrapped,
)  # fmt: skip
def rewrap_keys(parts: Parts[Any], body: dict[str, str], call: Call) -> dict[str, Any]:
    """Wrap data keys of earlier periods under the newest one.

    For a bounded time: while `next` is not null, ask again with it as `after`.
    """
    keyring = parts.chassis.keyring
    if not body["after"]:
        detail, by = {"to": keyring.active}, call.principal.actor
        parts.chassis.units.run(lambda unit: unit.audit("keys.rewrapped", subject="keys", actor=by, detail=detail))
    done, last = keyring.rewrap(bytes.fromhex(body["after"]))
    return {"rewrapped": done, "next": last.hex() if last else None}
