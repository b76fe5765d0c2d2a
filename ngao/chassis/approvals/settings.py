"""Whether a second operator is needed, and how long a request waits: the section `approvals` of a service's settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import fields, validate

from ngao.chassis.errors import Misconfigured
from ngao.chassis.sections import Section

MODES = ("two", "single")


@dataclass(frozen=True)
class ApprovalSettings:
    """Whether acts of two wait for a second operator (`two`) or are done at once (`single`), and for how long they wait.

    NGAO_APPROVALS overrules `mode`.
    """

    mode: str = "two"
    within_s: float = 86_400.0


class ApprovalSection(Section):
    """The section as it is in the file."""

    mode = fields.String(load_default=ApprovalSettings.mode, validate=validate.OneOf(MODES))
    within_s = fields.Float(load_default=ApprovalSettings.within_s, validate=validate.Range(60, 30 * 86_400))


def approval_settings(section: Mapping[str, Any]) -> ApprovalSettings:
    """The settings of a loaded section; raises Misconfigured when NGAO_APPROVALS is no mode."""
    mode = os.environ.get("NGAO_APPROVALS") or section["mode"]
    if mode not in MODES:
        raise Misconfigured(f"NGAO_APPROVALS must be one of: {', '.join(MODES)}.")
    return ApprovalSettings(mode, section["within_s"])
