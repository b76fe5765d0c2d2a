"""`ngao defender`: how to contact a person safely, and the reference a source uses for a person it reports on again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ngao.cli.api_client import Url, operator, path_of
from ngao.cli.checkins import read_json
from ngao.cli.output import AsJson, echo, show, show_json

app = typer.Typer(no_args_is_help=True, help="Defenders, by reference. Names are stored only in the registry.")

Ref = Annotated[str, typer.Argument(help="A case reference (NG-…) or a defender's reference (DEF-…).")]
Reason = Annotated[str, typer.Option(help="Why you read it: a code of identity.yaml. Recorded in the audit trail.")]


@app.command("reference")
def reference(
    defender_ref: Annotated[str, typer.Argument(help="A person's reference, such as DEF-4CJY0RRPKP.")],
    source: Annotated[str, typer.Option(help="The source that will report on this person again.")],
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Print the reference that only this source may use in subject.defender_ref.

    It is always the same. It does not disclose a contact: for that, record the person's consent.
    """
    path = path_of("defenders", defender_ref, "source-references")
    given = operator("registry", url).post(path, {"source_id": source})
    show_json(given) if as_json else echo(given["reference"])


@app.command("stop")
def stop(
    defender_ref: Annotated[str, typer.Argument(help="The person's reference, such as DEF-4CJY0RRPKP.")],
    reason: Annotated[str, typer.Option(help="said_stop, used_stop_word, unsafe or other.")] = "said_stop",
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Stop every contact with a person, immediately: nothing is sent, and partners are asked not to use what they have."""
    stopped = operator("registry", url).post(path_of("defenders", defender_ref, "contact-stop"), {"reason": reason})
    show_json(stopped) if as_json else echo(f"Contact with {stopped['defender_ref']} is stopped since {stopped['since']}.")


@app.command("ask")
def ask(
    defender_ref: Annotated[str, typer.Argument(help="The person's reference, such as DEF-4CJY0RRPKP.")],
    channel: Annotated[str, typer.Option(help="phone, sms or email; by default any of them.")] = "",
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Ask whether a person may be contacted now, and how. The answer names no number and no address."""
    wanted = {"channel": channel} if channel else {}
    answer = operator("registry", url).get(path_of("contact-safety", defender_ref), **wanted)
    if as_json:
        show_json(answer)
    elif answer["may_contact"]:
        rules = ", ".join(name for name, holds in answer["rules"].items() if holds is True)
        echo(f"Yes, by {', '.join(answer['channels'])}. Mind: {rules or 'nothing more'}.")
        echo(f"Voicemail: {answer['rules']['voicemail']}. Name of the caller: {answer['rules']['caller_name']}.")
    else:
        echo(f"No: {answer['reason']}.")


@app.command("register")
def register(
    file: Annotated[Path | None, typer.Option(help="Who she is, as JSON. Default: standard input.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Register a person without a report, from JSON with `names`, `phones` and `emails`, each a list. The same again finds her.

    It is no argument of the command, because every user of the machine can see arguments.
    """
    given = operator("registry", url).post("/v1/defenders", {"identity": read_json(file)})
    if as_json:
        show_json(given)
        return
    echo(given["defender_ref"] + (", known already" if given["known"] else ""))
    for each in given["probable"]:
        echo(f"  may be the same person: {each['defender_ref']} ({', '.join(each['reasons'])})")


@app.command("release")
def release(
    defender_ref: Annotated[str, typer.Argument(help="A person's reference, such as DEF-4CJY0RRPKP.")],
    url: Url = None,
) -> None:
    """End the registration of a person: when no case and no check-in needs the record, it is erased."""
    kept = operator("registry", url).delete(path_of("defenders", defender_ref, "registration"))["kept"]
    echo(f"{defender_ref} is registered no more{', and kept for other needs' if kept else ''}.")


@app.command("assessments")
def assessments(
    defender_ref: Annotated[str, typer.Argument(help="The person's reference, such as DEF-4CJY0RRPKP.")],
    reason: Reason,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """List the versions of a person's risk assessments. What they say is printed with --json only, and needs identity:read."""
    answer = operator("registry", url).get(path_of("defenders", defender_ref, "assessments"), reason=reason)
    if as_json:
        show_json(answer)
        return
    columns = ("about", "number", "saved_at", "saved_by", "is_current", "review_at", "is_due")
    show(answer["history"], columns, as_json=False, none="There is no assessment.")


@app.command("reviews")
def reviews(url: Url = None, as_json: AsJson = False) -> None:
    """List the reviews of protection plans that are due, and those of the next two weeks."""
    answer = operator("registry", url).get("/v1/protection/reviews")
    if as_json:
        show_json(answer)
        return
    show(answer["reviews"], ("defender_ref", "about", "review_at", "is_due"), as_json=False, none="No review is due.")
    if answer["more"]:
        echo("There are more.")


@app.command("show")
def show_defender(ref: Ref, reason: Reason, url: Url = None, as_json: AsJson = False) -> None:
    """Show one person. Safety instructions come first. Names, phones and e-mail need the scope identity:read."""
    registry = operator("registry", url)
    if ref.startswith("DEF-"):
        record = registry.get(path_of("defenders", ref), reason=reason)
    else:
        record = registry.get("/v1/defenders", case_ref=ref, reason=reason)
    if as_json:
        show_json(record)
        return
    for contact in record["contact"]:
        _cautions(contact)
    if not record["contact"]:
        echo("DO NOT CONTACT: no safe way to contact this person is recorded.")
    echo(f"\n{record['defender_ref']}{', values masked' if record['masked'] else ''}")
    rows = [{"field": name, "values": values} for name, values in record["identity"].items()]
    show(rows, ("field", "values"), as_json=False, none="")


def _cautions(contact: Mapping[str, Any]) -> None:
    echo(f"{contact['case_ref']}: before any contact")
    for caution in contact["cautions"]:
        echo(f"  ! {caution['text']}")
    safety = contact["safety"] or {}
    for name in ("code_word", "hours", "instructions"):
        if safety.get(name):
            echo(f"    {name}: {_plain(safety[name])}")
    if contact["attributes"]:
        echo(f"    about the person: {_plain([contact['attributes']])}")


def _plain(value: Any) -> str:
    if not isinstance(value, list):
        return str(value)
    return "; ".join(", ".join(f"{name} {each}" for name, each in one.items()) for one in value)
