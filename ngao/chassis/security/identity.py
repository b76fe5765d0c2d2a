"""Who is calling: bearer keys `ngao_<kind>_<id>_<secret>`, of which only hashes are kept.

The secret is 256 random bits, so one SHA-256 is enough: a slow function such as argon2 protects secrets that people
choose and that can be guessed; 2**256 cannot be searched at any speed, and a slow hash would let callers burn our CPU.
The hash covers kind and id too, so that a hash copied to another account's record is useless.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from ngao.chassis.errors import Misconfigured, Unauthenticated, readable
from ngao.chassis.observability.logs import get_logger
from ngao.chassis.rereading import RereadFile
from ngao.chassis.security.roles import NO_ROLES, WHOLE, Grant, Rights, Roles, rights_of
from ngao.kernel.actors import Actor, ActorKind
from ngao.kernel.ids import ID, WHOLE_ID
from ngao.kernel.scopes import EVERY_RECORD, OWN

_KEY = re.compile(rf"^ngao_(?P<kind>[a-z]{{1,20}})_(?P<id>{ID})_[A-Za-z0-9_-]{{43}}$")
ACCOUNT_ID = re.compile(WHOLE_ID)
_HASH = re.compile(r"^sha256:[0-9a-f]{64}$")
_LONGEST_KEY = 120
_LISTS = ("scopes", "roles", "hubs")
_DUMMY = "sha256:" + "0" * 64
_log = get_logger(__name__)
_REFUSED = "The Authorization header must carry a valid bearer key."


@dataclass(frozen=True)
class Credential:
    """One account's right to call. Several hashes are valid at the same time, so that a key can be changed without a gap.

    `rate_per_second` overrides the service's own limit for this account; `hubs` bounds what it reaches, see `roles`.
    """

    hashes: tuple[str, ...]
    enabled: bool = True
    rights: Rights = field(default_factory=dict)
    hubs: frozenset[str] = frozenset()
    rate_per_second: float | None = None


@dataclass(frozen=True)
class Principal:
    """Who a request comes from, once known: kind is `operator`, `anyone` or a kind of outsiders.

    `grant` bounds the operation that is asked for. `roles` are those of a person who is signed in at the console; `outsider` is
    the one in whose name a person of it acts.
    """

    kind: str
    id: str
    rights: Rights = field(default_factory=dict)
    hubs: frozenset[str] = frozenset()
    rate_per_second: float | None = None
    grant: Grant = WHOLE
    roles: tuple[str, ...] = ()
    outsider: str = ""

    @property
    def actor(self) -> Actor:
        """As the audit names the caller. Raises ValueError for `anyone`."""
        return Actor(ActorKind(self.kind), self.id)

    @property
    def hubs_reached(self) -> frozenset[str] | None:
        """The hubs of whose records the operation may show and change some; None where the hub does not matter."""
        return None if self.grant.reach in {EVERY_RECORD, OWN} else self.hubs

    @property
    def owners_reached(self) -> frozenset[str] | None:
        """The owners of whose records the operation may show and change some; None where the owner does not matter."""
        return frozenset({self.id}) if self.grant.reach == OWN else None

    def reaches(self, hub: str, owner: str | None = None) -> bool:
        """Return True if a record of this hub and owner is among those that the operation may show or change."""
        hubs, owners = self.hubs_reached, self.owners_reached
        return (hubs is None or hub in hubs) and (owners is None or owner in owners)


class Credentials(Protocol):
    """Where a service keeps its accounts."""

    def find(self, kind: str, id: str) -> Credential | None:  # noqa: A002 - the field is called so
        """Return the account, enabled or not, or None."""
        ...


def new_key(kind: str, account_id: str) -> tuple[str, str]:
    """Make a key: `(key, hash)`. The key is shown once and forgotten; the hash is kept."""
    key = f"ngao_{kind}_{account_id}_{secrets.token_urlsafe(32)}"
    if not _KEY.fullmatch(key):
        raise ValueError(f"kind must be lower-case letters; id must match {WHOLE_ID}")
    return key, hash_key(key)


def hash_key(key: str) -> str:
    """Return the stored form of a key: `sha256:<64 hex digits>`."""
    return "sha256:" + sha256(key.encode()).hexdigest()


def parse(authorization: str | None) -> tuple[str, str, str] | None:
    """Take `(kind, id, key)` from an Authorization header; None when it is not one of our keys."""
    key = _bearer(authorization)
    found = _KEY.fullmatch(key) if len(key) <= _LONGEST_KEY else None
    return (found["kind"], found["id"], key) if found else None


def _bearer(authorization: str | None) -> str:
    scheme, _, key = (authorization or "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def verify(key: str, credential: Credential | None) -> bool:
    """Return True if the key is this account's. An unknown account costs the same time and is refused the same way."""
    offered = hash_key(key).encode()
    known = credential.hashes if credential else ()
    fits = [hmac.compare_digest(offered, each.encode()) for each in (*known, _DUMMY, _DUMMY)[: max(2, len(known))]]
    return any(fits) and credential is not None and credential.enabled


