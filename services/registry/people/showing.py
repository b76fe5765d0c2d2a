"""Show an operator a person: masked, unless the reader has the right to see values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.registry.cases.model import Case
from services.registry.people.cautions import Caution
from services.registry.people.identity import ContactSafety, Identity
from services.registry.people.model import Person
from services.registry.people.resolution import Candidate


@dataclass(frozen=True)
class Reader:
    """The reason for reading (a code of policy), and whether values may be shown (scope `identity:read` and its bounds)."""

    reason: str
    sees_identity: bool


@dataclass(frozen=True)
class SafeContact:
    """Show how a case says that its person can be contacted; values only for a reader who may see identity."""

    case_ref: str
    cautions: tuple[Caution, ...]
    channels: tuple[str, ...] = ()
    safety: ContactSafety | None = field(default=None, repr=False)
    attributes: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class PersonShown:
    """Show the person, their identity as this reader may see it, how to contact them safely, and their cases."""

    person: Person
    identity: Identity
    masked: bool
    cases: tuple[Case, ...]
    contact: tuple[SafeContact, ...] = ()


@dataclass(frozen=True)
class KnownOf:
    """Show how much is known of a person, in numbers: reports, when the last one came, restrictions."""

    reports: int = 0
    last_report_at: datetime | None = None
    restrictions: int = 0


@dataclass(frozen=True)
class Review:
    """Show one candidate beside the persons it may be, as this reader may see them, for a human to decide."""

    candidate: Candidate
    identity: Identity
    suggested: dict[str, Identity]
    masked: bool
    contact: dict[str, tuple[SafeContact, ...]] = field(default_factory=dict)
    known: dict[str, KnownOf] = field(default_factory=dict)
