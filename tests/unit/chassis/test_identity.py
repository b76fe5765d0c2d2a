# ruff: noqa: A002  # the port names an argument `id`
from __future__ import annotations

import json
from pathlib import Path

import pytest

from ngao.chassis.errors import Misconfigured, Unauthenticated
from ngao.chassis.security.identity import Authenticator, Credential, Operators, hash_key, load_operators, new_key, parse, verify
from ngao.chassis.security.roles import NO_ROLES, WHOLE, Grant, Role
from ngao.contracts import DataClass
from ngao.deployment.operators import roles_at_fault


class Accounts:
    """Of sources."""

    def __init__(self, **known: Credential) -> None:
        self._known = known

    def find(self, kind: str, id: str) -> Credential | None:
        return self._known.get(id) if kind == "source" else None


def test_a_new_key_opens_its_account() -> None:
    key, hashed = new_key("source", "help-desk")
    knows = Authenticator(Accounts(**{"help-desk": Credential((hashed,), rights={"post": WHOLE})}), {})
    principal = knows.authenticate(f"Bearer {key}")
    assert (principal.kind, principal.id, set(principal.rights)) == ("source", "help-desk", {"post"})


def test_the_hash_does_not_contain_the_secret_and_no_two_keys_are_alike() -> None:
    key, hashed = new_key("source", "forms")
    assert key[-43:] not in hashed  # the secret may have underscores
    assert new_key("source", "forms")[0] != key


def test_during_rotation_both_keys_open_and_afterwards_only_the_new_one() -> None:
    old, old_hash = new_key("partner", "clinic")
    new, new_hash = new_key("partner", "clinic")
    both = Credential((new_hash, old_hash))
    assert verify(old, both)
    assert verify(new, both)
    assert not verify(old, Credential((new_hash,)))


def test_a_hash_copied_to_another_account_opens_nothing() -> None:
    key, hashed = new_key("source", "forms")
    secret = key[-43:]
    knows = Authenticator(Accounts(other=Credential((hashed,))), {})
    with pytest.raises(Unauthenticated):
        knows.authenticate(f"Bearer ngao_source_other_{secret}")


def test_whatever_is_wrong_the_answer_is_the_same() -> None:
    key, hashed = new_key("source", "forms")
    closed, closed_hash = new_key("source", "closed")
    knows = Authenticator(
        Accounts(forms=Credential((hashed,)), closed=Credential((closed_hash,), enabled=False)), {}
    )
    wrong = [None, "", "Basic abc", "Bearer x", f"Bearer {key[:-1]}!", f"Bearer {key}x", f"Bearer {closed}"]
    wrong += [
        f"Bearer {new_key('source', 'forms')[0]}",
        f"Bearer {new_key('source', 'nobody')[0]}",
        f"Bearer {new_key('operator', 'x1')[0]}",
    ]
    answers = set()
    for header in wrong:
        with pytest.raises(Unauthenticated) as refused:
            knows.authenticate(header)
        answers.add(str(refused.value))
    assert len(answers) == 1


def test_the_dummy_hash_opens_no_account() -> None:
    assert not verify("anything", None)
    assert not verify("anything", Credential(()))


def test_a_key_may_have_underscores_and_hyphens_in_its_secret() -> None:
    key = "ngao_source_help-desk_" + "_-" * 21 + "_"
    assert parse(f"bearer {key}") == ("source", "help-desk", key)


def write(path: Path, content: str) -> Path:
    file = path / "operators.json"
    file.write_text(content, "utf-8")
    return file


def test_operators_are_read_and_two_entries_of_one_id_are_two_keys(tmp_path: Path) -> None:
    first, second = new_key("operator", "grace"), new_key("operator", "grace")
    entries = [{"id": "grace", "hash": hashed, "scopes": ["replay"]} for _, hashed in (first, second)]
    operators = load_operators(write(tmp_path, json.dumps({"operators": entries})))
    knows = Authenticator(None, operators)
    assert knows.authenticate(f"Bearer {first[0]}").rights == {"replay": WHOLE}
    assert knows.authenticate(f"Bearer {second[0]}").id == "grace"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "is not JSON"),
        ("[]", "operators"),
        ('{"operators": [1]}', "Entry 0"),
        ('{"operators": [{"id": "Grace", "hash": "x"}]}', "needs an id"),
        ('{"operators": [{"id": "grace", "hash": "hunter2"}]}', "needs a hash"),
        (json.dumps({"operators": [{"id": "grace", "hash": hash_key("k"), "scopes": "all"}]}), "scopes"),
        (json.dumps({"operators": [{"id": "grace", "hash": hash_key("k"), "password": "x"}]}), "only"),
    ],
)
def test_a_broken_operators_file_stops_the_start_with_a_sentence(tmp_path: Path, content: str, says: str) -> None:
    with pytest.raises(Misconfigured, match=says) as refused:
        load_operators(write(tmp_path, content))
    assert "hunter2" not in str(refused.value)


def test_a_missing_operators_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"nowhere\.json"):
        load_operators(tmp_path / "nowhere.json")


def test_a_changed_list_of_operators_counts_at_once_and_a_broken_one_changes_nothing(tmp_path: Path) -> None:
    (first, first_hash), (second, second_hash) = new_key("operator", "grace"), new_key("operator", "grace")
    entries = [{"id": "grace", "hash": first_hash, "scopes": []}]
    path = write(tmp_path, json.dumps({"operators": entries}))
    known = Authenticator(None, Operators(path, NO_ROLES))
    assert known.authenticate(f"Bearer {first}").id == "grace"
    write(tmp_path, json.dumps({"operators": [{**entries[0], "hash": second_hash}]}))
    assert known.authenticate(f"Bearer {second}").id == "grace"
    with pytest.raises(Unauthenticated):
        known.authenticate(f"Bearer {first}")
    write(tmp_path, "{")
    assert known.authenticate(f"Bearer {second}").id == "grace"
    path.unlink()
    assert known.authenticate(f"Bearer {second}").id == "grace"


def test_a_key_whose_roles_differ_has_no_rights_and_the_others_keep_theirs(tmp_path: Path) -> None:
    """A coalition changes a role, and services that then refused the whole list would take no report."""
    roles = {
        "wide": Role("w", {"cases:read": Grant("all", frozenset({DataClass.INTERNAL}))}),
        "deep": Role("d", {"cases:read": Grant("hub", frozenset(DataClass))}),
    }
    entries = [{"id": "grace", "hash": new_key("operator", "grace")[1], "roles": ["wide", "deep"]},
               {"id": "asha", "hash": new_key("operator", "asha")[1], "roles": ["wide"]}]  # fmt: skip
    operators = load_operators(write(tmp_path, json.dumps({"operators": entries})), roles)
    assert (operators["grace"].rights, set(operators["asha"].rights)) == ({}, {"cases:read"})
    (sentence,) = roles_at_fault(entries, roles)
    assert "The key of grace permits nothing." in sentence
