# the handlers are only described
from __future__ import annotations

import json
import sys
from typing import Any

from marshmallow import Schema, fields

from ngao.chassis.handlers import Parts, Response, build, http
from ngao.chassis.http.openapi import describe


class Visit(Schema):
    """A visit."""

    age = fields.Integer(required=True, metadata={"class": "sensitive"})


class Receipt(Schema):
    """What was taken in."""

    visit_id = fields.String()


@http.post(
    "/v1/visits", roles="source", request=Visit, accepts=("application/json", "application/x-ndjson"), returns={202: Receipt}
)
def visit(parts: Parts[Any]) -> Response:
    """Post a visit."""
    return Response(202, {})


@http.get("/v1/visits/<uuid:visit_id>", roles=("source", "partner"), returns=Receipt)
def get_visit(parts: Parts[Any], visit_id: str) -> dict[str, Any]:
    """One."""
    return {}


Service = build("tiny", "Visits.", Parts, (sys.modules[__name__],))


def test_the_document_is_made_without_starting_anything() -> None:
    document = describe("tiny", Service.endpoints)
    assert document["openapi"] == "3.1.0"
    assert {"/healthz", "/readyz", "/v1/parked/{parked_id}/replay", "/v1/visits", "/v1/visits/{visit_id}"} <= set(
        document["paths"]
    )
    assert json.loads(json.dumps(document)) == document


def test_bodies_answers_and_problems_are_described() -> None:
    posted = describe("tiny", Service.endpoints)["paths"]["/v1/visits"]["post"]
    assert posted["requestBody"]["content"]["application/x-ndjson"]["schema"] == {"$ref": "#/components/schemas/Visit"}
    assert posted["responses"]["202"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Receipt"}
    assert {"400", "401", "403", "413", "415", "422", "429", "500", "503"} <= set(posted["responses"])
    assert posted["responses"]["422"]["content"] == {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
    }
    assert posted["security"] == [{"bearer": []}]


def test_path_variables_are_parameters_and_open_pages_need_no_key() -> None:
    paths = describe("tiny", Service.endpoints)["paths"]
    assert [each["name"] for each in paths["/v1/visits/{visit_id}"]["get"]["parameters"]] == ["visit_id"]
    assert paths["/healthz"]["get"]["security"] == []


def test_the_data_class_of_a_field_is_shown() -> None:
    visit = describe("tiny", Service.endpoints)["components"]["schemas"]["Visit"]
    assert visit["properties"]["age"]["x-data-class"] == "sensitive"
