"""What a service's account may and may not do in its database, tried on the real store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pymongo.errors import OperationFailure

from ngao.chassis.storage.connection import AUDIT, AUDIT_INDEXES
from ngao.chassis.storage.held import CHASSIS
from ngao.deployment.rights import COLLECTIONS

_NO_RIGHT = 13


def demand_rights(database: Any, service: str) -> None:
    """The audit can be read and added to, and all else be changed."""
    for name in {*CHASSIS, *COLLECTIONS[service]} - {AUDIT}:
        _demand_changeable(database[name])
    audit = database[AUDIT]
    audit.insert_one({"_id": "0:1", "chain": 0, "n": 1, "actor": "operator:amina"})
    assert {index.document["name"] for index in AUDIT_INDEXES} <= set(audit.index_information())
    database["reports"].insert_one({"_id": "other"})
    for deed in _forbidden(database):
        with pytest.raises(OperationFailure) as refused:
            deed()
        assert refused.value.code == _NO_RIGHT, refused.value
    assert audit.find_one({"_id": "0:1"}) == {"_id": "0:1", "chain": 0, "n": 1, "actor": "operator:amina"}


def _demand_changeable(collection: Any) -> None:
    collection.insert_one({"_id": "x"})
    collection.update_one({"_id": "x"}, {"$set": {"a": 1}})
    collection.create_index("a", name="tried")
    collection.drop_index("tried")
    assert collection.delete_one({"_id": "x"}).deleted_count == 1


def _forbidden(database: Any) -> list[Callable[[], Any]]:
    audit, name = database[AUDIT], database.name
    more = [{"resource": {"db": name, "collection": AUDIT}, "actions": ["remove"]}]
    forged = {"$set": {"actor": "operator:nobody"}}
    return [
        lambda: audit.update_one({}, forged),
        lambda: audit.find_one_and_update({}, forged),
        lambda: audit.replace_one({"_id": "0:1"}, {}, upsert=True),
        lambda: audit.delete_many({}),
        audit.drop,
        lambda: audit.rename("elsewhere"),
        lambda: database["reports"].rename(AUDIT, dropTarget=True),
        lambda: audit.create_index("at", expireAfterSeconds=1),
        lambda: audit.drop_index("chain_1_n_1"),
        lambda: database.command("collMod", AUDIT, validationLevel="off"),
        lambda: database.command("convertToCapped", AUDIT, size=4096),
        lambda: list(database["reports"].aggregate([{"$out": AUDIT}])),
        lambda: list(database["reports"].aggregate([{"$merge": {"into": AUDIT}}])),
        lambda: database.client.drop_database(name),
        lambda: database.command("grantRolesToUser", f"svc-{name.removeprefix('ngao_')}", roles=["readWrite"]),
        lambda: database.command("grantPrivilegesToRole", "service", privileges=more),
    ]
