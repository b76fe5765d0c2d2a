"""What a service's account may do in its own database: everything it needs, and nothing that changes what is on record.

The audit can be read and added to. The account has no right to change or remove an entry, to drop the collection, or to give
it an index that lets entries expire. MongoDB has no way to take a right back for one collection, so the account has the rights
that change things for each of the others by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pymongo.database import Database

from ngao.chassis.storage.connection import AUDIT, AUDIT_INDEXES, CHASSIS_COLLECTIONS
from ngao.chassis.storage.preflight import RESTORES

COLLECTIONS: Mapping[str, tuple[str, ...]] = {
    "intake": ("dry_runs", "pins", "reports", "sources"),
    "referral": ("cases", "directory", "engagements", "partner_cursors", "partner_events", "partners", "story"),
    "notify": ("alarms", "contact_summaries", "messages", "roster"),
    "registry": ("candidates", "cases", "contacts", "defenders", "disclosures", "pins"),
}
"""What each service keeps, beside what all of them keep; a test compares it with the services' documents."""

_ROLE = "service"
_ANYWHERE = ("find", "insert", "createCollection", "listCollections", "listIndexes", "collStats", "dbStats")
_CHANGES = ("update", "remove", "createIndex", "dropIndex")


def roles_in(database: str) -> list[dict[str, str]]:
    """What a service's account is given."""
    return [{"role": _ROLE, "db": database}]


def are_given(database: Database[dict[str, Any]], service: str) -> bool:
    """Whether the role is as it should be, and the audit is there."""
    known = database.command("rolesInfo", _ROLE, showPrivileges=True)["roles"]
    wanted = _normal(_privileges(database.name, service))
    return bool(known) and _normal(known[0]["privileges"]) == wanted and _has_audit(database)


def give(database: Database[dict[str, Any]], service: str) -> None:
    """Make the role as it should be, and the audit with its indexes, because the service has no right to; any number of times."""
    known = database.command("rolesInfo", _ROLE)["roles"]
    command = "updateRole" if known else "createRole"
    database.command(command, _ROLE, privileges=list(_privileges(database.name, service)), roles=[])
    if not _has_audit(database):
        database[AUDIT].create_indexes(list(AUDIT_INDEXES))


def _has_audit(database: Database[dict[str, Any]]) -> bool:
    return {index.document["name"] for index in AUDIT_INDEXES} <= database[AUDIT].index_information().keys()


def _privileges(database: str, service: str) -> Iterator[dict[str, Any]]:
    yield {"resource": {"db": database, "collection": ""}, "actions": list(_ANYWHERE)}
    for name in sorted({*CHASSIS_COLLECTIONS, RESTORES, *COLLECTIONS[service]} - {AUDIT}):
        yield {"resource": {"db": database, "collection": name}, "actions": list(_CHANGES)}


def _normal(privileges: Any) -> set[tuple[str, frozenset[str]]]:
    return {(each["resource"]["collection"], frozenset(each["actions"])) for each in privileges}
