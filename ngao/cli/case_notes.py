"""`ngao case note` and `ngao case flag`: what operators write about a case and mark it with. See also `cases`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer

from ngao.chassis.errors import InvalidInput, Unavailable, readable
from ngao.cli.api_client import Url, operator, path_of
from ngao.cli.cases import CaseRef, app
from ngao.cli.output import AsJson, echo, show, show_json

__all__ = ["app"]

Why = Annotated[str, typer.Option("--reason", help="Why you read it: a code of identity.yaml. Recorded in the audit trail.")]


@app.command("note")
def write_note(
    case_ref: CaseRef,
    file: Annotated[Path | None, typer.Option(help="Read the text from this file. Default: standard input.")] = None,
    corrects: Annotated[int | None, typer.Option(min=1, help="The number of the note that this one corrects.")] = None,
    act: Annotated[str | None, typer.Option(help="The act that an interrupted command printed.")] = None,
    url: Url = None,
) -> None:
    """Write a note about a case, from standard input or a file: up to 4,000 characters. It cannot be changed later.

    The text is never an argument of the command: every user of the machine can see arguments, and the shell stores them in its
    history. Standard input ends with Ctrl-D. The text is stored encrypted, and erased with the case.
    """
    act = act or str(uuid4())
    body = {"text": _text(file), "act": act} | ({"corrects": corrects} if corrects else {})
    intake = operator("intake", url)
    try:
        written = intake.post(path_of("cases", case_ref, "notes"), body)
    except Unavailable as error:
        again = f"The note may have been saved. Run the same command again with `--act {act}`: it is saved once."
        raise Unavailable(f"{error} {again}") from None
    before = ", saved by this act before" if written["duplicate"] else ""
    echo(f"Saved as note {written['number']} of {case_ref}{before}.")


@app.command("notes")
def read_notes(case_ref: CaseRef, reason: Why = "case_work", url: Url = None, as_json: AsJson = False) -> None:
    """Show the notes about a case, the newest last. Reading them is recorded in the audit trail."""
    shown = operator("intake", url).get(path_of("cases", case_ref, "notes"), reason=reason)
    if as_json:
        show_json(shown)
        return
    for note in shown["notes"]:
        corrects = f", corrects note {note['corrects']}" if note["corrects"] else ""
        echo(f"Note {note['number']}, {note['at']}, {note['author']}{corrects}")
        echo(f"{note.get('text', 'Your role does not show it.')}\n")
    if not shown["notes"]:
        echo("The data of this case was erased." if shown["forgotten"] else "There are no notes about this case.")


@app.command("flag")
def change_flag(
    case_ref: CaseRef,
    code: Annotated[str, typer.Argument(help="A code of `ngao case flags`, such as do_not_visit.")],
    clear: Annotated[bool, typer.Option("--clear", help="Clear the flag instead.")] = False,
    reason: Why = "case_work",
    url: Url = None,
) -> None:
    """Set a flag of a case, or clear it. If someone changes the flags at the same moment, read them and decide again."""
    intake, path = operator("intake", url), path_of("cases", case_ref, "flags")
    seen = intake.get(path, reason=reason)
    intake.put(path, {"flag": code, "is_set": not clear, "revision": seen["revision"]})
    echo(f"{case_ref}: {code} is {'cleared' if clear else 'set'}.")


@app.command("flags")
def show_flags(case_ref: CaseRef, reason: Why = "case_work", url: Url = None, as_json: AsJson = False) -> None:
    """Show the flags of a case, and how many notes there are. Reading them is recorded in the audit trail."""
    shown = operator("intake", url).get(path_of("cases", case_ref, "flags"), reason=reason)
    if as_json:
        show_json(shown)
        return
    columns = ("code", "meaning", "is_set", "changed_by", "changed_at")
    show([_row(flag) for flag in shown["flags"]], columns, as_json=False, none="The coalition has no flags.")
    echo(f"\nNotes: {shown['notes']}")


def _text(file: Path | None) -> str:
    """Return the text of a note, from the file or from standard input. Raises InvalidInput for bytes that are no text."""
    if file is None and sys.stdin.isatty():
        sys.stderr.write("Write the note, then press Ctrl-D on an empty line.\n")
    if file is None:
        content = sys.stdin.buffer.read()
    else:
        with readable(f"The file {file}"):
            content = file.read_bytes()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidInput("The note is not text in UTF-8. Nothing was sent.") from None


def _row(flag: Mapping[str, Any]) -> dict[str, Any]:
    return {**flag, "meaning": flag["label"].get("en", "not in flags.yaml any more")}
