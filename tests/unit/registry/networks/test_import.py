"""A table of members: each row by itself, nothing twice, and no value in what is said about it."""

from __future__ import annotations

from typing import Any

import pytest

from ngao.chassis.errors import InvalidInput
from services.registry.networks.import_members import import_members
from services.registry.networks.manage import read_memberships
from services.registry.networks.see import see_members
from services.registry.networks.table import LONGEST_CELL, LONGEST_TABLE, MOST_ROWS
from services.registry.people.register import register_defender
from tests.support.registry import MARY
from tests.unit.registry.networks.conftest import Office, convenor

HEAD = "name,phone,email,network,hub,role,accepted,since,seen_by_convenor,told_of_cases,contact,how"
GOOD = "Invented Nafula,0700000201,,women,nairobi,member,yes,2020-01-31,yes,no,yes,in_writing"
OTHER = "Invented Wafula,0700000202,w@example.org,women,coast,member,,,,,,"


def run(office: Office, *rows: str, head: str = HEAD, dry: bool = False) -> list[dict[str, Any]]:
    answer = import_members(office.ctx, {"table": "\n".join((head, *rows)), "dry_run": dry})
    assert sum(answer["counts"].values()) == len(answer["rows"])
    return list(answer["rows"])


def outcomes(rows: list[dict[str, Any]]) -> list[tuple[int, str]]:
    return [(each["row"], each["outcome"]) for each in rows]


def codes(rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(error["column"], error["code"]) for each in rows for error in each["errors"]]


def stored(office: Office) -> tuple[int, int, int]:
    register = office.register
    people, members = (len(each.where(lambda _: True)) for each in (register.defenders, register.memberships))
    return people, members, len(register.addresses.owners)


def test_a_dry_run_says_what_the_real_one_does_and_stores_nothing(office: Office) -> None:
    rows = (GOOD, OTHER, "Invented Third,no phone,,women,nairobi,member,,,,,,")
    dry = run(office, *rows, dry=True)
    assert stored(office) == (0, 0, 0)
    real = run(office, *rows)
    assert [{**each, "defender_ref": None} for each in real] == dry
    assert outcomes(real) == [(2, "added"), (3, "added"), (4, "refused")]
    assert [each["is_new"] for each in real] == [True, True, False]


def test_an_accepted_row_makes_a_member_with_what_she_agreed_to_and_another_one_only_invites(office: Office) -> None:
    first, second = (each["defender_ref"] for each in run(office, GOOD, OTHER))
    hers, other = office.membership(first), office.membership(second)
    assert (hers["state"], hers["since"].isoformat()) == ("member", "2020-01-31")
    assert hers["agreed"] == {"seen_by_convenor": True, "told_of_cases": False, "contact": True}
    assert (other["state"], other["hub"], any(other["agreed"].values())) == ("invited", "coast", False)
    seen = see_members(office.by(convenor("KE-30")), "women", "nairobi")["members"]
    assert [each["defender_ref"] for each in seen] == [first]


def test_the_same_file_again_changes_nothing(office: Office) -> None:
    first = run(office, GOOD, OTHER)
    before, membership = stored(office), office.membership(first[0]["defender_ref"])
    again = run(office, GOOD, OTHER)
    assert outcomes(again) == [(2, "unchanged"), (3, "unchanged")]
    assert [each["defender_ref"] for each in again] == [each["defender_ref"] for each in first]
    assert (stored(office), office.membership(first[0]["defender_ref"])) == (before, membership)


def test_an_old_file_gives_back_no_agreement_and_no_membership_that_ended(office: Office) -> None:
    first, second = (each["defender_ref"] for each in run(office, GOOD, OTHER))
    stated = {"names": ["Invented Wafula"], "phones": ["0700000202"]}
    assert register_defender(office.ctx, {"identity": stated})["defender_ref"] == second, "her record is needed for more"
    office.agrees(first, office.membership(first)["membership_id"])
    office.leaves(second, office.membership(second)["membership_id"])
    assert outcomes(run(office, GOOD, OTHER)) == [(2, "unchanged"), (3, "left")]
    assert not any(office.membership(first)["agreed"].values())
    assert office.membership(second)["state"] == "left"


