"""Console's own section of the settings file: `[own]`, checked whole.

The address of a service is where its `/readyz` answers: its inside port, if it has one.

    [own.services]
    intake = "https://intake:8081"
    ...                                   # the same for the others
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError, fields
from marshmallow.validate import OneOf

from ngao.chassis.errors import Misconfigured
from ngao.contracts import SERVICES, field_errors
from ngao.contracts.classes import Strict

OTHERS = tuple(each for each in SERVICES if each != "console")
"""The services that console asks."""


@dataclass(frozen=True)
class OwnSettings:
    """Console's own settings: the address of each other service that has one."""

    services: Mapping[str, str]


class _Own(Strict):
    services = fields.Dict(
        keys=fields.String(validate=OneOf(OTHERS)),
        values=fields.Url(schemes={"https", "http"}, require_tld=False),
        load_default=dict,
    )


def read_own(own: Mapping[str, Any]) -> OwnSettings:
    """Check the section. Raises Misconfigured naming every invalid key."""
    try:
        return OwnSettings(_Own().load(own)["services"])
    except ValidationError as error:
        broken = "; ".join(f"own{field.pointer.replace('/', '.')}: {field.code}" for field in field_errors(error.messages))
        raise Misconfigured(f"The settings have errors: {broken}.") from None
