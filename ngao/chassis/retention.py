"""How long what is sensitive is kept: `retention.yaml`, which a coalition owns.

    services:
      archive:                     the service that keeps it
        letters:                   the rule, named after what is kept
          closed: 365              days, from the moment that the word names

Due is what is past any of its rule's times, by the rules as they are now: a coalition that shortens one means what it has, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from marshmallow import fields, validate

from ngao.chassis.errors import Misconfigured
from ngao.chassis.policy import load_policy
from ngao.chassis.sections import Section
from ngao.contracts import Pattern
from ngao.kernel.retention import Retention

RETENTION = "retention.yaml"
Rules = Mapping[str, tuple[str, ...]]
PARKED: Rules = {"parked": ("parked",)}
"""What every service keeps: messages that could not be handled, from the moment they were parked."""

_MOST_DAYS = 36_500
_DAYS = fields.Integer(strict=True, validate=validate.Range(min=0, max=_MOST_DAYS))
_WORD = fields.String(validate=Pattern(r"^[a-z_]{1,40}$"))


class RetentionFile(Section):
    """retention.yaml: service, rule, moment, days."""

    services = fields.Dict(
        keys=_WORD, values=fields.Dict(keys=_WORD, values=fields.Dict(keys=_WORD, values=_DAYS)), required=True
    )


def load_retention(directories: Sequence[Path], service: str, rules: Rules) -> Retention:
    """Read the rules of a service, which must be exactly these and those of every service.

    Raises Misconfigured naming file and key.
    """
    file = load_policy(directories, {RETENTION: RetentionFile()})
    section = file[RETENTION]["services"].get(service)
    wanted = {**PARKED, **rules}
    _demand(f"services.{service}", section, wanted)
    for rule, moments in wanted.items():
        _demand(f"services.{service}.{rule}", section[rule], moments)
    days = {rule: {moment: section[rule][moment] for moment in moments} for rule, moments in wanted.items()}
    return Retention(days, file.version)


def check_services(directories: Sequence[Path], known: Sequence[str]) -> None:
    """Refuse a misspelt service, because nothing of it would be erased. Raises Misconfigured."""
    _demand("services", load_policy(directories, {RETENTION: RetentionFile()})[RETENTION]["services"], known)


def _demand(at: str, found: Mapping[str, Any] | None, wanted: Mapping[str, Any] | Sequence[str]) -> None:
    there = set(found or ())
    if there != set(wanted):
        missing, unknown = sorted(set(wanted) - there), sorted(there - set(wanted))
        said = [f"{word} {', '.join(names)}" for word, names in (("it lacks", missing), ("it has unknown", unknown)) if names]
        raise Misconfigured(f"The policy file {RETENTION} has errors: {at}: {'; '.join(said)}.")
