"""Whose phone or e-mail it is, by keyed hash. Two reports about one new person meet here: one commits, one runs again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ngao.chassis.storage.unit_of_work import Unit
from services.registry.domain.identity import Identity
from services.registry.storage.documents import ContactDocument


class Contacts:
    """Keyed hashes of addresses within one unit of work; one object for each record."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._documents: dict[str, ContactDocument] = {}
        self._asked: set[str] = set()

    def sharing(self, identity: Identity) -> dict[str, frozenset[str]]:
        """References that have one of these addresses, with the kinds they share."""
        found: dict[str, frozenset[str]] = {}
        for document in self._known(identity).values():
            for ref in document.defender_refs:
                found[ref] = found.get(ref, frozenset()) | {document.kind}
        return found

    def claim(self, ref: str, identity: Identity) -> None:
        """Note the addresses as this person's too; those noted already are not written again."""
        known = self._known(identity)
        for hashed, kind in self._hashes(identity):
            document = known.get(hashed) or ContactDocument(id=hashed, kind=kind)
            if ref not in document.defender_refs:
                document.defender_refs = [*document.defender_refs, ref]
                self._documents[hashed] = document
                self._unit.put(document)

    def release(self, ref: str) -> None:
        """Note that nothing is this person's any more."""
        for document in self._same(ContactDocument.objects(defender_refs=ref)):
            document.defender_refs = [each for each in document.defender_refs if each != ref]
            if document.defender_refs:
                self._unit.put(document)
            else:
                self._unit.remove(document)

    def _known(self, identity: Identity) -> dict[str, ContactDocument]:
        ids = {hashed for hashed, _ in self._hashes(identity)}
        if new := ids - self._asked:
            self._asked |= new
            self._same(ContactDocument.objects(id__in=list(new)))
        return {hashed: self._documents[hashed] for hashed in ids if hashed in self._documents}

    def _same(self, found: Iterable[ContactDocument]) -> list[ContactDocument]:
        return [self._documents.setdefault(document.id, document) for document in found]

    def _hashes(self, identity: Identity) -> Iterator[tuple[str, str]]:
        for kind, value in identity.addresses:
            yield f"{kind}:{self._unit.sealer.lookup_hash(kind, value)}", kind
