"""What an outsider writes has an end, field by field: nothing is taken in that no later step can carry."""

from __future__ import annotations

import re
from collections.abc import Iterator

from marshmallow import Schema, fields, validate

from ngao.contracts.classes import Strict
from ngao.contracts.schemas import report
from ngao.contracts.schemas.referral import OfferReply
from ngao.contracts.schemas.report import Report
from services.intake.http_api import ReportUpdate
from services.referral.http_api import AcceptRequest, CompleteRequest, DeclineRequest, FailRequest

LONGEST_LEAF = 50_000


def leaves(schema: Schema, path: str = "") -> Iterator[tuple[str, fields.Field]]:
    for name, field in schema.fields.items():
        yield from _of(field, f"{path}/{name}")


def _of(field: fields.Field, path: str) -> Iterator[tuple[str, fields.Field]]:
    yield path, field
    if isinstance(field, fields.List):
        yield from _of(field.inner, f"{path}/0")
    elif isinstance(field, fields.Nested):
        yield from leaves(field.schema, path)


def bounded(field: fields.Field) -> bool:
    if isinstance(field, fields.List):
        return any(isinstance(each, validate.Length) and each.max for each in field.validators)
    if not isinstance(field, fields.String):
        return True
    return any(
        isinstance(each, validate.OneOf)
        or (isinstance(each, validate.Length) and each.max is not None and each.max <= LONGEST_LEAF)
        or (isinstance(each, validate.Regexp) and not re.search(r"[*+]|,\}", re.sub(r"\\.|\[[^\]]*\]", "x", each.regex.pattern)))
        for each in field.validators
    )


WRITTEN_BY_OUTSIDERS = (Report, ReportUpdate, OfferReply, AcceptRequest, DeclineRequest, FailRequest, CompleteRequest)


def test_every_field_that_an_outsider_writes_has_a_bound() -> None:
    written = ((schema.__name__, leaves(schema())) for schema in WRITTEN_BY_OUTSIDERS)
    endless = [f"{name}{path}" for name, found in written for path, field in found if not bounded(field)]
    assert endless == []


def test_the_search_finds_what_has_no_bound() -> None:
    class Endless(Strict):
        a = fields.String(metadata=report.INTERNAL)
        b = fields.Email(metadata=report.INTERNAL)
        c = fields.List(fields.String(validate=validate.Length(max=3)), metadata=report.INTERNAL)
        d = fields.String(validate=validate.Regexp("^[a-z]+$"), metadata=report.INTERNAL)
        e = fields.String(validate=validate.Regexp("^[a-z]{2,}$"), metadata=report.INTERNAL)
        fine = fields.String(validate=validate.Regexp("^[a-z]{2,9}$"), metadata=report.INTERNAL)

    assert [path for path, field in leaves(Endless()) if not bounded(field)] == ["/a", "/b", "/c", "/d", "/e"]
