"""Entities to documents and back, one repository a collection, all bound to one unit of work."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from ngao.chassis.storage.lookups import Record, TooMany
from ngao.chassis.storage.unit_of_work import Unit
from ngao.kernel.placeholders import Placeholders
from services.registry.cases.model import Case, CaseState
from services.registry.disclosure.model import Disclosure, Refusal
from services.registry.people import mapping
from services.registry.people.contacts import Contacts
from services.registry.people.documents import CandidateDocument, CaseDocument, DefenderDocument, DisclosureDocument
from services.registry.people.identity import Identity, Told
from services.registry.people.model import Defender
from services.registry.people.resolution import Candidate, Verdict

E = TypeVar("E", Defender, Case, Candidate, Disclosure)

_MOST_NAMESAKES, _READERS = 50, 8


class _Repository(Generic[E]):
    """Hands out one object for each record of a unit, and registers one write for it however often it is saved."""

    collection: str

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._entities: dict[str, E] = {}

    def get(self, key: str) -> E | None:
        """One record, or None."""
        if key in self._entities:
            return self._entities[key]
        found = self._unit.lookups.by(self.collection).one(key)
        return self._known(found) if found else None

    def save(self, entity: E) -> None:
        """Register a new or changed record."""
        self._entities[entity.id] = entity
        self._unit.keep(self.collection, {"_id": entity.id, **self._record(entity)}, entity.revision)

    def _all(self, found: Any) -> list[E]:
        return [self._known(record) for record in found.as_pymongo()]

    def _known(self, record: Record) -> E:
        """The object already handed out wins over what was read again: it may have been changed."""
        key = record["_id"]
        if key not in self._entities:
            entity = self._read(record)
            entity.revision = record["revision"]
            self._entities[key] = entity
        return self._entities[key]

    def _read(self, record: Record) -> E:
        raise NotImplementedError

    def _record(self, entity: E) -> Record:
        raise NotImplementedError

    def _seal(self, scope: str, key: str, field: str, value: Any) -> bytes:
        content = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        return self._unit.sealer.seal(scope, self.collection, key, field, content)

    def _open(self, scope: str, key: str, field: str, sealed: bytes) -> Any:
        return json.loads(self._unit.sealer.open(scope, self.collection, key, field, bytes(sealed)))


class DefenderRepository(_Repository[Defender]):
    """Records of persons. `name_keys` makes the keys under which similar names are found again."""

    collection = "defenders"

    def __init__(self, unit: Unit, name_keys: Any, placeholders: Placeholders) -> None:
        super().__init__(unit)
        self._name_keys = name_keys
        self._contacts = Contacts(unit, placeholders)

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
        shared = self._unit.lookups.sharing(self.collection, "name_keys", only=(), most=_MOST_NAMESAKES * _READERS)
        try:
            refs = [record["_id"] for record in shared.find(keys)]
        except TooMany:
            refs = list(DefenderDocument.objects(name_keys__in=keys).limit(_MOST_NAMESAKES).scalar("id"))
        return refs[:_MOST_NAMESAKES]

    def claim(self, ref: str, identity: Identity) -> None:
        """Register keyed hashes of addresses."""
        self._contacts.claim(ref, identity)

    def name_for_source(self, ref: str, source_id: str) -> str:
        """Register the pairwise reference."""
        return self._contacts.name_for_source(ref, source_id)

    def named_by_source(self, source_id: str, given: str) -> str | None:
        """Whose pairwise reference it is."""
        return self._contacts.named_by_source(source_id, given)

    def release(self, ref: str) -> None:
        """Register the end of its addresses' keyed hashes."""
        self._contacts.release(ref)

    def fading(self, before: datetime, limit: int) -> list[Defender]:
        """Records that nobody can find any more since some time."""
        return self._all(DefenderDocument.objects(fading_since__lte=before).limit(limit))

    def remove(self, defender: Defender) -> None:
        """Register the record's end."""
        if defender.id in self._entities:
            self._unit.drop(self.collection, defender.id, defender.revision)

    def _is_new(self, ref: str) -> bool:
        """Made in this unit, so that the store cannot know anything of it."""
        return ref in self._entities and not self._entities[ref].revision

    def _hashed_names(self, identity: Identity) -> list[str]:
        return sorted(self._unit.sealer.lookup_hash("name", key) for key in self._name_keys(identity.names))

    def _read(self, record: Record) -> Defender:
        key = record["_id"]
        return Defender(
            id=key,
            identity=Identity.from_dict(self._open(f"person:{key}", key, "identity", record["identity"])),
            created_at=record["created_at"],
            restrictions=tuple(mapping.restriction_from(each) for each in record.get("restrictions", ())),
            statements=tuple(mapping.statement_from(each) for each in record.get("statements", ())),
            linked_to=record.get("linked_to"), fading_since=record.get("fading_since"),
        )

    def _record(self, entity: Defender) -> Record:
        if not entity.revision:
            self._unit.sealer.begin(f"person:{entity.id}")
        return {
            "identity": self._seal(f"person:{entity.id}", entity.id, "identity", entity.identity.as_dict()),
            "name_keys": [] if entity.fading_since else self._hashed_names(entity.identity),
            "created_at": entity.created_at,
            "restrictions": [mapping.restriction_to(each) for each in entity.restrictions],
            "statements": [mapping.statement_to(each) for each in entity.statements],
            "linked_to": entity.linked_to,
            "fading_since": entity.fading_since,
        }


