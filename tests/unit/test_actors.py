"""Who acted has one written form, and what earlier versions wrote is shown in it where it leaves no doubt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngao.chassis.security.identity import Principal
from ngao.kernel.actors import Actor, ActorKind, read

SERVICES = frozenset({"intake", "registry", "referral"})


@given(st.sampled_from(ActorKind), st.from_regex(r"\A[a-z][a-z0-9-]{0,40}\Z"))
def test_what_is_written_is_read_again(kind: ActorKind, actor_id: str) -> None:
    actor = Actor(kind, actor_id)
    assert Actor.parse(str(actor)) == actor
    assert read(str(actor), SERVICES) == str(actor)


@pytest.mark.parametrize("written", ["", "amina", "operator-amina", "operator:", ":amina", "human:amina", "operator:A", "a:b:c"])
def test_any_other_form_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"actor|ActorKind"):
        Actor.parse(written)


@pytest.mark.parametrize("actor_id", ["", "Amina", "amina b", "amina:b", "amina\n", "-amina"])
def test_an_id_that_could_not_be_read_again_is_refused(actor_id: str) -> None:
    with pytest.raises(ValueError, match="id of an actor"):
        Actor.operator(actor_id)


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("operator-amina", "operator:amina"),
        ("partner-wakili-kenya", "partner:wakili-kenya"),
        ("referral", "service:referral"),
        ("retention", "system:retention"),
        ("service:intake", "service:intake"),
        ("amina", "amina"),
        ("", ""),
    ],
)
def test_what_earlier_versions_wrote_is_shown_in_the_one_form(stored: str, shown: str) -> None:
    assert read(stored, SERVICES) == shown


def test_where_services_have_no_bare_names_such_a_name_may_be_anyones() -> None:
    assert read("referral") == "referral"


def test_a_caller_is_named_by_its_kind_and_whoever_has_no_key_is_no_actor() -> None:
    assert str(Principal("operator", "amina").actor) == "operator:amina"
    assert str(Principal("source", "hotline").actor) == "source:hotline"
    with pytest.raises(ValueError, match="anyone"):
        _ = Principal("anyone", "").actor
