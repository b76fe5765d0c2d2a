"""What a page works with: the reasons that a person may give, and the codes of forms and addresses."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from werkzeug.exceptions import NotFound

from ngao.chassis.security.identity import Principal
from ngao.chassis.security.roles import Grant
from services.console.pages.desk import Desk

REASONS = ("safety_check", "case_work", "correction")
SCOPE = "defenders:read"


def desk_of(*purposes: str, is_bound: bool = True) -> Desk:
    parts: Any = SimpleNamespace(policy=SimpleNamespace(read_reasons=REASONS))
    made = Desk(parts, {})
    made.principal = Principal("operator", "amina", {SCOPE: Grant(purposes=frozenset(purposes) if is_bound else None)})
    return made


def test_a_person_may_give_the_reasons_of_policy_that_the_roles_have() -> None:
    assert desk_of(is_bound=False).reasons(SCOPE) == list(REASONS)
    assert desk_of("correction", "unknown", "safety_check").reasons(SCOPE) == ["safety_check", "correction"]
    assert desk_of().reasons(SCOPE) == desk_of(is_bound=False).reasons("identity:read") == []


def test_a_masked_page_is_opened_for_the_usual_reason_or_the_first_that_may_be_given() -> None:
    assert desk_of(is_bound=False).reason(SCOPE) == "case_work"
    assert desk_of(is_bound=False).reason(SCOPE, "correction") == "correction"
    assert desk_of("correction").reason(SCOPE) == "correction"
    assert desk_of().reason(SCOPE) == "case_work", "the service refuses it"


def test_a_code_that_no_page_offers_leads_nowhere(app: Flask) -> None:
    with app.test_request_context("/?lang=sw&state=open&need="):
        desk = Desk(parts=SimpleNamespace(), typed={"reason": "mistake"})  # type: ignore[arg-type]
        assert desk.choice("reason", ("mistake", "other")) == "mistake"
        assert desk.chosen(lambda name, value: (name, value) in {("state", "open"), ("need", "")}) == {"state": "open"}
        with pytest.raises(NotFound):
            desk.choice("reason", ("other",))
        with pytest.raises(NotFound):
            desk.choice("urgency", ("high",))
        with pytest.raises(NotFound):
            desk.chosen(lambda name, _: name == "state")
