"""The chassis knows no word of the domain: it would serve a bakery as well (DESIGN §2).

What it needs of the product it gets as data: destinations and accounts from `ngao.broker`, services from the contracts, kinds of
actors and words of log lines from the kernel.
"""

from __future__ import annotations

import re
from pathlib import Path

from ngao.contracts import SERVICES

ROOT = Path(__file__).resolve().parents[2]
CHASSIS = ROOT / "ngao" / "chassis"

EXCHANGES = ("reports", "partner-replies", "partners", "results")
SIGNS_IN = "console"
"""The service at which staff sign in: the chassis of every service verifies what it says of them (ADR 0051), and names it."""
WORDS = (
    *(each for each in SERVICES if each != SIGNS_IN),
    "referrals?", "partners?", "partnerid", "sources?", "sourceid", "offers?", "offered", "defenders?", "reporters?",
    "cases?", "case_ref", "report_id", "reports", "consents?", "narratives?", "disclos(?:e[ds]?|ures?|ing)", "triage", "urgency",
    "violations?", "officers?", "coordinators?", "survivors?", "count(?:y|ies)", "shelters?", "kobo", "quarantine",
)  # fmt: skip
"""Besides the services: who takes part, what is told, what becomes of it. `urgent` is a lane of the broker, and stays."""

NOT_THE_DOMAINS = (
    r"\buse[- ]cases?\b",
    r"^\s+case .*:$",  # a statement of Python
    r"\blower[- ]case\b",
    r"\"source\": (?=event\.source|\"The event names)|\bevent\.source\b|CloudEvents' source",  # an attribute of CloudEvents
    r"another source than|type and source|belongs to one source",  # the same in sentences: the service that publishes
    r"\bpartner_id: str \| None = None|\bpartner_id=partner_id\b",  # of the envelope, which `ngao.contracts` defines
    r"\bauth_?source\b",  # of MongoDB
    r"\bCollectorRegistry\b|\bregistry=|\.registry\b",  # of Prometheus
    r"\boffered = |hmac\.compare_digest\(offered",  # a key that is tried
)
"""The same letters with another meaning."""


def words_in(text: str) -> list[str]:
    """The words of the domain in a file, with the line each stands on; parts of a name count as words."""
    found = re.compile(rf"(?<![a-z])(?:{'|'.join(WORDS)})(?![a-z])", re.IGNORECASE)
    plain = [re.sub("|".join(NOT_THE_DOMAINS), "", line, flags=re.IGNORECASE) for line in text.splitlines()]
    exchanges = re.compile(rf"[\"'](?:{'|'.join(EXCHANGES)})[\"']")
    return [f"{number}: {line.strip()}" for number, line in enumerate(plain, 1) if found.search(line) or exchanges.search(line)]


def test_the_chassis_has_no_word_of_the_domain() -> None:
    files = [path for path in CHASSIS.rglob("*") if path.suffix in {".py", ".md"}]
    assert [f"{path.relative_to(ROOT)}:{line}" for path in sorted(files) for line in words_in(path.read_text("utf-8"))] == []


def test_the_search_finds_a_word_in_names_strings_and_sentences() -> None:
    found = ['dead_to="referral"', "partner_queues", '"""The defender\'s own."""', 'PARTNERS = "partners"', "to='results'"]
    assert [text for text in found if not words_in(text)] == []
    passed = ["Run a use case", "    case Shows(action):", "notified", "results", "self.registry"]
    assert [text for text in passed if words_in(text)] == []
