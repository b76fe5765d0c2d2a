"""The repositories of the testing kit are like the real ones: the same tests over both, the real ones on a real store."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from ngao.chassis.chassis import Chassis
from ngao.chassis.clock import SystemClock
from ngao.chassis.errors import Conflict
from ngao.chassis.settings import load
from ngao.contracts import make
from ngao.testing.clock import ManualClock
from ngao.testing.intake import IntakeInMemory
from ngao.testing.notify import NotifyInMemory
from ngao.testing.processes import World
from ngao.testing.referral import ReferralInMemory
from ngao.testing.registry import RegistryInMemory
from services.intake.reports import store as intake_store
from services.intake.reports.draft import Violation
from services.intake.reports.model import Report
from services.intake.reports.progress import CLOSED
from services.intake.reports.progress import Step as Progress
from services.intake.sources.model import Source
from services.intake.triage.model import Triage
from services.notify.ladders.model import AlarmRecord, AlarmState, CaseOwner
from services.notify.messages.model import Message, State
from services.notify.messages.store import MOST_SHOWN
from services.notify.roster.model import DUTY_OFFICER, Contact, ContactSummary, Recipient
from services.referral.cases.model import Case as Referral
from services.referral.cases.model import Life
from services.referral.cases.timeline import Step
from services.referral.directory.model import Partner
from services.referral.matching.model import Load
from services.referral.offers import model as offers
from services.referral.offers.model import REVOKED, Offer
from services.registry.cases.model import Case, CaseState
from services.registry.disclosure.model import Disclosure
from services.registry.people.identity import Identity, ReportedIdentity
from services.registry.people.model import Defender, Restriction
from services.registry.people.resolution import Candidate, Suggestion, Verdict
from tests.support.documents import documents, service_class
from tests.support.referral import report as referral_report

NOW = SystemClock().now().replace(microsecond=0)
OWN = {"notify": '[own.smtp]\nhost = "127.0.0.1"\nport = 2525\nfrom = "desk@example.org"\ntls = "none"'}
MINUTE = timedelta(minutes=1)
MEMORY: dict[str, Callable[[], Any]] = {
    "intake": lambda: IntakeInMemory(NOW),
    "notify": lambda: NotifyInMemory(NOW),
    "referral": lambda: ReferralInMemory(NOW),
    "registry": lambda: RegistryInMemory(NOW),
}


class Stores:
    """The parts of each service on its own database, opened when first asked for."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._opened: dict[str, Any] = {}

    def empty(self, service: str) -> Any:
        """Without a record of the test before."""
        if service not in self._opened:
            settings, _ = self._world.settings(service, OWN.get(service, ""))
            self._opened[service] = service_class(service).open(Chassis(load(settings), ManualClock(NOW)))
        parts = self._opened[service]
        parts.clock.set(NOW)
        for each in documents(service):
            parts.chassis.store.database[each.collection_name()].delete_many({})
        return parts

    def close(self) -> None:
        for parts in self._opened.values():
            parts.chassis.close()


@pytest.fixture(scope="module")
def stores(world: World) -> Iterator[Stores]:
    made = Stores(world)
    yield made
    made.close()


SIDES = ["memory", "store"]
BOTH = pytest.fixture(params=SIDES)


def side(request: pytest.FixtureRequest, service: str, where: str = "") -> Any:
    """What runs a unit of work: a service in memory, or the parts of a real one."""
    where = where or request.param
    return MEMORY[service]() if where == "memory" else request.getfixturevalue("stores").empty(service)



@BOTH
def intake(request: pytest.FixtureRequest) -> Any:
    return side(request, "intake")


@BOTH
def notify(request: pytest.FixtureRequest) -> Any:
    return side(request, "notify")


@BOTH
def referral(request: pytest.FixtureRequest) -> Any:
    return side(request, "referral")


@BOTH
def registry(request: pytest.FixtureRequest) -> Any:
    return side(request, "registry")


def name() -> str:
    return secrets.token_hex(5)


def later(minutes: float) -> datetime:
    return NOW + minutes * MINUTE


# What all of them have in common


def registry_case(case_ref: str = "NG-1", **changes: Any) -> Case:
    values: dict[str, Any] = {
        "defender_ref": None, "resolution": "none", "urgent": False, "facts": ReportedIdentity(), "received_at": NOW,
        "consent_snapshots": (), "policy_version": "v1",
    }  # fmt: skip
    return Case(case_ref, **{**values, **changes})


def referral_case(case_ref: str = "NG-1", **changes: Any) -> Referral:
    return Referral(case_ref, **{"created_at": NOW, "waiting_until": None, **changes})


def message(message_id: str = "m-1", **changes: Any) -> Message:
    values: dict[str, Any] = {
        "cause": "event-1", "case_ref": "NG-1", "recipient": Recipient(DUTY_OFFICER, "amina"), "template": "new_case",
        "channel": "email", "urgent": False, "policy_version": "v1", "created_at": NOW,
    }  # fmt: skip
    return Message(message_id, **{**values, **changes})


def report(report_id: str = "r-1", **changes: Any) -> Report:
    values: dict[str, Any] = {
        "case_ref": f"NG-{report_id}", "source_id": "forms", "source_event_id": report_id, "fingerprint": "f", "received_at": NOW,
        "occurred_at": NOW, "occurred_precision": "day", "reporter_role": "self", "violations": (Violation("killing"),),
        "needs": (), "needs_proposed": (), "county": "", "place_precision": "", "languages": (), "consents": (),
        "triage": Triage("high", (), 60, "v1"),
    }  # fmt: skip
    return Report(report_id, **{**values, **changes})


