"""Write a note about a case: once, however often the same act is sent."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from ngao.chassis.errors import InvalidInput, NotAllowedNow
from ngao.chassis.handlers import Call, http, itself
from ngao.contracts.classes import INTERNAL, SENSITIVE, Pattern, Strict, Text, Tolerant
from ngao.kernel.problems import FieldError
from ngao.kernel.scopes import HUB
from ngao.kernel.text import clean
from services.intake.context import Context
from services.intake.notes.filing import file_of, keep_file, report_to_write_about
from services.intake.notes.model import MOST_CHARACTERS, MOST_NOTES, CaseFile, Note
from services.intake.reports.responses import show

_ID_LENGTH = 32


class NoteToWrite(Strict):
    """A note as an operator writes it; `corrects` is the number of an earlier note of the case, which stays.

    `act` (or the header Idempotency-Key) names the request permanently, so that one that is sent again writes nothing more.
    """

    text = fields.String(required=True, validate=validate.Length(1, MOST_CHARACTERS), metadata=SENSITIVE)
    corrects = fields.Integer(strict=True, validate=validate.Range(min=1, max=MOST_NOTES), metadata=INTERNAL)
    act = Text(validate=[validate.Length(16, 64), Pattern(r"^[A-Za-z0-9-]+$")], metadata=INTERNAL)


class NoteReceiptShown(Tolerant):
    """The answer to a note that is stored permanently; `duplicate` is true if the same act had written it before."""

    case_ref = fields.String(metadata=INTERNAL)
    number = fields.Integer(metadata=INTERNAL)
    author = fields.String(metadata=INTERNAL)
    at = fields.AwareDateTime(metadata=INTERNAL)
    corrects = fields.Integer(allow_none=True, metadata=INTERNAL)
    duplicate = fields.Boolean(metadata=INTERNAL)


@http.post(
    "/v1/cases/<case_ref>/notes",
    roles="operator",
    scope="notes:write",
    audit=itself("note.written"),
    request=NoteToWrite,
    returns=NoteReceiptShown,
    bounded=(HUB,),
    summary="Write a note about a case.",
)
def write_note(ctx: Context, case_ref: str, body: dict[str, Any], call: Call) -> dict[str, Any]:
    """Write a note. The header Idempotency-Key names an act that bears no name itself.

    Raises NotFound, InvalidInput, NotAllowedNow (`forgotten`, `conflicting-repeat`, `too-many-notes`).
    """
    note, duplicate = add_note(ctx, case_ref, body["text"], body.get("corrects"), body.get("act") or call.idempotency_key)
    return show(NoteReceiptShown, {**vars(note), "duplicate": duplicate})


def add_note(ctx: Context, case_ref: str, text: str, corrects: int | None, act: str | None) -> tuple[Note, bool]:
    """Add a note to a case, or return the one that the caller's same act has added before, and whether it was before.

    Raises as `write_note` does.
    """
    report = report_to_write_about(ctx, case_ref)
    readable = clean(text)
    if not readable:
        problem = FieldError("/text", "length", "Must hold at least one character that can be read.")
        raise InvalidInput("The note is empty.", [problem])
    note_id = _id_of(ctx, act)
    known = ctx.notes.get(note_id) if act else None
    if known:
        _demand_the_same(known, case_ref, readable, corrects)
        return known, True
    file = file_of(ctx, case_ref)
    _check(file, corrects)
    note = Note(note_id, case_ref, file.count_note(), str(ctx.actor), ctx.now, readable, corrects)
    ctx.notes.save(note)
    keep_file(ctx, report, file)
    detail = {"note": str(note.number)} | ({"corrects": str(corrects)} if corrects else {})
    ctx.audit("note.written", subject=case_ref, detail=detail)
    return note, False


def _id_of(ctx: Context, act: str | None) -> str:
    """Return the id of a note: of an act, the same for the same caller each time, and another for every other caller."""
    return ctx.unit.keyring.lookup_hash("act", f"{ctx.actor} {act}")[:_ID_LENGTH] if act else ctx.ids.note_id()


def _demand_the_same(known: Note, case_ref: str, text: str, corrects: int | None) -> None:
    if not known.says(case_ref, text, corrects):
        message = "You used this act before for another note. Give each note an act of its own."
        raise NotAllowedNow(message, slug="conflicting-repeat")


def _check(file: CaseFile, corrects: int | None) -> None:
    if corrects and corrects > file.notes:
        problem = FieldError("/corrects", "unknown", "Must be the number of an earlier note of this case.")
        raise InvalidInput("The case has no such note.", [problem])
    if file.is_full:
        message = f"This case has {MOST_NOTES} notes, and no more are kept. Nothing was written."
        raise NotAllowedNow(message, slug="too-many-notes")
