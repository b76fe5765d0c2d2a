"""The registry's ports in memory: real implementations, so that use cases are tested without a store."""

# ruff: noqa: ARG002  # memory needs less than a broker and a store do

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ngao.chassis.errors import SealBroken
from ngao.kernel.consent import Statement
from ngao.kernel.placeholders import Placeholders
from ngao.kernel.references import pairwise_defender_ref
from services.registry.cases.model import Case, CaseState
from services.registry.disclosure.disclose import AcceptedOffer
from services.registry.disclosure.model import Disclosure
from services.registry.people.identity import Identity
from services.registry.people.model import Defender
from services.registry.people.names import name_keys
from services.registry.people.reading import LibraryReading
from services.registry.people.resolution import Candidate, Verdict
from services.registry.people.resolve import AcceptedReport, resolve_defender
from services.registry.people.view import CaseView
from services.registry.ports import Ports
from services.registry.rules import IdentityPolicy, MatchingRules, Retention
from tests.support.vouching import MemoryRecipients, Onboarding, PartnerKeys

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

POLICY = IdentityPolicy(
    version="v1",
    default_region="KE",
    matching=MatchingRules(
        contradicts_below=0.8, candidate_from=0.53, weights={"name": 0.6, "phone": 0.55, "email": 0.55},
        same_sounds={"ph": "f", "c": "k", "l": "r", "y": "i"}, most_candidates=5, kin_words=frozenset({"mama", "baba"}),
    ),
    attributes_for_matching=frozenset({"gender", "disability"}),
    restriction_reasons=("safety",),
    read_reasons=("case_work",),
    retention=Retention(case_days=1000, withdrawn_days=30, version="r1"),
    placeholders=Placeholders.of(["Name Withheld", "Unknown"], ["0700000000"], "KE", emails=["@none.com"]),
)

SAFE = {"may_contact": True, "channels": ["sms", "email"], "code_word": "mwavuli", "shared_phone": False}
MARY = {"names": ["Mary Wanjiku Kamau"], "phones": ["0700 000 001"], "emails": ["mary@example.org"]}


class MemoryDefenders:
    def __init__(self) -> None:
        self.kept: dict[str, Defender] = {}
        self.contacts: dict[tuple[str, str], set[str]] = {}
        self.named: dict[tuple[str, str], str] = {}

    def get(self, ref: str) -> Defender | None:
        return self.kept.get(ref)

    def linked_to(self, ref: str) -> list[Defender]:
        return [each for each in self.kept.values() if each.linked_to == ref]

    def sharing(self, identity: Identity) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for key in POLICY.placeholders.somebodys(identity.addresses):
            for ref in self.contacts.get(key, ()):
                found[ref] = found.get(ref, frozenset()) | {key[0]}
        return found

    def named_like(self, identity: Identity) -> list[str]:
        mine = _keys(identity)
        return [each.id for each in self.kept.values() if not each.fading_since and mine & _keys(each.identity)]

    def save(self, defender: Defender) -> None:
        self.kept[defender.id] = defender

    def claim(self, ref: str, identity: Identity) -> None:
        for key in POLICY.placeholders.somebodys(identity.addresses):
            self.contacts.setdefault(key, set()).add(ref)

    def name_for_source(self, ref: str, source_id: str) -> str:
        given = pairwise_defender_ref(hashlib.sha256(f"{source_id} {ref}".encode()).hexdigest())
        self.named[source_id, given] = ref
        return given

    def named_by_source(self, source_id: str, given: str) -> str | None:
        return self.named.get((source_id, given))

    def release(self, ref: str) -> None:
        for refs in self.contacts.values():
            refs.discard(ref)

    def fading(self, before: datetime, limit: int) -> list[Defender]:
        return [each for each in self.kept.values() if each.fading_since and each.fading_since <= before][:limit]

    def remove(self, defender: Defender) -> None:
        del self.kept[defender.id]


class MemoryCases:
    def __init__(self) -> None:
        self.kept: dict[str, Case] = {}

    def get(self, case_ref: str) -> Case | None:
        return self.kept.get(case_ref)

    def of(self, refs: Iterable[str]) -> list[Case]:
        wanted = set(refs)
        return [each for each in self.kept.values() if each.defender_ref in wanted]

    def due(self, *, received: datetime, withdrawn: datetime, limit: int) -> list[Case]:
        kept = [each for each in self.kept.values() if each.state is not CaseState.FORGOTTEN]
        late = [each for each in kept if each.received_at <= received or (each.withdrawn_at and each.withdrawn_at <= withdrawn)]
        return late[:limit]

    def unabsorbed(self, limit: int) -> list[Case]:
        return [each for each in self.kept.values() if not each.absorbed][:limit]

    def save(self, case: Case) -> None:
        self.kept[case.id] = case


class MemoryCandidates:
    def __init__(self) -> None:
        self.kept: dict[str, Candidate] = {}

    def get(self, case_ref: str) -> Candidate | None:
        return self.kept.get(case_ref)

    def open(self, limit: int) -> list[Candidate]:
        return [each for each in self.kept.values() if each.verdict is Verdict.OPEN][:limit]

    def suggesting(self, refs: Iterable[str]) -> list[Candidate]:
        wanted = set(refs)
        return [each for each in self.open(100) if wanted & {suggestion.defender_ref for suggestion in each.suggestions}]

    def save(self, candidate: Candidate) -> None:
        self.kept[candidate.id] = candidate


