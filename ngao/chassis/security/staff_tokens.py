"""Staff tokens: the console's statement of who is signed in, for one service, some scopes and a few minutes.

A token is a JSON Web Token (RFC 7519) with an Ed25519 signature (RFC 8037). Each service verifies it by itself, with its own copy
of the console's public keys, and resolves the roles with its own copy of policy. The console cannot widen what a role may do.
"""

from __future__ import annotations

import time
from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from marshmallow import ValidationError, fields, validate

from ngao.chassis.errors import Misconfigured
from ngao.chassis.observability.logs import get_logger
from ngao.chassis.rereading import Reread, Ticks
from ngao.chassis.security import keyfiles
from ngao.chassis.security.identity import ACCOUNT_ID, Principal
from ngao.chassis.security.roles import Rights, Roles, rights_of
from ngao.contracts import INTERNAL, Pattern, Tolerant
from ngao.kernel.ids import ID
from ngao.kernel.scopes import OF_OUTSIDER, SCOPES

ISSUER, ALGORITHM = "console", "EdDSA"
LIFETIME = timedelta(minutes=2)
LONGEST = timedelta(minutes=5)
"""A token that is valid for longer is refused, although it is signed."""
CLOCKS_S = 5
_LONGEST_TOKEN = 4096
_OUTSIDER = f"({ID})?"
_log = get_logger(__name__)
_UNKNOWN_S = 1.0
"""A key id that is in no folder makes no more than one look in this time."""


@dataclass(frozen=True)
class Staff:
    """A person with an account at the console: the account's id, its roles, and the hubs that they are for.

    A person of an outsider has its id in `outsider`, and reaches nothing but what is for that one, whatever the roles.
    """

    id: str
    roles: tuple[str, ...]
    hubs: tuple[str, ...] = ()
    outsider: str = ""


def _words(most: int, each: validate.Validator) -> Any:
    return fields.List(fields.String(validate=each), required=True, validate=validate.Length(max=most), metadata=INTERNAL)


class _Claims(Tolerant):
    """What a token says, once its signature, audience and times have been verified."""

    sub = fields.String(required=True, validate=Pattern(ACCOUNT_ID.pattern), metadata=INTERNAL)
    iat = fields.Integer(required=True, strict=True, metadata=INTERNAL)
    exp = fields.Integer(required=True, strict=True, metadata=INTERNAL)
    roles = _words(20, validate.Length(1, 41))
    hubs = _words(100, validate.Length(1, 41))
    scope = _words(len(SCOPES), validate.OneOf(SCOPES))
    outsider = fields.String(load_default="", validate=Pattern(_OUTSIDER), metadata=INTERNAL)


class StaffIssuer:
    """Signs tokens with the newest of the console's keys whose public half is there for the services. Raises Misconfigured."""

    def __init__(self, directory: Path, public_directory: Path, *, ticks: Ticks = time.monotonic) -> None:
        self._directory, self._public_directory = directory, public_directory
        self._key = Reread(self._newest, ticks=ticks)

    def token(self, staff: Staff, service: str, scopes: Iterable[str], *, lifetime: timedelta = LIFETIME) -> str:
        """Return a token that lets this person use these scopes at this service, as far as the person's roles allow."""
        key_id, private = self._key.value()
        now = datetime.now(UTC)
        claims = {
            "iss": ISSUER, "aud": service, "sub": staff.id, "iat": now, "exp": now + lifetime,
            "roles": list(staff.roles), "hubs": list(staff.hubs), "scope": sorted(scopes),
            **({"outsider": staff.outsider} if staff.outsider else {}),
        }  # fmt: skip
        key = Ed25519PrivateKey.from_private_bytes(b64decode(private))
        return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": key_id})

    def _newest(self) -> tuple[str, str]:
        published = keyfiles.load_staff(self._public_directory)
        missing = f"The folder {self._public_directory} has the public half of no key of staff tokens in {self._directory}."
        return keyfiles.newest_published(keyfiles.load_staff_signing(self._directory), published, missing)


class StaffTokens:
    """Verifies tokens for one service."""

    def __init__(self, service: str, public_directory: Path, roles: Roles, *, ticks: Ticks = time.monotonic) -> None:
        self._service, self._roles = service, roles
        self._keys = Reread(partial(keyfiles.load_staff, public_directory), ticks=ticks)

    def principal(self, token: str) -> Principal | None:
        """Return the person whom a token names, with the rights that policy gives to the roles; None for any other token."""
        try:
            claims = self._verified(token)
        except (jwt.InvalidTokenError, ValidationError):
            return None
        if claims["exp"] - claims["iat"] > LONGEST.total_seconds():
            return None
        person = self.person(Staff(claims["sub"], tuple(claims["roles"]), tuple(claims["hubs"]), claims["outsider"]))
        within = {scope: grant for scope, grant in person.rights.items() if scope in claims["scope"]}
        return replace(person, rights=within)

    def person(self, staff: Staff) -> Principal:
        """Return a person with the rights that policy gives to the roles now: one of an outsider with those of outsiders."""
        rights = self._rights(staff.roles)
        if staff.outsider:
            rights = {scope: grant for scope, grant in rights.items() if grant.reach == OF_OUTSIDER}
        return Principal("operator", staff.id, rights, frozenset(staff.hubs), roles=staff.roles, outsider=staff.outsider)

    def _rights(self, roles: Iterable[str]) -> Rights:
        """Return what these roles may do now. A role that policy does not know, or keeps for keys, gives nothing."""
        names = [name for name in roles if name in self._roles and not self._roles[name].keys_only]
        try:
            return rights_of((), names, self._roles)
        except Misconfigured:
            _log.warning("staff.roles_differ", roles=sorted(names))
            return {}

    def _verified(self, token: str) -> dict[str, Any]:
        if len(token) > _LONGEST_TOKEN:
            raise jwt.InvalidTokenError
        key_id = str(jwt.get_unverified_header(token).get("kid"))
        public = self._keys.having(key_id, _UNKNOWN_S).get(key_id)
        if public is None:
            raise jwt.InvalidTokenError
        claims = jwt.decode(
            token,
            Ed25519PublicKey.from_public_bytes(b64decode(public)),
            algorithms=[ALGORITHM],
            audience=self._service,
            issuer=ISSUER,
            leeway=CLOCKS_S,
            options={"require": ["iss", "aud", "sub", "iat", "exp"], "strict_aud": True},
        )
        loaded: dict[str, Any] = _Claims().load(claims)
        return loaded
