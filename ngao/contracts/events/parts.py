"""Objects that events of several services hold."""

from __future__ import annotations

from ngao.contracts.payloads import Internal, Part, Payload, Sealed, part


@part()
class Reason(Part):
    """Why a rule fired: its name, what it says, in words and not in personal data."""

    rule: Internal[str]
    text: Internal[str]


@part(schema="Refusal")
class FieldRefusal(Part):
    """One broken field of a refused report."""

    pointer: Internal[str]
    code: Internal[str]
    detail: Internal[str]


@part()
class Answered(Payload):
    """What every answer to an acceptance holds: to which offer, and what makes the partner's reference of the case."""

    case_ref: Internal[str]
    offer_id: Internal[str]
    partner_id: Internal[str]
    case_salt: Internal[str | None] = None


@part()
class Disclosed(Answered):
    """Data sealed to the one partner that accepted, and to which of its keys."""

    key_id: Internal[str]
    box: Sealed[str]


@part()
class Withheld(Answered):
    """A disclosure that was refused, and why; the partner knows not to wait for it.

    `recalled` is true if something was disclosed for this offer before: it must not be used any more.
    """

    reason: Internal[str]
    recalled: Internal[bool] = False
