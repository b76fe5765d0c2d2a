"""Read console's part of the policy: its rules of retention, and the labels and places that its pages show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from marshmallow import fields, validate

from ngao.chassis.policy import load_policy, reads_policy
from ngao.chassis.retention import load_retention
from ngao.contracts.classes import Tolerant
from ngao.contracts.lists import LISTS
from ngao.kernel.retention import Retention

_MATCHING = "matching.yaml"
_COUNTIES, _VIOLATIONS, _NEEDS = "counties.yaml", "violations.yaml", "support_types.yaml"
Labels = Mapping[str, Mapping[str, str]]
"""For each code, its label by language."""


class _MatchingFile(Tolerant):
    """The one key of referral's file that pages need, too."""

    timezone = fields.String(required=True, validate=validate.OneOf(available_timezones()))


@dataclass(frozen=True)
class Policy:
    """Labels by code and language; `zone` is the time in which pages show moments; `version` of all files together."""

    counties: Labels
    violations: Labels
    support_types: Labels
    zone: str
    version: str


@reads_policy("console")
def version_of(directories: Sequence[Path]) -> str:
    """Read every policy file that console reads at its start. Returns the version. Raises Misconfigured."""
    read_retention(directories)
    return read_policy(directories).version


def read_retention(directories: Sequence[Path]) -> Retention:
    """Read console's rules of retention. Raises Misconfigured."""
    return load_retention(directories, "console", {})


def read_policy(directories: Sequence[Path]) -> Policy:
    """Read the labels. Raises Misconfigured."""
    lists = {name: LISTS[name] for name in (_COUNTIES, _VIOLATIONS, _NEEDS)}
    found = load_policy(directories, {**lists, _MATCHING: _MatchingFile()})
    return Policy(
        counties={code: dict.fromkeys(("en", "sw"), entry["name"]) for code, entry in found[_COUNTIES]["counties"].items()},
        violations=_labels(found[_VIOLATIONS]["violations"]),
        support_types=_labels(found[_NEEDS]["support_types"]),
        zone=found[_MATCHING]["timezone"],
        version=found.version,
    )


def _labels(entries: Mapping[str, Any]) -> Labels:
    return {code: entry["label"] for code, entry in entries.items()}
