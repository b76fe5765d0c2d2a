"""Entities to documents and back, one repository a collection, all bound to one unit of work."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Generic, TypeVar

from ngao.chassis.storage.unit_of_work import Unit
from services.registry.domain.case import Case, CaseState
from services.registry.domain.defender import Defender
from services.registry.domain.disclosure import Disclosure, Refusal
from services.registry.domain.identity import Identity, Told
from services.registry.domain.resolution import Candidate, Verdict
from services.registry.storage import mapping
from services.registry.storage.contacts import Contacts
from services.registry.storage.documents import CandidateDocument, CaseDocument, DefenderDocument, DisclosureDocument

E = TypeVar("E", Defender, Case, Candidate, Disclosure)

_MOST_NAMESAKES = 50


class _Repository(Generic[E]):
    """Hands out one object for each record of a unit, and registers one document for it however often it is saved."""

    document: Any

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._entities: dict[str, E] = {}
        self._documents: dict[str, Any] = {}

    def get(self, key: str) -> E | None:
        """One record, or None."""
        if key in self._entities:
            return self._entities[key]
        found = self.document.objects(id=key).first()
        return self._known(found) if found else None

    def save(self, entity: E) -> None:
        """Register a new or changed record."""
        document = self._documents.get(entity.id) or self.document(id=entity.id)
        self._fill(document, entity)
        self._documents[entity.id] = document
        self._entities[entity.id] = entity
        self._unit.put(document)

    def _all(self, found: Iterable[Any]) -> list[E]:
        return [self._known(document) for document in found]

    def _known(self, document: Any) -> E:
        """The object already handed out wins over what was read again: it may have been changed."""
        if document.id not in self._entities:
            entity = self._read(document)
            entity.revision = document.revision
            self._entities[document.id] = entity
            self._documents[document.id] = document
        return self._entities[document.id]

    def _read(self, document: Any) -> E:
        raise NotImplementedError

    def _fill(self, document: Any, entity: E) -> None:
        raise NotImplementedError

    def _seal(self, scope: str, key: str, field: str, value: Any) -> bytes:
        content = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        return self._unit.sealer.seal(scope, self._collection, key, field, content)

    def _open(self, scope: str, key: str, field: str, sealed: bytes) -> Any:
        return json.loads(self._unit.sealer.open(scope, self._collection, key, field, bytes(sealed)))

    @property
    def _collection(self) -> str:
        return str(self.document._get_collection_name())  # noqa: SLF001  # mongoengine has no public name for it


class DefenderRepository(_Repository[Defender]):
    """Records of persons. `name_keys` makes the keys under which similar names are found again."""

    document = DefenderDocument

    def __init__(self, unit: Unit, name_keys: Any) -> None:
        super().__init__(unit)
        self._name_keys = name_keys
        self._contacts = Contacts(unit)

    def linked_to(self, ref: str) -> list[Defender]:
        """Records linked to this one, as they are now in this unit."""
        if not self._is_new(ref):
            self._all(DefenderDocument.objects(linked_to=ref))
        return [defender for defender in self._entities.values() if defender.linked_to == ref]

    def sharing(self, identity: Identity) -> dict[str, frozenset[str]]:
        """References that share a phone or e-mail, with which kinds."""
        return self._contacts.sharing(identity)

    def named_like(self, identity: Identity) -> list[str]:
        """References with a similar name, at most so many: a common name must not read the whole register."""
        keys = self._hashed_names(identity)
        if not keys:
            return []
        return [str(ref) for ref in DefenderDocument.objects(name_keys__in=keys).limit(_MOST_NAMESAKES).scalar("id")]

    def claim(self, ref: str, identity: Identity) -> None:
        """Register keyed hashes of addresses."""
        self._contacts.claim(ref, identity)

    def release(self, ref: str) -> None:
        """Register the end of its addresses' keyed hashes."""
        self._contacts.release(ref)

    def fading(self, before: datetime, limit: int) -> list[Defender]:
        """Records that nobody can find any more since some time."""
        return self._all(DefenderDocument.objects(fading_since__lte=before).limit(limit))

    def remove(self, defender: Defender) -> None:
        """Register the record's end."""
        document = self._documents.get(defender.id)
        if document is not None:
            self._unit.remove(document)

    def _is_new(self, ref: str) -> bool:
        """Made in this unit, so that the store cannot know anything of it."""
        return ref in self._documents and not self._documents[ref].revision

    def _hashed_names(self, identity: Identity) -> list[str]:
        return sorted(self._unit.sealer.lookup_hash("name", key) for key in self._name_keys(identity.names))

    def _read(self, document: Any) -> Defender:
        return Defender(
            id=document.id,
            identity=Identity.from_dict(self._open(f"person:{document.id}", document.id, "identity", document.identity)),
            created_at=document.created_at,
            restrictions=tuple(mapping.restriction_from(each) for each in document.restrictions),
            statements=tuple(mapping.statement_from(each) for each in document.statements),
            linked_to=document.linked_to, fading_since=document.fading_since,
        )

    def _fill(self, document: Any, entity: Defender) -> None:
        if not document.revision:
            self._unit.sealer.begin(f"person:{entity.id}")
        document.identity = self._seal(f"person:{entity.id}", entity.id, "identity", entity.identity.as_dict())
        document.name_keys = [] if entity.fading_since else self._hashed_names(entity.identity)
        document.created_at = entity.created_at
        document.restrictions = [mapping.restriction_to(each) for each in entity.restrictions]
        document.statements = [mapping.statement_to(each) for each in entity.statements]
        document.linked_to = entity.linked_to
        document.fading_since = entity.fading_since


