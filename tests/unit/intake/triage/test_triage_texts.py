"""The text of a rule claims nothing that its conditions do not demand: a duty officer reads it as a fact about the report.

Every word of every text is accounted for: as a phrase that claims a fact, for which the conditions are checked, as advice that
holds whatever was reported, or as a word that claims nothing by itself. So a new sentence fails until its claim is in the table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from tests.unit.intake.conftest import POLICY

RULES: list[dict[str, Any]] = yaml.safe_load((POLICY / "triage.yaml").read_text("utf-8"))["rules"]
VIOLATIONS = yaml.safe_load((POLICY / "violations.yaml").read_text("utf-8"))["violations"]
PERPETRATORS = yaml.safe_load((POLICY / "perpetrators.yaml").read_text("utf-8"))["perpetrators"]
ARMED = {
    "police", "armed_forces", "intelligence", "paramilitary", "vigilantes", "opposition_forces", "private_army", "private_guards",
}  # fmt: skip
NUMBERS = {"one": 1, "three": 3, "four": 4, "seven": 7}
Demands = Callable[[dict[str, Any], re.Match[str]], bool]


def groups_of(when: dict[str, Any]) -> set[str]:
    """The groups of which at least one act must be; all of them, if a rule names neither groups nor violations."""
    if "violation_in" in when:
        return {VIOLATIONS[each]["group"] for each in when["violation_in"]}
    return set(when.get("violation_group", {each["group"] for each in VIOLATIONS.values()}))


def only_groups(*groups: str) -> Demands:
    return lambda when, _: groups_of(when) <= set(groups)


def only_violations(*codes: str) -> Demands:
    return lambda when, _: set(when.get("violation_in", VIOLATIONS)) <= set(codes)


def only_needs(*needs: str) -> Demands:
    return lambda when, _: "needs_include" in when and set(when["needs_include"]) <= set(needs)


def only_by(*codes: str) -> Demands:
    return lambda when, _: set(when.get("perpetrator_in", PERPETRATORS)) <= set(codes)


def ongoing(when: dict[str, Any], _: re.Match[str]) -> bool:
    return when.get("ongoing") is True


def since(when: dict[str, Any], found: re.Match[str]) -> bool:
    """So many hours or days, of the acts or of earlier reports, whichever the sentence is about."""
    hours = number(found["many"]) * (24 if found["unit"].startswith("day") else 1)
    of_reports = when.get("earlier_reports", {}).get("within_days", 0) * 24
    return hours in (when.get("occurred_within_hours"), of_reports)


def number(word: str) -> int:
    return int(word) if word.isdigit() else NUMBERS[word.casefold()]


def earlier(when: dict[str, Any], found: re.Match[str]) -> bool:
    wanted = when.get("earlier_reports")
    least = found.groupdict().get("many")
    return wanted is not None and wanted["at_least"] >= (number(least) if least else 1)


THREATS = ("threat_to_life", "threat", "watching")
COURT = (
    r"after an arrest, a court must hear the person within 24 hours or, if these end outside court hours, "
    r"by the end of the next court day \(art\. 49\(1\)\(f\)\)"
)
CLAIMS: list[tuple[str, Demands]] = [
    (COURT, only_groups("liberty")),
    (r"medical care after sexual violence (works best|still works)|sexual violence", only_groups("sexual")),
    (r"a threat against the same person was reported",
     lambda when, _: set(when.get("earlier_reports", {}).get("violation_group", ["?"])) <= set(THREATS)),
    (r"at least (?P<many>one|three) other reports? about the same person came", earlier),
    (r"the same person was reported about", earlier),
    (r"in the (last|first) (?P<many>\d+|four|seven) (?P<unit>hours|days)", since),
    (r"is being tortured|refused medical care in custody", only_violations("torture", "medical_care_denied_in_custody")),
    (r"someone (has been|was) taken", only_groups("disappearance")),
    (r"is still held or missing", lambda when, _: groups_of(when) <= {"disappearance"} and when.get("ongoing") is True),
    (r"an attempt to kill was made", only_violations("attempted_killing")),
    (r"at this moment|is going on|continue\b|are being published|is kept from", ongoing),
    (r"violence, sexual abuse or a raid", only_groups("body", "sexual", "raid")),
    (r"(a|the)? ?death threats?", only_groups("threat_to_life")),
    (r"comes? from people who carry arms", only_by(*ARMED)),
    (r"a threat or the watching of someone", only_groups(*THREATS)),
    (r"an arrest, a detention or a refusal of release|someone is held", only_groups("liberty")),
    (r"kept from any contact", only_violations("incommunicado_detention")),
    (r"a lawyer", only_violations("legal_assistance_denied")),
    (r"private details", only_violations("doxxing")),
    (r"the family is", lambda when, _: when.get("against") == ["family"]),
    (r"attacked or threatened", only_groups("life", "disappearance", "body", "sexual", "threat_to_life", "threat", "raid")),
    (r"those said to be responsible act for the state", lambda when, _: when.get("by_state") is True),
    (r"the person said to be responsible shares the home or family", only_by("family", "spouse_or_partner")),
    (r"now an attack is", only_groups("life", "disappearance", "body", "sexual", "raid")),
    (r"three or more violations are reported at once", lambda when, _: when.get("violations_at_least", 0) >= 3),
    (r"the report asks for someone to be brought out of danger", only_needs("emergency_evacuation")),
    (r"the report asks for a safe place or a temporary move", only_needs("safe_house", "temporary_relocation")),
    (r"the report asks for medical care", only_needs("medical")),
    (r"the person has asked for help in secret", only_violations("help_signal")),
    (r"a sign of life that was agreed did not come, and no one could say that the person is safe",
     only_violations("missed_check_in")),
    (r"the person at risk asks for help in their own voice", lambda when, _: when.get("reporter_in") == ["self"]),
]  # fmt: skip
ADVICE = (
    "the first hours decide", "it may be repeated", "threats come before killings", "an attacker may know where the person is",
    "so its protection cannot be relied on", "every contact can be seen", "the danger grows",
    "someone may be watching her: do not call her as usual",
    "because of the defender's work",
)  # fmt: skip
BARE = {"and", "or", "it", "was", "may", "have", "been", "someone", "some", "is"}


def texts_of(rule: dict[str, Any]) -> Iterator[str]:
    """In each language that a rule is written in."""
    text = rule["text"]
    yield from text.values() if isinstance(text, dict) else [text]


def false_in(text: str, when: dict[str, Any]) -> list[str]:
    """What a text claims that the conditions do not demand, and its words of which nobody knows what they claim."""
    rest, wrong = " ".join(text.casefold().split()), []
    for phrase, demands in CLAIMS:
        for found in re.finditer(phrase, rest):
            wrong += [] if demands(when, found) else [found[0]]
        rest = re.sub(phrase, " ; ", rest)
    for advice in ADVICE:
        rest = rest.replace(advice, " ; ")
    return wrong + [word for word in re.findall(r"[\w']+", rest) if word not in BARE]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["id"])
def test_the_text_of_a_rule_claims_what_its_conditions_demand(rule: dict[str, Any]) -> None:
    assert {text: false_in(text, rule["when"]) for text in texts_of(rule)} == {text: [] for text in texts_of(rule)}


@pytest.mark.parametrize(("name", "change", "to"), [
    ("taken_lately", "72 hours", "48 hours"), ("taken_lately", "was taken", "was taken and is still held or missing"),
    ("reported_again", "one other", "three other"), ("reported_often", "180 days", "90 days"), ("needs_care", "asks for", "has"),
    ("violence_now", "is going on", "is going on with guns"), ("by_the_state", "act for the state", "carry arms"),
    ("arrested_lately", "four days", "seven days"), ("threat_lately", "A threat", "A death threat"),
    ("family_attacked", "The family is", "The children are"), ("told_by_the_person", "the person", "a witness"),
])  # fmt: skip
def test_a_false_sentence_is_found(name: str, change: str, to: str) -> None:
    rule = next(each for each in RULES if each["id"] == name)
    planted = [text.casefold().replace(change.casefold(), to) for text in texts_of(rule)]
    assert planted != [text.casefold() for text in texts_of(rule)]
    assert any(false_in(text, rule["when"]) for text in planted)


def test_a_condition_that_is_loosened_makes_its_text_false() -> None:
    for rule in RULES:
        (text, *_), when = list(texts_of(rule)), rule["when"]
        loosened = [{key: value for key, value in when.items() if key != gone} for gone in when]
        assert any(false_in(text, each) for each in loosened), rule["id"]
