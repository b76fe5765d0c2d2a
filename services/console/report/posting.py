"""What intake gets: the codes for a preview, the whole report, and later what a report has no answer to yet."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from services.console.report.model import Answers, Given

GENERAL = "unclassified"
"""The violation of a report that does not say which."""
SHARED = ("contact", "narrative")
"""What a yes to the text that is read aloud covers."""
_AGO = {"today": (0, "day"), "days": (2, "day"), "week": (5, "day"), "longer": (30, "estimate"), "unknown": (0, "estimate")}
"""How many days ago, and how exactly. A day either way is meant, so that none of these makes a report less urgent than the words
that were chosen can mean; what is not known counts as today."""
_QUESTIONS = (
    ("/subject/identity/names", "person"), ("/subject", "person"), ("/contact_safety", "reach"), ("/location", "county"),
    ("/needs", "needs"), ("/consent", "share"), ("/narrative", "words"), ("/violations/0/perpetrators", "who"),
    ("/violations", "group"), ("/reporter", "caller"), ("/occurred_at", "ongoing"),
)  # fmt: skip
"""By the place of a field in the report, the question that it answers."""


def codes_of(answers: Answers) -> dict[str, Any]:
    """Return what triage needs of a report, and nothing else."""
    occurred_at, precision = _occurred(answers)
    return {
        "occurred_at": occurred_at,
        "occurred_precision": precision,
        "reporter": {"role": answers.choice("caller") or "unknown"},
        "violations": [_violation(answers)],
        **_needs(answers.given),
    }


def report_of(answers: Answers) -> dict[str, Any]:
    """Return the report. The same answers always make the same one, so that sending twice makes one case."""
    return {"source_event_id": answers.act, **codes_of(answers), **_others(answers.given)}


def update_of(answers: Answers) -> dict[str, Any]:
    """Return what a report that was sent does not have yet."""
    times, news = answers.sent.times if answers.sent else 0, answers.news
    by = {"violations": [_violation(answers, again=True)]} if "who" in news else {}
    return {"update_id": f"{answers.act}-{times + 1}", **by, **_needs(news), **_others(news)}


def question_of(pointer: str) -> str:
    """Return the question whose answer is at a place of the report; nothing for a place that none has."""
    return next((question for place, question in _QUESTIONS if pointer.startswith(place)), "")


def _violation(answers: Answers, *, again: bool = False) -> dict[str, Any]:
    ongoing, who = answers.choice("ongoing"), answers.choice("who")
    stated = {"ongoing": ongoing == "yes"} if ongoing in {"yes", "no"} and not again else {}
    return {
        "type": answers.choice("act") or GENERAL,
        **stated,
        **({"perpetrators": [{"type": who}]} if who else {}),
    }


def _occurred(answers: Answers) -> tuple[str, str]:
    stated = answers.given.get("when") or answers.given.get("ongoing") or {"at": answers.began_at}
    days, precision = _AGO[answers.choice("when") or "unknown"]
    return (datetime.fromisoformat(stated["at"]) - timedelta(days=days)).isoformat(), precision


def _needs(given: Given) -> dict[str, Any]:
    chosen = given.get("needs", {}).get("chosen", [])
    return {"needs": list(chosen)} if chosen else {}


def _others(given: Given) -> dict[str, Any]:
    county, words = given.get("county"), given.get("words", {}).get("text")
    may_share = given.get("share", {}).get("choice") == "yes"
    identity, safety = _identity(given), _safety(given.get("reach"))
    return {
        **({"location": {"scheme": "iso3166-2", "code": county["choice"]}} if county else {}),
        **({"consent": [{"purpose": "referral", "scope": list(SHARED)}]} if may_share else {}),
        **({"subject": {"identity": identity}} if identity else {}),
        **({"contact_safety": safety} if safety else {}),
        **({"narrative": words} if words else {}),
    }


def _identity(given: Given) -> dict[str, list[str]]:
    person = given.get("person", {})
    phone = person.get("phone") or given.get("callback", {}).get("phone")
    stated = {"names": person.get("name"), "phones": phone}
    return {name: [value] for name, value in stated.items() if value}


def _safety(reach: Any) -> dict[str, Any]:
    if not reach or reach["choice"] == "no":
        return {"may_contact": False} if reach else {}
    hours = [{"opens": reach["opens"], "closes": reach["closes"]}] if reach["opens"] else []
    words = {name: reach[name] for name in ("code_word", "instructions") if reach[name]}
    return {
        "may_contact": True,
        "channels": ["phone", "sms"] if reach["sms"] else ["phone"],
        "hours": hours,
        "voicemail": reach["voicemail"],
        "shared_phone": reach["others"],
        **words,
    }
