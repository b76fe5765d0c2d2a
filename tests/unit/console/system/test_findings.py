"""The state of the platform in sentences: what each is about, and that the worst is first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from services.console.system.findings import (
    OUTBOX_WITHIN,
    Finding,
    Gravity,
    not_known,
    of_backups,
    of_outbox,
    of_parked,
    of_quarantine,
    of_services,
    worst_first,
)
from services.console.system.model import Readiness, Sentence, State

NOW = datetime(2026, 11, 30, 2, 14, tzinfo=UTC)
BEFORE = "2026-11-30T01:50:00+00:00"
LATER = "2026-11-30T02:10:00+00:00"


def codes(findings: list[Finding]) -> list[str]:
    return [each.code for each in findings]


def test_a_service_that_is_away_comes_before_everything_and_one_that_works_last() -> None:
    states = {
        "intake": Readiness(State.READY),
        "notify": Readiness(State.READY, warnings=(Sentence("ladders", "The ladders critical notify no one."),)),
        "referral": Readiness(State.NO_ANSWER),
        "registry": Readiness(State.NOT_READY, (Sentence("store", "The store does not answer."),)),
    }
    found = worst_first([
        *of_services(states), *of_parked("referral", [{"first_parked_at": BEFORE}]), *not_known("outbox_not_known", ["registry"]),
    ])
    assert codes(found) == ["no_answer", "not_ready", "no_one_on_duty", "parked", "outbox_not_known", "works", "works"]
    assert (found[1].service, found[1].said) == ("registry", ("The store does not answer.",))
    assert found[2].said == ("The ladders critical notify no one.",)


def test_what_a_service_warns_of_is_graver_when_a_person_is_not_reached() -> None:
    warned = {name: Readiness(State.READY, warnings=(Sentence(name, "."),)) for name in ("mail", "alarms", "audit", "newer")}
    found = worst_first(of_services(warned))
    assert [(each.code, each.gravity) for each in found if each.code != "works"] == [
        ("alarms_unseen", Gravity.UNREACHED), ("mail_refused", Gravity.UNREACHED),
        ("audit", Gravity.WARNING), ("warning", Gravity.WARNING),
    ]


def test_the_oldest_of_the_last_backups_is_named_and_a_store_without_one_is_no_good_news() -> None:
    early, late = NOW - timedelta(hours=20), NOW - timedelta(hours=3)
    states = {"intake": Readiness(State.READY, backed_up=late), "notify": Readiness(State.NOT_READY, backed_up=early)}
    (found,) = of_backups({**states, "referral": Readiness(State.NO_ANSWER)})
    assert (found.code, found.gravity, found.since) == ("backup", Gravity.GOOD, early)
    (found,) = of_backups({**states, "registry": Readiness(State.READY)})
    assert (found.code, found.gravity) == ("no_backup", Gravity.NOT_KNOWN)
    assert list(of_backups({"referral": Readiness(State.NO_ANSWER)})) == []


def test_a_late_backup_is_a_warning() -> None:
    states = {"intake": Readiness(State.READY, warnings=(Sentence("backup", "."),))}
    assert [(each.code, each.gravity) for each in of_services(states)][1:] == [("backup_late", Gravity.WARNING)]


def test_messages_set_aside_are_counted_with_the_oldest() -> None:
    (found,) = of_parked("intake", [{"first_parked_at": LATER}, {"first_parked_at": BEFORE}])
    assert (found.code, found.number, found.since) == ("parked", 2, datetime.fromisoformat(BEFORE))
    assert list(of_parked("intake", [])) == []


def test_a_form_that_could_not_be_read_is_as_grave_as_a_person_who_is_not_reached() -> None:
    (found,) = of_quarantine([{"first_posted_at": BEFORE}])
    assert (found.gravity, found.number) == (Gravity.UNREACHED, 1)
    assert list(of_quarantine([])) == []


def test_an_outbox_is_worth_a_sentence_only_when_its_oldest_event_waits_for_long() -> None:
    def outbox(age: timedelta) -> dict[str, Any]:
        return {"waiting": 3, "oldest_created_at": (NOW - age).isoformat()}

    assert list(of_outbox("intake", outbox(OUTBOX_WITHIN), NOW)) == []
    (found,) = of_outbox("intake", outbox(OUTBOX_WITHIN + timedelta(seconds=1)), NOW)
    assert (found.code, found.number) == ("outbox", 3)
    assert list(of_outbox("intake", {"waiting": 0, "oldest_created_at": None}, NOW)) == []
    assert list(of_outbox("intake", {}, NOW)) == []
