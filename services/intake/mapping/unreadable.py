"""The error of a native body that is no report."""

from __future__ import annotations

from collections.abc import Iterable

from ngao.chassis.errors import InvalidInput
from ngao.contracts import FieldError
from services.intake.reports.model import LeftOut


class UnreadableReport(InvalidInput):
    """What makes a report one cannot be read: `reason` is a code, `left_out` names what was found broken."""

    def __init__(self, reason: str, left_out: Iterable[LeftOut] = ()) -> None:
        self.reason, self.left_out = reason, tuple(left_out)
        errors = [FieldError(error.field, error.code, "It cannot be read.") for error in self.left_out]
        super().__init__("What makes a report one cannot be read.", errors, slug=reason.replace("_", "-"))
