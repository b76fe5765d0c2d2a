"""Every code that a service may answer with, and every code of policy, has its words on the pages, and so its Swahili.

That every text has Swahili is held by `test_languages.py`; here is held that no code is shown as it is.
"""

from __future__ import annotations

import ast
import pkgutil
from collections.abc import Iterable
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from flask import Flask
from jinja2 import nodes

from ngao.chassis import pages as of_every_service
from ngao.chassis.approvals.approvals import STATES as OF_APPROVALS
from ngao.chassis.handlers.declaring import declared
from ngao.chassis.http.operation import Operation
from ngao.chassis.pages import parked as page_of_parked
from ngao.contracts import SERVICES
from ngao.contracts.codes import CHANNELS, DECLINE_REASONS, FAIL_REASONS, OUTCOMES, PURPOSES, SCOPES
from ngao.kernel.urgency import URGENCIES
from services import console, intake, notify, referral, registry
from services.console.approvals.model import _FIELDS
from services.console.board.model import Turn
from services.console.case.model import SETTLED_BECAUSE
from services.console.messages.model import FILTERED
from services.console.parked.model import Why
from services.console.policy import Policy, read_policy
from services.console.protection.model import FIELDS as FIELDS_OF_PLANS
from services.console.sentences.lists import CODES
from services.intake.quarantine.show import STATES as OF_FORMS
from services.notify.ladders.planning import NO_CHANNEL
from services.notify.messages.model import State as OfMessage
from services.notify.messages.refusals import MEANING
from services.notify.roster.model import DEFENDER, DUTY_OFFICER, KINDS, PARTNER
from services.referral.cases import deadlines, reopening
from services.referral.cases.facts import Reason
from services.referral.cases.need import NeedState
from services.referral.matching import route_needs
from services.referral.offers.model import BY_OPERATOR, LIVE, NOT_COVERED, RESTRICTED, REVOKED, Verb
from services.referral.offers.model import State as OfOffer
from services.registry.contact import model as of_contact
from services.registry.networks import finding, import_members, table
from services.registry.networks import model as of_networks
from services.registry.people import cautions
from services.registry.people.cautions import Caution
from services.registry.people.resolution import Kind, Verdict
from services.registry.protection import model as of_protection
from services.registry.trainings import model as of_trainings

FOLDER = Path(console.__file__).parent
POLICY = Path(__file__).resolve().parents[4] / "deploy" / "policy"
RULES: dict[str, Any] = yaml.safe_load((POLICY / "retention.yaml").read_text("utf-8"))["services"]
KEPT = [(kind, moment) for kinds in RULES.values() for kind, moments in kinds.items() for moment in moments]


def modules(package: ModuleType) -> Iterable[ModuleType]:
    yield package
    for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        yield import_module(each.name)


def of_two_people() -> set[str]:
    """The operations for which policy may ask for a second person."""
    every = (each for package in (console, intake, notify, referral, registry, of_every_service) for each in modules(package))
    found = (each for module in every for value in vars(module).values() for each in declared(value))
    return {each.operation for each in found if isinstance(each, Operation) and each.two_person is not None}


def of_rows(method: str, number: int) -> set[str]:
    """The codes with which a row of a table of members is refused, or a whole table, as they are written in the source."""
    trees = [ast.parse(Path(each.__file__ or "").read_text("utf-8")) for each in (table, import_members, finding)]
    calls = [each for tree in trees for each in ast.walk(tree) if isinstance(each, ast.Call) and len(each.args) > number]
    named = [each for each in calls if ast.unparse(each.func).rpartition(".")[2] == method]
    words = [word for each in named for word in ast.walk(each.args[number]) if isinstance(word, ast.Constant)]
    return {str(word.value) for word in words if str(word.value).replace("_", "").isalpha()} - {"unknown_"}


