"""The checker: compares what clients tried and were told with what every store and every partner holds. Pure.

It counts, in the words of Jepsen's total-queue checker: *lost* (told ok, and not there or without its effect), *duplicated*
(an effect more than once), *recovered* (nobody knew, and it is there, once), *unexpected* (there, and nobody asked for it).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from tests.faults.engine.facts import Facts, Line

LOST, DUPLICATED, UNEXPECTED, BROKEN = "lost", "duplicated", "unexpected", "broken"

MOST_LATE_S = 10.0
"""However busy the machine is, an answer that takes longer than this beyond its bound is a fault."""
_ALLOWANCE_S = 0.5

_LIVE = {"offered", "received", "accepted", "started"}
_RANK = {"offered": 0, "received": 1, "accepted": 2, "started": 3}  # everything else is an end
_STEPS = {
    "case.opened", "case.closed", "accepted", "declined", "expired", "started", "completed", "failed", "withdrawn", "recalled",
    "unroutable",
}  # fmt: skip
_STEPS_ONCE = {"offered", "accepted", "declined", "expired", "started", "completed", "report.learnt"}
_ONCE = {
    "referral.offered.v1", "registry.contact.disclosed.v1", "registry.contact.withheld.v1",
    "intake.narrative.disclosed.v1", "intake.narrative.withheld.v1",
}  # fmt: skip


@dataclass(frozen=True)
class Violation:
    """One broken promise: which invariant, how it counts, what is wrong, and with what."""

    invariant: str
    counts: str
    what: str
    about: str = ""


@dataclass
class Verdict:
    """What the checker found; `stable` are seconds from acceptance to the partner's first offer."""

    violations: list[Violation] = field(default_factory=list)
    asked: int = 0
    accepted: int = 0
    recovered: int = 0
    cases: int = 0
    repeats: int = 0
    stable: list[float] = field(default_factory=list)

    def count(self, counts: str) -> int:
        return sum(each.counts == counts for each in self.violations)

    @property
    def good(self) -> bool:
        return not self.violations

    def invariants(self) -> list[str]:
        """Those that are broken, in order."""
        return sorted({each.invariant for each in self.violations})


def check(facts: Facts) -> Verdict:
    """Judge one round."""
    book = _Book(facts)
    found = [violation for rule in RULES for violation in rule(book)]
    return Verdict(
        violations=found, asked=len(book.asked), accepted=len(book.accepted), cases=len(facts.reports),
        recovered=sum(key in book.by_key for key in book.unknown), repeats=book.wire_repeats, stable=sorted(book.stable()),
    )  # fmt: skip


class _Book:
    """The round, indexed."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        posted = [op for op in facts.ops if op["f"] in {"post", "publish"}]
        self.asked = {op["key"] for op in posted if op["type"] == "invoke"}
        oks = [op for op in posted if op["type"] == "ok"]
        self.accepted = {op["key"]: op for op in reversed(oks)}
        self.refused = {op["key"] for op in posted if op["type"] == "fail" and op.get("status", 0) >= 400}
        self.unknown = {op["key"] for op in posted if op["type"] == "info"} - set(self.accepted)
        self.withdrawn = {op["key"] for op in facts.ops if op["f"] == "withdraw" and op["type"] == "ok"}
        self.by_key: dict[str, list[Line]] = defaultdict(list)
        for report in facts.reports:
            self.by_key[report["key"]].append(report)
        self.cases = {case["case_ref"]: case for case in facts.cases}
        self.offers = {offer["id"]: offer for case in facts.cases for offer in case["offers"]}
        self.heard = [line for line in facts.heard if line["f"] == "heard" and line["offer_id"] in self.offers]
        wires = Counter(line["event"] for line in facts.heard if line["f"] == "wire")
        mine = {line["event"] for line in self.heard}
        self.wire_repeats = sum(times - 1 for event, times in wires.items() if event in mine)

    def late(self, begin: float, end: float) -> float:
        """Seconds between two moments for which neither the platform nor the fault is to blame, but the machine.

        Intake was ready and had no processor, or the client itself could not run to take the answer; bounded.
        """
        lates = [op for op in self.facts.ops if op["f"] == "late" and begin < op["at"] and op["at"] - op["took"] < end]
        here = sum(min(op["at"], end) - max(op["at"] - op["took"], begin) for op in lates)
        return min(here + _at(self.facts.starved, end) - _at(self.facts.starved, begin), MOST_LATE_S)

    def first_offers(self) -> dict[str, float]:
        """When each case's first offer reached a partner."""
        first: dict[str, float] = {}
        for line in self.heard:
            if line["what"] == "referral.offered.v1":
                first[line["case_ref"]] = min(line["at"], first.get(line["case_ref"], line["at"]))
        return first

    def stable(self) -> Iterator[float]:
        first = self.first_offers()
        for key, op in self.accepted.items():
            for report in self.by_key.get(key, ()):
                if report["case_ref"] in first:
                    yield max(0.0, first[report["case_ref"]] - op["at"])


