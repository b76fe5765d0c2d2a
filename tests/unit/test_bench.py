"""What the bench makes of its measurements; the measurements themselves need a broker, a database and a quiet machine."""

from __future__ import annotations

import os
import threading
import time
from argparse import ArgumentTypeError
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bench import figures, page, plan
from bench.contenders.durable_hops import HOPS, OFFER, REPORT
from bench.cost import Reading, seconds_of, switches_of
from bench.verdicts import never_arrived, verdicts

MACHINE = {
    "at": "2026-11-28T14:37:40+00:00", "commit": "f1b8526", "processor": "x", "cores": 2, "memory_gib": 24, "disk": "ext4",
    "kernel": "6", "python": "3.11", "packages": {}, "load": [0.1],
}


def a_round(ngao: float, other: float) -> dict[str, Any]:
    """Every figure of Ngao has one value, and every figure of the others another."""
    def one(value: float) -> dict[str, Any]:
        return {
            "p50_alone": value, "p50_1": value, "rate_1": value, "rate_32": value, "rate": value, "p50": value, "p99": value,
            "missing": 1, "cost": {"all": value, "commands": value, "switches": value},
        }

    names = {"ngao": ngao, "f1": other, "f3": other, "p1": other}
    return {scenario: {name: one(value) for name, value in names.items()} for scenario in ("b1", "b2", "b3_20", "b3_half")}


def a_run(*pairs: tuple[float, float], **more: Any) -> dict[str, Any]:
    return {"machine": MACHINE, "rounds": [a_round(*each) for each in pairs], **more}


def judged(results: dict[str, Any]) -> dict[str, bool]:
    return {f"{each.scenario} {each.what}": each.is_met for each in verdicts(results)}


def test_f3_does_five_publishes_nine_deliveries_and_seven_documents_a_report() -> None:
    waiting, published, delivered, documents = [REPORT], Counter[str](), 0, 0
    while waiting:
        event = waiting.pop()
        for handled in HOPS.values():
            if event in handled:
                delivered += event != REPORT
                follows = handled[event]
                documents += follows is not None
                published.update(follows or ())
                waiting += follows or ()
    assert published == Counter(["accepted", "resolved", "opened", "offered", OFFER])
    assert (delivered + published[OFFER], documents) == (9, 7)


def test_a_ratio_is_judged_by_the_median_of_the_rounds_on_its_side_of_the_bar() -> None:
    found = judged(a_run((2, 1), (1.9, 1), (9, 1)))
    assert found["B1a post alone / F1 alone"]
    assert not found["B1b post of one client / P1"]
    assert found["B2 end to end / P1"]
    assert not found["B11 processor a report at 20/s / P1"]
    assert found["B12 database commands a report at 20/s"]
    slower = judged(a_run((0.2, 1), (0.2, 1), (0.2, 1)))
    assert slower["B1b post of one client / P1"]
    assert not slower["B2 end to end / F3"]


def test_the_bars_are_those_of_the_proof() -> None:
    bars = {(each.scenario, each.what): (each.bar.sign, each.bar.must, each.bar.aim) for each in verdicts(a_run((1, 1)))}
    assert bars["B1c", "accepted, 32 clients / P1"] == ("≥", 1.5, 2.5)
    assert bars["B3", "p99 at half of the own peak / F3"] == ("≤", 4, 2.5)
    assert bars["B11", "processor a report at the peak / P1"] == ("≤", 0.8, 0.5)
    assert bars["B12", "context switches a report at 20/s / P1"] == ("≤", 1.5, 1)


def test_a_run_of_before_is_judged_by_what_it_measured() -> None:
    old = {"rounds": [{"b1": {"ngao": {"p50_1": 4.0}, "p1": {"p50_1": 1.0}}, "b3": {"ngao": {"p99": 1.0}}}]}
    assert judged(old) == {"B1b post of one client / P1": False}


def test_a_figure_has_changed_when_each_median_lies_outside_the_other_runs_rounds() -> None:
    before = a_run((10, 1), (11, 1), (12, 1))
    same = {each.what: each.is_beyond_noise for each in figures.changes(before, a_run((11, 1), (12, 1), (13, 1)))}
    assert not any(same.values())
    once_as_before = figures.changes(before, a_run((5, 1), (6, 1), (12, 1)))
    assert not any(each.is_beyond_noise for each in once_as_before)
    less = {each.what: each for each in figures.changes(before, a_run((5, 1), (6, 1), (9, 1)))}
    assert less["Ngao: end to end/s"].is_beyond_noise
    assert less["Ngao: end to end/s"].times == 6 / 11
    assert not less["P1 plain nameko: end to end/s"].is_beyond_noise


