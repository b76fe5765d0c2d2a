"""Set or clear a flag of a case."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from ngao.chassis.errors import InvalidInput, NotAllowedNow
from ngao.chassis.handlers import http, itself
from ngao.contracts.classes import INTERNAL, Strict
from ngao.kernel.problems import FieldError
from ngao.kernel.scopes import HUB
from services.intake.context import Context
from services.intake.notes.filing import file_of, keep_file, report_to_write_about
from services.intake.notes.model import CaseFile, Flag
from services.intake.notes.responses import FlagsShown, flags_answer


class FlagChange(Strict):
    """A flag of flags.yaml, set or cleared by who has read the flags at this `revision`."""

    flag = fields.String(required=True, validate=validate.Length(1, 64), metadata=INTERNAL)
    is_set = fields.Boolean(required=True, metadata=INTERNAL)
    revision = fields.Integer(required=True, strict=True, validate=validate.Range(min=0), metadata=INTERNAL)


@http.put(
    "/v1/cases/<case_ref>/flags",
    roles="operator",
    scope="notes:write",
    audit=itself("flag.set", "flag.cleared"),
    request=FlagChange,
    returns=FlagsShown,
    bounded=(HUB,),
    summary="Set or clear one flag of a case.",
)
def change_flag(ctx: Context, case_ref: str, body: dict[str, Any]) -> dict[str, Any]:
    """Set or clear a flag. One that is so already stays, whatever was read: the request may have been sent again.

    Raises NotFound, InvalidInput, NotAllowedNow (`forgotten`, `flags-changed`).
    """
    report = report_to_write_about(ctx, case_ref)
    file, code, is_set = file_of(ctx, case_ref), body["flag"], body["is_set"]
    _check_code(ctx, file, code, is_set=is_set)
    if (code in file.codes) != is_set:
        _check_revision(file, body["revision"])
        file.change(Flag(code, is_set, str(ctx.actor), ctx.now))
        keep_file(ctx, report, file)
        ctx.audit("flag.set" if is_set else "flag.cleared", subject=case_ref, detail={"flag": code})
    return flags_answer(ctx, file)


def _check_code(ctx: Context, file: CaseFile, code: str, *, is_set: bool) -> None:
    """Refuse a code that policy does not know; one that the case has from an earlier policy can be cleared."""
    if code not in ctx.policy.flags and (is_set or code not in file.codes):
        problem = FieldError("/flag", "unknown_code", f"Must be one of: {', '.join(ctx.policy.flags)}.")
        raise InvalidInput("There is no such flag.", [problem])


def _check_revision(file: CaseFile, seen: int) -> None:
    last = file.last_change
    if seen != file.flags_revision:
        by = f" by {last.changed_by} at {last.changed_at:%Y-%m-%d %H:%M} UTC" if last else ""
        message = f"The flags of this case were changed{by}. Read them again, then decide."
        problem = FieldError("/revision", "outdated", "Must be the revision of the flags as they are now.")
        raise NotAllowedNow(message, slug="flags-changed", errors=[problem])
