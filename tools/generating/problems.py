"""The page of problems: every slug of the code with its status, meaning and remedy."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import ngao.chassis
import ngao.contracts
import services
from tools.generating.text import NOTICE, table

ROOT = Path(__file__).resolve().parents[2]
PARKED = ""
_PACKAGES = (ngao.chassis, ngao.contracts, services)
_FOLDERS = ("ngao/chassis", "ngao/contracts", "services")
_ROOTS = {"error", "retryable", "contract-broken"}
"""Slugs of the classes that others derive from; no answer has them."""
_INTERNAL = ("internal-error", "500")
# A contract error has no status of its own: the HTTP interface sets it.
_OF_CONTRACT = {"undecodable": "400", "unknown-type": "422", "invalid-content": "422"}
_INTRO = """An error over HTTP is a problem document (RFC 9457). The last part of its `type` is the slug: look it up here.
`detail` says more, `errors` names every invalid field by its JSON pointer, and no text repeats a value. A status of 503 can be
retried with the same request.

A message over AMQP that fails permanently is parked, with the slug as its `reason` (`bin/ngao parked list`). Slugs without a
status appear only there."""

TEXTS = {
    "acceptance-not-signed": ("The acceptance has no valid signature of the partner.", "Sign it with the onboarded signing key."),
    "account-closed": ("The account is closed.", "None: no one can sign in with it. Invite the person again to open it."),
    "account-exists": ("There is an account of this id.", "Choose another id. An id is never given to a second person."),
    "already-linked": ("The records are already linked.", "None: nothing is left to do."),
    "assessment-changed": (
        "Another version of the assessment was saved after it was read.",
        "Read it again. If your version is still right, send it with the new number in `seen`.",
    ),
    "asker-not-allowed": (
        "The operator who asked has lost the scope since.",
        "Ask an operator with the scope to request it again.",
    ),
    "batch-size": ("The batch is empty, too large, or no list.", "Send a list of reports within the limit in `detail`."),
    "candidate-changed": (
        "The candidate was decided, or changed otherwise, after it was read.",
        "Read it again. If your decision is still right, send it with the new revision.",
    ),
    "case-closed": ("The case is closed.", "Read the case. A new fact about its report, or a renewed consent, reopens it."),
    "checkin-over": (
        "The check-in has ended, or it is reported already.",
        "None: nothing is left to do. Plan another one if the person wants it.",
    ),
    "conflict": ("Another request changed the same record at the same time.", "Retry the same request."),
    "conflicting-repeat": ("The same id was sent with other content before.", "Use a new id, or send the original content."),
    "flags-changed": (
        "The flags of the case were changed after they were read.",
        "Read them again. If the change is still right, send it with the new revision.",
    ),
    "forbidden": ("The key is valid, but must not do this.", "Use a key of the right kind: source, partner or operator."),
    "forgotten": ("The personal data of the report is erased.", "Post a new report if help is needed again."),
    "session-full": ("No place is left in the session.", "Add a session, or free a place."),
    "has-left": ("The person has left the network.", "Invite her again, and record what she agrees to then."),
    "incomplete-body": ("The body ended early or is malformed.", "Send the whole body again."),
    "internal-error": ("An error in the platform.", "Quote the `error_id` to the operator. The service log has it."),
    "invalid-content": (
        "The data of the event is invalid.",
        "Fix the fields in `errors`. An event of the platform: compare versions.",
    ),
    "invalid-idempotency-key": ("The `Idempotency-Key` header is invalid.", "Send printable ASCII within the limit in `detail`."),
    "invalid-input": ("Some fields are invalid.", "Fix the fields in `errors` and send the request again."),
    "invalid-query": ("A query parameter is invalid, unknown or repeated.", "Fix the parameter in `detail`."),
    "malformed-json": ("The body is not acceptable JSON.", "Send JSON in UTF-8."),
    "malformed-request": ("The HTTP request is malformed.", "Check the client and its proxies."),
    "method-not-allowed": ("The path exists, but not with this method.", "Use a method of the `Allow` header."),
    "misconfigured": ("A setting or a file is wrong.", "Run `bin/ngao check`."),
    "no-profile": ("The source has no mapping profile.", "Post canonical reports, or ask the operator for a profile."),
    "no-result": (
        "The request has no result for this operator, or it was fetched before.",
        "Ask the operator who made the request.",
    ),
    "no-such-operation": ("This version of the service has no such operation.", "Request it again after the upgrade."),
    "not-allowed-now": ("The present state of the record forbids it.", "Read the record and decide again."),
    "not-authentic": (
        "The event was not published by its owner.",
        "See the runbook [events not authentic](../runbooks/events-not-authentic.md).",
    ),
    "not-found": ("The record does not exist, or belongs to another account.", "Check the id and the account."),
    "not-ours": ("The message was in an outsider's queue.", "The outsider gets it through its catch-up."),
    "not-parked": ("The message is not parked any more.", "Run `bin/ngao parked list`."),
    "not-suggested": ("The defender was not suggested for this case.", "Choose one of the suggestions."),
    "not-waiting": ("The request was already decided, or has expired.", "Run `bin/ngao approval list --state all`."),
    "not-whole": ("Only the beginning of the message was stored.", "Ask its sender to send it again, then drop it."),
    "offer-state": ("The offer's state does not allow this reply.", "Read the offer's present state in `errors`."),
    "overloaded": ("No worker was free, or the work took too long. It may have been done.", "Retry the same request."),
    "out-of-reach": ("The role of the key reaches some records only.", "Ask an operator whose role reaches all of them."),
    "owner-changed": (
        "The owner of the case is not the one that the caller saw.",
        "Read the case, and decide again with the owner in `errors` as `seen_owner`.",
    ),
    "partner-not-trusted": (
        "The partner of the account is suspended, revoked, not vetted or without a key.",
        "Call the coalition: its people can do nothing until an operator reinstates it.",
    ),
    "partner-revoked": ("The partner was revoked.", "Reinstate it: `bin/ngao partner add FILE --new-key`."),
    "permanent": ("The message cannot be processed.", "Read its details, then replay or drop it."),
    "purpose-not-allowed": (
        "The role of the key may not read records for this reason.",
        "Give a reason in `detail`, or ask an operator who may give it.",
    ),
    "quarantine-full": (
        "The source has too many unreadable submissions in quarantine.",
        "Fix the mapping profile and decide about the submissions.",
    ),
    "reply-broken": ("A partner's message is not a valid reply.", "Ask the partner to fix its program."),
    "report-not-known": ("The report of the case has not reached this service yet.", "Retry in a few seconds."),
    "request-timeout": ("The request did not arrive in time.", "Send it again over a better connection."),
    "same-operator": ("The operator who asked cannot approve.", "Ask another operator."),
    "scope-needed": ("The operator's key lacks a scope.", "Ask for the scope in `scope` (`bin/ngao operator allow`)."),
    "seal-broken": ("A sealed value does not open.", "Check the keys of the service: `bin/ngao keys list`."),
    "store-refused": ("The database refused this write.", "Retry. If it stays, read the service log."),
    "too-large": ("The request is too large.", "Send less, or several requests."),
    "too-many-checkins": ("The person has as many check-ins as one may have.", "End one that is not needed any more."),
    "too-many-dry-runs": (
        "The source has checked too many reports about one person.",
        "Wait for `Retry-After` seconds, or post the report.",
    ),
    "too-many-notes": ("The case has as many notes as it may have.", "Keep what follows in the coalition's own records."),
    "too-many-requests": ("The source is over its rate limit.", "Wait for `Retry-After` seconds."),
    "unauthenticated": ("The key is missing or unknown.", "Send `Authorization: Bearer KEY` with a valid key."),
    "unavailable": (
        "The database, the broker or another part does not answer.",
        "Retry the same request. Operators: `bin/ngao status`.",
    ),
    "undecodable": ("The body is not a CloudEvent or not JSON.", "Fix the sender, then send it again."),
    "unknown-source": (
        "The source is not onboarded, or is disabled.",
        "Add or enable it (`bin/ngao source add`), then replay the message.",
    ),
    "unknown-type": ("This version does not know the event type.", "Upgrade the receiver, then replay the message."),
    "unreadable": ("The message's properties or content cannot be read.", "Fix the sender, then drop the message."),
    "unsupported-media-type": ("The content type is not supported.", "Send `application/json`, or the type in the OpenAPI page."),
    "withdrawn": ("The report is withdrawn.", "None: no help is sought for this report."),
    "wrong-account": (
        "The account that published is not that of the named source.",
        "Correct the source id, or use its own account.",
    ),
}


def files() -> dict[str, str]:
    """Return the one page."""
    rows = [
        (f'<a id="{slug}"></a>`{slug}`', ", ".join(sorted(statuses - {PARKED})) or "-", *TEXTS.get(slug, ("", "")))
        for slug, statuses in sorted(slugs().items())
    ]
    parts = [NOTICE, "# Problems", _INTRO, table(("slug", "status", "meaning", "remedy"), rows)]
    return {"docs/reference/problems.md": "\n\n".join(parts) + "\n"}


def slugs() -> dict[str, set[str]]:
    """Return every slug of the code with its HTTP statuses, `PARKED` for a message that is only parked."""
    classes = {each.__name__: each for each in _classes()}
    found: dict[str, set[str]] = {}
    for each in classes.values():
        found.setdefault(each.slug, set()).add(_status(each))
    for name, slug, status in _raised():
        found.setdefault(slug, set()).add(status or (_status(classes[name]) if name in classes else PARKED))
    found[_INTERNAL[0]] = {_INTERNAL[1]}
    return {slug: statuses for slug, statuses in found.items() if slug not in _ROOTS}


@cache
def _import_all() -> None:
    for package in _PACKAGES:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)


def _classes() -> Iterator[type]:
    _import_all()
    yield from (each for each in _below(Exception) if isinstance(getattr(each, "slug", None), str) and _is_served(each))


def _is_served(kind: type) -> bool:
    return kind.__module__.startswith(tuple(package.__name__ for package in _PACKAGES))


def _below(kind: type) -> Iterator[type]:
    for each in type.__subclasses__(kind):
        yield each
        yield from _below(each)


def _status(kind: type) -> str:
    status = getattr(kind, "status", None)
    if status is None:
        return _OF_CONTRACT.get(kind.slug, PARKED)
    return str(status) if status < 500 or getattr(kind, "retryable", False) else PARKED


@cache
def _raised() -> tuple[tuple[str, str, str], ...]:
    """Return slugs that are given where an error is raised: the class's name, the slug, and the status if it is given too."""
    return tuple(_raised_in_files())


def _raised_in_files() -> Iterator[tuple[str, str, str]]:
    for path in sorted(path for folder in _FOLDERS for path in (ROOT / folder).rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        named = {
            target.id: node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name) and target.id == "slug"
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                given = {each.arg: each.value for each in node.keywords}
                if "slug" in given:
                    status = next((str(each.value) for each in [given.get("status")] if isinstance(each, ast.Constant)), "")
                    value = named.get("slug", given["slug"]) if isinstance(given["slug"], ast.Name) else given["slug"]
                    yield from ((node.func.id, slug, status) for slug in _texts(value))


def _texts(value: ast.expr) -> list[str]:
    """Return the slugs in an expression: a constant, or both ends of a condition."""
    if isinstance(value, ast.IfExp):
        return _texts(value.body) + _texts(value.orelse)
    return [value.value] if isinstance(value, ast.Constant) and isinstance(value.value, str) else []
