"""Stored records of persons and of their addresses. Whatever identifies a person is sealed or hashed."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

from mongoengine import BinaryField, ListField, Q, StringField

from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.held import INTERNAL, hashed, internal, sealed
from ngao.chassis.storage.lookups import Record, TooMany
from ngao.chassis.storage.unit_of_work import Unit
from ngao.kernel.placeholders import Placeholders
from ngao.kernel.records import from_record, to_record
from ngao.kernel.references import pairwise_defender_ref
from services.registry.people.identity import Identity
from services.registry.people.model import Defender
from services.registry.people.names import name_keys
from services.registry.rules import IdentityPolicy
from services.registry.store import Repository, scope_of

_NAMES = "names"
_REFERENCE = "reference"
_ADDRESSES = "contacts"
_MOST_NAMESAKES = 50
_MOST_BY_ONE_QUERY = 8 * _MOST_NAMESAKES
"""Look-ups of names at the same moment share one query (`lookups`). When it finds more than this, each look-up asks by itself."""


class DefenderDocument(Stored, of=Defender, held=internal("created_at restrictions statements linked_to fading_since kept_for")):
    """One person's record; `identity` is sealed under `person:<id>`, `name_keys` are keyed hashes by the rules of `keyed_by`."""

    identity = BinaryField(required=True, **sealed("cases"))
    name_keys = ListField(StringField(), **hashed("cases"))
    keyed_by = StringField(**INTERNAL)

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": "registry",
        "collection": "defenders",
        "indexes": ["name_keys", "linked_to", "created_at", "keyed_by", {"fields": ["fading_since"], "sparse": True}],
    }


class AddressDocument(Stored):
    """A phone, an e-mail or a source reference by its keyed hash (the id), and whose it is. Two first reports conflict."""

    id = StringField(primary_key=True, **hashed("cases"))
    kind = StringField(required=True, **INTERNAL)
    defender_refs = ListField(StringField(), **INTERNAL)

    meta: ClassVar[dict[str, Any]] = {"db_alias": "registry", "collection": "contacts", "indexes": ["defender_refs"]}