def _at(samples: list[tuple[float, float]], moment: float) -> float:
    """A growing count at a moment between its samples."""
    after = bisect_left(samples, (moment, 0.0))
    if after in {0, len(samples)}:
        return samples[min(after, len(samples) - 1)][1] if samples else 0.0
    (t0, n0), (t1, n1) = samples[after - 1], samples[after]
    return n0 + (n1 - n0) * (moment - t0) / (t1 - t0)


Rule = Callable[[_Book], Iterable[Violation]]


def no_lost_acceptance(book: _Book) -> Iterator[Violation]:
    """I1: what was answered with yes is stored and comes to an offer, a human, or an end that somebody wished."""
    for key, op in book.accepted.items():
        reports = book.by_key.get(key, [])
        if not reports:
            if key not in book.refused:
                yield Violation("I1", LOST, "an accepted report is not stored", key)
            continue
        told = op.get("case_ref")
        if told and told not in {report["case_ref"] for report in reports}:
            yield Violation("I1", LOST, "the source was told of another case", key)
    for report in book.facts.reports:
        case = book.cases.get(report["case_ref"])
        if case is None or not (case["known"] or _ended_unheard(report, case)):
            yield Violation("I1", LOST, "a stored report never became a case", report["case_ref"])
        elif case["life"] != "closed":
            yield from _ends(case)


def _ended_unheard(report: Line, case: Line) -> bool:
    """A report that was taken back before referral heard of it needs no help any more, and is told no more."""
    return bool(report["withdrawn"]) and case["life"] == "closed"


def _ends(case: Line) -> Iterator[Violation]:
    for need in case["needs"]:
        offered = any(offer["need"] == need["name"] for offer in case["offers"])
        if need["state"] == "pending" or (need["state"] == "placed" and not offered):
            yield Violation("I1", LOST, "a need came to no offer and no human", case["case_ref"])


def everybody_heard(book: _Book) -> Iterator[Violation]:
    """I1, I3: each step has reached everybody who is to hear of it."""
    heard = {(line["offer_id"], line["what"]) for line in book.heard}
    disclosed = {each["offer_id"] for each in book.facts.disclosures}
    resolved = set(book.facts.resolved)
    for report in book.facts.reports:
        if report["case_ref"] not in resolved:
            yield Violation("I1", LOST, "the registry never heard of a report", report["case_ref"])
    for offer in book.offers.values():
        if (offer["id"], "referral.offered.v1") not in heard:
            yield Violation("I1", LOST, "an offer never reached its partner", offer["id"])
        if not offer["accepted"]:
            continue
        if offer["id"] not in disclosed:
            yield Violation("I1", LOST, "the registry never heard of an acceptance", offer["id"])
        if (offer["id"], "referral.accepted.v1") not in heard:
            yield Violation("I1", LOST, "a partner's acceptance was never confirmed", offer["id"])
        for who in ("registry.contact", "intake.narrative"):
            if not {(offer["id"], f"{who}.disclosed.v1"), (offer["id"], f"{who}.withheld.v1")} & heard:
                yield Violation("I1", LOST, f"{who}: neither disclosed nor withheld", offer["id"])


def people_were_told(book: _Book) -> Iterator[Violation]:
    """I1: for each offer that a partner's program has got, its desk was written to, or refused for a reason that is stored."""
    causes = {each["cause"] for each in book.facts.messages}
    for line in book.heard:
        if line["what"] == "referral.offered.v1" and line["event"] not in causes:
            yield Violation("I1", LOST, "notify never heard of an offer", line["offer_id"])


