"""Parse reports as sources post them: one or many of a request, each with its place in the body."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from ngao.chassis.errors import InvalidInput
from ngao.chassis.http.call import Call, Meter
from ngao.contracts import ContractError, FieldError, InvalidContent, Undecodable, parse_json
from ngao.contracts.envelope import count_values, from_document
from ngao.kernel.vocabulary import Vocabulary
from services.intake.context import Context
from services.intake.reports.draft import Draft
from services.intake.reports.reading import read_report
from services.intake.reports.receive import answer_of, receive_report

JSON = "application/json"
CLOUDEVENT = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
LINES = "application/x-ndjson"
ACCEPTED = (JSON, CLOUDEVENT, BATCH, LINES)
MANY = (BATCH, LINES)
MOST_ITEMS = 500
MOST_VALUES_OF_A_BATCH = 50_000
SUBMITTED = "intake.report.submitted.v1"


@dataclass(frozen=True)
class Posted:
    """One report as posted; `prefix` is its place in the body, for pointers in errors. `meter` is that of its caller's rate."""

    document: Any
    prefix: str = ""
    meter: Meter = field(default_factory=Meter, repr=False, compare=False)

    def named(self, key: str | None) -> Posted:
        """Return the same, with `key` as its source_event_id if it has none of its own."""
        if not key or not isinstance(self.document, dict) or "source_event_id" in self.document:
            return self
        return replace(self, document={**self.document, "source_event_id": key})

    def read(self, vocabulary: Vocabulary) -> Draft:
        """Return the report in the form of its schema. Raises InvalidInput naming every invalid field."""
        with self.meter.running():
            return read_report(self.document, vocabulary)


@contextmanager
def pointing(rewrite: Callable[[str], str]) -> Iterator[None]:
    """Let errors point into the body that was sent, where that is not the canonical report itself."""
    try:
        yield
    except InvalidInput as error:
        errors = [replace(each, pointer=rewrite(each.pointer)) for each in error.errors]
        raise InvalidInput(str(error), errors, slug=error.slug, status=error.status) from None


def posted(call: Call) -> Posted:
    """Return the one report of a request. Raises InvalidInput, ContractError."""
    document = call.json()
    made = cloud_event(document) if call.content_type == CLOUDEVENT else Posted(document)
    return replace(made.named(call.idempotency_key), meter=call.meter)


def posted_many(call: Call) -> list[Posted | Exception]:
    """Return the reports of a batch, each by itself: an error of one is its own answer. Raises InvalidInput, TooManyRequests.

    A report costs its source as much in a batch as alone, and is paid for before anything is done about it.
    """
    readers = _lines(call) if call.content_type == LINES else _items(call)
    _demand_number(readers)
    call.draw_ahead(len(readers) - 1)
    return [_attempt(reader, call.meter) for reader in readers]


def accept_posted(ctx: Context, source_id: str, report: Posted) -> dict[str, Any]:
    """Take one report in; gives the receipt. Errors point into the body that was posted."""
    with pointing(lambda pointer: report.prefix + pointer):
        return answer_of(ctx, receive_report(ctx, source_id, report.read(ctx.policy.vocabulary)))


def cloud_event(document: Any) -> Posted:
    """Return the report in a CloudEvent, whose id replaces a missing source_event_id. Raises ContractError."""
    event = from_document(document)
    if event.type != SUBMITTED:
        raise InvalidContent([FieldError("/type", "unknown_code", f"Must be {SUBMITTED}.")])
    return Posted(event.data, "/data").named(event.id)


def _lines(call: Call) -> list[Callable[[], Posted]]:
    with call.meter.running():
        lines = [line for line in call.body.removeprefix(BOM_UTF8).split(b"\n") if line.strip()]
    _demand_number(lines)
    with call.meter.running():
        values = sum(_weight(line) for line in lines)
    if values > MOST_VALUES_OF_A_BATCH:
        raise InvalidInput(f"A batch holds at most {MOST_VALUES_OF_A_BATCH} values.", slug="batch-size")
    return [_reader(line) for line in lines]


def _weight(line: bytes) -> int:
    """Return the values in one line; a line that passes a bound is refused by its reader before it costs anything."""
    try:
        return count_values(line)
    except Undecodable:
        return 0


def _demand_number(items: Sequence[Any]) -> None:
    if not 1 <= len(items) <= MOST_ITEMS:
        raise InvalidInput(f"A batch holds 1 to {MOST_ITEMS} reports.", slug="batch-size")


def _items(call: Call) -> list[Callable[[], Posted]]:
    documents = call.json(MOST_VALUES_OF_A_BATCH)
    if not isinstance(documents, list):
        raise InvalidInput("A batch is a JSON array of CloudEvents.", slug="batch-size")
    return [lambda other=other: cloud_event(other) for other in documents]  # type: ignore[misc]


def _reader(line: bytes) -> Callable[[], Posted]:
    def read() -> Posted:
        document = parse_json(line)
        is_event = isinstance(document, dict) and "specversion" in document
        return cloud_event(document) if is_event else Posted(document)

    return read


def _attempt(reader: Callable[[], Posted], meter: Meter) -> Posted | Exception:
    try:
        with meter.running():
            return replace(reader(), meter=meter)
    except ContractError as error:
        return error