KINDS: dict[str, tuple[str, Callable[[], Any], Callable[[Any, Any], None], Callable[[Any], Any]]] = {
    "alarm": (
        "notify", lambda: AlarmRecord("NG-1", AlarmState.ASKED, NOW), lambda ctx, it: ctx.alarm_records.save(it),
        lambda ctx: ctx.alarm_records.get("NG-1"),
    ),
    "owner": (
        "notify", lambda: CaseOwner("NG-1", "amina", 3), lambda ctx, it: ctx.owners.save(it), lambda ctx: ctx.owners.get("NG-1"),
    ),
    "contact summary": (
        "notify", lambda: ContactSummary("NG-1", None, may_contact=True, channels=("email",)),
        lambda ctx, it: ctx.summaries.save(it), lambda ctx: ctx.summaries.get("NG-1"),
    ),
    "message": ("notify", message, lambda ctx, it: ctx.messages.save(it), lambda ctx: ctx.messages.get("m-1")),
    "case at the registry": (
        "registry", registry_case, lambda ctx, it: ctx.cases.save(it), lambda ctx: ctx.cases.get("NG-1"),
    ),
    "case at referral": ("referral", referral_case, lambda ctx, it: ctx.cases.save(it), lambda ctx: ctx.cases.get("NG-1")),
    "partner": (
        "referral", lambda: Partner("clinic", "Clinic", ("medical",), ("*",)), lambda ctx, it: ctx.partners.save(it),
        lambda ctx: ctx.partners.get("clinic"),
    ),
    "report": ("intake", report, lambda ctx, it: ctx.reports.save(it), lambda ctx: ctx.reports.get("r-1")),
    "source": (
        "intake", lambda: Source("forms", NOW), lambda ctx, it: ctx.sources.save(it), lambda ctx: ctx.sources.get("forms"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("where", SIDES)
def test_each_write_counts_the_revision_up_and_a_stale_one_is_a_conflict(
    kind: str, where: str, request: pytest.FixtureRequest
) -> None:
    service, new, save, find = KINDS[kind]
    here = side(request, service, where)
    assert here.run(find) is None
    here.run(lambda ctx: save(ctx, new()))
    first = here.run(find)
    assert first.revision == 1
    here.run(lambda ctx: save(ctx, first))
    assert here.run(find).revision == 2
    for stale in (new(), first):
        with pytest.raises(Conflict):
            here.run(lambda ctx, it=stale: save(ctx, it))
    assert here.run(find).revision == 2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("where", SIDES)
def test_what_is_found_is_equal_to_what_was_saved_and_not_the_same_object(
    kind: str, where: str, request: pytest.FixtureRequest
) -> None:
    service, new, save, find = KINDS[kind]
    here = side(request, service, where)
    saved = new()
    here.run(lambda ctx: save(ctx, saved))
    found, again = here.run(find), here.run(find)
    assert replace(found, revision=0) == replace(saved, revision=0) == replace(again, revision=0)
    assert found is not again
    assert found is not saved


# The registry


def test_one_unit_has_one_object_for_a_record_and_another_unit_has_its_own(registry: Any) -> None:
    registry.run(lambda ctx: ctx.cases.save(registry_case(defender_ref="D")))

    def in_one_unit(ctx: Any) -> Any:
        found = ctx.cases.get("NG-1")
        assert found is ctx.cases.get("NG-1") is ctx.cases.of(["D"])[0]
        return found

    found = registry.run(in_one_unit)
    found.urgent = True
    assert registry.run(lambda ctx: ctx.cases.get("NG-1")).urgent is False


def test_a_record_saved_twice_in_one_unit_is_written_once(registry: Any) -> None:
    def twice(ctx: Any) -> None:
        case = registry_case()
        ctx.cases.save(case)
        case.urgent = True
        ctx.cases.save(case)

    registry.run(twice)
    found = registry.run(lambda ctx: ctx.cases.get("NG-1"))
    assert (found.revision, found.urgent) == (1, True)


def test_cases_of_persons_come_oldest_first(registry: Any) -> None:
    for at in (2, 0, 1):
        registry.run(lambda ctx, at=at: ctx.cases.save(registry_case(f"NG-{at}", defender_ref="D", received_at=later(at))))
    registry.run(lambda ctx: ctx.cases.save(registry_case("NG-other", defender_ref="E")))
    assert registry.run(lambda ctx: [each.id for each in ctx.cases.of(["D"])]) == ["NG-0", "NG-1", "NG-2"]


def test_cases_past_their_time_are_due_withdrawn_ones_first_and_forgotten_ones_never(registry: Any) -> None:
    def fill(ctx: Any) -> None:
        ctx.cases.save(registry_case("NG-new", received_at=later(9)))
        ctx.cases.save(registry_case("NG-old"))
        ctx.cases.save(registry_case("NG-older", received_at=later(-1)))
        ctx.cases.save(registry_case("NG-gone", received_at=later(-5), state=CaseState.ERASED))
        ctx.cases.save(registry_case("NG-back", received_at=later(9), state=CaseState.WITHDRAWN, withdrawn_at=later(1)))

    def due(withdrawn: datetime, limit: int = 10) -> list[str]:
        return registry.run(
            lambda ctx: [each.id for each in ctx.cases.due(received=later(2), withdrawn=withdrawn, limit=limit)]
        )

    registry.run(fill)
    assert due(later(2)) == ["NG-back"]
    assert due(later(0)) == ["NG-older", "NG-old"]
    assert due(later(0), 1) == ["NG-older"]
    assert registry.run(lambda ctx: ctx.cases.overdue(received=later(2), withdrawn=later(2))) == (3, 3 * MINUTE)


def test_a_forgotten_case_tells_nothing_any_more(registry: Any) -> None:
    case_ref = f"NG-{name()}"
    told = ReportedIdentity(attributes={"gender": "woman"})
    registry.run(lambda ctx: ctx.cases.save(registry_case(case_ref, facts=told)))
    found = registry.run(lambda ctx: ctx.cases.get(case_ref))
    assert found.facts == told
    found.state = CaseState.ERASED
    registry.run(lambda ctx: ctx.cases.save(found))
    assert registry.run(lambda ctx: ctx.cases.get(case_ref)).facts == ReportedIdentity()


def test_cases_that_no_record_has_taken_over_come_oldest_first(registry: Any) -> None:
    for at in (2, 0, 1):
        registry.run(lambda ctx, at=at: ctx.cases.save(registry_case(f"NG-{at}", facts_added=at == 1, received_at=later(at))))
    assert registry.run(lambda ctx: ctx.cases.with_facts_to_add(10)) == ["NG-0", "NG-2"]


def test_a_person_is_found_by_address_name_and_link_until_it_is_released(registry: Any) -> None:
    first, second = f"DEF-{name()}", f"DEF-{name()}"
    mary = Identity(names=("Mary Wanjiku Kamau",), phones=("+254700000001",), emails=("mary@example.org",))

    def fill(ctx: Any) -> None:
        for ref, to in ((first, None), (second, first)):
            ctx.defenders.save(Defender(ref, mary, NOW, linked_to=to))
        ctx.addresses.add(first, mary)
        ctx.addresses.add(second, replace(mary, emails=()))

    registry.run(fill)
    shared = registry.run(lambda ctx: ctx.addresses.sharing(mary))
    assert shared == {first: frozenset({"phone", "email"}), second: frozenset({"phone"})}
    assert set(registry.run(lambda ctx: ctx.defenders.named_like(mary))) == {first, second}
    assert [each.id for each in registry.run(lambda ctx: ctx.defenders.linked_to(first))] == [second]
    assert registry.run(lambda ctx: ctx.defenders.get(first)).identity == mary
    given = registry.run(lambda ctx: ctx.addresses.reference_for_source(first, "forms"))
    assert registry.run(lambda ctx: ctx.addresses.owner_of_reference("forms", given)) == first
    assert registry.run(lambda ctx: ctx.addresses.owner_of_reference("hotline", given)) is None
    registry.run(lambda ctx: ctx.addresses.hide(first))
    assert registry.run(lambda ctx: ctx.addresses.sharing(mary)) == {second: frozenset({"phone"})}
    assert registry.run(lambda ctx: ctx.addresses.owner_of_reference("forms", given)) == first
    registry.run(lambda ctx: ctx.addresses.remove(first))
    assert registry.run(lambda ctx: ctx.addresses.owner_of_reference("forms", given)) is None


def test_a_fading_person_has_no_name_to_be_found_by_and_is_removed(registry: Any) -> None:
    ref, ann = f"DEF-{name()}", Identity(names=("Ann Njeri Maina",))
    registry.run(lambda ctx: ctx.defenders.save(Defender(ref, ann, NOW, fading_since=later(1))))
    assert registry.run(lambda ctx: ctx.defenders.named_like(ann)) == []
    assert registry.run(lambda ctx: ctx.defenders.pending_erasure(later(0), 10)) == []

    def remove(ctx: Any) -> None:
        (found,) = ctx.defenders.pending_erasure(later(1), 10)
        ctx.defenders.remove(found)

    registry.run(remove)
    assert registry.run(lambda ctx: ctx.defenders.get(ref)) is None


def test_records_that_have_a_name_or_may_be_of_a_restricted_person_are_found_without_being_read(registry: Any) -> None:
    restriction = Restriction("partner-a", "safety", NOW)

    def fill(ctx: Any) -> None:
        for ref, name, restrictions, linked_to in (
            ("DEF-N1", "", (), None), ("DEF-N2", "Asha Omar", (), None), ("DEF-N3", "", (restriction,), None),
            ("DEF-N4", "", (), None), ("DEF-N5", "", (), "DEF-N4"), ("DEF-N6", "", (restriction,), None),
        ):  # fmt: skip
            identity = Identity((name,) if name else ())
            ctx.defenders.save(Defender(ref, identity, NOW, restrictions=restrictions, linked_to=linked_to))

    registry.run(fill)
    asked = [f"DEF-N{n}" for n in range(1, 6)]
    assert registry.run(lambda ctx: ctx.defenders.named(asked)) == ["DEF-N2"]
    assert set(registry.run(lambda ctx: ctx.defenders.maybe_restricted(asked))) == {"DEF-N3", "DEF-N4", "DEF-N5"}


def test_open_candidates_come_oldest_first_and_know_whom_they_suggest(registry: Any) -> None:
    def candidate(case_ref: str, at: int, suggested: str) -> Candidate:
        return Candidate(case_ref, "D", (Suggestion(suggested, 0.7, ()),), later(at))

    def fill(ctx: Any) -> None:
        for case_ref, at, suggested in (("NG-2", 2, "E"), ("NG-1", 1, "F"), ("NG-3", 0, "E")):
            ctx.candidates.save(candidate(case_ref, at, suggested))
        decided = candidate("NG-4", 0, "E")
        decided.decide(Verdict.LINKED, by="amina", at=NOW)
        ctx.candidates.save(decided)

    registry.run(fill)
    assert registry.run(lambda ctx: [each.id for each in ctx.candidates.open(10)]) == ["NG-3", "NG-1", "NG-2"]
    assert registry.run(lambda ctx: [each.id for each in ctx.candidates.open(1)]) == ["NG-3"]
    assert registry.run(lambda ctx: {each.id for each in ctx.candidates.suggesting(["E"])}) == {"NG-2", "NG-3"}
    assert {each.id for each in registry.run(lambda ctx: ctx.candidates.about("D"))} == {"NG-1", "NG-2", "NG-3", "NG-4"}
    assert registry.run(lambda ctx: ctx.candidates.about("E")) == []

    def undecided_about(ref: str) -> set[str]:
        record = Defender(ref, Identity(), NOW, revision=1)
        return {each.id for each in registry.run(lambda ctx: ctx.candidates.undecided_about([record]))}

    assert undecided_about("D") == {"NG-1", "NG-2", "NG-3"}, "those of its own cases"
    assert undecided_about("E") == {"NG-2", "NG-3"}, "those that suggest it"
    assert undecided_about("G") == set()

    def end(ctx: Any) -> None:
        for each in ctx.candidates.about("D"):
            if each.id != "NG-1":
                ctx.candidates.remove(each)
        assert ctx.candidates.suggesting(["E"]) == []

    registry.run(end)
    assert [each.id for each in registry.run(lambda ctx: ctx.candidates.about("D"))] == ["NG-1"]


def test_disclosures_of_a_case_come_by_their_offer(registry: Any) -> None:
    for offer_id, case_ref in (("o-2", "NG-1"), ("o-1", "NG-1"), ("o-3", "NG-2")):
        registry.run(lambda ctx, o=offer_id, c=case_ref: ctx.disclosures.save(Disclosure(o, c, "clinic", NOW, None)))
    assert registry.run(lambda ctx: [each.id for each in ctx.disclosures.of("NG-1")]) == ["o-1", "o-2"]


# Referral


def offer(offer_id: str, partner_id: str = "clinic", state: offers.State = offers.State.OFFERED, **changes: Any) -> Offer:
    return Offer(offer_id, "medical", partner_id, 1, NOW, None, "v1", state=state, **changes)


def test_the_latest_cases_come_newest_first_and_are_copies(referral: Any) -> None:
    for at in (1, 3, 2):
        life = Life.CLOSED if at == 3 else Life.OPEN
        referral.run(lambda ctx, at=at, life=life: ctx.cases.save(referral_case(f"NG-{at}", created_at=later(at), life=life)))
    found = referral.run(lambda ctx: ctx.cases.latest(None, 10))
    assert [each.id for each in found] == ["NG-3", "NG-2", "NG-1"]
    assert referral.run(lambda ctx: [each.id for each in ctx.cases.latest([Life.OPEN], 1)]) == ["NG-2"]
    assert referral.run(lambda ctx: [each.id for each in ctx.cases.latest(None, 10, case_refs=["NG-1", "NG-9"])]) == ["NG-1"]
    found[0].life = Life.WAITING
    assert referral.run(lambda ctx: ctx.cases.get("NG-3")).life is Life.CLOSED


def test_the_most_urgent_cases_come_first_and_of_these_the_newest(referral: Any) -> None:
    for at, urgency in enumerate(("low", "critical", "high", "critical")):
        case = referral_case(f"NG-{at}", created_at=later(at), report=referral_report(urgency=urgency))
        referral.run(lambda ctx, case=case: ctx.cases.save(case))
    found = referral.run(lambda ctx: ctx.cases.latest(None, 3, urgent_first=True))
    assert [each.id for each in found] == ["NG-3", "NG-1", "NG-2"]


@pytest.mark.parametrize(
    ("lives", "owners", "found"),
    [
        (None, None, ["NG-5", "NG-4", "NG-3", "NG-2", "NG-1"]),
        (None, ["amina"], ["NG-4", "NG-1"]),
        ([Life.OPEN], ["amina"], ["NG-1"]),
        (None, [None], ["NG-5", "NG-3"]),
        ([Life.WAITING, Life.OPEN], [None], ["NG-5"]),
        (None, ["amina", None], ["NG-5", "NG-4", "NG-3", "NG-1"]),
        (None, [], []),
        ([], None, []),
    ],
)
def test_cases_are_found_by_their_owner_and_by_having_none(
    referral: Any, lives: Any, owners: Any, found: list[str]
) -> None:
    saved = [(Life.OPEN, "amina"), (Life.OPEN, "juma"), (Life.CLOSED, None), (Life.CLOSED, "amina"), (Life.WAITING, None)]
    for at, (life, owner) in enumerate(saved, 1):
        case = referral_case(f"NG-{at}", created_at=later(at), life=life, owner=owner, owned_since=NOW if owner else None)
        referral.run(lambda ctx, case=case: ctx.cases.save(case))
    assert referral.run(lambda ctx: [each.id for each in ctx.cases.latest(lives, 10, None, owners)]) == found


def test_cases_whose_wait_is_over_are_due_and_closed_ones_are_not(referral: Any) -> None:
    def fill(ctx: Any) -> None:
        ctx.cases.save(referral_case("NG-2", waiting_until=later(2)))
        ctx.cases.save(referral_case("NG-1", waiting_until=later(1)))
        ctx.cases.save(referral_case("NG-3", waiting_until=later(9)))
        ctx.cases.save(referral_case("NG-4", waiting_until=later(1), life=Life.CLOSED))

    referral.run(fill)
    assert referral.run(lambda ctx: ctx.cases.due(later(2), 10)) == ["NG-1", "NG-2"]
    assert referral.run(lambda ctx: ctx.cases.due(later(2), 1)) == ["NG-1"]


def test_a_case_is_found_by_its_offer(referral: Any) -> None:
    referral.run(lambda ctx: ctx.cases.save(referral_case(offers=[offer("o-1")])))
    assert referral.run(lambda ctx: ctx.cases.of_offer("o-1")).id == "NG-1"
    assert referral.run(lambda ctx: ctx.cases.of_offer("o-2")) is None


def test_steps_of_a_case_come_in_the_order_of_time(referral: Any) -> None:
    def fill(ctx: Any) -> None:
        for case_ref, at, what in (("NG-1", 2, "third"), ("NG-1", 1, "first"), ("NG-1", 1, "second"), ("NG-2", 0, "other")):
            ctx.timeline.note(case_ref, Step(later(at), what, "service:referral", "A sentence."))

    referral.run(fill)
    assert referral.run(lambda ctx: [each.what for each in ctx.timeline.of("NG-1")]) == ["first", "second", "third"]


def test_partners_come_by_id(referral: Any) -> None:
    for partner_id in ("b", "a", "c"):
        referral.run(lambda ctx, it=partner_id: ctx.partners.save(Partner(it, it, ("medical",), ("*",))))
    assert referral.run(lambda ctx: [each.id for each in ctx.partners.all()]) == ["a", "b", "c"]


def follow(referral: Any, *followed: Offer) -> None:
    """Each a minute after the one before."""
    for each in followed:
        referral.clock.advance(MINUTE)
        referral.run(lambda ctx, it=each: ctx.engagements.follow(it))


def test_engagements_count_as_load_until_they_end(referral: Any) -> None:
    follow(referral, offer("o-1"), offer("o-2", state=offers.State.ACCEPTED), offer("o-3", "lawyers"))
    assert referral.run(lambda ctx: ctx.engagements.loads(["clinic", "nobody"])) == {"clinic": Load(1, 1)}
    follow(referral, offer("o-1", state=offers.State.DECLINED))
    assert referral.run(lambda ctx: ctx.engagements.loads(["clinic"])) == {"clinic": Load(1, 0)}
    follow(referral, offer("o-2", state=offers.State.COMPLETED))
    assert referral.run(lambda ctx: ctx.engagements.loads(["clinic"])) == {}


def test_a_place_is_reserved_once_and_kept_by_the_offer_that_is_followed(referral: Any) -> None:
    def reserve_two(ctx: Any) -> list[bool]:
        return [ctx.engagements.reserve(offer(each), 1) for each in ("o-1", "o-2")]

    assert referral.run(reserve_two) == [True, False]
    assert referral.run(lambda ctx: ctx.engagements.loads(["clinic"])) == {}

    def make_offer(ctx: Any) -> bool:
        reserved = ctx.engagements.reserve(offer("o-1"), 1)
        ctx.engagements.follow(offer("o-1"))
        return bool(reserved)

    assert referral.run(make_offer)
    assert referral.run(lambda ctx: ctx.engagements.reserve(offer("o-2"), 1)) is False
    assert referral.run(lambda ctx: ctx.engagements.confirm(offer("o-1"), 1)) is True
    follow(referral, offer("o-1", state=offers.State.WITHDRAWN))
    assert referral.run(lambda ctx: ctx.engagements.reserve(offer("o-2"), 1)) is True


def test_an_offer_without_a_place_is_confirmed_while_one_is_free(referral: Any) -> None:
    follow(referral, offer("o-1"), offer("o-2", state=offers.State.ACCEPTED))
    assert referral.run(lambda ctx: ctx.engagements.confirm(offer("o-1"), 1)) is False
    assert referral.run(lambda ctx: ctx.engagements.confirm(offer("o-1"), 2)) is True


def test_engagements_of_partners_come_oldest_first(referral: Any) -> None:
    taken = offer("o-1", state=offers.State.ACCEPTED)
    follow(referral, offer("o-2"), offer("o-1"), offer("o-3", "lawyers"), taken, offer("o-4", state=offers.State.EXPIRED))
    assert referral.run(lambda ctx: ctx.engagements.live_of(["clinic"], 10)) == ["o-2", "o-1"]
    assert referral.run(lambda ctx: ctx.engagements.live_of(["clinic"], 1)) == ["o-2"]
    assert referral.run(lambda ctx: ctx.engagements.at_work_of("clinic")) == ["o-1"]


def test_what_partners_must_not_have_any_more_is_found_until_a_human_knows(referral: Any) -> None:
    taken = offer("o-1", state=offers.State.ACCEPTED)
    other = replace(taken, id="o-4", alarms=["disclosure_overdue"])
    follow(referral, taken, offer("o-2"), offer("o-3", "lawyers"), other)

    def shut_out(distrusted: list[str], revoked: list[str]) -> list[str]:
        return referral.run(lambda ctx: ctx.engagements.of_distrusted(distrusted, revoked, 10))

    assert shut_out(["clinic"], []) == ["o-2"]
    assert shut_out(["clinic"], ["clinic"]) == ["o-2", "o-1", "o-4"]
    assert shut_out([], []) == []
    follow(referral, replace(taken, alarms=[REVOKED]))
    assert shut_out([], ["clinic"]) == ["o-4"]


def event_for(partner_id: str, offer_id: str = "o-1") -> Any:
    data = {"case_ref": "NG-1", "offer_id": offer_id, "partner_id": partner_id, "key_id": "cfa570c653bd212b", "box": "c2VhbGVk"}
    return make("registry.contact.disclosed.v1", subject="NG-1", data=data, partner_id=partner_id)


def test_a_partners_log_has_cursors_that_stay_when_boxes_are_forgotten(referral: Any) -> None:
    parts = (("o-1", "contact"), ("o-1", "narrative"), ("o-2", "contact"))
    for offer_id, part in parts:
        referral.clock.advance(MINUTE)
        event = event_for("clinic", offer_id)
        referral.run(lambda ctx, o=offer_id, p=part, e=event: ctx.partner_log.add_box("clinic", o, p, e))
    referral.run(lambda ctx: ctx.partner_log.add("lawyers", event_for("lawyers", "o-9")))

    def after(cursor: int, limit: int = 10) -> list[tuple[int, str]]:
        found = referral.run(lambda ctx: ctx.partner_log.after("clinic", cursor, limit))
        return [(number, event["data"]["offer_id"]) for number, event in found]

    assert after(0) == [(1, "o-1"), (2, "o-1"), (3, "o-2")]
    assert after(1, 1) == [(2, "o-1")]
    referral.run(lambda ctx: ctx.partner_log.erase_boxes("o-1", "contact"))
    assert after(0) == [(2, "o-1"), (3, "o-2")]
    referral.run(lambda ctx: ctx.partner_log.erase_boxes("o-1"))
    referral.clock.advance(MINUTE)
    referral.run(lambda ctx: ctx.partner_log.add("clinic", event_for("clinic", "o-3")))
    assert after(0) == [(3, "o-2"), (4, "o-3")]
    assert referral.run(lambda ctx: ctx.partner_log.erase_old_boxes(later(2.5), 10)) == 0
    assert referral.run(lambda ctx: ctx.partner_log.erase_boxes_of("clinic", 10)) == 1
    assert after(0) == [(4, "o-3")]


def test_only_older_boxes_leave_a_partners_log_when_a_withdrawal_comes_late(referral: Any) -> None:
    for sequence in (None, 4, 6):
        event = replace(event_for("clinic"), sequence=sequence)
        referral.run(lambda ctx, e=event: ctx.partner_log.add_box("clinic", "o-1", "contact", e))
    referral.run(lambda ctx: ctx.partner_log.erase_boxes("o-1", "contact", before=5))
    left = [event for _, event in referral.run(lambda ctx: ctx.partner_log.after("clinic", 0, 10))]
    assert [int(event["sequence"]) for event in left] == [6]


# Notify


def test_messages_of_a_case_on_ladders_come_oldest_first(notify: Any) -> None:
    for at, ladder in ((2, "critical"), (1, "critical"), (0, None)):
        notify.run(lambda ctx, at=at, ladder=ladder: ctx.messages.save(message(f"m-{at}", ladder=ladder, created_at=later(at))))
    assert notify.run(lambda ctx: [each.id for each in ctx.messages.alarms_of("NG-1")]) == ["m-1", "m-2"]


def test_of_very_many_messages_of_a_case_on_ladders_the_newest_are_read(notify: Any) -> None:
    def fill(ctx: Any) -> None:
        for at in range(MOST_SHOWN + 1):
            ctx.messages.save(message(f"m-{at}", ladder="critical", created_at=later(at)))

    notify.run(fill)
    found = notify.run(lambda ctx: [each.id for each in ctx.messages.alarms_of("NG-1")])
    assert found == [f"m-{at}" for at in range(1, MOST_SHOWN + 1)]


def test_a_message_is_added_once(notify: Any) -> None:
    notify.run(lambda ctx: ctx.messages.save(message()))
    with pytest.raises(Conflict):
        notify.run(lambda ctx: ctx.messages.save(message()))


def test_messages_that_nobody_acknowledged_are_overdue_urgent_ones_first(notify: Any) -> None:
    def fill(ctx: Any) -> None:
        ctx.messages.save(message("m-1", escalate_at=later(1)))
        ctx.messages.save(message("m-2", escalate_at=later(2), urgent=True))
        ctx.messages.save(message("m-3", escalate_at=later(5)))
        ctx.messages.save(message("m-4", escalate_at=later(500)))
        ctx.messages.save(message("m-5"))

    notify.run(fill)
    assert notify.run(lambda ctx: list(ctx.messages.overdue(later(3), 60 * MINUTE, 10))) == ["m-2", "m-1", "m-4"]
    assert notify.run(lambda ctx: ctx.messages.not_escalated(later(3))) == (2, later(1))


def test_messages_are_listed_newest_first_by_what_is_asked(notify: Any) -> None:
    for at, state in ((1, State.SENT), (3, State.QUEUED), (2, State.SENT)):
        next_attempt = later(at) if state is State.QUEUED else None
        made = message(f"m-{at}", state=state, created_at=later(at), next_attempt=next_attempt)
        notify.run(lambda ctx, it=made: ctx.messages.save(it))

    def listed(**wanted: str) -> list[str]:
        return [each.id for each in notify.run(lambda ctx: ctx.messages.listed(limit=2, **wanted))]

    assert listed() == ["m-3", "m-2"]
    assert listed(state="sent", case_ref="NG-1") == ["m-2", "m-1"]
    assert notify.run(lambda ctx: ctx.messages.unsent()) == (1, later(3))


def test_a_due_message_is_leased_by_one_sender_and_again_when_its_lease_is_over(notify: Any) -> None:
    def fill(ctx: Any) -> None:
        ctx.messages.save(message("m-1", next_attempt=later(1)))
        ctx.messages.save(message("m-2", next_attempt=later(2), urgent=True))

    def lease(at: float, *, urgent_only: bool = False, oldest_first: bool = False) -> Message | None:
        due = notify.due_messages
        leased: Message | None = due.lease_next(later(at), MINUTE, urgent_only=urgent_only, oldest_first=oldest_first)
        return leased

    notify.run(fill)
    assert lease(0) is None
    assert lease(1, urgent_only=True) is None
    first, second = lease(2), lease(2)
    assert first
    assert second
    assert [(each.id, each.state, each.attempts, each.revision) for each in (first, second)] == [
        ("m-2", State.SENDING, 1, 2), ("m-1", State.SENDING, 1, 2),
    ]  # fmt: skip
    assert lease(2) is None
    again = lease(3, oldest_first=True)
    assert again
    assert again.attempts == 2
    assert again.lease not in {first.lease, second.lease}
    with pytest.raises(Conflict):
        notify.run(lambda ctx: ctx.messages.save(replace(again, revision=again.revision - 1)))


def test_alarms_that_reached_nobody_come_newest_first(notify: Any) -> None:
    for at, state in ((1, AlarmState.UNACKNOWLEDGED), (2, AlarmState.UNACKNOWLEDGED), (3, AlarmState.ACKNOWLEDGED)):
        notify.run(lambda ctx, at=at, state=state: ctx.alarm_records.save(AlarmRecord(f"NG-{at}", state, later(at))))
    assert notify.run(lambda ctx: list(ctx.alarm_records.unacknowledged())) == ["NG-2", "NG-1"]
    assert notify.run(lambda ctx: list(ctx.alarm_records.unacknowledged(since=later(2)))) == ["NG-2"]
    assert notify.run(lambda ctx: ctx.alarm_records.count_unacknowledged()) == 2


def test_somebody_taken_off_the_roster_and_put_on_again_is_not_erased(notify: Any) -> None:
    amina = Recipient(DUTY_OFFICER, f"amina-{name()}")
    contact = Contact(amina, "email", "sw")
    notify.run(lambda ctx: ctx.roster.put(contact, "amina@example.org"))
    assert notify.run(lambda ctx: ctx.roster.with_address(amina)) == (contact, "amina@example.org")
    assert notify.run(lambda ctx: ctx.roster.remove(amina, later(1))) is True
    assert notify.run(lambda ctx: ctx.roster.remove(amina, later(1))) is False
    assert notify.run(lambda ctx: (ctx.roster.contact(amina), ctx.roster.with_address(amina))) == (None, None)
    assert notify.run(lambda ctx: list(ctx.roster.listed())) == []
    assert notify.run(lambda ctx: list(ctx.roster.removed(later(0), 10))) == []
    assert notify.run(lambda ctx: list(ctx.roster.removed(later(1), 10))) == [amina]
    assert notify.run(lambda ctx: ctx.roster.overdue(later(1))) == (1, later(1))
    notify.run(lambda ctx: ctx.roster.put(contact, "amina@example.com"))
    assert notify.run(lambda ctx: list(ctx.roster.removed(later(9), 10))) == []
    assert notify.run(lambda ctx: list(ctx.roster.listed())) == [(contact, "amina@example.com")]


def test_who_joined_the_roster_is_marked_until_they_were_asked_about_everything(notify: Any) -> None:
    amina, nasra = Recipient(DUTY_OFFICER, "amina"), Recipient(DUTY_OFFICER, "nasra")
    notify.run(lambda ctx: ctx.roster.put(Contact(nasra, "email", "sw"), "nasra@example.org"))
    for at in (later(1), later(2)):
        notify.run(lambda ctx, at=at: ctx.roster.put(Contact(amina, "email", "sw"), "amina@example.org", at))
        assert notify.run(lambda ctx: dict(ctx.roster.joined())) == {amina: at}
    notify.run(lambda ctx: ctx.roster.was_asked(amina, later(1)))
    assert notify.run(lambda ctx: dict(ctx.roster.joined())) == {amina: later(2)}
    notify.run(lambda ctx: ctx.roster.was_asked(amina, later(2)))
    assert notify.run(lambda ctx: dict(ctx.roster.joined())) == {}
    assert notify.run(lambda ctx: ctx.roster.with_address(amina)) == (Contact(amina, "email", "sw"), "amina@example.org")
    notify.run(lambda ctx: ctx.roster.put(Contact(amina, "email", "sw"), "amina@example.org", later(3)))
    notify.run(lambda ctx: ctx.roster.remove(amina, later(4)))
    assert notify.run(lambda ctx: dict(ctx.roster.joined())) == {}


def test_somebody_put_on_the_roster_again_while_their_entry_is_erased_stays(notify: Any) -> None:
    amina = Recipient(DUTY_OFFICER, f"amina-{name()}")
    contact = Contact(amina, "email", "sw")
    notify.run(lambda ctx: ctx.roster.put(contact, "amina@example.org"))
    notify.run(lambda ctx: ctx.roster.remove(amina, NOW))
    assert notify.run(lambda ctx: list(ctx.roster.removed(NOW, 10))) == [amina]
    notify.run(lambda ctx: ctx.roster.put(contact, "amina@example.com"))
    assert notify.run(lambda ctx: ctx.roster.destroy(amina)) is False
    assert notify.run(lambda ctx: ctx.roster.with_address(amina)) == (contact, "amina@example.com")


def test_a_roster_entry_is_destroyed_once(notify: Any) -> None:
    amina = Recipient(DUTY_OFFICER, f"amina-{name()}")
    notify.run(lambda ctx: ctx.roster.put(Contact(amina, "email", "sw"), "amina@example.org"))
    notify.run(lambda ctx: ctx.roster.remove(amina, NOW))
    assert [notify.run(lambda ctx: ctx.roster.destroy(amina)) for _ in range(2)] == [True, False]
    assert notify.run(lambda ctx: list(ctx.roster.removed(later(9), 10))) == []


# Intake


def save_all(intake: Any, *reports: Report) -> None:
    for each in reports:
        intake.run(lambda ctx, it=each: ctx.reports.save(it))


def test_a_report_is_found_by_its_case_and_by_its_sources_own_id(intake: Any) -> None:
    save_all(intake, report("r-1"), report("r-2", source_id="hotline", source_event_id="r-1"))
    assert intake.run(lambda ctx: ctx.reports.by_case("NG-r-2")).id == "r-2"
    assert intake.run(lambda ctx: ctx.reports.by_source_event("forms", "r-1")).id == "r-1"
    assert intake.run(lambda ctx: ctx.reports.by_source_event("forms", "r-2")) is None


def test_earlier_reports_about_a_person_come_latest_first_and_by_source(intake: Any) -> None:
    about = {"person_keys": ("phone-1",)}
    save_all(
        intake,
        report("r-2", received_at=later(2), **about),
        report("r-1", received_at=later(1), source_id="hotline", **about),
        report("r-3", received_at=later(3), **about),
        report("r-4", received_at=later(4), withdrawn_at=later(5), **about),
        report("r-5", received_at=later(5), **about),
        report("r-0", received_at=later(-9), **about),
        report("r-6", received_at=later(4), person_keys=("phone-2",)),
    )
    history = intake.run(lambda ctx: ctx.reports.earlier(["phone-1", "phone-3"], NOW, source_id="forms", but="r-5"))
    assert [each.received_at for each in history.everybody] == [later(3), later(2), later(1)]
    assert [each.received_at for each in history.own] == [later(3), later(2)]
    assert history.own[0].violations == ("killing",)


def test_open_reports_about_a_person_come_latest_first_and_those_that_cannot_rise_do_not(intake: Any) -> None:
    about = {"person_keys": ("phone-1",)}
    save_all(
        intake,
        report("r-1", received_at=later(1), **about),
        report("r-3", received_at=later(3), **about),
        report("r-2", received_at=later(2), **about),
        report("r-4", triage=Triage("critical", (), 99, "v1"), **about),
        report("r-5", steps=(Progress(CLOSED, NOW, 1),), **about),
        report("r-6", withdrawn_at=NOW, **about),
    )
    assert intake.run(lambda ctx: ctx.reports.open_about(["phone-1"], 10, but="r-3")) == ["r-2", "r-1"]
    assert intake.run(lambda ctx: ctx.reports.open_about(["phone-1"], 1, but="")) == ["r-3"]


def test_reports_past_a_moment_are_due_once_and_forgotten_ones_never(intake: Any) -> None:
    save_all(
        intake,
        report("r-1", received_at=later(1)),
        report("r-2", received_at=later(0), withdrawn_at=later(1)),
        report("r-3", received_at=later(0), erased_at=later(1)),
        report("r-4", received_at=later(9)),
    )
    ends = {"received": later(2), "withdrawn": later(1)}
    assert sorted(intake.run(lambda ctx: ctx.reports.due(ends, 10))) == [("r-1", "received"), ("r-2", "withdrawn")]
    assert intake.run(lambda ctx: ctx.reports.due({"received": later(2)}, 1)) == [("r-2", "received")]
    assert intake.run(lambda ctx: ctx.reports.overdue(ends)) == (3, 2 * MINUTE)


def test_reports_that_no_case_was_opened_for_come_longest_due_first(intake: Any) -> None:
    save_all(
        intake,
        report("r-2", republish_at=later(2)),
        report("r-1", republish_at=later(1), received_at=later(1)),
        report("r-3", republish_at=later(5)),
        report("r-4", republish_at=later(500)),
        report("r-5"),
    )
    assert intake.run(lambda ctx: ctx.reports.unopened(later(3), 10)) == ["r-1", "r-2", "r-4"]
    assert intake.run(lambda ctx: ctx.reports.unopened(later(3), 1)) == ["r-1"]
    assert intake.run(lambda ctx: ctx.reports.still_unopened(later(1))) == (3, NOW)


def test_reports_whose_news_others_are_to_be_judged_with_come_longest_due_first(intake: Any) -> None:
    save_all(intake, report("r-1", triage_others_at=later(2)), report("r-2", triage_others_at=later(1)), report("r-3"))
    assert intake.run(lambda ctx: ctx.reports.with_others_to_triage(10)) == ["r-2", "r-1"]
    assert intake.run(lambda ctx: ctx.reports.with_others_to_triage(1)) == ["r-2"]


def test_a_report_about_whose_person_no_other_is_open_is_settled_at_once(intake: Any) -> None:
    due = {"triage_others_at": later(1)}
    save_all(
        intake,
        report("alone", person_keys=("a", "b"), **due),
        report("critical-itself", person_keys=("c",), triage=Triage("critical", (), 99, "v1"), **due),
        report("earlier", person_keys=("d",)),
        report("later", person_keys=("d", "e"), **due),
        report("same-a", person_keys=("f",), **due),
        report("same-b", person_keys=("f",), triage_others_at=later(2)),
        report("withdrawn", person_keys=("g",), withdrawn_at=NOW),
        report("after-withdrawn", person_keys=("g",), **due),
        report("beyond", person_keys=("h",), triage_others_at=later(3)),
    )
    intake.run(lambda ctx: ctx.reports.clear_without_others(6))
    assert intake.run(lambda ctx: ctx.reports.with_others_to_triage(10)) == ["later", "same-a", "same-b", "beyond"]
    assert intake.run(lambda ctx: ctx.reports.get("alone").triage_others_at) is None


def test_a_report_that_changes_while_it_is_settled_stays_due(request: pytest.FixtureRequest, monkeypatch: Any) -> None:
    intake = side(request, "intake", "store")
    save_all(intake, report("r-1", person_keys=("a",), triage_others_at=later(1)))
    open_about = intake_store._can_become_more_urgent

    def updated(ctx: Any) -> None:
        changed = ctx.reports.get("r-1")
        changed.note_others_to_triage(later(2))
        ctx.reports.save(changed)

    def after_a_change(keys: Any) -> Any:
        intake.run(updated)
        return open_about(keys)

    # The real query runs; the wrapper only lets another unit change the report between it and the write.
    monkeypatch.setattr(intake_store, "_can_become_more_urgent", after_a_change)
    intake.run(lambda ctx: ctx.reports.clear_without_others(10))
    assert intake.run(lambda ctx: ctx.reports.with_others_to_triage(10)) == ["r-1"]


def test_sources_come_by_id(intake: Any) -> None:
    for source_id in ("hotline", "forms"):
        intake.run(lambda ctx, it=source_id: ctx.sources.save(Source(it, NOW)))
    assert intake.run(lambda ctx: [each.id for each in ctx.sources.all()]) == ["forms", "hotline"]