BROKEN = [
    ("Nafula B,0700000201 / 0700000209,,women,nairobi,member,,,,,,", "phone", "two_phones"),
    ("Nafula B,07,,women,nairobi,member,,,,,,", "phone", "length"),
    ("Nafula B,40404,,women,nairobi,member,,,,,,", "phone", "not_a_phone"),
    ("Nafula B,,nowhere,women,nairobi,member,,,,,,", "email", "wrong_type"),
    ("Nafula B,,,women,nairobi,member,,,,,,", "phone", "required"),
    (",0700000201,,women,nairobi,member,,,,,,", "name", "required"),
    (",,,women,nairobi,member,,,,,,", "name", "required"),
    ("Nafula B,0700000201,,women,atlantis,member,,,,,,", "hub", "unknown_hub"),
    ("Nafula B,0700000201,,women,,member,,,,,,", "hub", "required"),
    ("Nafula B,0700000201,,atlantis,nairobi,member,,,,,,", "network", "unknown_network"),
    ("Nafula B,0700000201,,women,nairobi,atlantis,,,,,,", "role", "unknown_role"),
    ("Nafula B,0700000201,,women,nairobi,member,atlantis,,,,,", "accepted", "not_yes_or_no"),
    ("Nafula B,0700000201,,women,nairobi,member,yes,,,,,", "how", "unknown_code"),
    ("Nafula B,0700000201,,women,nairobi,member,yes,31.1.2020,,,,in_person", "since", "not_a_day"),
    ("Nafula B,0700000201,,women,nairobi,member,yes,2090-01-01,,,,in_person", "since", "in_the_future"),
    ("Nafula B,0700000201,,women,nairobi,member,,,yes,,,", "seen_by_convenor", "contradicts"),
    ("Nafula B,0700000201,,women,nairobi,member,yes,,,yes,,in_person", "told_of_cases", "contradicts"),
    ('=HYPERLINK("atlantis"),0700000201,,women,nairobi,member,,,,,,', "name", "formula"),
    ("@Nafula B,0700000201,,women,nairobi,member,,,,,,", "name", "formula"),
    ("Nafula B,+254700000201+1,,women,nairobi,member,,,,,,", "phone", "formula"),
    (f"{'N' * (LONGEST_CELL + 1)},0700000201,,women,nairobi,member,,,,,,", "name", "too_long"),
    ("Nafula B,0700000201,,women,nairobi,member,,,,,,,atlantis", "", "too_many_cells"),
    ("Name Withheld,0700000201,,women,nairobi,member,,,,,,", "name", "required"),
    ("Nafula B,0700000000,,women,nairobi,member,,,,,,", "phone", "required"),
]


@pytest.mark.parametrize(("row", "column", "code"), BROKEN)
def test_a_broken_row_is_named_by_column_and_number_costs_no_other_and_is_never_repeated(
    office: Office, row: str, column: str, code: str
) -> None:
    rows = run(office, row, GOOD, OTHER)
    assert outcomes(rows) == [(2, "refused"), (3, "added"), (4, "added")]
    assert (column, code) in codes(rows[:1])
    assert not any(word in str(rows) for word in ("atlantis", "Nafula B", "Invented", "0700000", "NNN", "nowhere", "Withheld"))


def test_a_contact_of_another_person_is_for_a_human_who_gives_her_reference(office: Office) -> None:
    mary = office.register.report("NG-1", MARY).defender_ref or ""
    row = f"Achieng Otieno,{MARY['phones'][0]},,women,nairobi,member,,,,,,"
    for dry in (True, False):
        assert codes(run(office, row, dry=dry)) == [("phone", "may_be_known")]
    (known,) = run(office, f"{mary},women,nairobi,member", head="defender_ref,network,hub,role")
    assert (known["outcome"], known["is_new"], known["defender_ref"]) == ("added", False, mary)
    wrong = run(office, "DEF-0000000000,women,nairobi,member", head="defender_ref,network,hub,role")
    assert codes(wrong) == [("defender_ref", "unknown_person")]


