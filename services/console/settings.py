"""Console's own section of the settings file: `[own]`, checked whole.

    [own]
    neutral = "https://www.example.org/"  # where `Leave now` leads; a page without anything personal
    guesses_per_second = 0.2              # how often one address may try to sign in or to open an invitation,
    guesses_at_once = 20                  # and how often in a row: an office behind one address signs in together
    libraries = "/usr/share/nodejs"       # where Debian's packages of JavaScript are; a library that is not there is not used
    lock_idle_s = 300                     # a screen on which nothing is done is locked after this time,
    lock_hidden_s = 60                    # and one that is hidden after this
    [own.services]                        # where each other service says whether it is ready: its inside port, if it has one
    intake = "https://intake:8081"
    [own.operators]                       # where each other service takes operators' requests: its operators' port, if it has one
    intake = "https://intake:8082"
    [own.organisation]                    # optional: people sign in with the account that they have there, by OpenID Connect
    issuer = "https://id.example.org/realms/coalition"
    client_id = "desk"
    secret_file = "/run/secrets/organisation"

`http.public_url` is the address that people open. Passkeys are bound to its host name, which must be a name and not a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marshmallow import ValidationError, fields
from marshmallow.validate import Length, OneOf, Range

from ngao.chassis.errors import Misconfigured
from ngao.chassis.settings import read_secret
from ngao.contracts import SERVICES, field_errors
from ngao.contracts.classes import Strict

OTHERS = tuple(each for each in SERVICES if each != "console")
"""The services that console asks."""


@dataclass(frozen=True)
class OrganisationSettings:
    """The organisation's sign-in service, and what this console is there."""

    issuer: str
    client_id: str
    secret: str


@dataclass(frozen=True)
class OwnSettings:
    """Console's own settings: where each other service says whether it is ready and takes requests, and the rest above."""

    services: Mapping[str, str]
    operators: Mapping[str, str]
    neutral: str
    libraries: str
    guesses_per_second: float
    guesses_at_once: int
    lock_idle_s: int
    lock_hidden_s: int
    organisation: OrganisationSettings | None = None


def _addresses() -> fields.Dict:
    return fields.Dict(
        keys=fields.String(validate=OneOf(OTHERS)),
        values=fields.Url(schemes={"https", "http"}, require_tld=False),
        load_default=dict,
    )


class _Organisation(Strict):
    issuer = fields.Url(schemes={"https", "http"}, require_tld=False, required=True)
    client_id = fields.String(required=True, validate=Length(1, 200))
    secret_file = fields.String(required=True, validate=Length(1, 4096))


class _Own(Strict):
    organisation = fields.Nested(_Organisation, load_default=None)
    services = _addresses()
    operators = _addresses()
    guesses_per_second = fields.Float(load_default=0.2, validate=Range(0.01, 1000))
    guesses_at_once = fields.Integer(load_default=20, validate=Range(1, 10_000))
    libraries = fields.String(load_default="/usr/share/nodejs", validate=Length(1, 500))
    lock_idle_s = fields.Integer(load_default=300, validate=Range(2, 1800))
    lock_hidden_s = fields.Integer(load_default=60, validate=Range(1, 1800))
    neutral = fields.Url(schemes={"https", "http"}, require_tld=False, load_default="https://www.wikipedia.org/")


def read_own(own: Mapping[str, Any]) -> OwnSettings:
    """Check the section. Raises Misconfigured naming every invalid key."""
    try:
        loaded = _Own().load(own)
    except ValidationError as error:
        broken = "; ".join(f"own{field.pointer.replace('/', '.')}: {field.code}" for field in field_errors(error.messages))
        raise Misconfigured(f"The settings have errors: {broken}.") from None
    given = loaded.pop("organisation")
    secret = read_secret(Path(given["secret_file"])) if given else ""
    organisation = OrganisationSettings(given["issuer"], given["client_id"], secret) if given else None
    return OwnSettings(**loaded, organisation=organisation)
