"""Who may do what: the roles of `roles.yaml`, which a coalition owns, and the rights of one account.

A right is a scope with three bounds: which records it reaches, which classes of fields the answers show, and for which
purposes a record may be read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate

from ngao.chassis.errors import Misconfigured
from ngao.chassis.policy import load_policy
from ngao.chassis.sections import Section
from ngao.contracts import DataClass, Pattern
from ngao.kernel.scopes import EVERY_RECORD, HUB, OF_OUTSIDER, REACHES, SCOPES

ROLES = "roles.yaml"
EVERY_SCOPE = "*"
_EVERY_CLASS = frozenset(DataClass)
_NAME = fields.String(validate=Pattern(r"^[a-z][a-z-]{1,40}$"))


@dataclass(frozen=True)
class Grant:
    """The bounds of one scope. `purposes` is None where every reason that policy knows may be given."""

    reach: str = EVERY_RECORD
    sees: frozenset[DataClass] = _EVERY_CLASS
    purposes: frozenset[str] | None = None

    def allows(self, reason: str) -> bool:
        """Return True if a record may be read for this reason."""
        return self.purposes is None or reason in self.purposes

    def includes(self, other: Grant) -> bool:
        """Return True if nothing is allowed by the other that is not allowed by this one."""
        purposes = self.purposes is None or (other.purposes is not None and self.purposes >= other.purposes)
        return self.reach in (EVERY_RECORD, other.reach) and self.sees >= other.sees and purposes


WHOLE = Grant()
"""Without bounds: what a scope means that is given to a key by itself."""
Rights = Mapping[str, Grant]
"""The scopes of one account, each with its bounds."""


@dataclass(frozen=True)
class Role:
    """The scopes of one kind of work, and in a few words what that work is. `label` is its name by language, for pages.

    With `keys_only` it is for the keys of the command line: no staff token has it.
    """

    does: str
    rights: Rights
    keys_only: bool = False
    label: Mapping[str, str] = field(default_factory=dict)


class RoleFile(Section):
    """One role: `label`, `does`, `sees`, `purposes`, `may` and `keys_only`."""

    does = fields.String(required=True, validate=validate.Length(3, 120))
    sees = fields.List(fields.Enum(DataClass, by_value=True), required=True, validate=validate.Length(min=1))
    purposes = fields.List(fields.String(validate=Pattern(r"^[a-z_]{2,40}$")), load_default=None, validate=validate.Length(min=1))
    may = fields.Dict(
        keys=fields.String(validate=validate.OneOf(REACHES)),
        values=fields.List(fields.String(validate=validate.OneOf((*SCOPES, EVERY_SCOPE)))),
        required=True,
    )

    keys_only = fields.Boolean(load_default=False)
    label = fields.Dict(keys=fields.String(), values=fields.String(), load_default=dict)

    @post_load
    def to_role(self, data: dict[str, Any], **_: object) -> Role:
        """Return the role. Of a scope that is named with two reaches, the wider one counts. Raises ValidationError if none is."""
        sees = frozenset(data["sees"])
        purposes = None if data["purposes"] is None else frozenset(data["purposes"])
        rights: dict[str, Grant] = {}
        for reach in REACHES:
            named, grant = data["may"].get(reach, ()), Grant(reach, sees, purposes)
            for scope in SCOPES if EVERY_SCOPE in named else named:
                if not rights.setdefault(scope, grant).includes(grant):
                    raise ValidationError(f"{scope} has two reaches of which neither includes the other.", "may")
        return Role(data["does"], rights, data["keys_only"], data["label"])


class RolesFile(Section):
    """roles.yaml: the roles by name."""

    roles = fields.Dict(keys=_NAME, values=fields.Nested(RoleFile), required=True, validate=validate.Length(min=1))


Roles = Mapping[str, Role]
NO_ROLES: Roles = {}


def read_roles(directories: Iterable[Path]) -> Roles:
    """Read `roles.yaml`. Raises Misconfigured, naming file and key."""
    found: Roles = load_policy(tuple(directories), {ROLES: RolesFile()})[ROLES]["roles"]
    return found


def rights_of(scopes: Iterable[str], names: Iterable[str], roles: Roles) -> Rights:
    """Return the rights of an account with these scopes and roles. A role that policy does not know gives none.

    Raises Misconfigured if two roles give one scope with bounds of which neither includes the other: what both together
    would mean is for a person to decide.
    """
    rights: dict[str, Grant] = {}
    for name in names:
        for scope, grant in roles[name].rights.items() if name in roles else ():
            known = rights.setdefault(scope, grant)
            if not known.includes(grant):
                if not grant.includes(known):
                    raise Misconfigured(f"The role {name} and another one bound {scope} differently. Give only one of them.")
                rights[scope] = grant
    return rights | dict.fromkeys(scopes, WHOLE)


class AtOdds(StrEnum):
    """What does not fit about an account: its roles reach what it has not, or more than an outsider's may."""

    BEYOND_OUTSIDER = "beyond_outsider"
    NO_OUTSIDER = "no_outsider"
    NO_HUB = "no_hub"


def at_odds(rights: Rights, hubs: Collection[str], outsider: str = "") -> AtOdds | None:
    """Return what does not fit about the account of a person who has these hubs, and is of this outsider if any is named."""
    reaches = {grant.reach for grant in rights.values()}
    if outsider and reaches != {OF_OUTSIDER}:
        return AtOdds.BEYOND_OUTSIDER
    if not outsider and OF_OUTSIDER in reaches:
        return AtOdds.NO_OUTSIDER
    return AtOdds.NO_HUB if not hubs and HUB in reaches else None