def intake_knows_each_step(book: _Book) -> Iterator[Violation]:
    """I3: what intake tells the source is what referral did, step by step. Of offers it hears nothing: see `people_were_told`."""
    said = Counter(
        (hop["case_ref"], hop["what"], hop["offer_id"] or hop["need"]) for hop in book.facts.story if hop["what"] in _STEPS
    )
    known: Counter[tuple[str, str, str]] = Counter()
    for report in book.facts.reports:
        for step in report["story"]:
            what = step["what"].removeprefix("referral.")
            if what in _STEPS:
                known[report["case_ref"], what, step["offer_id"] or step["need"]] += 1
    for step in (said - known).elements():
        yield Violation("I3", LOST, f"intake never heard `{step[1]}`", step[0])
    for step in (known - said).elements():
        yield Violation("I3", UNEXPECTED, f"intake heard `{step[1]}`, which never happened", step[0])


def each_effect_once(book: _Book) -> Iterator[Violation]:
    """I2: one case a key, one live offer a need, each step and each telling once."""
    for key, reports in book.by_key.items():
        if len(reports) > 1:
            yield Violation("I2", DUPLICATED, f"{len(reports)} reports under one key", key)
    for case in book.facts.cases:
        live = Counter(offer["need"] for offer in case["offers"] if offer["state"] in _LIVE)
        yield from (Violation("I2", DUPLICATED, "two live offers for one need", case["case_ref"]) for n in live.values() if n > 1)
    steps = [hop for hop in book.facts.story if hop["what"] in _STEPS_ONCE]
    hops = Counter((hop["case_ref"], hop["what"], hop["offer_id"] or hop["need"] or hop["reason"]) for hop in steps)
    for (case_ref, what, _), times in hops.items():
        if times > 1:
            yield Violation("I2", DUPLICATED, f"`{what}` took effect {times} times", case_ref)
    yield from _told_once(book)


def _told_once(book: _Book) -> Iterator[Violation]:
    """A contact that was given is called back once if the report is withdrawn, so that given and withheld count apart."""
    told: dict[tuple[str, str], set[str]] = defaultdict(set)
    for line in book.heard:
        if line["what"] in _ONCE:
            told[line["offer_id"], line["what"]].add(line["event"])
    for (offer_id, what), events in told.items():
        if len(events) > 1 and what != "intake.narrative.disclosed.v1":
            yield Violation("I2", DUPLICATED, f"{what} was said {len(events)} times", offer_id)
    messages = Counter((each["cause"], each["recipient"], each["template"], each["position"]) for each in book.facts.messages)
    for (cause, recipient, _, _), times in messages.items():
        if times > 1:
            yield Violation("I2", DUPLICATED, f"{recipient} was written to {times} times", cause)
    if book.facts.limits.wire_repeats is not None and book.wire_repeats > book.facts.limits.wire_repeats:
        yield Violation("I2", DUPLICATED, f"{book.wire_repeats} messages were sent again without a cause")


def nothing_from_nowhere(book: _Book) -> Iterator[Violation]:
    """I3: no case without a report, no event without its record, nothing that nobody posted."""
    for key in book.by_key:
        if key not in book.asked:
            yield Violation("I3", UNEXPECTED, "a report that nobody posted", key)
    for ref in book.facts.ghosts:
        yield Violation("I3", UNEXPECTED, "a ghost: an effect without its cause", ref)
    cases = set(book.cases)
    for line in book.facts.heard:
        if line["f"] == "heard" and line["case_ref"] in cases and line["offer_id"] not in book.offers:
            yield Violation("I3", UNEXPECTED, f"a partner heard {line['what']} of an offer that is not stored", line["offer_id"])