class Operators(RereadFile[dict[str, Credential]]):
    """The operators and their keys, by id: a file that is read again when it has changed, so that a revoked key is refused."""

    def __init__(self, path: Path, roles: Roles) -> None:
        super().__init__(path, partial(load_operators, path, roles), partial(_log.warning, "operators.not_read"))

    def get(self, operator_id: str) -> Credential | None:
        """Return the operator, or None."""
        return self.value().get(operator_id)


class Authenticator:
    """Knows callers by their keys: operators from the operators file, outsiders from the service's own accounts.

    `of_token` returns the person whom a staff token names, or None: see `staff_tokens`.
    """

    def __init__(
        self,
        credentials: Credentials | None,
        operators: Operators | Mapping[str, Credential],
        of_token: Callable[[str], Principal | None] = lambda _token: None,
    ) -> None:
        self._credentials, self._operators, self._of_token = credentials, operators, of_token

    def authenticate(self, authorization: str | None) -> Principal:
        """Return the caller. Raises Unauthenticated with one and the same sentence whatever was wrong."""
        parsed = parse(authorization)
        if parsed is None:
            person = self._of_token(_bearer(authorization))
            if person is None:
                raise Unauthenticated(_REFUSED)
            return person
        kind, account_id, key = parsed
        credential = self._find(kind, account_id)
        if not verify(key, credential) or credential is None:
            raise Unauthenticated(_REFUSED)
        return Principal(kind, account_id, credential.rights, credential.hubs, credential.rate_per_second)

    def _find(self, kind: str, account_id: str) -> Credential | None:
        if kind == "operator":
            return self._operators.get(account_id)
        return self._credentials.find(kind, account_id) if self._credentials else None


def load_operators(path: Path, roles: Roles = NO_ROLES) -> dict[str, Credential]:
    """Read `{"operators": [{"id", "hash", "scopes": [], "roles": [], "hubs": []}]}`. Raises Misconfigured.

    Two entries of one id are two valid keys; the last one's scopes, roles and hubs count. One whose roles differ has no rights.
    """
    try:
        with readable(f"The operators file {path}"):
            document = json.loads(path.read_text("utf-8"))
    except ValueError:
        raise Misconfigured(f"The operators file {path} is not JSON.") from None
    entries = document.get("operators") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise Misconfigured(f'The operators file {path} must be an object with a list named "operators".')
    operators: dict[str, Credential] = {}
    for position, entry in enumerate(entries):
        operator_id, made = _operator(entry, f"Entry {position} of the operators file {path}", roles)
        earlier = operators.get(operator_id)
        operators[operator_id] = replace(made, hashes=(*earlier.hashes, *made.hashes)) if earlier else made
    return operators


def _operator(entry: Any, where: str, roles: Roles) -> tuple[str, Credential]:
    if not isinstance(entry, dict) or set(entry) - {"id", "hash", *_LISTS}:
        raise Misconfigured(f"{where} must be an object with id, hash, scopes, roles and hubs only.")
    if not isinstance(entry.get("id"), str) or not ACCOUNT_ID.fullmatch(entry["id"]):
        raise Misconfigured(f"{where} needs an id of lower-case letters, digits and hyphens.")
    if not isinstance(entry.get("hash"), str) or not _HASH.fullmatch(entry["hash"]):
        raise Misconfigured(f"{where} needs a hash as `sha256:` and 64 hex digits, as `ngao operator add` makes it.")
    for name in _LISTS:
        words = entry.get(name, [])
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise Misconfigured(f"{where} has {name} that are not a list of words.")
    try:
        rights = rights_of(entry.get("scopes", ()), entry.get("roles", ()), roles)
    except Misconfigured:  # the other operators are needed; `ngao check` and `ngao policy check` name this one
        rights = {}
        _log.warning("operators.roles_differ", operator=entry["id"])
    return entry["id"], Credential((entry["hash"],), rights=rights, hubs=frozenset(entry.get("hubs", ())))
