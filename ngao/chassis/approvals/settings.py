"""Whether a second operator is needed, and how long a request waits: the section `approvals` of a service's settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from marshmallow.validate import OneOf, Range

from ngao.chassis.errors import Misconfigured

MODES = ("two", "single")


@dataclass(frozen=True)
class ApprovalSettings:
    """Whether acts of two wait for a second operator (`two`) or are done immediately (`single`), and for how long they wait.

    NGAO_APPROVALS overrules `mode`.
    """

    mode: Annotated[str, OneOf(MODES)] = "two"
    within_s: Annotated[float, Range(60, 30 * 86_400)] = 86_400.0


def approval_settings(section: Mapping[str, Any]) -> ApprovalSettings:
    """Return the settings of a loaded section. Raises Misconfigured when NGAO_APPROVALS is no mode."""
    mode = os.environ.get("NGAO_APPROVALS") or section["mode"]
    if mode not in MODES:
        raise Misconfigured(f"NGAO_APPROVALS must be one of: {', '.join(MODES)}.")
    return ApprovalSettings(mode, section["within_s"])