class CaseRepository(_Repository[Case]):
    """Cases as the registry sees them."""

    collection = "cases"

    def of(self, refs: Iterable[str]) -> list[Case]:
        """All cases of these records, oldest first."""
        return self._all(CaseDocument.objects(defender_ref__in=list(refs)).order_by("received_at"))

    def due(self, *, received: datetime, withdrawn: datetime, limit: int) -> list[Case]:
        """Cases whose facts are still kept, and that came or were taken back no later than this."""
        found = self._all(_withdrawn(withdrawn).order_by("withdrawn_at").limit(limit))
        return found or self._all(_received(received).order_by("received_at").limit(limit))

    def overdue(self, *, received: datetime, withdrawn: datetime) -> tuple[int, timedelta]:
        """How many there are of these, and for how long the oldest is past its time; one may be past both."""
        late, longest = 0, timedelta(0)
        past = (_received(received), "received_at", received), (_withdrawn(withdrawn), "withdrawn_at", withdrawn)
        for chosen, moment, end in past:
            first = chosen.order_by(moment).only(moment).as_pymongo().first()
            late += chosen.count() if first else 0
            longest = max(longest, end - first[moment] if first else longest)
        return late, longest

    def unabsorbed(self, limit: int) -> list[Case]:
        """Cases not yet taken over by their person's record."""
        return self._all(CaseDocument.objects(absorbed=False).order_by("received_at").limit(limit))

    def _read(self, record: Record) -> Case:
        sealed, scope = record.get("told"), scope_of(record["_id"], record.get("defender_ref"))
        raw = self._open(scope, record["_id"], "told", sealed) if sealed else {}
        return Case(
            id=record["_id"],
            told=Told.from_dict(raw),
            tellings=tuple(mapping.telling_from(each) for each in record.get("tellings", ())),
            state=CaseState(record["state"]),
            statements=tuple(mapping.statement_from(each) for each in record.get("statements", ())),
            said=tuple(record.get("said", ())),
            corrected=record.get("corrected") or {},
            **_plain(record, _CASE_PLAIN),
        )

    def _record(self, entity: Case) -> Record:
        scope = scope_of(entity.id, entity.defender_ref)
        forgotten = entity.state is CaseState.FORGOTTEN
        return {
            "told": None if forgotten else self._seal(scope, entity.id, "told", entity.told.as_dict()),
            "tellings": [mapping.telling_to(each) for each in entity.tellings],
            "statements": [mapping.statement_to(each) for each in entity.statements],
            "said": list(entity.said),
            "corrected": dict(entity.corrected),
            "state": str(entity.state),
            **{name: getattr(entity, name) for name in _CASE_PLAIN},
        }


