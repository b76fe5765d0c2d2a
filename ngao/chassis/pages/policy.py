"""Check a changed policy file as this service would read it at its start, without using it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from marshmallow import fields, validate

from ngao.chassis.aside import aside
from ngao.chassis.errors import Misconfigured
from ngao.chassis.handlers.context import Parts
from ngao.chassis.handlers.declaring import http
from ngao.chassis.http.answers import TEXT, TRUTH, answer
from ngao.chassis.http.auditing import nothing
from ngao.chassis.overlay import refuse_aliases
from ngao.chassis.policy import read_as
from ngao.chassis.retention import check_services
from ngao.chassis.security.roles import read_roles
from ngao.contracts import INTERNAL, SERVICES, Pattern, Strict

LARGEST = 64 * 1024


class PolicyFile(Strict):
    """A policy file: its name in the policy folder, and its YAML. It replaces the file, or changes it with `overlay: true`."""

    name = fields.String(required=True, validate=Pattern(r"^(profiles/)?[a-z][a-z0-9_-]{0,60}\.yaml$"), metadata=INTERNAL)
    content = fields.String(required=True, validate=validate.Length(1, LARGEST), metadata=INTERNAL)


PolicyChecked = answer(
    "PolicyChecked", "Whether the service would start with the file: the version of its policy then, or what is wrong by key.",
    would_start=TRUTH, version=TEXT, wrong=TEXT,
)  # fmt: skip


@http.post(
    "/v1/policy/check", roles="operator", scope="system:read", request=PolicyFile, returns=PolicyChecked,
    audit=nothing("The coalition's rules name no person, and nothing is changed."),
)  # fmt: skip
def check_policy(parts: Parts[Any], body: dict[str, str]) -> dict[str, Any]:
    """Check a changed policy file.

    The service reads its policy as at its start, with this file over the others, in a folder that is removed. It keeps its
    own policy. An alias of YAML is refused, because a short file with aliases may take hours to check.
    """
    with TemporaryDirectory() as folder:
        file = Path(folder, body["name"])
        file.parent.mkdir(exist_ok=True)
        file.write_text(body["content"], "utf-8")
        try:
            refuse_aliases(body["name"], body["content"])
            version = aside(_read, parts.chassis.name, (*parts.chassis.settings.policy_directories, Path(folder)))
        except Misconfigured as error:
            return {"would_start": False, "version": None, "wrong": str(error).replace(f"{folder}/", "")}
    return {"would_start": True, "version": version, "wrong": None}


def _read(service: str, directories: Sequence[Path]) -> str:
    check_services(directories, SERVICES)
    read_roles(directories)
    return read_as(service, directories)
