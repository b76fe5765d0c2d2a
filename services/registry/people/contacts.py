"""Whose phone or e-mail it is, by keyed hash. Two reports about one new person meet here: one commits, one runs again."""

from __future__ import annotations

from collections.abc import Iterator

from ngao.chassis.storage.lookups import Record
from ngao.chassis.storage.unit_of_work import Unit
from ngao.kernel.placeholders import Placeholders
from ngao.kernel.references import pairwise_defender_ref
from services.registry.people.documents import ContactDocument
from services.registry.people.identity import Identity

_CONTACTS = "contacts"


class Contacts:
    """Keyed hashes of addresses within one unit of work; one record for each."""

    def __init__(self, unit: Unit, placeholders: Placeholders) -> None:
        self._unit = unit
        self._placeholders = placeholders
        self._records: dict[str, Record] = {}
        self._asked: set[str] = set()

    def sharing(self, identity: Identity) -> dict[str, frozenset[str]]:
        """References that have one of these addresses, with the kinds they share."""
        found: dict[str, frozenset[str]] = {}
        for record in self._known(identity).values():
            for ref in record["defender_refs"]:
                found[ref] = found.get(ref, frozenset()) | {record["kind"]}
        return found

    def claim(self, ref: str, identity: Identity) -> None:
        """Note the addresses as this person's too; those noted already are not written again."""
        known = self._known(identity)
        for hashed, kind in self._hashes(identity):
            record = known.get(hashed) or {"_id": hashed, "kind": kind, "defender_refs": []}
            if ref not in record["defender_refs"]:
                self._keep(record, [*record["defender_refs"], ref])

    def name_for_source(self, ref: str, source_id: str) -> str:
        """Make the pairwise reference, and note whose it is under its keyed hash."""
        given = pairwise_defender_ref(self._unit.sealer.lookup_hash("reference", f"{source_id} {ref}"))
        key = self._named(source_id, given)
        record = self._one(key) or {"_id": key, "kind": "reference", "defender_refs": []}
        if ref not in record["defender_refs"]:
            self._keep(record, [ref])
        return given

    def named_by_source(self, source_id: str, given: str) -> str | None:
        """Whose reference it is, if it was given to this source."""
        record = self._one(self._named(source_id, given))
        return next(iter(record["defender_refs"]), None) if record else None

    def release(self, ref: str) -> None:
        """Note that nothing is this person's any more."""
        for found in ContactDocument.objects(defender_refs=ref).as_pymongo():
            record = self._records.setdefault(found["_id"], found)
            refs = [each for each in record["defender_refs"] if each != ref]
            self._keep(record, refs)
            if not refs:
                self._unit.drop(_CONTACTS, record["_id"], record["revision"])

    def _keep(self, record: Record, refs: list[str]) -> None:
        changed = {**record, "defender_refs": refs}
        self._records[record["_id"]] = changed
        self._unit.keep(_CONTACTS, changed, record.get("revision", 0))

    def _known(self, identity: Identity) -> dict[str, Record]:
        ids = {hashed for hashed, _ in self._hashes(identity)}
        if new := ids - self._asked:
            self._asked |= new
            for record in self._unit.lookups.by(_CONTACTS).find(new):
                self._records.setdefault(record["_id"], record)
        return {hashed: self._records[hashed] for hashed in ids if hashed in self._records}

    def _named(self, source_id: str, given: str) -> str:
        return f"reference:{self._unit.sealer.lookup_hash('named', f'{source_id} {given}')}"

    def _one(self, key: str) -> Record | None:
        if key not in self._records and (found := self._unit.lookups.by(_CONTACTS).one(key)):
            self._records[key] = found
        return self._records.get(key)

    def _hashes(self, identity: Identity) -> Iterator[tuple[str, str]]:
        for kind, value in self._placeholders.somebodys(identity.addresses):
            yield f"{kind}:{self._unit.sealer.lookup_hash(kind, value)}", kind
