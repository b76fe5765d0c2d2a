"""Responses about the flags of a case."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from ngao.contracts.classes import INTERNAL, Tolerant
from services.intake.context import Context
from services.intake.notes.model import CaseFile
from services.intake.reports.responses import show


class FlagShown(Tolerant):
    """A flag that policy knows, or that the case has; whose the last change was, if there was one."""

    code = fields.String(metadata=INTERNAL)
    label = fields.Dict(keys=fields.String(), values=fields.String(), metadata=INTERNAL)
    is_set = fields.Boolean(metadata=INTERNAL)
    changed_by = fields.String(allow_none=True, metadata=INTERNAL)
    changed_at = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)


class FlagsShown(Tolerant):
    """The flags of a case, and how many notes there are. A change of a flag names this `revision`."""

    case_ref = fields.String(metadata=INTERNAL)
    revision = fields.Integer(metadata=INTERNAL)
    flags = fields.List(fields.Nested(FlagShown), metadata=INTERNAL)
    notes = fields.Integer(metadata=INTERNAL)
    forgotten = fields.Boolean(metadata=INTERNAL)


def flags_answer(ctx: Context, file: CaseFile, *, forgotten: bool = False) -> dict[str, Any]:
    """Return every flag of policy, set or not, then those that policy names no more and the case still has."""
    changed = {flag.code: flag for flag in file.flags}
    codes = [*ctx.policy.flags, *(code for code in file.codes if code not in ctx.policy.flags)]
    flags = [_flag(ctx, code) | (vars(changed[code]) if code in changed else {}) for code in codes]
    shown = {"case_ref": file.case_ref, "revision": file.flags_revision, "flags": flags, "notes": file.notes}
    return show(FlagsShown, {**shown, "forgotten": forgotten})


def _flag(ctx: Context, code: str) -> dict[str, Any]:
    return {"code": code, "label": ctx.policy.flags.get(code, {}), "is_set": False, "changed_by": None, "changed_at": None}