def test_figures_with_too_few_rounds_to_know_their_noise_are_not_compared() -> None:
    fault = {"b10": {"broker": {"back_after_s": 3.0}}}
    long, short = a_run((10, 1), (11, 1), (12, 1), **fault), a_run((1, 1), (1, 1), **fault)
    assert figures.changes(long, short) == []
    assert not [each.what for each in figures.changes(long, long) if each.what.startswith("B10")]


def test_a_recorded_run_is_kept_beside_the_next_one(tmp_path: Path) -> None:
    assert figures.recorded(tmp_path) == {}
    figures.put_aside(tmp_path, {})
    (tmp_path / "results.json").write_text('{"machine": {"at": "2026-11-28T14:37:40+00:00", "commit": "f1b8526"}}')
    figures.put_aside(tmp_path, figures.recorded(tmp_path))
    assert [each.name for each in tmp_path.iterdir()] == ["2026-11-28-f1b8526.json"]


def test_the_page_shows_must_aim_cost_and_what_has_changed() -> None:
    now = a_run((2, 1), (2, 1), (2, 1), peaks={"ngao": 100.0}, b10={"broker": {"back_after_s": None}})
    shown = page.markdown(now, a_run((4, 1), (4, 1), (4, 1)))
    assert "| B1b | post of one client / P1 | 2.00 (2.00 to 2.00) | ≤ 1 | missed by a factor of 2.0 | ≤ 0.7 |" in shown
    assert "| B2 | end to end / F3 | 2.00 (2.00 to 2.00) | ≥ 0.25 | met | ≥ 0.5, reached |" in shown
    assert "| Ngao: end to end/s | 4.00 (4.00 to 4.00) | 2.00 (2.00 to 2.00) | 0.50 times |" in shown
    assert "| Ngao | 20/s |" in shown
    assert "Half of Ngao's peak is 50/s." in shown
    assert "B1b post of one client / P1" in page.html(now)
    assert "No run was recorded before." in page.text(now, {})


def test_reports_that_never_arrived_are_counted_in_every_scenario() -> None:
    assert never_arrived(a_run((1, 1))["rounds"]) == 16


def test_processor_time_and_context_switches_of_a_process_are_read() -> None:
    own = os.getpid()
    seconds, switches = seconds_of(own), sum(switches_of(own).values())
    for _ in range(20):
        time.sleep(0.001)
    end = time.process_time() + 0.1
    while time.process_time() < end:
        pass
    assert seconds_of(own) - seconds >= 0.08
    assert sum(switches_of(own).values()) - switches >= 20


def test_a_thread_that_has_ended_takes_nothing_from_the_count() -> None:
    leave = threading.Event()
    thread = threading.Thread(target=leave.wait)
    thread.start()
    before = switches_of(os.getpid())
    leave.set()
    thread.join()
    assert str(thread.native_id) in before
    first = Reading(0, {"a": 1.0}, before, 10)
    later = Reading(4, {"a": 3.0}, {"new": 4} | {str(os.getpid()): before[str(os.getpid())] + 6}, 30)
    assert later.since(first, 2, {}) == {"a": 1000, "all": 1000, "commands": 10, "switches": 5}


def test_what_was_used_meanwhile_for_something_else_is_taken_off() -> None:
    first, later = Reading(0, {"mongod": 0, "p1": 0}, {}, 0), Reading(4, {"mongod": 2, "p1": 2}, {"1": 80}, 40)
    others = {"mongod": 100.0, "all": 100.0, "commands": 1.0, "switches": 2.0}
    assert later.since(first, 20, others) == {"mongod": 80, "p1": 100, "all": 180, "commands": 1.8, "switches": 3.6}
    assert later.a_second(first) == {"mongod": 500, "p1": 500, "all": 1000, "commands": 10, "switches": 20}


def test_the_scenarios_of_a_bar_are_found_and_an_unknown_one_is_refused() -> None:
    assert plan.scenarios("b1a,b11") == {"b1", "b2", "b3"}
    assert plan.scenarios(",".join(plan.ALL)) == frozenset(plan.ALL)
    with pytest.raises(ArgumentTypeError, match="b4 is unknown"):
        plan.scenarios("b2,b4")