class DefenderRepository(Repository[Defender]):
    """Records of persons."""

    document = DefenderDocument

    def __init__(self, unit: Unit, policy: IdentityPolicy) -> None:
        super().__init__(unit)
        self._name_keys = partial(name_keys, rules=policy.matching)
        self._keyed_by = policy.matching.keys_version
        self._links_read: set[str] = set()

    def linked_to(self, ref: str) -> list[Defender]:
        """Return records linked to this one, as they are now in this unit. The store is asked once for each record."""
        if ref not in self._links_read and not self._is_new(ref):
            self._all(DefenderDocument.objects(linked_to=ref))
            self._links_read.add(ref)
        return [defender for defender in self._entities.values() if defender.linked_to == ref]

    def read(self, refs: Collection[str]) -> None:
        """Read these records, their keys and all linked with them, so that the store is not asked for each of them."""
        unread = {ref for ref in refs if ref not in self._links_read and not self._is_new(ref)}
        while unread:
            self._unit.sealer.prefetch(scope_of("", ref) for ref in unread)
            for record in self._unit.lookups.by(self.collection).find(ref for ref in unread if ref not in self._entities):
                self._known(record)
            linked = self._all(DefenderDocument.objects(linked_to__in=list(unread)))
            self._links_read |= unread
            known = [self._entities[ref] for ref in unread if ref in self._entities]
            further = {each.id for each in linked} | {each.linked_to for each in known if each.linked_to}
            unread = further - self._links_read

    def named_like(self, identity: Identity) -> list[str]:
        """Return references with a similar name, up to a bound: a common name must not read the whole register."""
        keys = self._hashed_names(identity)
        shared = self._unit.lookups.sharing(self.collection, "name_keys", only=(), most=_MOST_BY_ONE_QUERY)
        try:
            refs = [record["_id"] for record in shared.find(keys)]
        except TooMany:
            refs = list(DefenderDocument.objects(name_keys__in=keys).limit(_MOST_NAMESAKES).scalar("id"))
        return refs[:_MOST_NAMESAKES]

    def named(self, refs: Collection[str]) -> list[str]:
        """Return which of these have a name that finds them (a name of one word alone does not)."""
        return list(DefenderDocument.objects(id__in=list(refs), name_keys__0__exists=True).order_by("id").scalar("id"))

    def with_old_keys(self, limit: int) -> list[Defender]:
        """Return records that earlier rules made the keys of: names like theirs may not find them."""
        return self._all(DefenderDocument.objects(keyed_by__ne=self._keyed_by).limit(limit))

    def new_namesakes(self, since: datetime, until: datetime, limit: int) -> list[frozenset[str]]:
        """Return which records, created in this time, have a similar name; of so many of the oldest."""
        by_key: dict[str, set[str]] = {}
        found = DefenderDocument.objects(created_at__gte=since, created_at__lt=until, fading_since=None)
        for record in found.order_by("created_at").only("name_keys").limit(limit).as_pymongo():
            for key in record.get("name_keys", ()):
                by_key.setdefault(key, set()).add(record["_id"])
        return list({frozenset(refs) for refs in by_key.values() if len(refs) > 1})

    def maybe_restricted(self, refs: Collection[str]) -> list[str]:
        """Return which of these have a restriction, or are linked with another record that may have one."""
        these = DefenderDocument.objects(id__in=list(refs))
        own = these.filter(Q(restrictions__0__exists=True) | Q(linked_to__ne=None)).order_by("id").scalar("id")
        below = DefenderDocument.objects(linked_to__in=list(refs)).scalar("linked_to")
        return list(dict.fromkeys((*own, *below)))

    def pending_erasure(self, before: datetime, limit: int) -> list[Defender]:
        """Return records that no search has found since this time."""
        return self._all(DefenderDocument.objects(fading_since__lte=before).limit(limit))

    def remove(self, defender: Defender) -> None:
        """Delete the record."""
        if defender.id in self._entities:
            self._unit.drop(self.collection, defender.id, defender.revision)

    def destroy_key(self, ref: str) -> None:
        """Destroy the key of a record, so that nothing sealed with it can be opened. The record itself stays."""
        self._unit.destroy_key(scope_of("", ref))

    def _is_new(self, ref: str) -> bool:
        """Return True if the record was created in this unit, so that the store cannot know anything of it."""
        return ref in self._entities and not self._entities[ref].revision

    def _hashed_names(self, identity: Identity) -> list[str]:
        return sorted(self._unit.keyring.lookup_hash("name", key) for key in self._name_keys(identity.names))

    def _read(self, record: Record) -> Defender:
        key = record["_id"]
        identity = from_record(Identity, self._open(f"person:{key}", key, "identity", record["identity"]))
        defender: Defender = DefenderDocument.entity_of(record, identity=identity)
        return defender

    def _record(self, entity: Defender) -> Record:
        if not entity.revision:
            self._unit.sealer.create_key(f"person:{entity.id}")
        return super()._record(entity) | {
            "identity": self._seal(f"person:{entity.id}", entity.id, "identity", to_record(entity.identity)),
            "keyed_by": self._keyed_by,
            "name_keys": [] if entity.fading_since else self._hashed_names(entity.identity),
        }


@dataclass
class Look:
    """How far a look at all new records has come: those created before `until` were looked at."""

    id: str
    until: datetime
    revision: int = field(default=0, compare=False)


class LookDocument(Stored, of=Look, held=internal("until")):
    """The look at new records; there is one."""

    meta: ClassVar[dict[str, Any]] = {"db_alias": "registry", "collection": "looks"}


class LookRepository(Repository[Look]):
    """How far looks at all new records have come."""

    document = LookDocument

    def last(self) -> datetime | None:
        """Return until when new records were looked at; None before the first look."""
        found = self.get(_NAMES)
        return found.until if found else None

    def record(self, until: datetime) -> None:
        """Record how far the look has come; it never goes back."""
        found = self.get(_NAMES) or Look(_NAMES, until)
        found.until = max(found.until, until)
        self.save(found)


