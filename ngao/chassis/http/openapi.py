"""OpenAPI 3.1 from the declared operations and the marshmallow schemas, so that the document cannot differ from the code."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema, fields

from ngao.chassis.http.auditing import described
from ngao.chassis.http.operation import VARIABLE, Endpoint, Operation
from ngao.contracts import INTERNAL

_PROBLEM = "application/problem+json"
_TEXT = {"type": "string"}


class FieldProblem(Schema):
    """One broken field, by RFC 6901 pointer; never its value."""

    pointer = fields.String(required=True, metadata=INTERNAL)
    code = fields.String(required=True, metadata=INTERNAL)
    detail = fields.String(required=True, metadata=INTERNAL)


class ProblemDocument(Schema):
    """RFC 9457."""

    type = fields.String(required=True, metadata=INTERNAL)
    title = fields.String(required=True, metadata=INTERNAL)
    status = fields.Integer(required=True, metadata=INTERNAL)
    detail = fields.String(required=True, metadata=INTERNAL)
    errors = fields.List(fields.Nested(FieldProblem), metadata=INTERNAL)
    error_id = fields.String(metadata=INTERNAL)
    scope = fields.String(metadata=INTERNAL)


def describe(service: str, endpoints: Mapping[str, Endpoint]) -> dict[str, Any]:
    """Return the OpenAPI document of a service. The service is not started, and no settings are needed."""
    plugin = MarshmallowPlugin()
    spec = APISpec(f"Ngao {service}", "1", "3.1.0", plugins=[plugin])
    if plugin.converter is not None:
        plugin.converter.add_attribute_function(_data_class)
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    spec.components.schema("Problem", schema=ProblemDocument)
    operations = (each.operation for each in endpoints.values())
    for declared in sorted(operations, key=lambda each: (each.path, each.method)):
        path = VARIABLE.sub(r"{\1}", declared.path)
        spec.path(path=path, operations={declared.method.lower(): _operation(declared)})
    document: dict[str, Any] = spec.to_dict()
    return document


def _operation(declared: Operation) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": declared.operation,
        "summary": declared.summary,
        "responses": {**_answers(declared), **_problems(declared)},
        "security": [] if "anyone" in declared.roles else [{"bearer": []}],
        "x-who": list(declared.roles),
    }
    if declared.scope:
        made["x-scope"] = declared.scope
    if declared.audit:
        made["x-audit"] = described(declared.audit)
    if declared.two_person:
        made["x-two-person"] = True
    parameters = [{"name": name, "in": "path", "required": True, "schema": _TEXT} for name in VARIABLE.findall(declared.path)]
    parameters += [{"name": name, "in": "query", "required": False, "schema": _TEXT} for name in declared.query]
    if parameters:
        made["parameters"] = parameters
    if declared.method in ("POST", "PUT", "PATCH") and (declared.request or declared.accepts != ("application/json",)):
        content = {"schema": declared.request} if declared.request else {}
        made["requestBody"] = {"required": True, "content": {media: dict(content) for media in declared.accepts}}
    return made


def _answers(declared: Operation) -> dict[str, Any]:
    waits = {"202": {"description": "Another operator has to approve it first."}} if declared.two_person else {}
    return waits | {str(status): _answer(schema) for status, schema in (declared.responses or {200: None}).items()}


def _answer(schema: type[Schema] | None) -> dict[str, Any]:
    described: dict[str, Any] = {"description": (inspect.getdoc(schema) or "Done.") if schema else "Done."}
    if schema:
        described["content"] = {"application/json": {"schema": schema}}
    return described


def _problems(declared: Operation) -> dict[str, Any]:
    statuses = {"429": "Too many requests.", "500": "Internal error, with an error_id.", "503": "Send the same request again."}
    if "anyone" not in declared.roles:
        statuses |= {"401": "No valid key.", "403": "A key that may not do this."}
    if "<" in declared.path:
        statuses["404"] = "No such record, or not yours."
    if declared.method != "GET":
        statuses |= {"409": "Not allowed in the record's present state."}
    if declared.query:
        statuses["400"] = "A query parameter that is unknown, or not as it should be."
    if declared.request:
        statuses |= {"400": "Malformed.", "413": "Too large.", "415": "Unsupported media type.", "422": "Broken fields."}
    content = {_PROBLEM: {"schema": "Problem"}}
    return {status: {"description": text, "content": content} for status, text in sorted(statuses.items())}


def _data_class(_converter: Any, field: fields.Field[Any], **_: Any) -> dict[str, Any]:
    given = field.metadata.get("class")
    return {"x-data-class": str(given)} if given else {}
