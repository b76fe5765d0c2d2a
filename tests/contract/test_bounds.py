"""What an outsider writes has an end, field by field: nothing is taken in that no later step can carry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from re import _parser  # type: ignore[attr-defined]  # nothing public measures a pattern

from marshmallow import Schema, fields, validate

from ngao.chassis.messaging.destinations import MAX_BODY
from ngao.contracts.classes import Strict
from ngao.contracts.events.replies import OfferReply
from ngao.contracts.payloads import schema_of
from ngao.contracts.schemas import report
from ngao.contracts.schemas.report import Report
from services.intake.reports.update import ReportUpdate
from services.referral.offers.responses import AcceptRequest, CompleteRequest, DeclineRequest, FailRequest

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


WRITTEN_BY_OUTSIDERS = (Report, ReportUpdate, schema_of(OfferReply), AcceptRequest, DeclineRequest, FailRequest, CompleteRequest)


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


def most_bytes(field: fields.Field) -> int:
    """How many bytes of JSON a field holds at most: each sign of four bytes, or of six where it is escaped."""
    if isinstance(field, fields.Nested):
        return sum(len(name) + 4 + most_bytes(each) for name, each in field.schema.fields.items())
    lengths = [each.max for each in field.validators if isinstance(each, validate.Length) and each.max]
    if isinstance(field, fields.List):
        return min(lengths) * (1 + most_bytes(field.inner))
    if not isinstance(field, fields.String):
        return 40
    for each in field.validators:
        if isinstance(each, validate.OneOf):
            lengths.append(max(map(len, each.choices)))
        elif isinstance(each, validate.Regexp):
            lengths.append(_parser.parse(each.regex.pattern).getwidth()[1])
    return 2 + 6 * min(lengths)


def test_the_largest_report_makes_an_event_that_every_consumer_reads() -> None:
    """Sealed whole and written as base64 it would still fit: what is in an event is less than what is in a report."""
    in_events = {name: each for name, each in Report().fields.items() if name not in {"narrative", "attachments"}}
    box = sum(len(name) + 4 + most_bytes(each) for name, each in in_events.items())
    assert 4 * box / 3 < MAX_BODY
