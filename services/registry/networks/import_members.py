"""Take a table of members: a result for each row, and in a dry run nothing is stored."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from marshmallow import ValidationError, fields, validate

from ngao.chassis.errors import InvalidInput
from ngao.chassis.handlers import http, itself
from ngao.contracts import FieldError
from ngao.contracts.classes import INTERNAL, SENSITIVE, Strict, Tolerant
from ngao.contracts.errors import field_errors
from ngao.contracts.schemas.report import Identity as StatedIdentity
from ngao.kernel.phones import read_phones
from ngao.kernel.records import from_record
from services.registry.context import Context
from services.registry.networks.finding import membership_at, store, wrong_place
from services.registry.networks.manage import today_of
from services.registry.networks.model import Membership, State
from services.registry.networks.table import LONGEST_TABLE, WHO, NoTable, Row, rows_of
from services.registry.people.finding import person_of
from services.registry.people.identity import Identity
from services.registry.people.model import Person
from services.registry.people.resolution import Kind, Resolution
from services.registry.people.resolve import normalised, record_for, resolution_of

ADDED, UNCHANGED, LEFT, REFUSED = "added", "unchanged", "left", "refused"
_SHARED = frozenset({"same_phone", "same_email"})


class TableToImport(Strict):
    """A table of members as CSV. In a dry run, which is the default, nothing is stored."""

    table = fields.String(required=True, validate=validate.Length(min=1, max=LONGEST_TABLE), metadata=SENSITIVE)
    dry_run = fields.Boolean(load_default=True, metadata=INTERNAL)


class WrongShown(Tolerant):
    """What is wrong with a row: the column and a code. The value is not repeated."""

    column = fields.String(metadata=INTERNAL)
    code = fields.String(metadata=INTERNAL)
    detail = fields.String(metadata=INTERNAL)


class RowShown(Tolerant):
    """The result of a row, also of a dry run: `added`, `unchanged`, `left` (she has left: nothing is done) or `refused`.

    `is_new` is true for a person without a record until now. `probable` is how many records may be hers by a similar name.
    """

    row = fields.Integer(metadata=INTERNAL)
    outcome = fields.String(metadata=INTERNAL)
    is_new = fields.Boolean(metadata=INTERNAL)
    defender_ref = fields.String(allow_none=True, metadata=INTERNAL)
    probable = fields.Integer(metadata=INTERNAL)
    errors = fields.List(fields.Nested(WrongShown), metadata=INTERNAL)


class ImportShown(Tolerant):
    """A result for each row, and how many there are of each outcome."""

    dry_run = fields.Boolean(metadata=INTERNAL)
    rows = fields.List(fields.Nested(RowShown), metadata=INTERNAL)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), metadata=INTERNAL)


@dataclass
class _Plan:
    """What a row asks for, once it is known whom it is about."""

    row: Row
    person: Person | None = None
    identity: Identity | None = field(default=None, repr=False)
    resolution: Resolution = field(default_factory=lambda: Resolution(Kind.ANONYMOUS))
    outcome: str = REFUSED
    is_new: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names as they are compared; none where a reference says who it is."""
        return self.identity.names if self.identity else ()

    @property
    def keys(self) -> list[str]:
        """Return all by which a row of the same person is known."""
        if self.identity:
            return [value for _, value in self.identity.addresses]
        return [self.person.ref] if self.person else []