class MemoryDisclosures:
    def __init__(self) -> None:
        self.kept: dict[str, Disclosure] = {}

    def get(self, offer_id: str) -> Disclosure | None:
        return self.kept.get(offer_id)

    def of(self, case_ref: str) -> list[Disclosure]:
        return [each for each in self.kept.values() if each.case_ref == case_ref]

    def save(self, disclosure: Disclosure) -> None:
        self.kept[disclosure.id] = disclosure


class MemoryKeys:
    def __init__(self) -> None:
        self.destroyed: list[str] = []

    def destroy_person(self, ref: str) -> None:
        self.destroyed.append(f"person:{ref}")

    def destroy_case(self, case_ref: str) -> None:
        self.destroyed.append(f"case:{case_ref}")


class GlassBoxes:
    """Boxes that anyone can look into: the content as it is."""

    def open(self, key_id: str, box: str) -> bytes:
        if key_id != "registry-key":
            raise SealBroken("not ours")
        return box.encode()

    def seal_to(self, public_key: str, content: bytes) -> str:
        return content.decode()


ONBOARDING = Onboarding()
PARTNER = PartnerKeys.new("partner-a")


def accepted(case_ref: str = "NG-1", offer_id: str = "offer-1", keys: PartnerKeys = PARTNER) -> AcceptedOffer:
    """A partner's yes that is as it should be."""
    return AcceptedOffer(case_ref, offer_id, keys.id, ONBOARDING.vouch(keys), keys.accepts(offer_id, case_ref))


@dataclass
class Heard:
    """What the registry said and noted."""

    views: list[CaseView] = field(default_factory=list)
    consents: list[tuple[str, Statement]] = field(default_factory=list)
    disclosed: list[dict[str, Any]] = field(default_factory=list)
    withheld: list[Disclosure] = field(default_factory=list)
    recalled: list[str] = field(default_factory=list)
    audited: list[tuple[str, str, str]] = field(default_factory=list)
    details: dict[str, dict[str, str]] = field(default_factory=dict)

    def resolved(self, view: CaseView) -> None:
        self.views.append(view)

    def consent_changed(self, case: Case, defender_ref: str | None, statement: Statement) -> None:
        self.consents.append((case.id, statement))

    def contact_disclosed(
        self, case: Case, disclosure: Disclosure, key_id: str, box: str, *, supersedes: bool = False
    ) -> None:
        self.disclosed.append(json.loads(box) | ({"supersedes": True} if supersedes else {}))

    def contact_withheld(self, case: Case, disclosure: Disclosure, *, recalled: bool = False) -> None:
        self.withheld.append(disclosure)
        if recalled:
            self.recalled.append(disclosure.id)

    def record(self, action: str, *, subject: str, actor: str, detail: Mapping[str, str] | None = None) -> None:
        self.audited.append((action, subject, actor))
        self.details[action] = dict(detail or {})


class Register:
    """A whole registry in memory, with a clock moved by hand."""

    def __init__(self) -> None:
        self.now = NOW
        self.heard = Heard()
        self.defenders, self.cases = MemoryDefenders(), MemoryCases()
        self.candidates, self.disclosures = MemoryCandidates(), MemoryDisclosures()
        self.keys = MemoryKeys()
        self.recipients = MemoryRecipients(ONBOARDING)

    @property
    def ports(self) -> Ports:
        return Ports(
            now=self.now, policy=POLICY, defenders=self.defenders, cases=self.cases, candidates=self.candidates,
            disclosures=self.disclosures, keys=self.keys, boxes=GlassBoxes(),
            recipients=self.recipients, reading=LibraryReading("KE", POLICY.placeholders), voice=self.heard,
            audit=self.heard,
        )

    def pass_time(self, **by: float) -> None:
        self.now += timedelta(**by)

    def report(self, case_ref: str, identity: Mapping[str, Any] | None = None, **more: Any) -> CaseView:
        """Take an accepted report; `more` may hold attributes, contact_safety, consents, defender_ref, source_id, sequence."""
        told = {"attributes": {}, "contact_safety": None, **{key: more.pop(key) for key in _IN_BOX if key in more}}
        box = json.dumps({"v": 1, "case_ref": case_ref, "identity": identity, **told})
        sealed = ("registry-key", box) if identity or any(told.values()) else None
        consents = tuple(more.pop("consents", (consent(),)))
        resolve_defender(
            self.ports,
            AcceptedReport(
                case_ref=case_ref, source_id=more.pop("source_id", "form"), urgent=False, received_at=self.now, consents=consents,
                defender_ref=more.pop("defender_ref", None), sealed=sealed, sequence=more.pop("sequence", 1),
            ),
        )
        assert not more
        return self.last

    @property
    def last(self) -> CaseView:
        return self.heard.views[-1]


def consent(*scope: str, at: datetime = NOW, purpose: str = "referral", granted: bool = True, **more: Any) -> Statement:
    """A statement; without scopes, one about contact."""
    return Statement(granted=granted, purpose=purpose, scope=tuple(sorted(scope or ("contact",))), at=at, **more)


_IN_BOX = ("attributes", "contact_safety")


def _keys(identity: Identity) -> frozenset[str]:
    return name_keys(identity.names, POLICY.matching.same_sounds)
