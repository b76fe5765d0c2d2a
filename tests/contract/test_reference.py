"""The generated reference is valid in its own languages, and agrees with what the code checks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from ngao.contracts import CATALOGUE
from tests.support.each import for_each
from tools import generate
from tools.generating import asyncapi

REFERENCE = generate.ROOT / "docs" / "reference"
SERVICES = sorted(path.stem for path in (REFERENCE / "openapi").glob("*.json"))
FORMATS = FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def is_date_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def load(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return document


def sample(samples: Path, name: str) -> dict[str, Any]:
    return load(samples / f"{name}.json")


def inside(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from inside(inner)


def resolve(document: dict[str, Any], reference: str) -> Any:
    assert reference.startswith("#/")
    found: Any = document
    for step in reference[2:].split("/"):
        found = found[step.replace("~1", "/").replace("~0", "~")]
    return found


def without_examples(document: dict[str, Any]) -> dict[str, Any]:
    return {
        key: without_examples(value) if isinstance(value, dict) else value for key, value in document.items() if key != "examples"
    }


@for_each("name", CATALOGUE)
def test_a_schema_is_valid_and_takes_its_sample(samples: Path, name: str) -> None:
    schema = load(REFERENCE / "schemas" / f"{name}.json")
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema, format_checker=FORMATS).validate(sample(samples, name)["data"])


@for_each("name", CATALOGUE)
def test_a_schema_misses_what_the_code_misses(name: str) -> None:
    schema = load(REFERENCE / "schemas" / f"{name}.json")
    required = {name for name, field in CATALOGUE[name].schema().fields.items() if field.required}
    assert set(schema.get("required", [])) == required


@for_each("name", CATALOGUE)
def test_every_property_shows_its_data_class(name: str) -> None:
    schema = load(REFERENCE / "schemas" / f"{name}.json")
    shown = [each for part in inside(schema) for each in part.get("properties", {}).values() if isinstance(each, dict)]
    assert shown
    assert {each["x-data-class"] for each in shown} <= {"public", "internal", "sensitive", "sealed"}


@for_each("name", CATALOGUE)
def test_the_envelope_schema_takes_every_sample(samples: Path, name: str) -> None:
    schema = load(REFERENCE / "schemas" / "envelope.json")
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema, format_checker=FORMATS).validate(sample(samples, name))


def test_the_asyncapi_document_has_the_parts_of_3_1() -> None:
    document = load(REFERENCE / "asyncapi.json")
    assert document["asyncapi"] == "3.1.0"
    assert {"title", "version"} <= set(document["info"])
    assert set(document["channels"]) == {"events", "notices", "partners", "results", "reports", "partner-replies"}
    assert all(operation["action"] in {"send", "receive"} for operation in document["operations"].values())
    notices = {f"{each.name}.notice" for each in CATALOGUE.values() if each.notice}
    assert set(document["components"]["messages"]) == set(CATALOGUE) | notices


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    document = load(REFERENCE / "asyncapi.json")
    for part in inside(without_examples(document)):
        if "$ref" in part:
            assert resolve(document, part["$ref"]) is not None


def test_operations_name_messages_of_their_own_channel() -> None:
    document = load(REFERENCE / "asyncapi.json")
    for operation in document["operations"].values():
        channel = operation["channel"]["$ref"]
        assert all(message["$ref"].startswith(f"{channel}/messages/") for message in operation["messages"])


def test_a_channels_parameters_are_those_of_its_address() -> None:
    for channel in asyncapi.CHANNELS:
        assert set(re.findall(r"\{(\w+)\}", channel.address)) == set(channel.parameters)


@for_each("name", CATALOGUE)
def test_an_asyncapi_example_is_valid_by_its_own_payload(name: str) -> None:
    document = load(REFERENCE / "asyncapi.json")
    message = document["components"]["messages"][name]
    schema = {**message["payload"], "components": document["components"]}
    Draft202012Validator.check_schema(message["payload"])
    for example in message["examples"]:
        Draft202012Validator(schema, format_checker=FORMATS).validate(example["payload"])


@for_each("name", SERVICES)
def test_an_openapi_document_is_sound(name: str) -> None:
    document = load(REFERENCE / "openapi" / f"{name}.json")
    assert document["openapi"] == "3.1.0"
    assert {"title", "version"} <= set(document["info"])
    for part in inside(document):
        if isinstance(part.get("$ref"), str):
            assert resolve(document, part["$ref"]) is not None
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


@for_each("name", SERVICES)
def test_operations_are_named_once_and_answer_something(name: str) -> None:
    paths = load(REFERENCE / "openapi" / f"{name}.json")["paths"]
    operations = [(path, operation) for path, each in paths.items() for operation in each.values()]
    names = [operation["operationId"] for _, operation in operations]
    assert len(set(names)) == len(names)
    for path, operation in operations:
        assert any(status.startswith("2") for status in operation["responses"])
        given = {each["name"] for each in operation.get("parameters", []) if each["in"] == "path"}
        assert given == set(re.findall(r"\{(\w+)\}", path))


def test_the_committed_reference_is_what_the_code_says() -> None:
    assert generate.differences(generate.everything()) == []


def test_a_difference_is_noticed(tmp_path: Path) -> None:
    made = {"docs/reference/events.md": "a", "docs/reference/schemas/new.json": "b"}
    generate.write(made, tmp_path)
    assert generate.differences(made, tmp_path) == []
    (tmp_path / "docs/reference/schemas/left-over.json").write_text("{}")
    (tmp_path / "docs/reference/events.md").write_text("changed")
    assert generate.differences(made, tmp_path) == ["docs/reference/events.md", "docs/reference/schemas/left-over.json"]
    generate.write(made, tmp_path)
    assert generate.differences(made, tmp_path) == []