class CandidateRepository(_Repository[Candidate]):
    """Probable matches."""

    collection = "candidates"

    def open(self, limit: int) -> list[Candidate]:
        """The undecided ones, oldest first."""
        return self._all(CandidateDocument.objects(verdict=str(Verdict.OPEN)).order_by("created_at").limit(limit))

    def suggesting(self, refs: Iterable[str]) -> list[Candidate]:
        """Undecided ones that suggest one of these records."""
        found = self._all(CandidateDocument.objects(verdict=str(Verdict.OPEN), suggestions__defender_ref__in=list(refs)))
        return [candidate for candidate in found if candidate.verdict is Verdict.OPEN]

    def _read(self, record: Record) -> Candidate:
        return Candidate(
            id=record["_id"],
            suggestions=tuple(mapping.suggestion_from(each) for each in record.get("suggestions", ())),
            verdict=Verdict(record["verdict"]),
            **_plain(record, _CANDIDATE_PLAIN),
        )

    def _record(self, entity: Candidate) -> Record:
        return {
            "suggestions": [mapping.suggestion_to(each) for each in entity.suggestions],
            "verdict": str(entity.verdict),
            **{name: getattr(entity, name) for name in _CANDIDATE_PLAIN},
        }


class DisclosureRepository(_Repository[Disclosure]):
    """What was done about offers."""

    collection = "disclosures"

    def of(self, case_ref: str) -> list[Disclosure]:
        """All of one case."""
        return self._all(DisclosureDocument.objects(case_ref=case_ref).order_by("id"))

    def _read(self, record: Record) -> Disclosure:
        refusal = Refusal(record["refusal"]) if record.get("refusal") else None
        known = {name: record[name] for name in _DISCLOSURE_LATER if name in record}
        return Disclosure(record["_id"], record["case_ref"], record["partner_id"], record["at"], refusal, **known)

    def _record(self, entity: Disclosure) -> Record:
        plain = {name: getattr(entity, name) for name in ("case_ref", "partner_id", "at", *_DISCLOSURE_LATER)}
        return {**plain, "refusal": str(entity.refusal) if entity.refusal else None}


def withheld_for_keys(since: datetime) -> tuple[int, datetime | None]:
    """How many contacts were withheld for a partner's keys since a moment and still are, and when the first was."""
    codes = [refusal.value for refusal in Refusal if refusal.is_about_keys]
    found = DisclosureDocument.objects(refusal__in=codes, at__gte=since)
    first = found.order_by("at").only("at").as_pymongo().first()
    return (found.count(), first["at"]) if first else (0, None)


def _received(by: datetime) -> Any:
    return CaseDocument.objects(state__in=[str(CaseState.OPEN), str(CaseState.WITHDRAWN)], received_at__lte=by)


def _withdrawn(by: datetime) -> Any:
    return CaseDocument.objects(state=str(CaseState.WITHDRAWN), withdrawn_at__lte=by)


_DISCLOSURE_LATER = ("vouch", "signature", "ended", "case_salt")
_CANDIDATE_PLAIN = ("defender_ref", "created_at", "decided_by", "decided_at")
_CASE_PLAIN = (
    "defender_ref", "resolution", "urgent", "received_at", "policy_version", "intake_sequence", "withdrawn_at", "absorbed",
)


def _plain(record: Record, names: Iterable[str]) -> Record:
    return {name: record.get(name) for name in names}


def scope_of(case_ref: str, defender_ref: str | None) -> str:
    """The scope of the data key that seals what a case told."""
    return f"person:{defender_ref}" if defender_ref else f"case:{case_ref}"
