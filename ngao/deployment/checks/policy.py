"""Check the policy files as the services read them at their start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

from ngao.chassis.errors import Misconfigured
from ngao.chassis.policy import read_as
from ngao.chassis.retention import check_services
from ngao.chassis.security.roles import read_roles
from ngao.deployment.naming import SERVICES

_FREE_FOLDER = "profiles"


def read_as_services(folders: Sequence[Path], shipped: Path) -> tuple[list[dict[str, str]], list[str]]:
    """Return the policy version of each service, and an error for each service that would not start and each unused file."""
    rows, wrong = [], list(_unread(folders, shipped))
    for service in SERVICES:
        import_module(f"services.{service}.policy")  # registers how it reads
        try:
            rows.append({"service": service, "version": read_as(service, folders)})
        except Misconfigured as error:
            wrong.append(f"{service} would not start: {error}")
    for check in (lambda: check_services(folders, SERVICES), lambda: read_roles(folders)):
        try:
            check()
        except Misconfigured as error:
            wrong.append(str(error))
    return rows, wrong


def readable(folders: Sequence[Path], shipped: Path) -> str:
    """Load the policy as the services do at startup. Raises Misconfigured with the first error."""
    versions, wrong = read_as_services(folders, shipped)
    if wrong:
        raise Misconfigured(wrong[0])
    return f"readable by {len(versions)} services"


def _unread(folders: Sequence[Path], shipped: Path) -> Iterator[str]:
    """Yield an error for each file that no service reads: with a misspelt name, the old rules would silently apply."""
    known = {path.name for path in shipped.glob("*.yaml")}
    for folder in folders:
        if not folder.is_dir():
            raise Misconfigured(f"The folder {folder} does not exist.")
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            place = path.relative_to(folder)
            profile = place.parent.name == _FREE_FOLDER and len(place.parts) == 2 and path.suffix == ".yaml"
            if str(place) not in known and not profile:
                yield f"No service reads {path}. Name it like a file of deploy/policy, or {_FREE_FOLDER}/<name>.yaml."
