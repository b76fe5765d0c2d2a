"""The page of the coalition's rules, and the check of a changed file by every service."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l

from ngao.contracts import SERVICES
from services.console.pages.declaring import page
from services.console.pages.desk import Desk
from services.console.pages.everywhere import silent
from services.console.rules.model import findings_of, in_units

_READ = "system:read"
_NOT_TEXT = _l("This file is not a text in UTF-8.")


@page("/policy", scope=_READ, group="record", title=_l("Policy"))
def show_policy(desk: Desk) -> Any:
    """Show the rules in words: roles, triage, deadlines, retention; as console's own copy of policy has them."""
    return _show(desk)


@page("/policy", methods=("POST",), scope=_READ)
def check_changed_policy(desk: Desk) -> Any:
    """Let every service check a changed file, pasted or sent as a file. None of them uses it."""
    name = desk.choice("name", _files(desk))
    sent = request.files.get("file")
    try:
        content = (sent.read().decode("utf-8") if sent else "") or desk.typed.get("content", "")
    except UnicodeDecodeError:
        return _show(desk, 422, name=name, wrong=_NOT_TEXT)
    if not content.strip():
        return desk.go("/policy")
    answers = {
        service: desk.ask(service, "POST", "/v1/policy/check", _READ, {"name": name, "content": content}) for service in SERVICES
    }
    findings = findings_of({service: answer.body for service, answer in answers.items() if answer.is_good})
    return _show(desk, name=name, content=content, findings=findings, unasked=silent(answers))


def _show(desk: Desk, status: int = 200, **values: Any) -> Any:
    parts = desk.parts
    return desk.show(
        "policy.html", status, rules=parts.rules, roles=parts.roles, version=parts.policy.version, files=_files(desk),
        in_units=in_units, **values,
    )  # fmt: skip


def _files(desk: Desk) -> list[str]:
    """Return the names of the files of policy, as they are in its folders."""
    folders = desk.parts.chassis.settings.policy_directories
    found = {path.relative_to(folder).as_posix() for folder in folders for path in folder.rglob("*.yaml")}
    return sorted(name for name in found if name.count("/") <= 1 and "example" not in name)
