"""What forms really send: every file of tests/cases/form has its right answer here, without parts.

A secondary field never costs the call: it is left out, named, and the rest is judged at once.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from ngao.kernel.phones import readings
from services.intake.mapping.lenient import ReadReport, read_leniently, read_native
from services.intake.mapping.mapping import UnreadableReport, map_native
from services.intake.mapping.profiles import Profile
from services.intake.mapping.readings import ValueReader
from services.intake.policy import IntakePolicy, load
from services.intake.reports.draft import Draft, content_to_hash
from services.intake.triage.model import Facts, triage
from tests.support.cases import CASES, case
from tests.support.each import for_each
from tests.unit.intake.conftest import POLICY

Says = Callable[[Draft], Any]


def identity(draft: Draft) -> dict[str, Any]:
    return dict(draft.person.identity or {})


def types(draft: Draft) -> list[str]:
    return [each.type for each in draft.violations]


def is_today(draft: Draft) -> bool:
    return abs(draft.occurred_at - datetime.now(UTC)) < timedelta(hours=27)


def is_submission(draft: Draft) -> bool:
    return abs(draft.occurred_at - datetime.now(UTC)) < timedelta(minutes=5)


def doubt(draft: Draft) -> str:
    return draft.doubt.reason if draft.doubt else ""


def phones(draft: Draft) -> list[str]:
    return list(readings(identity(draft).get("phones", ()), "KE"))


RIGHT: dict[str, tuple[Says, Any, set[tuple[str, str]]]] = {
    "phone-spaces": (phones, ["+254700000002"], set()),
    "phone-spaces-plus": (phones, ["+254700000003"], set()),
    "phone-pairs": (phones, ["+254700000006"], set()),
    "phone-two": (phones, ["+254700000004", "+254700000014"], set()),
    "phone-decimal": (phones, ["+254700000008"], set()),
    "email-none": (lambda each: identity(each)["emails"], [], {("/person~1email", "wrong_type")}),
    "gender-label": (lambda each: each.person.attributes, {"gender": "female"}, set()),
    "age-number": (lambda each: dict(each.person.attributes), {}, {("/person~1age_group", "format")}),
    "language-three-letters": (lambda each: each.languages, ("sw",), set()),
    "language-region": (lambda each: each.languages, ("sw",), set()),
    "ongoing-dont-know": (
        lambda each: [bool(one.ongoing) for one in each.violations], [False], {("/incident~1ongoing", "unmapped_value")},
    ),
    "contact-unsure": (
        lambda each: each.person.contact_safety["may_contact"], False, {("/safety~1may_contact", "unmapped_value")},
    ),
    "type-one-known-one-other": (types, ["death_threat_to_defender"], {("/incident~1violation_type", "unknown_code")}),
    "type-or-other": (
        lambda each: (types(each), "A call at night." in each.narrative, "They poisoned my dog." in each.narrative),
        (["unclassified"], True, True), {("/incident~1violation_type", "unknown_code")},
    ),
    "drift-perpetrator-multiple": (
        lambda each: [one.perpetrators for one in each.violations], [("police", "intelligence")], set(),
    ),
    "drift-against-multiple": (
        lambda each: [one.against for one in each.violations], ["defender"], {("/incident~1against", "one_value")},
    ),
    "name-blank": (lambda each: identity(each)["names"], [], {("/person~1name", "blank")}),
    "date-month": (lambda each: (each.occurred_precision, each.occurred_at.day), ("month", 1), set()),
    "date-year": (lambda each: (each.occurred_precision, each.occurred_at.month), ("year", 1), set()),
    "date-missing": (
        lambda each: (is_submission(each), each.occurred_precision, doubt(each)), (True, "estimate", "missing"),
        {("/incident~1date_time", "required")},
    ),
    "date-eastern-digits": (lambda each: (is_today(each), each.occurred_precision), (True, "day"), set()),
    "date-next-year": (
        lambda each: (is_submission(each), each.occurred_precision, doubt(each)), (True, "estimate", "future"), set(),
    ),
    "device-clock-1970": (lambda each: (doubt(each), each.doubt.stated.year), ("too_old", 1970), set()),
    "repeat-ongoing": (
        lambda each: [(one.type, one.ongoing) for one in each.violations],
        [("unlawful_arrest", True), ("smear_campaign", False)], set(),
    ),
    "repeat-no-date": (is_submission, True, set()),
}  # fmt: skip


@pytest.fixture(scope="module")
def with_repeats(tmp_path_factory: pytest.TempPathFactory) -> IntakePolicy:
    """The shipped rules, with the profile of the form that has repeat groups, as its owner wrote it."""
    own = Path(tmp_path_factory.mktemp("policy"))
    (own / "profiles").mkdir()
    (own / "profiles" / "repeat.yaml").write_text((CASES / "form" / "repeat-profile.yaml").read_text("utf-8"), "utf-8")
    return load([POLICY, own])


def taken(policy: IntakePolicy, profile: Profile, native: dict[str, Any]) -> ReadReport:
    return read_leniently(map_native(profile, native), policy.vocabulary, datetime.now(UTC))


def of_case(policy: IntakePolicy, name: str) -> ReadReport:
    return taken(policy, policy.profiles["repeat" if name.startswith("repeat-") else "kobo"], case(f"form/{name}"))


def urgency(policy: IntakePolicy, draft: Draft, now: datetime | None = None) -> str:
    now = now or datetime.now(UTC)
    facts = Facts(draft.violations, draft.occurred_at, draft.occurred_precision, draft.reporter_role, draft.needs, now, now)
    return triage(policy.triage, facts, ()).urgency


def test_every_file_has_its_right_answer() -> None:
    assert {each.stem for each in (CASES / "form").glob("*.json")} == set(RIGHT)


@pytest.mark.parametrize("name", RIGHT)
def test_the_call_is_taken_and_reads_as_it_should(with_repeats: IntakePolicy, name: str) -> None:
    says, right, _ = RIGHT[name]
    assert says(of_case(with_repeats, name).draft) == right


@pytest.mark.parametrize("name", RIGHT)
def test_what_could_not_be_read_is_named_and_nothing_else(with_repeats: IntakePolicy, name: str) -> None:
    assert {(each.field, each.code) for each in of_case(with_repeats, name).left_out} == RIGHT[name][2]


@pytest.mark.parametrize("name", RIGHT)
def test_the_same_form_again_is_the_same_report(with_repeats: IntakePolicy, name: str) -> None:
    """A form tool that gets no answer posts again; a date that we have put in must not make another report of it."""
    native, later = case(f"form/{name}"), datetime.now(UTC) + timedelta(minutes=3)
    profile = with_repeats.profiles["repeat" if name.startswith("repeat-") else "kobo"]
    again = read_leniently(map_native(profile, native), with_repeats.vocabulary, later)
    assert content_to_hash(taken(with_repeats, profile, native).draft) == content_to_hash(again.draft)


@pytest.mark.parametrize(("name", "right"), [
    ("device-clock-1970", "critical"), ("type-or-other", "high"), ("type-one-known-one-other", "high"),
])  # fmt: skip
def test_nothing_doubtful_lowers_the_urgency(with_repeats: IntakePolicy, name: str, right: str) -> None:
    assert urgency(with_repeats, of_case(with_repeats, name).draft) == right


def kobo(**changes: Any) -> dict[str, Any]:
    return {**case("form/email-none"), "person/email": None, **changes}


def read_kobo(policy: IntakePolicy, **changes: Any) -> ReadReport:
    return taken(policy, policy.profiles["kobo"], {name: each for name, each in kobo(**changes).items() if each is not None})


@pytest.mark.parametrize("date", [
    "1970-01-01", "1969-12-31", "1980-01-06", "2000-01-01", "2010-01-01", "2012-01-01", "2015-01-01", "0001-01-01", "1899-12-31",
])  # fmt: skip
def test_a_clock_that_was_reset_closes_no_medical_window(policy: IntakePolicy, date: str) -> None:
    draft = read_kobo(policy, **{"incident/date": date, "incident/violation_type": "rape"}).draft
    assert (urgency(policy, draft), bool(doubt(draft)), is_submission(draft)) == ("critical", True, True)


@pytest.mark.parametrize("date", ["2099-01-01", "yesterday", "31/12/2025", "29 Nov", {"day": 1}, ["x"], True])
def test_a_date_that_cannot_be_one_costs_the_date(policy: IntakePolicy, date: Any) -> None:
    draft = read_kobo(policy, **{"incident/date": date, "incident/violation_type": "rape"}).draft
    assert (urgency(policy, draft), draft.occurred_precision, is_submission(draft)) == ("critical", "estimate", True)


@pytest.mark.parametrize(("written", "precision"), [("2025-03-01", "month"), ("2025-01-01", "year"), ("2025-03-17", "day")])
def test_a_precision_that_cannot_be_read_is_the_widest_that_the_date_allows(
    policy: IntakePolicy, written: str, precision: str
) -> None:
    draft = read_kobo(policy, **{"incident/date": written, "incident/date_precision": "mwezi huo"}).draft
    assert draft.occurred_precision == precision


@pytest.mark.parametrize(("written", "stated", "precision"), [
    ("2025-11", "estimate", "month"), ("2025", "estimate", "year"), ("2025-11-05", "estimate", "estimate"),
    ("2025-11", "day", "month"), ("2025-11", "year", "year"), ("2025", "month", "year"),
])  # fmt: skip
def test_a_date_is_never_more_exact_than_it_is_written(policy: IntakePolicy, written: str, stated: str, precision: str) -> None:
    draft = read_kobo(policy, **{"incident/date": written, "incident/date_precision": stated}).draft
    assert draft.occurred_precision == precision


@pytest.mark.parametrize("stated", ["estimate", "month", "day", None])
@pytest.mark.parametrize("shape", ["%Y-%m", "%Y"])
def test_a_rape_of_this_month_is_critical_however_its_date_is_estimated(
    policy: IntakePolicy, shape: str, stated: str | None
) -> None:
    """By the end of the month, its first day is weeks ago: the medical window must not close by it."""
    now = datetime(2026, 11, 27, 12, tzinfo=UTC)
    native = kobo(**{"incident/date": now.strftime(shape), "incident/date_precision": stated, "incident/violation_type": "rape"})
    native = {name: each for name, each in native.items() if each is not None}
    draft = read_leniently(map_native(policy.profiles["kobo"], native), policy.vocabulary, now).draft
    assert urgency(policy, draft, now) == "critical"


LABELS = [
    ("Death threat", ["death_threat_to_defender"], "high"), ("death-threat", ["death_threat_to_defender"], "high"),
    ("Attempted killing", ["attempted_killing"], "critical"), ("Attempt to kill", ["attempted_killing"], "critical"),
    ("Jaribio la kuua", ["attempted_killing"], "critical"), ("Enforced disappearance", ["enforced_disappearance"], "critical"),
    ("Kutoweshwa kwa lazima", ["enforced_disappearance"], "critical"), ("Sexual assault", ["sexual_assault"], "critical"),
    ("death_threat, arrest", ["death_threat_to_defender", "unlawful_arrest"], "critical"),
    ("Death threat; Smear campaign", ["death_threat_to_defender", "smear_campaign"], "high"),
    ("Smear campaign Attempted killing smear", ["smear_campaign", "attempted_killing", "smear_campaign"], "critical"),
    ("smear/death threat", ["smear_campaign", "death_threat_to_defender"], "high"),
    ("Smear campaign / Death threat", ["smear_campaign", "death_threat_to_defender"], "high"),
]  # fmt: skip


@pytest.mark.parametrize(("told", "read", "right"), LABELS)
def test_a_label_is_the_violation_that_it_names_and_not_one_of_its_words(
    policy: IntakePolicy, told: str, read: list[str], right: str
) -> None:
    now = datetime.now(UTC)
    form = read_kobo(policy, **{"incident/violation_type": told, "incident/date": now.date().isoformat()})
    assert (types(form.draft), urgency(policy, form.draft), form.left_out) == (read, right, ())


def test_every_label_and_code_of_the_list_is_read_as_that_violation(policy: IntakePolicy) -> None:
    listed = yaml.safe_load((POLICY / "violations.yaml").read_text("utf-8"))["violations"]
    for code, entry in listed.items():
        labels = list(entry["label"].values())
        for told in (code, code.replace("_", " ").capitalize(), *labels, *map(str.upper, labels)):
            assert types(read_kobo(policy, **{"incident/violation_type": told}).draft) == [code], told


@pytest.mark.parametrize(("question", "told", "read"), [
    ("needs", "Legal aid, Safe house", ("legal_aid", "safe_house")), ("needs", "lawyer;doctor", ("legal_aid", "medical")),
    ("incident/perpetrator", "Polisi", ("police",)), ("incident/perpetrator", "Police, Family", ("police", "family")),
])  # fmt: skip
def test_labels_of_other_lists_are_their_codes(policy: IntakePolicy, question: str, told: str, read: tuple[str, ...]) -> None:
    draft = read_kobo(policy, **{question: told}).draft
    assert (draft.needs if question == "needs" else draft.violations[0].perpetrators) == read


@pytest.mark.parametrize("told", ["smear other", "Smear campaign and worse things", "smear, poisoned dog", ["smear", "poison"]])
def test_an_act_that_cannot_be_read_beside_a_light_one_lowers_no_urgency(policy: IntakePolicy, told: Any) -> None:
    read = read_kobo(policy, **{"incident/violation_type": told})
    assert types(read.draft) == ["smear_campaign", "unclassified"]
    assert urgency(policy, read.draft) == "high"
    assert {each.code for each in read.left_out} == {"unknown_code"}
    assert all(each.field.startswith("/incident~1violation_type") for each in read.left_out)


QUESTIONS = [
    "person/name", "person/phone", "person/email", "person/gender", "person/age_group", "person/languages", "person/defender_ref",
    "incident/ongoing", "incident/against", "incident/perpetrator", "incident/county", "incident/county_scheme",
    "incident/date", "incident/date_time", "incident/date_precision", "incident/narrative", "reporter/role", "needs",
    "consent/referral", "consent/scope", "safety/may_contact", "safety/channels", "safety/code_word", "safety/instructions",
]  # fmt: skip
STRANGE: list[Any] = [
    "", "   ", "?", "unheard of", "no no", "x" * 60_000, "x " * 300, 7, -1.5, True, {"a": 1}, [{"a": 1}], ["x", None, 3], [],
]  # fmt: skip


@for_each("question", QUESTIONS)
@for_each("at", range(len(STRANGE)))
def test_no_answer_to_a_secondary_question_costs_the_call(policy: IntakePolicy, question: str, at: int) -> None:
    read = read_kobo(policy, **{question: STRANGE[at]})
    assert types(read.draft) == ["death_threat_to_defender"]
    assert all(set(vars(each)) == {"field", "code"} and len(each.code) < 40 for each in read.left_out)


@for_each("question", QUESTIONS)
def test_no_missing_answer_to_a_secondary_question_costs_the_call(policy: IntakePolicy, question: str) -> None:
    assert types(read_kobo(policy, **{question: None}).draft) == ["death_threat_to_defender"]


@pytest.mark.parametrize("said", ["maybe", ["yes", "no"], "yes no", True, {"yes": 1}])
def test_a_consent_that_cannot_be_read_is_none(policy: IntakePolicy, said: Any) -> None:
    assert read_kobo(policy, **{"consent/referral": said}).draft.consents == ()


@pytest.mark.parametrize("said", ["No contact", "not contact, narrative", "contact maybe"])
def test_a_consent_of_whose_scope_a_word_cannot_be_read_is_none(policy: IntakePolicy, said: str) -> None:
    """The word may be the one that takes it back."""
    read = read_kobo(policy, **{"consent/scope": said})
    assert read.draft.consents == ()
    assert "/consent~1scope" in {each.field for each in read.left_out}


@pytest.mark.parametrize("said", ["Do not phone", "phone never", "sms, not phone"])
def test_a_channel_beside_words_that_cannot_be_read_is_not_safe(policy: IntakePolicy, said: str) -> None:
    safety = read_kobo(policy, **{"safety/channels": said}).draft.person.contact_safety
    assert safety is not None
    assert not safety["may_contact"]


@pytest.mark.parametrize(("question", "said"), [
    ("safety/may_contact", "perhaps"), ("safety/may_contact", "yes no"), ("safety/code_word", "x" * 200),
    ("safety/instructions", "x" * 2000), ("safety/instructions", {"a": 1}), ("safety/channels", "pigeon"),
])  # fmt: skip
def test_a_contact_whose_conditions_cannot_be_read_is_not_safe(policy: IntakePolicy, question: str, said: Any) -> None:
    safety = read_kobo(policy, **{question: said}).draft.person.contact_safety
    assert safety is not None
    assert not (safety["may_contact"] and safety["channels"])


@pytest.mark.parametrize(("told", "code"), [
    ("Nairobi City", "KE-30"), ("Mombasa County", "KE-28"), ("KE_28", "KE-28"), ("ke30", "KE-30"), ("KE-30 KE-28", "KE-30"),
])  # fmt: skip
def test_a_county_by_another_writing_is_that_county(policy: IntakePolicy, told: str, code: str) -> None:
    place = read_kobo(policy, **{"incident/county": told}).draft.place
    assert place is not None
    assert place.code == code


@pytest.mark.parametrize("told", ["Atlantis", "30", "KE-99", None])
def test_a_county_that_nobody_knows_costs_the_place_alone(policy: IntakePolicy, told: str | None) -> None:
    read = read_kobo(policy, **{"incident/county": told})
    assert read.draft.place is None
    assert [each.field for each in read.left_out] == ["/incident~1county"]


@pytest.mark.parametrize("said", ["Kiswahili", "SW", "swh", "sw-KE", "swa_Latn"])
def test_a_language_by_another_name_is_that_language(policy: IntakePolicy, said: str) -> None:
    assert read_kobo(policy, **{"person/languages": said}).draft.languages == ("sw",)


def test_more_violations_than_a_report_holds_keep_those_that_weigh_most(policy: IntakePolicy) -> None:
    light = [code for code, each in policy.vocabulary.violations.items() if each.severity < 50][:30]
    draft = read_kobo(policy, **{"incident/violation_type": " ".join([*light, "killing"])}).draft
    assert len(draft.violations) == 20
    assert "killing" in types(draft)


def test_the_answer_names_no_value(policy: IntakePolicy) -> None:
    strange = dict.fromkeys(QUESTIONS, "Zanzibar Marker")
    assert "marker" not in json.dumps([vars(each) for each in read_kobo(policy, **strange).left_out]).casefold()


@pytest.mark.parametrize(("native", "reason"), [
    ({"incident/violation_type": "death_threat"}, "no_id"),
    ({"_uuid": "a", "something": "else"}, "nothing_readable"),
    ({"_uuid": "a", "incident/violation_type": "unheard_of", "incident/county": "KE-30"}, "nothing_readable"),
    ({"_uuid": "x" * 300, "incident/violation_type": "death_threat"}, "no_id"),
    ({"_uuid": {"a": 1}, "incident/violation_type": "death_threat"}, "no_id"),
])  # fmt: skip
def test_without_what_makes_it_a_report_it_is_none(policy: IntakePolicy, native: dict[str, Any], reason: str) -> None:
    with pytest.raises(UnreadableReport) as caught:
        taken(policy, policy.profiles["kobo"], native)
    assert caught.value.reason == reason


def test_a_fault_of_the_mapping_itself_sends_the_body_into_quarantine_and_logs_no_value(
    policy: IntakePolicy, capsys: pytest.CaptureFixture[str]
) -> None:
    """No such reader exists: it is in place of whatever fault nobody has found yet."""
    kobo_profile = policy.profiles["kobo"]
    marked = ValueReader("a marker")
    broken = tuple(replace(each, reader=marked) if each.to == "/narrative" else each for each in kobo_profile.fields)
    profile, native = replace(kobo_profile, fields=broken), kobo(**{"incident/narrative": "Zanzibar Marker"})
    with pytest.raises(UnreadableReport) as caught:
        read_native(profile, native, None, policy.vocabulary, datetime.now(UTC))
    assert caught.value.reason == "not_mapped"
    logged = capsys.readouterr().out
    assert "form.not_mapped" in logged
    assert "arker" not in logged


BASE = yaml.safe_load((CASES / "form" / "repeat-profile.yaml").read_text("utf-8"))


def profile_of(tmp_path: Path, *fields: dict[str, Any], **more: Any) -> tuple[IntakePolicy, Profile]:
    """The profile with the repeat groups, with some lines put in place of others for the same pointer."""
    targets = {each["to"] for each in fields}
    document = {**BASE, **more, "fields": [*(each for each in BASE["fields"] if each["to"] not in targets), *fields]}
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "own.yaml").write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
    policy = load([POLICY, tmp_path])
    return policy, policy.profiles["own"]


ACTS = [
    {"acts/what": "unlawful_arrest physical_assault", "acts/ongoing": "ndiyo", "acts/by": "police"},
    {"acts/what": "unheard_of", "acts/ongoing": "yes"},
    {"acts/what": "smear_campaign", "acts/by": "family school"},
    {"acts/what": "hacking_or_surveillance", "acts/ongoing": "sijui"},
]


def each_act(name: str, to: str, **more: Any) -> dict[str, Any]:
    return {"to": f"/violations/*/{to}", "for_each": "acts", "from": [f'"acts/{name}"'], **more}


def test_each_act_keeps_what_was_said_of_it_for_each_item(tmp_path: Path) -> None:
    policy, profile = profile_of(
        tmp_path, each_act("what", "type", **{"as": "words"}),
        each_act("ongoing", "ongoing", **{"as": "boolean", "map": "three"}),
        each_act("by", "perpetrators/*/type", **{"as": "words"}),
        value_maps={"three": {"values": {"ndiyo": True, "yes": True, "no": False, "sijui": None}, "others": "refuse"}},
    )  # fmt: skip
    code = next(iter(policy.vocabulary.violations))
    acts = [*ACTS[:3], {**ACTS[3], "acts/what": code}]
    read = taken(policy, profile, {**case("form/repeat-ongoing"), "acts": acts})
    assert [(each.type, bool(each.ongoing), each.perpetrators) for each in read.draft.violations] == [
        ("unlawful_arrest", True, ("police",)), ("physical_assault", True, ("police",)),
        ("smear_campaign", False, ("family", "school")), (code, False, ()),
    ]  # fmt: skip
    assert [(each.field, each.code) for each in read.left_out] == [("/acts/1/acts~1what", "unknown_code")]


def of_acts(read: ReadReport) -> list[tuple[str, str, str]]:
    return [
        (each.type, each.occurred_at.astimezone(UTC).isoformat() if each.occurred_at else "", each.occurred_precision)
        for each in read.draft.violations
    ]


def test_each_act_keeps_its_own_date_as_exactly_as_it_is_written(tmp_path: Path) -> None:
    policy, profile = profile_of(
        tmp_path, each_act("what", "type", **{"as": "words"}),
        each_act("when", "occurred_at", **{"as": "datetime", "zone": "Africa/Nairobi"}),
        each_act("precision", "occurred_precision"),
    )  # fmt: skip
    acts = [
        {"acts/what": "unlawful_arrest", "acts/when": "2026-02-20T10:00:00"},
        {"acts/what": "rape torture", "acts/when": "2026-02-27", "acts/precision": "Exact"},
        {"acts/what": "smear_campaign"},
        {"acts/what": "physical_assault", "acts/when": "2026-02", "acts/precision": "sometime"},
    ]
    read = taken(policy, profile, {**case("form/repeat-ongoing"), "acts": acts})
    assert of_acts(read) == [
        ("unlawful_arrest", "2026-02-20T07:00:00+00:00", "exact"), ("rape", "2026-02-26T21:00:00+00:00", "day"),
        ("torture", "2026-02-26T21:00:00+00:00", "day"), ("smear_campaign", "", ""),
        ("physical_assault", "2026-01-31T21:00:00+00:00", "month"),
    ]  # fmt: skip
    assert [each.code for each in read.left_out] == ["unknown_code"]
    assert not any(each.counts_from for each in read.draft.violations)


@pytest.mark.parametrize("when", ["last night", "1850-01-01", "9999-99-99"])
def test_an_act_whose_date_cannot_be_read_counts_from_the_submission(tmp_path: Path, when: str) -> None:
    policy, profile = profile_of(
        tmp_path, each_act("what", "type", **{"as": "words"}), each_act("when", "occurred_at", **{"as": "datetime"}),
    )  # fmt: skip
    acts = [{"acts/what": "rape", "acts/when": when}, {"acts/what": "smear_campaign", "acts/when": "2026-02-27"}]
    read = taken(policy, profile, {**case("form/repeat-ongoing"), "acts": acts, "when": "2026-01-01"})
    rape, smear = read.draft.violations
    assert (rape.occurred_at, rape.counts_from is not None, smear.counts_from) == (None, True, None)
    assert [each.field for each in read.left_out] == ["/acts/0/acts~1when"]


def test_a_profile_written_the_old_way_keeps_each_act_apart_where_one_says_nothing(with_repeats: IntakePolicy) -> None:
    acts = [{"acts/what": "smear_campaign"}, {"acts/what": "unlawful_arrest", "acts/ongoing": "yes"}]
    draft = taken(with_repeats, with_repeats.profiles["repeat"], {**case("form/repeat-ongoing"), "acts": acts}).draft
    expected = [("smear_campaign", False), ("unlawful_arrest", True)]
    assert [(each.type, bool(each.ongoing)) for each in draft.violations] == expected


def test_the_words_of_other_in_a_repeat_group_are_in_the_narrative(with_repeats: IntakePolicy) -> None:
    acts = [{"acts/what": "unlawful_arrest"}, {"acts/what": "other", "acts/what_other": "They cut the water."}]
    read = taken(with_repeats, with_repeats.profiles["repeat"], {**case("form/repeat-ongoing"), "acts": acts})
    assert "They cut the water." in (read.draft.narrative or "")
    assert [(each.field, each.code) for each in read.left_out] == [("/acts/1/acts~1what", "unknown_code")]


@pytest.mark.parametrize(("expression", "moment"), [
    ({"path": '"when"', "offset": "+03:00"}, "2026-03-01T07:00:00+00:00"),
    ({"path": '"when"', "zone": "Africa/Nairobi"}, "2026-03-01T07:00:00+00:00"),
    ({"path": '"when"', "zone": "UTC"}, "2026-03-01T10:00:00+00:00"),
    ({"path": '"when"', "zone": "Africa/Kampala"}, "2026-03-01T07:00:00+00:00"),
    ('"when"', "2026-03-01T09:00:00+00:00"),
])  # fmt: skip
def test_each_expression_has_its_own_zone(tmp_path: Path, expression: Any, moment: str) -> None:
    line = {"to": "/occurred_at", "from": [expression, "_submission_time"], "as": "datetime", "zone": "Africa/Lagos"}
    policy, profile = profile_of(tmp_path, line)
    draft = taken(policy, profile, {**case("form/repeat-ongoing"), "when": "2026-03-01T10:00:00"}).draft
    assert draft.occurred_at.astimezone(UTC).isoformat() == moment