class CaseRepository(_Repository[Case]):
    """Cases as the registry sees them."""

    document = CaseDocument

    def of(self, refs: Iterable[str]) -> list[Case]:
        """All cases of these records, oldest first."""
        return self._all(CaseDocument.objects(defender_ref__in=list(refs)).order_by("received_at"))

    def due(self, now: datetime, limit: int) -> list[Case]:
        """Cases past their retention."""
        return self._all(CaseDocument.objects(keep_until__lte=now).order_by("keep_until").limit(limit))

    def unabsorbed(self, limit: int) -> list[Case]:
        """Cases not yet taken over by their person's record."""
        return self._all(CaseDocument.objects(absorbed=False).order_by("received_at").limit(limit))

    def _read(self, document: Any) -> Case:
        sealed = document.told
        raw = self._open(_scope(document.id, document.defender_ref), document.id, "told", sealed) if sealed else {}
        return Case(
            id=document.id, defender_ref=document.defender_ref, resolution=document.resolution, urgent=document.urgent,
            told=Told.from_dict(raw), received_at=document.received_at,
            tellings=tuple(mapping.telling_from(each) for each in document.tellings),
            policy_version=document.policy_version, state=CaseState(document.state),
            statements=tuple(mapping.statement_from(each) for each in document.statements),
            intake_sequence=document.intake_sequence, keep_until=document.keep_until,
            absorbed=document.absorbed, said=tuple(document.said),
        )

    def _fill(self, document: Any, entity: Case) -> None:
        scope = _scope(entity.id, entity.defender_ref)
        forgotten = entity.state is CaseState.FORGOTTEN
        document.told = None if forgotten else self._seal(scope, entity.id, "told", entity.told.as_dict())
        document.tellings = [mapping.telling_to(each) for each in entity.tellings]
        document.statements = [mapping.statement_to(each) for each in entity.statements]
        document.said = list(entity.said)
        document.state = str(entity.state)
        for name in _CASE_PLAIN:
            setattr(document, name, getattr(entity, name))


class CandidateRepository(_Repository[Candidate]):
    """Probable matches."""

    document = CandidateDocument

    def open(self, limit: int) -> list[Candidate]:
        """The undecided ones, oldest first."""
        return self._all(CandidateDocument.objects(verdict=str(Verdict.OPEN)).order_by("created_at").limit(limit))

    def suggesting(self, refs: Iterable[str]) -> list[Candidate]:
        """Undecided ones that suggest one of these records."""
        found = self._all(CandidateDocument.objects(verdict=str(Verdict.OPEN), suggestions__defender_ref__in=list(refs)))
        return [candidate for candidate in found if candidate.verdict is Verdict.OPEN]

    def _read(self, document: Any) -> Candidate:
        return Candidate(
            id=document.id, defender_ref=document.defender_ref,
            suggestions=tuple(mapping.suggestion_from(each) for each in document.suggestions),
            created_at=document.created_at, verdict=Verdict(document.verdict), decided_by=document.decided_by,
            decided_at=document.decided_at,
        )

    def _fill(self, document: Any, entity: Candidate) -> None:
        document.suggestions = [mapping.suggestion_to(each) for each in entity.suggestions]
        document.verdict = str(entity.verdict)
        for name in ("defender_ref", "created_at", "decided_by", "decided_at"):
            setattr(document, name, getattr(entity, name))


class DisclosureRepository(_Repository[Disclosure]):
    """What was done about offers."""

    document = DisclosureDocument

    def _read(self, document: Any) -> Disclosure:
        refusal = Refusal(document.refusal) if document.refusal else None
        return Disclosure(document.id, document.case_ref, document.partner_id, document.at, refusal)

    def _fill(self, document: Any, entity: Disclosure) -> None:
        document.refusal = str(entity.refusal) if entity.refusal else None
        for name in ("case_ref", "partner_id", "at"):
            setattr(document, name, getattr(entity, name))


_CASE_PLAIN = (
    "defender_ref", "resolution", "urgent", "received_at", "policy_version", "intake_sequence", "keep_until", "absorbed",
)


def _scope(case_ref: str, defender_ref: str | None) -> str:
    return f"person:{defender_ref}" if defender_ref else f"case:{case_ref}"
