"""The page of roles: which role may call which operation, and which fields it sees, as policy and code say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ngao.chassis.http.operation import Operation
from ngao.chassis.security.roles import Grant, Role, Roles, read_roles
from ngao.kernel.scopes import EVERY_RECORD, REACHES, SCOPES
from tools.generating.openapi import SERVICES, service_class
from tools.generating.text import NOTICE, table

PAGE = "docs/reference/roles.md"
_INTRO = """Roles are policy: [`deploy/policy/roles.yaml`](../../deploy/policy/roles.yaml). Each service enforces them at its own
HTTP interface. `bin/ngao operator add NAME --role ROLE` gives one to a key, `bin/ngao operator roles` lists them.

A scope that is given to a key by itself (`--scope`) has no bounds: it reaches every record, shows every field, and every reason
may be given."""
_OPERATIONS = """`all`: every record. `hub`: the cases in the counties of the key's hubs. `own`: the cases that the caller owns.
`partner`: the offers to the partner that the person's account belongs to. Another case or offer is answered as one that does not
exist. Empty: the operation is refused. *Two* marks acts that need the approval of a second operator."""


def files(root: Path) -> dict[str, str]:
    """Return the page."""
    roles = read_roles((root / "deploy" / "policy",))
    parts = [NOTICE, "# Roles", _INTRO, _what_they_are(roles), "## Operations", _OPERATIONS]
    for service in SERVICES:
        rows = [[_named(each), f"`{each.scope}`", *(cell(each, role) for role in roles.values())] for each in operations(service)]
        parts += [f"### {service.capitalize()}", table(("Operation", "Scope", *roles), rows)]
    return {PAGE: "\n\n".join(parts) + "\n"}


def operations(service: str) -> Iterator[Operation]:
    """Return the operations of a service that operators may call, by their names."""
    for _, endpoint in sorted(service_class(service).endpoints.items()):
        if "operator" in endpoint.operation.roles:
            yield endpoint.operation


def cell(operation: Operation, role: Role) -> str:
    """Return how far the role reaches in this operation; empty where it is refused."""
    grant = role.rights.get(operation.scope)
    return grant.reach if grant and grant.reach in {EVERY_RECORD, *operation.bounded} else ""


def _named(operation: Operation) -> str:
    two = " *Two*" if operation.two_person else ""
    return f"`{operation.method} {operation.path}`{two}"


def _what_they_are(roles: Roles) -> str:
    rows = [[f"`{name}`", role.does, *_bounds(next(iter(role.rights.values())))] for name, role in roles.items()]
    scopes = [[f"`{scope}`", meaning, _having(scope, roles)] for scope, meaning in SCOPES.items()]
    return "\n\n".join(
        (
            table(("Role", "What the person does", "Classes of fields shown", "Reasons that may be given"), rows),
            "## Scopes",
            table(("Scope", "What it allows", "Roles"), scopes),
        )
    )


def _bounds(grant: Grant) -> tuple[str, str]:
    return ", ".join(sorted(grant.sees)), "every reason" if grant.purposes is None else ", ".join(sorted(grant.purposes))


def _having(scope: str, roles: Roles) -> str:
    """Return the roles with this scope, each with its reach if that is not every record."""
    held = {name: role.rights[scope].reach for name, role in roles.items() if scope in role.rights}
    return ", ".join(name if reach == next(iter(REACHES)) else f"{name} ({reach})" for name, reach in held.items())
