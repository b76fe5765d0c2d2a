"""The rights of a service's account in its own database: all that it needs, without changes of the audit trail.

The account can read the audit and add to it. It cannot change or remove an entry, drop the collection, or create an index that
expires entries. MongoDB cannot exclude one collection from a right, so the account has the rights to change each of the other
collections by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pymongo.database import Database

from ngao.chassis.messaging.accounts import service_account
from ngao.chassis.storage.connection import AUDIT, AUDIT_INDEXES
from ngao.chassis.storage.held import CHASSIS
from ngao.chassis.storage.preflight import RESTORES

COLLECTIONS: Mapping[str, tuple[str, ...]] = {
    "intake": ("case_files", "dry_runs", "notes", "pins", "reports", "sources"),
    "referral": ("cases", "directory", "engagements", "partner_cursors", "partner_events", "partners", "story"),
    "notify": ("alarms", "contact_summaries", "handed", "messages", "owners", "roster"),
    "registry": (
        "assessments",
        "candidates",
        "cases",
        "checkins",
        "contact_safety",
        "contacts",
        "defenders",
        "disclosures",
        "hand_overs",
        "looks",
        "memberships",
        "pins",
        "training_sessions",
        "trainings",
    ),
    "console": ("accounts", "challenges", "kept_forms", "sessions"),
}
"""The collections of each service besides the common ones; a test compares them with the services' documents."""

_ROLE = "service"
_ANYWHERE = ("find", "insert", "createCollection", "listCollections", "listIndexes", "collStats", "dbStats")
_CHANGES = ("update", "remove", "createIndex", "dropIndex")


def roles_in(database: str) -> list[dict[str, str]]:
    """Return the roles of a service's account."""
    return [{"role": _ROLE, "db": database}]


def are_given(database: Database[dict[str, Any]], service: str) -> bool:
    """Check that the role is correct and that the audit collection exists."""
    known = database.command("rolesInfo", _ROLE, showPrivileges=True)["roles"]
    wanted = _normal(_privileges(database.name, service))
    return bool(known) and _normal(known[0]["privileges"]) == wanted and _has_audit(database)


def give_account(database: Database[dict[str, Any]], service: str, password: str) -> None:
    """Give a service its account with this password and its rights. It can be repeated.

    The audit is created with its indexes, because the service has no right to.
    """
    role = "updateRole" if database.command("rolesInfo", _ROLE)["roles"] else "createRole"
    database.command(role, _ROLE, privileges=list(_privileges(database.name, service)), roles=[])
    if not _has_audit(database):
        database[AUDIT].create_indexes(list(AUDIT_INDEXES))
    name = service_account(service)
    account = "updateUser" if database.command("usersInfo", name)["users"] else "createUser"
    database.command(account, name, pwd=password, roles=roles_in(database.name))


def _has_audit(database: Database[dict[str, Any]]) -> bool:
    return {index.document["name"] for index in AUDIT_INDEXES} <= database[AUDIT].index_information().keys()


def _privileges(database: str, service: str) -> Iterator[dict[str, Any]]:
    yield {"resource": {"db": database, "collection": ""}, "actions": list(_ANYWHERE)}
    for name in sorted({*CHASSIS, RESTORES, *COLLECTIONS[service]} - {AUDIT}):
        yield {"resource": {"db": database, "collection": name}, "actions": list(_CHANGES)}


def _normal(privileges: Any) -> set[tuple[str, frozenset[str]]]:
    return {(privilege["resource"]["collection"], frozenset(privilege["actions"])) for privilege in privileges}