@http.post(
    "/v1/members/import",
    roles="operator",
    scope="imports:write",
    audit=itself("members.imported", "members.checked"),
    request=TableToImport,
    returns=ImportShown,
    summary="Import a table of members; a dry run stores nothing.",
)
def import_members(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
    """Take every good row; a broken one costs no other. A membership that exists or has ended is not changed.

    Raises InvalidInput for what is no table.
    """
    try:
        rows = rows_of(body["table"])
    except NoTable as problem:
        raise InvalidInput("The table cannot be read.", [FieldError("/table", problem.code, problem.detail)]) from None
    dry, seen = body["dry_run"], _Seen()
    shown = []
    for row in rows:
        plan = _planned(ctx, row, seen)
        if plan.outcome == ADDED and not dry:
            _carry_out(ctx, plan)
        shown.append(_shown(plan))
    counts = Counter(each["outcome"] for each in shown)
    detail = {outcome: str(number) for outcome, number in sorted(counts.items())}
    ctx.audit("members.checked" if dry else "members.imported", subject="members", detail=detail)
    return {"dry_run": dry, "rows": shown, "counts": dict(counts)}


class _Seen:
    """The good rows of this table until now, so that a dry run and the real one say the same."""

    def __init__(self) -> None:
        self._names: dict[str, tuple[int, tuple[str, ...]]] = {}
        self._places: dict[tuple[str, ...], int] = {}

    def check(self, plan: _Plan) -> None:
        """Refuse what an earlier row has said of the same person, or with the same contact of another one."""
        row = plan.row
        others = (self._names[key] for key in plan.keys if key in self._names)
        if other := next((number for number, names in others if names != plan.names), 0):
            row.refuse(_column(row), "same_contact", f"Row {other} has the same phone or e-mail and another name.")
        elif again := next(filter(None, (self._places.get((key, *row.place)) for key in plan.keys)), 0):
            row.refuse(_column(row), "repeated", f"Row {again} has the same person and hub.")

    def knows(self, plan: _Plan) -> bool:
        """Return True if an earlier row is of the same person."""
        return any(key in self._names for key in plan.keys)

    def add(self, plan: _Plan) -> None:
        """Record a good row."""
        for key in plan.keys:
            self._names.setdefault(key, (plan.row.number, plan.names))
            self._places[(key, *plan.row.place)] = plan.row.number


def _planned(ctx: Context, row: Row, seen: _Seen) -> _Plan:
    plan = _Plan(row)
    for step in (_check_place, _read_person, lambda _, each: seen.check(each), _find_person):
        if row.wrong:
            return plan
        step(ctx, plan)
    if row.wrong:
        return plan
    plan.is_new = plan.person is None and not seen.knows(plan)
    seen.add(plan)
    known = membership_at(ctx, plan.person, *row.place)[1] if plan.person else None
    plan.outcome = ADDED if known is None else LEFT if known.state is State.LEFT else UNCHANGED
    return plan


def _check_place(ctx: Context, plan: _Plan) -> None:
    row = plan.row
    for each in wrong_place(ctx, *row.place, row.cells["role"]):
        row.refuse(each.pointer.removeprefix("/"), each.code, each.detail)
    if row.since and row.since > today_of(ctx):
        row.refuse("since", "in_the_future", "Must not be in the future.")


def _read_person(ctx: Context, plan: _Plan) -> None:
    row = plan.row
    if not row.cells["defender_ref"]:
        plan.identity = _identity(ctx, row)
        return
    if row.identity:
        row.refuse("defender_ref", "contradicts", "Give the reference alone, or who it is.")
    plan.person = person_of(ctx, row.cells["defender_ref"])
    if plan.person is None:
        row.refuse("defender_ref", "unknown_person", "There is no such person.")


def _find_person(ctx: Context, plan: _Plan) -> None:
    if plan.identity is None:
        return
    plan.resolution = resolution_of(ctx, plan.identity, None)
    if plan.resolution.kind is Kind.EXISTING:
        plan.person = person_of(ctx, plan.resolution.defender_ref)
    elif any(_SHARED & set(each.reasons) for each in plan.resolution.suggestions):
        detail = "A record has this phone or e-mail and another name. Look at it, and give its reference in defender_ref."
        plan.row.refuse(_column(plan.row), "may_be_known", detail)


def _identity(ctx: Context, row: Row) -> Identity | None:
    """Return who the row is about, or record what is wrong. Without an address the same file would make her twice."""
    try:
        stated = StatedIdentity().load(row.identity)
    except ValidationError as error:
        names = {f"{name}s": name for name in WHO}
        for each in field_errors(error.messages):
            row.refuse(names.get(each.pointer.split("/")[1], "") if each.pointer else "name", each.code, each.detail)
        return None
    region = ctx.policy.default_region
    phones = read_phones(row.cells["phone"], region) if row.cells["phone"] else []
    if row.cells["phone"] and len(phones) != 1:
        code = "two_phones" if phones else "not_a_phone"
        row.refuse("phone", code, "Must be one phone number with its area code.")
    identity = normalised(
        from_record(Identity, {name: tuple(each) for name, each in stated.items()}), region, ctx.policy.placeholders
    )
    if not identity.names:
        row.refuse("name", "required", "Give her name.")
    if not any(True for _ in ctx.policy.placeholders.without_placeholders(identity.addresses)):
        row.refuse("phone", "required", "Give a phone or an e-mail of her own, or the reference of her record.")
    return None if row.wrong else identity


def _carry_out(ctx: Context, plan: _Plan) -> None:
    row = plan.row
    if plan.person is None:
        record = record_for(ctx, plan.resolution, plan.identity)
        if record is None:
            raise InvalidInput("This names no one.")
        plan.person = person_of(ctx, record.id) or Person((record,))
        ctx.audit("defender.registered", subject=plan.person.ref, detail={"known": "false", "policy": ctx.policy.version})
    record_of, _ = membership_at(ctx, plan.person, *row.place)
    membership = Membership(uuid4().hex, *row.place, row.cells["role"])
    if row.accepted:
        membership = membership.agreeing(row.agreed, row.cells["how"], row.since or today_of(ctx))
    store(ctx, plan.person, record_of, membership)
    agreed = ",".join(name for name, given in vars(membership.agreed).items() if given)
    action = "membership.agreed" if row.accepted else "membership.invited"
    ctx.audit(action, subject=plan.person.ref, detail={"membership": membership.id, "agreed": agreed or "nothing"})


def _column(row: Row) -> str:
    return next((name for name in ("defender_ref", "phone", "email") if row.cells[name]), "name")


def _shown(plan: _Plan) -> dict[str, Any]:
    return {
        "row": plan.row.number,
        "outcome": plan.outcome,
        "is_new": plan.is_new,
        "defender_ref": plan.person.ref if plan.person else None,
        "probable": len(plan.resolution.suggestions) if plan.is_new else 0,
        "errors": [vars(each) for each in plan.row.wrong],
    }
