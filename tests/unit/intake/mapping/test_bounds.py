"""What bounds a consent or a contact and cannot be read never widens it, however the profile reads it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.intake.mapping.lenient import ReadReport, read_leniently
from services.intake.mapping.mapping import map_native
from services.intake.policy import load
from tests.support.each import for_each
from tests.unit.intake.conftest import POLICY

Line = dict[str, Any]
MAP, DROP = {"map": "ours"}, {"map": "dropping"}
MAPS = {
    name: {"values": {"phone": "phone", "e-mail": "email", "narrative": "narrative", "contact": "contact", "Kituo": "kituo",
                      "yes": "yes", "no": "no", "alone": "alone", "anyone": None}, "others": others}
    for name, others in (("ours", "refuse"), ("dropping", "drop"))
}  # fmt: skip
BASE: list[Line] = [
    {"to": "/source_event_id", "from": ["id"]},
    {"to": "/occurred_at", "from": ["when"], "as": "datetime"},
    {"to": "/location/code", "from": ["county"]},
    {"to": "/location/scheme", "from": ["scheme"], "default": "iso3166-2"},
    {"to": "/violations/*/type", "from": ["what"], "as": "words"},
    {"to": "/subject/identity/phones", "from": ["call"], "as": "phones"},
    {"to": "/subject/identity/emails", "from": ["mail"], "as": "words"},
]
CONSENT: list[Line] = [
    {"to": "/consent/0/purpose", "from": ["agreed"]},
    {"to": "/consent/0/scope", "from": ["of"], "as": "words"},
]
SAFE: list[Line] = [
    {"to": "/contact_safety/may_contact", "from": ["safe"], "as": "boolean"},
    {"to": "/contact_safety/channels", "from": ["by"], "as": "words"},
]
FORM = {
    "id": "f-1", "when": "2026-11-01", "county": "KE-30", "what": "unlawful_arrest", "call": "+254700000002",
    "mail": "a@example.org", "agreed": "referral", "of": "contact narrative", "safe": "yes", "by": "phone",
}  # fmt: skip


def read(tmp_path: Path, lines: list[Line], **answers: Any) -> ReadReport:
    """The form through a profile of these lines, each in place of that for the same pointer."""
    fields = {each["to"]: each for each in (*BASE, *CONSENT, *SAFE, *lines)}
    (tmp_path / "profiles").mkdir(exist_ok=True)
    document = {"version": "own-1", "fields": list(fields.values()), "value_maps": MAPS}
    (tmp_path / "profiles" / "own.yaml").write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
    policy = load([POLICY, tmp_path])
    return read_leniently(map_native(policy.profiles["own"], {**FORM, **answers}), policy.vocabulary, datetime.now(UTC))


def is_safe(form: ReadReport) -> bool:
    safety = form.draft.person.contact_safety or {}
    return bool(safety.get("may_contact") and safety.get("channels"))


def test_what_can_be_read_is_consented_and_safe(tmp_path: Path) -> None:
    form = read(tmp_path, [])
    assert [each.scope for each in form.draft.consents] == [("contact", "narrative")]
    assert is_safe(form)
    assert form.left_out == ()


UNTIL, TO = "/consent/0/until", "/consent/0/recipient"
CONSENTS: list[Any] = [
    ([{"to": UNTIL, "from": ["end"], "as": "datetime"}], {"end": "end of March"}, "/end"),
    ([{"to": UNTIL, "from": ["end"], "as": "datetime"}], {"end": {"year": 2027}}, "/end"),
    ([{"to": UNTIL, "from": ["end.date"], "as": "datetime"}], {"end": "end of March"}, "/end/date"),
    ([{"to": UNTIL, "from": ["end[0]"], "as": "datetime"}], {"end": "end of March"}, "/end/0"),
    ([{"to": UNTIL, "from": ["join('-', [y, m])"], "as": "datetime"}], {"y": 2027, "m": 3}, "/y"),
    ([{"to": UNTIL, "from": ["end"]}], {"end": "end of March"}, "/end"),
    ([{"to": UNTIL, "from": ["end"], "as": "datetime", **DROP}], {"end": "end of March"}, "/end"),
    ([{"to": TO, "from": ["for"], **MAP}], {"for": "Kituo cha Sheria"}, "/for"),
    ([{"to": TO, "from": ["for"], **DROP}], {"for": "Kituo cha Sheria"}, "/for"),
    ([{"to": TO, "from": ["for"]}], {"for": ["kituo", "clinic"]}, "/for"),
    ([{"to": TO, "from": ["for.id"]}], {"for": "kituo"}, "/for/id"),
    ([{"to": "/consent/*/recipient", "from": ["for"], **MAP}], {"for": "Kituo cha Sheria"}, "/for"),
    ([{"to": "/consent/*/until", "for_each": "ends", "from": ["day"], "as": "datetime"}], {"ends": [{"day": "soon"}]},
     "/ends/0/day"),
    ([{"to": "/consent/*/until", "from": ["ends[].day"], "as": "datetime"}], {"ends": [{"day": "soon"}]}, "/ends/0/day"),
    ([{"to": "/consent/*/until", "from": ["ends[].day"], "as": "datetime"}], {"ends": ["soon"]}, "/ends"),
    ([{"to": "/consent/*/until", "for_each": "ends", "from": ["day"], "as": "datetime"}], {"ends": "soon"}, "/ends"),
    ([{"to": "/consent/0/scope", "from": ["of"], "as": "words", **MAP}], {"of": "not contact, narrative"}, "/of"),
    ([{"to": "/consent/0/scope", "from": ["of"], "as": "words", **DROP}], {"of": "not contact, narrative"}, "/of"),
    ([{"to": "/consent/0/untill", "from": ["end"], "as": "datetime"}], {"end": "2027-03-31"}, "/end"),
]  # fmt: skip


@for_each(("lines", "answers", "place"), CONSENTS)
def test_a_consent_whose_bound_cannot_be_read_is_none(
    tmp_path: Path, lines: list[Line], answers: dict[str, Any], place: str
) -> None:
    form = read(tmp_path, lines, **answers)
    assert form.draft.consents == ()
    assert place in {each.field for each in form.left_out}


def test_only_the_consent_whose_bound_cannot_be_read_is_lost(tmp_path: Path) -> None:
    lines: list[Line] = [
        {"to": "/consent/0/until", "from": ["end"], "as": "datetime"},
        {"to": "/consent/1/purpose", "from": ["also"]},
        {"to": "/consent/1/scope", "from": ["wrong"], "as": "words"},
        {"to": "/consent/2/purpose", "from": ["last"]},
    ]
    form = read(tmp_path, lines, end="soon", also="advocacy", wrong="not narrative", last="statistics")
    assert [each.purpose for each in form.draft.consents] == ["statistics"]
    assert {each.field for each in form.left_out} == {"/end", "/wrong"}


def test_a_bound_that_was_not_stated_or_that_an_operator_calls_none_is_no_loss(tmp_path: Path) -> None:
    lines: list[Line] = [
        {"to": UNTIL, "from": ["end.date", "end"], "as": "datetime"},
        {"to": TO, "from": ["for"], **MAP},
    ]
    assert [each.recipient for each in read(tmp_path, lines, **{"for": "anyone"}).draft.consents] == [None]
    ended = read(tmp_path, lines, end="2027-03-31")
    assert ([str(each.until)[:10] for each in ended.draft.consents], ended.left_out) == (["2027-03-31"], ())


def test_a_bound_whose_line_comes_before_that_of_its_consent_is_read(tmp_path: Path) -> None:
    late: list[Line] = [{"to": "/consent/1/purpose", "from": ["also"]}]
    early: list[Line] = [{"to": "/consent/1/until", "from": ["end"], "as": "datetime", "with": "/consent/1/purpose"}]
    form = read(tmp_path, [*early, *late], also="advocacy", end="2027-03-31")
    assert [str(each.until)[:10] for each in form.draft.consents] == ["None", "2027-03-31"]
    assert len(read(tmp_path, [*early, *late], also="advocacy", end="soon").draft.consents) == 1
    assert len(read(tmp_path, [*early, *late], end="soon").draft.consents) == 1, "without a purpose there is no such consent"


BY, HOURS = "/contact_safety/channels", "/contact_safety/hours"
CONTACTS: list[Any] = [
    ([{"to": BY, "from": ["by"], "as": "words", **MAP}], {"by": "Do not phone"}, "/by"),
    ([{"to": BY, "from": ["by"], "as": "words", **DROP}], {"by": "Do not phone"}, "/by"),
    ([{"to": BY, "from": ["by"], "as": "words", **MAP}], {"by": ["phone", {"only": "at night"}]}, "/by"),
    ([{"to": f"{BY}/0", "from": ["by"]}, {"to": f"{BY}/1", "from": ["also"], **MAP}], {"also": "not at all"}, "/also"),
    ([{"to": f"{HOURS}/0/opens", "from": ["from"], **MAP}], {"from": "after dark"}, "/from"),
    ([{"to": f"{HOURS}/*/opens", "for_each": "hours", "from": ["from"], **MAP}], {"hours": [{"from": "dark"}]}, "/hours/0/from"),
    ([{"to": f"{HOURS}/*/opens", "for_each": "hours", "from": ["from"]}], {"hours": "after dark"}, "/hours"),
    ([{"to": f"{HOURS}/*/opens", "for_each": "hours", "from": ["from"]},
      {"to": f"{HOURS}/*/closes", "for_each": "hours", "from": ["to"]}], {"hours": [{"to": "18:00"}]}, "/hours/0/to"),
    ([{"to": "/contact_safety/code_word", "from": ["word.text"]}], {"word": "mango"}, "/word/text"),
    ([{"to": "/contact_safety/instructions", "from": ["how"], **DROP}], {"how": "only my sister"}, "/how"),
    ([{"to": "/contact_safety/may_contact", "from": ["safe"], "as": "boolean", **DROP}], {"safe": "only my sister"}, "/safe"),
    ([{"to": "/contact_safety/instuctions", "from": ["how"]}], {"how": "only my sister"}, "/how"),
]  # fmt: skip


@for_each(("lines", "answers", "place"), CONTACTS)
def test_a_contact_one_of_whose_conditions_cannot_be_read_is_said_to_be_unsafe(
    tmp_path: Path, lines: list[Line], answers: dict[str, Any], place: str
) -> None:
    form = read(tmp_path, lines, **answers)
    assert (form.draft.person.contact_safety or {}).get("may_contact") is False
    assert place in {each.field for each in form.left_out}


def test_a_default_of_a_condition_without_its_hours_is_nothing_that_was_stated(tmp_path: Path) -> None:
    lines: list[Line] = [
        {"to": f"{HOURS}/*/opens", "for_each": "hours", "from": ["from"]},
        {"to": f"{HOURS}/*/closes", "for_each": "hours", "from": ["to"], "default": "18:00"},
    ]
    assert is_safe(read(tmp_path, lines, hours=[{"note": "any time"}]))


def test_a_condition_that_cannot_be_read_makes_it_unsafe_without_the_answer_that_it_belongs_to(tmp_path: Path) -> None:
    """An edited form replaces what was safe before only if it states something."""
    form = read(tmp_path, [{"to": BY, "from": ["by"], "as": "words", **MAP}], safe=None, by="pigeon")
    assert (form.draft.person.contact_safety or {}).get("may_contact") is False
    whole = read(tmp_path, [{"to": "/contact_safety", "from": ["all"]}, *({**each, "from": ["none"]} for each in SAFE)], all="no")
    assert (whole.draft.person.contact_safety or {}).get("may_contact") is False


@pytest.mark.parametrize(("answers", "channels"), [
    ({"mail": "at the office"}, ["phone"]), ({"call": {"number": 7}}, ["email"]), ({"mail": "no", "call": True}, []),
])  # fmt: skip
def test_a_channel_to_an_address_that_cannot_be_read_is_not_safe(
    tmp_path: Path, answers: dict[str, Any], channels: list[str]
) -> None:
    """The person may have an older address on record, which this answer does not call safe."""
    form = read(tmp_path, [], by="phone email", **answers)
    assert list((form.draft.person.contact_safety or {})["channels"]) == channels


def test_an_act_of_a_repeat_group_that_cannot_be_read_lowers_no_urgency(tmp_path: Path) -> None:
    line = {"to": "/violations/*/type", "for_each": "acts", "from": ["what"], "as": "words", **MAP}
    form = read(tmp_path, [line], acts=[{"what": "set on fire"}, {"what": "e-mail"}], call="+254700000002")
    assert "unclassified" in [each.type for each in form.draft.violations]