SHOWN: list[tuple[str, str, Iterable[str]]] = [
    ("pages/templates/words.html", "urgency_word", URGENCIES),
    ("pages/templates/words.html", "turn", Turn),
    ("pages/templates/words.html", "need", NeedState),
    ("pages/templates/words.html", "missing", [each for each in SERVICES if each != "console"]),
    ("pages/templates/machinery.html", "service", SERVICES),
    ("case/templates/case_words.html", "offer_state", OfOffer),
    ("case/templates/case_words.html", "message_state", OfMessage),
    ("messages/templates/message_words.html", "state", OfMessage),
    ("messages/templates/message_words.html", "short", FILTERED),
    ("messages/templates/message_words.html", "recipient", (DUTY_OFFICER, PARTNER, DEFENDER)),
    ("messages/templates/message_words.html", "channel", ("email", "sms", NO_CHANNEL)),
    ("partners/templates/partner_words.html", "offer", LIVE),
    ("parked/templates/parked_words.html", "why", [each for each in Why if each is not Why.OTHER]),
    ("parked/templates/parked_words.html", "state", [each for each in page_of_parked._STATES if each != "all"]),
    ("quarantine/templates/held_form.html", "", [each for each in OF_FORMS if each not in {"waiting", "all"}]),
    ("approvals/templates/approval_words.html", "operation", of_two_people()),
    ("approvals/templates/approval_words.html", "field", {name for names in _FIELDS.values() for name in names}),
    ("approvals/templates/approval_words.html", "state", OF_APPROVALS),
    ("person/templates/persons.html", "purpose", PURPOSES),
    ("person/templates/persons.html", "scopes", SCOPES),
    ("person/templates/persons.html", "channels", CHANNELS),
    ("person/templates/persons.html", "caution", [each.code for each in vars(cautions).values() if isinstance(each, Caution)]),
    ("contact/templates/contact_words.html", "why", of_contact.Why),
    ("contact/templates/contact_words.html", "answers", of_contact.WHO_ANSWERS),
    ("contact/templates/contact_words.html", "voicemail", of_contact.VOICEMAIL),
    ("contact/templates/contact_words.html", "caller", of_contact.CALLER_NAMES),
    ("contact/templates/contact_words.html", "how", of_contact.CONFIRMED_HOW),
    ("contact/templates/contact_words.html", "stopped", of_contact.STOP_REASONS),
    ("networks/templates/network_words.html", "state", of_networks.State),
    ("networks/templates/network_words.html", "agreed", of_networks.Agreed.__dataclass_fields__),
    ("networks/templates/network_words.html", "outcome", (import_members.ADDED, import_members.UNCHANGED, import_members.LEFT)),
    ("networks/templates/network_words.html", "row_wrong", of_rows("refuse", 1) | of_rows("FieldError", 1)),
    ("networks/templates/network_words.html", "table_wrong", of_rows("NoTable", 0)),
    ("trainings/templates/training_words.html", "state", of_trainings.State),
    ("protection/templates/protection_words.html", "subject", of_protection.About),
    ("protection/templates/protection_words.html", "state", of_protection.Progress),
    ("protection/templates/protection_words.html", "wrong", [*FIELDS_OF_PLANS, "other"]),
    ("candidates/templates/candidate.html", "verdict", [each for each in Verdict if each is not Verdict.OPEN]),
    ("rules/templates/policy.html", "kept", {kind for kind, _ in KEPT}),
    ("rules/templates/policy.html", "since", {moment for _, moment in KEPT}),
]  # fmt: skip
"""A template, its macro that turns codes into words, and the codes that may come."""


def known_to(app: Flask, template: str, macro: str) -> set[str]:
    """The codes that a macro has words for, or that any part of the template has, without a macro."""
    tree: nodes.Node = app.jinja_env.parse((FOLDER / template).read_text("utf-8"))
    if macro:
        (tree,) = [each for each in tree.find_all(nodes.Macro) if each.name == macro]
    keys = (pair.key for each in tree.find_all(nodes.Dict) for pair in each.items)
    return {str(each.value) for each in keys if isinstance(each, nodes.Const)}


@pytest.mark.parametrize(("template", "macro", "codes"), SHOWN, ids=[f"{path.split('/')[0]}-{macro}" for path, macro, _ in SHOWN])
def test_every_code_that_may_come_has_words(app: Flask, template: str, macro: str, codes: Iterable[str]) -> None:
    wanted = {str(each) for each in codes}
    assert wanted
    assert wanted - known_to(app, template, macro) == set()


def of_services() -> set[str]:
    """The coded reasons that partners, people and services give, and the kinds of people who get messages."""
    reopened = {each.rule for each in vars(reopening).values() if isinstance(each, Reason)}
    notified = {route_needs.NO_PARTNER, route_needs.ALL_SILENT, route_needs.NO_CONSENT, deadlines.FACT_MISSING, deadlines.STALLED}
    silent = {f"{part}_silent" for part in deadlines._SILENT}
    ends = {REVOKED, BY_OPERATOR, RESTRICTED, NOT_COVERED, *SETTLED_BECAUSE}
    fixed = {*DECLINE_REASONS, *FAIL_REASONS, *OUTCOMES, *MEANING, *ends}
    return reopened | notified | silent | fixed | {*map(str, Kind), *map(str, Verb), *(each.replace("_", " ") for each in KINDS)}


def test_every_coded_reason_of_a_service_has_words() -> None:
    assert len(of_services()) > 40
    assert of_services() - set(CODES) == set()


@pytest.mark.parametrize("name", [each.name for each in fields(Policy) if each.type == "Labels"])
def test_every_code_of_policy_has_a_label_in_both_languages(name: str) -> None:
    labels: dict[str, dict[str, str]] = getattr(read_policy((POLICY,)), name)
    wanted = {"sw"} if name == "sentences" else {"en", "sw"}  # a sentence is found by its English
    assert labels
    assert {code for code, label in labels.items() if not wanted <= set(label)} == set()


@pytest.mark.parametrize(
    ("field", "code", "english", "swahili"),
    [
        ("support_types", "legal_aid", "Legal aid", "Msaada wa kisheria"),
        ("scope", "contact", "contact", "mawasiliano"),
        ("reason", "of_no_use", "it is of no use", "haina matumizi"),
        ("vetted", "yes", "yes", "ndiyo"),
        ("capacity", "3", "3", "3"),
    ],
)
def test_what_another_person_asked_for_is_shown_in_the_readers_language(
    app: Flask, field: str, code: str, english: str, swahili: str
) -> None:
    for language, expected in (("en", english), ("sw", swahili)):
        with app.test_request_context(headers={"Accept-Language": language}):
            words: Any = app.jinja_env.get_template("approval_words.html").make_module()
            assert str(words.value(field, code)).strip() == expected
