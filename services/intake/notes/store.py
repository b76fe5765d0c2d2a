"""Stored notes and case files. The text of a note is sealed with the data key of its case."""

from __future__ import annotations

from typing import Any, ClassVar

from mongoengine import BinaryField

from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.held import internal, sealed
from ngao.chassis.storage.lookups import Record
from ngao.chassis.storage.repository import Repository
from services.intake.notes.model import CaseFile, Note
from services.intake.reports.vault import scope_of

_NOTES = "notes"


class NoteDocument(Stored, of=Note, held=internal("case_ref number author at corrects")):
    """One note. Its text is erased with the report of its case, whose data key opens it."""

    text = BinaryField(required=True, **sealed("reports"))

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": "intake",
        "collection": _NOTES,
        "indexes": [{"fields": ["case_ref", "number"], "unique": True}],
    }


class CaseFileDocument(Stored, of=CaseFile, key="case_ref", held=internal("notes flags flags_revision")):
    """The number of notes and the flags of one case; the id is the case reference."""

    meta: ClassVar[dict[str, Any]] = {"db_alias": "intake", "collection": "case_files"}


class NoteRepository(Repository[Note]):
    """The notes of all cases."""

    document = NoteDocument

    def of_case(self, case_ref: str) -> list[Note]:
        """Return the notes of a case, the newest last. Raises SealBroken."""
        return self._all(NoteDocument.objects(case_ref=case_ref).order_by("number"))

    def erase(self, case_ref: str) -> None:
        """Register the end of all notes of a case."""
        for record in NoteDocument.objects(case_ref=case_ref).only("revision").as_pymongo():
            self._unit.drop(_NOTES, record["_id"], record["revision"])

    def _read(self, record: Record) -> Note:
        text = self._unit.sealer.open(*_place(record["case_ref"], record["_id"]), record["text"]).decode()
        note: Note = NoteDocument.entity_of(record, text=text)
        return note

    def _record(self, entity: Note) -> Record:
        sealed_text = self._unit.sealer.seal(*_place(entity.case_ref, entity.id), entity.text.encode())
        return super()._record(entity) | {"text": sealed_text}


class CaseFileRepository(Repository[CaseFile]):
    """The case files, one for each case that has a note or had a flag."""

    document = CaseFileDocument

    def erase(self, file: CaseFile) -> None:
        """Register the end of a case file, if no one has changed it since it was read."""
        self._unit.drop(self.collection, file.case_ref, file.revision)


def _place(case_ref: str, note_id: str) -> tuple[str, str, str, str]:
    return scope_of(case_ref), _NOTES, note_id, "text"
