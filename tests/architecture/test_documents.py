"""Records: each in its own service's database, each index over fields that exist and told apart by name."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import Any

from ngao.chassis.storage.documents import Stored
from ngao.contracts import SERVICES
from tests.support.documents import documents
from tests.support.each import for_each

CHASSIS = {"outbox", "parked", "audit", "audit_heads", "data_keys", "sequences"}


def defined(service: str) -> list[Any]:
    """Every record that a module of the service defines."""
    package = importlib.import_module(f"services.{service}")
    modules = [importlib.import_module(each.name) for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    classes = [each for module in modules for _, each in inspect.getmembers(module, inspect.isclass)]
    return list(dict.fromkeys(each for each in classes if issubclass(each, Stored) and each is not Stored))


DOCUMENTS = [(service, document) for service in SERVICES for document in defined(service)]


def ids(value: Any) -> str:
    return value if isinstance(value, str) else value.__name__


def keys_of(index: Any) -> tuple[str, ...]:
    fields = index["fields"] if isinstance(index, dict) else [index] if isinstance(index, str) else index
    return tuple(fields)


@for_each(("service", "document"), DOCUMENTS, ids=ids)
def test_a_record_lives_in_its_own_services_database(service: str, document: Any) -> None:
    assert document._meta["db_alias"] == service
    assert document._meta["auto_create_index"] is False


@for_each(("service", "document"), DOCUMENTS, ids=ids)
def test_a_record_is_known_to_the_service(service: str, document: Any) -> None:
    assert document in documents(service)


@for_each(("service", "document"), DOCUMENTS, ids=ids)
def test_a_record_of_a_newer_version_is_read_without_what_is_new(service: str, document: Any) -> None:
    assert document._from_son({"_id": "r1", "revision": 3, "of_a_newer_version": 1}).revision == 3


@for_each("service", SERVICES)
def test_collections_are_shared_neither_among_records_nor_with_the_chassis(service: str) -> None:
    names = [document._meta["collection"] for document in documents(service)]
    assert len(set(names)) == len(names)
    assert not set(names) & CHASSIS


@for_each(("service", "document"), DOCUMENTS, ids=ids)
def test_an_index_is_over_fields_that_exist(service: str, document: Any) -> None:
    keys = [key.lstrip("-+#") for index in document._meta["indexes"] for key in keys_of(index)]
    assert [key for key in keys if key.split(".")[0] not in document._fields] == []


@for_each(("service", "document"), DOCUMENTS, ids=ids)
def test_indexes_over_the_same_keys_have_names_of_their_own(service: str, document: Any) -> None:
    named = [(keys_of(index), index.get("name") if isinstance(index, dict) else None) for index in document._meta["indexes"]]
    assert len(set(named)) == len(named)