def honest_answers(book: _Book) -> Iterator[Violation]:
    """I4: an answer within the bound, never a refusal for good of something sound, and no answer that is a bug's."""
    within = book.facts.limits.answers_within
    for op in book.facts.ops:
        if op["f"] not in {"post", "withdraw"} or op["type"] == "invoke":
            continue
        if within is not None and op["took"] > within + _ALLOWANCE_S + book.late(op["at"] - op["took"], op["at"]):
            yield Violation("I4", BROKEN, f"an answer took {op['took']:.1f} s", op["key"])
        status = op.get("status", 0)
        if status == 500 or (400 <= status < 500 and status not in {408, 429}):
            yield Violation("I4", UNEXPECTED, f"a sound request was answered with {status}", op["key"])
    for op in book.facts.ops:
        if op["f"] == "receipt" and op["what"] == "intake.report.rejected.v1":
            yield Violation("I4", UNEXPECTED, f"a sound report was rejected: {op['reason']}", str(op["key"] or op["event_id"]))


def backlog_clears(book: _Book) -> Iterator[Violation]:
    """I4: afterwards nothing waits anywhere, and nothing stands aside that could have been handled."""
    facts = book.facts
    for service, waiting in facts.outbox.items():
        if waiting:
            yield Violation("I4", BROKEN, f"{waiting} events wait in the outbox of {service}")
    for queue, waiting in facts.queues.items():
        if waiting:
            yield Violation("I4", BROKEN, f"{waiting} messages wait in {queue}")
    if facts.quiet_after is None:
        yield Violation("I4", BROKEN, "the platform did not become quiet", facts.moves)
    parked = [each for each in facts.parked if (each["queue"], each["reason"]) != facts.limits.parked_as]
    if len(parked) > facts.limits.parked:
        reasons = Counter(f"{each['service']}/{each['queue']}: {each['reason']}" for each in parked)
        told = ", ".join(f"{n} x {reason}" for reason, n in reasons.most_common(3))
        yield Violation("I4", UNEXPECTED, f"{len(parked)} parked, {facts.limits.parked} could not be handled: {told}")


def never_back(book: _Book) -> Iterator[Violation]:
    """I5: an offer only moves on, a closed case stays closed, a withdrawn report is not offered."""
    at: dict[str, str] = {}
    for seen in book.facts.watched:
        before, now = at.get(seen["id"]), seen["state"]
        at[seen["id"]] = now
        if before is not None and before != now and _goes_back(before, now):
            yield Violation("I5", BROKEN, f"went from {before} back to {now}", seen["id"])
    for key in book.withdrawn:
        for report in book.by_key.get(key, ()):
            case = book.cases.get(report["case_ref"])
            if case is not None and case["known"] and case["life"] != "closed":
                yield Violation("I5", BROKEN, "a withdrawn report's case is not closed", report["case_ref"])
            for offer in case["offers"] if case else ():
                if offer["state"] in _LIVE:
                    yield Violation("I5", BROKEN, "a withdrawn report has a live offer", offer["id"])


def _goes_back(before: str, now: str) -> bool:
    if before == "closed" or now in {"waiting"}:
        return True
    if before in {"open", "waiting"}:
        return False
    return before not in _RANK or (now in _RANK and _RANK[now] < _RANK[before])


def audit_is_whole(book: _Book) -> Iterator[Violation]:
    """I7: the chains verify."""
    for service, whole in book.facts.audits.items():
        if not whole:
            yield Violation("I7", BROKEN, "the audit does not verify", service)


def urgent_first(book: _Book) -> Iterator[Violation]:
    """I8: of what piled up during the fault, the critical reports are offered first."""
    facts, first = book.facts, book.first_offers()
    waited = {
        report["case_ref"]: bool(op["critical"])
        for key, op in book.accepted.items() if op["at"] < facts.healed_at
        for report in book.by_key.get(key, ())
        if first.get(report["case_ref"], 0) > facts.healed_at
    }  # fmt: skip
    routine = sorted(first[ref] for ref, critical in waited.items() if not critical)
    for ref, critical in waited.items():
        behind = sum(each < first[ref] for each in routine)
        if critical and behind > facts.limits.urgent_behind:
            yield Violation("I8", BROKEN, f"{behind} routine cases were offered before a critical one", ref)


RULES: tuple[Rule, ...] = (
    no_lost_acceptance, everybody_heard, people_were_told, intake_knows_each_step, each_effect_once, nothing_from_nowhere,
    honest_answers, backlog_clears, never_back, audit_is_whole, urgent_first,
)  # fmt: skip
