"""What the other services write is found in the list, and is shown in the reader's language with labels instead of codes."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
import yaml
from flask import Flask

from services.console.pages import languages
from services.console.policy import read_policy
from services.console.sentences.lists import CODES, SENTENCES
from services.console.sentences.model import written
from services.console.sentences.showing import code, sentence
from services.notify.messages.refusals import MEANING
from services.referral.cases import deadlines, note_message, reopening, timeline
from services.referral.cases.facts import Reason
from services.referral.matching import explain_match, model, route_needs
from services.referral.offers import withdraw_from_distrusted

POLICY = Path(__file__).resolve().parents[4] / "deploy" / "policy"
WORDS = {"partner": "haki-legal", "need": "legal_aid", "reason": "no_capacity", "who": "duty officer amina", "what": "look_now"}
WRITTEN = read_policy((POLICY,))


def filled(sentence: str) -> str:
    """A sentence of a service with something in each of its blanks."""
    words = WORDS | {"owner": "amina", "by": "juma", "before": " from juma", "0": "3", "attempt": "1", "points": "20"}
    return re.sub(r"{(\w*)}", lambda found: words.get(found[1], "4"), sentence)


def of_services() -> list[str]:
    """Every sentence that the services have, by looking for their reasons and their tables of sentences."""
    modules = (deadlines, reopening, model, explain_match, route_needs, withdraw_from_distrusted)
    reasons = [value.text for module in modules for value in vars(module).values() if isinstance(value, Reason)]
    rules = [reason.text for reason, _ in model._RULES]
    steps = [*timeline._SENTENCES.values(), *timeline._BY_REASON.values(), *note_message._SENTENCES.values()]
    others = [*deadlines._SILENT.values(), *model._SENTENCES.values(), *MEANING.values()]
    return [filled(each) for each in [*reasons, *rules, *steps, *others]]


@pytest.mark.parametrize("each", sorted(set(of_services())))
def test_every_sentence_of_a_service_is_in_the_list(each: str) -> None:
    assert written(each) is not None


def test_enough_sentences_were_found() -> None:
    assert len(set(of_services())) > 60


def test_every_sentence_of_the_list_is_one_of_a_service() -> None:
    found = {known.text for each in of_services() if (known := written(each))}
    others = {each for each in SENTENCES if each not in found}
    assert others == {
        "The heaviest violation reported weighs %(points)s points: %(label)s.",
        "%(owner)s takes over the case.",
        "%(by)s hands over the case to %(owner)s.",
        "%(sentence)s (%(count)s of them.)",
        "The directory has no such partner.",
    }


def app() -> Flask:
    made = Flask("sentences")
    languages.speak(made)
    return made


@pytest.mark.parametrize(
    ("given", "english", "swahili"),
    [
        ("haki-legal declines legal_aid: no_capacity.", "haki-legal declines Legal aid: it has no capacity.",
         "haki-legal amekataa: Msaada wa kisheria. Sababu: hana nafasi."),
        ("Notified duty officer amina: look_now.", "Notified the duty officer amina: Please look now.",
         "Ametumiwa ujumbe afisa wa zamu amina: Tafadhali angalia sasa."),
        ("The heaviest violation reported weighs 60 points: Killing.",
         "The heaviest violation reported weighs 60 points: Killing.",
         "Ukiukaji mkubwa zaidi ulioripotiwa una alama 60: Mauaji."),
        ("The partner is suspended. (2 of them.)", "The partner is suspended. (2 of them.)",
         "Mshirika amesimamishwa. (Washirika 2.)"),
        ("Accepted 80 % of recent offers: 20 points.", "Accepted 80 % of recent offers: 20 points.",
         "Alikubali asilimia 80 ya maombi ya karibuni: alama 20."),
        ("Someone is held at this moment.", "Someone is held at this moment.", "Mtu anashikiliwa wakati huu."),
        ("A new rule <b>.", "A new rule <b>.", '<span lang="en">A new rule <b>.</span>'),
    ],
)  # fmt: skip
def test_a_sentence_is_shown_in_the_readers_language(given: str, english: str, swahili: str) -> None:
    for language, expected in (("en", english), ("sw", swahili)):
        with app().test_request_context(headers={"Accept-Language": language}):
            assert unescape(sentence(WRITTEN, given)) == unescape(expected)


def test_what_is_filled_in_is_never_markup() -> None:
    with app().test_request_context():
        assert sentence(WRITTEN, "<b>x</b> accepts legal_aid.") == "&lt;b&gt;x&lt;/b&gt; accepts Legal aid."


def test_a_code_is_shown_by_its_meaning_and_an_unknown_one_by_its_words() -> None:
    with app().test_request_context(headers={"Accept-Language": "sw"}):
        assert code("no_capacity") == "hana nafasi"
        assert code("not_known_here") == "not known here"
    assert set(CODES) >= {"met", "gone", "declined_by_person"}


def test_every_rule_and_every_reason_of_triage_is_in_swahili() -> None:
    triage = yaml.safe_load((POLICY / "triage.yaml").read_text("utf-8"))
    ids = {each["id"] for each in triage["rules"]} | set(triage["decision_reasons"])
    assert set(triage["translations"]["sw"]) == ids
    assert {frozenset(each) for each in WRITTEN.decision_reasons.values()} == {frozenset({"en", "sw"})}