def test_a_known_person_is_not_registered_again(office: Office) -> None:
    mary = office.register.report("NG-1", MARY).defender_ref or ""
    (row,) = run(office, f"{MARY['names'][0]},{MARY['phones'][0]},,women,nairobi,member,,,,,,")
    assert (row["outcome"], row["is_new"], row["defender_ref"]) == ("added", False, mary)


@pytest.mark.parametrize("dry", [True, False])
def test_rows_of_one_table_are_compared_with_each_other(office: Office, dry: bool) -> None:
    same, elsewhere = GOOD, GOOD.replace("nairobi", "coast")
    other_name = GOOD.replace("Nafula", "Barasa")
    rows = run(office, GOOD, same, elsewhere, other_name, dry=dry)
    assert outcomes(rows) == [(2, "added"), (3, "refused"), (4, "added"), (5, "refused")]
    assert codes(rows) == [("phone", "repeated"), ("phone", "same_contact")]
    assert [each["is_new"] for each in rows] == [True, False, False, False]
    assert stored(office)[0] == (0 if dry else 1)


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ("", "missing_column"),
        ("Invented Nafula,0700000201", "unknown_column"),
        ("name,phone\nInvented Nafula,0700000201", "missing_column"),
        ("network,role,role\n", "column_twice"),
        ("PK\x03\x04 a zipped sheet", "not_csv"),
        (f"{HEAD}\n" + f"{GOOD}\n" * (MOST_ROWS + 1), "too_many_rows"),
        ("x" * (LONGEST_TABLE + 1), "too_long"),
    ],
)
def test_what_is_no_table_is_refused_as_a_whole_without_repeating_it(office: Office, table: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        import_members(office.ctx, {"table": table, "dry_run": False})
    assert [(each.pointer, each.code) for each in refused.value.errors] == [("/table", code)]
    assert not any(word in str(vars(refused.value)) for word in ("Nafula", "0700000201", "zipped", "xxx"))
    assert stored(office) == (0, 0, 0)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_tables_of_several_spreadsheets_are_read(office: Office, separator: str) -> None:
    lines = (HEAD.upper(), "", GOOD, f'"{OTHER[:15]}"{OTHER[15:]}', "")
    table = "\ufeff" + "\r\n".join(line.replace(",", separator) for line in lines)
    rows = import_members(office.ctx, {"table": table, "dry_run": False})["rows"]
    assert outcomes(rows) == [(3, "added"), (4, "added")]


def test_a_number_in_international_form_and_text_marked_as_text_are_no_formulas(office: Office) -> None:
    rows = run(office, GOOD.replace("0700000201", "+254 700 000 201"), OTHER.replace("0700000202", "'+254700000202"))
    assert outcomes(rows) == [(2, "added"), (3, "added")]


def test_an_import_is_on_record_with_numbers_and_each_person_by_her_reference(office: Office) -> None:
    first = run(office, GOOD, OTHER)[0]["defender_ref"]
    heard = office.register.heard
    assert {("defender.registered", first, "operator:o"), ("membership.agreed", first, "operator:o")} <= set(heard.audited)
    assert heard.details["members.imported"] == {"added": "2"}
    run(office, GOOD, dry=True)
    assert heard.details["members.checked"] == {"unchanged": "1"}
    assert not any(word in str(heard.details) for word in ("Nafula", "0700", "nairobi"))


def test_who_is_imported_is_kept_only_for_her_membership(office: Office) -> None:
    ref = run(office, GOOD)[0]["defender_ref"]
    record = office.register.defenders.get(ref)
    assert record is not None
    assert record.kept_for == ("networks",)
    office.leaves(ref, read_memberships(office.ctx, ref, reason="case_work")["memberships"][0]["membership_id"])
    assert office.register.defenders.get(ref).kept_for == ()  # type: ignore[union-attr]