class AddressRepository:
    """Keyed hashes of addresses and of source references within one unit of work; one record for each."""

    def __init__(self, unit: Unit, placeholders: Placeholders) -> None:
        self._unit = unit
        self._placeholders = placeholders
        self._records: dict[str, Record] = {}
        self._asked: set[str] = set()

    def sharing(self, identity: Identity) -> dict[str, frozenset[str]]:
        """Return references that have one of these addresses, with the kinds they share."""
        found: dict[str, frozenset[str]] = {}
        for record in self._known(identity).values():
            for ref in record["defender_refs"]:
                found[ref] = found.get(ref, frozenset()) | {record["kind"]}
        return found

    def add(self, ref: str, identity: Identity) -> None:
        """Record the addresses as this person's too; existing ones are not written again."""
        known = self._known(identity)
        for key, kind in self._hashes(identity):
            record = known.get(key) or {"_id": key, "kind": kind, "defender_refs": []}
            if ref not in record["defender_refs"]:
                self._keep(record, [*record["defender_refs"], ref])

    def reference_for_source(self, ref: str, source_id: str) -> str:
        """Create the source reference, and store whose it is under its keyed hash."""
        given = pairwise_defender_ref(self._unit.keyring.lookup_hash("reference", f"{source_id} {ref}"))
        key = self._hashed_reference(source_id, given)
        record = self._one(key) or {"_id": key, "kind": _REFERENCE, "defender_refs": []}
        if ref not in record["defender_refs"]:
            self._keep(record, [ref])
        return given

    def owner_of_reference(self, source_id: str, given: str) -> str | None:
        """Return the owner of a reference, if it was given to this source."""
        record = self._one(self._hashed_reference(source_id, given))
        return next(iter(record["defender_refs"]), None) if record else None

    def hide(self, ref: str) -> None:
        """Let no phone and no e-mail lead to this person any more; the references that sources have still do."""
        self._detach(ref, AddressDocument.objects(defender_refs=ref, kind__ne=_REFERENCE))

    def remove(self, ref: str) -> None:
        """Delete everything that leads to this person."""
        self._detach(ref, AddressDocument.objects(defender_refs=ref))

    def _detach(self, ref: str, leading: Any) -> None:
        for found in leading.as_pymongo():
            record = self._records.setdefault(found["_id"], found)
            refs = [defender_ref for defender_ref in record["defender_refs"] if defender_ref != ref]
            self._keep(record, refs)
            if not refs:
                self._unit.drop(_ADDRESSES, record["_id"], record["revision"])

    def _keep(self, record: Record, refs: list[str]) -> None:
        changed = {**record, "defender_refs": refs}
        self._records[record["_id"]] = changed
        self._unit.keep(_ADDRESSES, changed, record.get("revision", 0))

    def _known(self, identity: Identity) -> dict[str, Record]:
        ids = {hashed for hashed, _ in self._hashes(identity)}
        if new := ids - self._asked:
            self._asked |= new
            for record in self._unit.lookups.by(_ADDRESSES).find(new):
                self._records.setdefault(record["_id"], record)
        return {hashed: self._records[hashed] for hashed in ids if hashed in self._records}

    def _hashed_reference(self, source_id: str, given: str) -> str:
        return f"reference:{self._unit.keyring.lookup_hash('named', f'{source_id} {given}')}"

    def _one(self, key: str) -> Record | None:
        if key not in self._records and (found := self._unit.lookups.by(_ADDRESSES).one(key)):
            self._records[key] = found
        return self._records.get(key)

    def _hashes(self, identity: Identity) -> Iterator[tuple[str, str]]:
        for kind, value in self._placeholders.without_placeholders(identity.addresses):
            yield f"{kind}:{self._unit.keyring.lookup_hash(kind, value)}", kind
