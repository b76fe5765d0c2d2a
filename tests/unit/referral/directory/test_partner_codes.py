"""A partner can only do, cover and speak what a report can ask for: its codes come from the same lists."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ngao.chassis.errors import InvalidInput, Misconfigured
from services.referral.directory.load_partners import load_partners
from services.referral.directory.model import Partner
from services.referral.directory.put_partner import store_partner
from services.referral.policy import load_directory
from tests.support.referral import POLICY, VOCABULARY, Office, office, partner


def put(one: Partner, *known: Partner) -> Partner:
    made = office(*known)
    store_partner(made.ctx("asha"), one)
    return made.partners.kept[one.id]


def load(made: Office, listed: list[Partner]) -> int:
    return load_partners(made.ctx().partners, listed, VOCABULARY, POLICY.timezone)


def refused(one: Partner, *known: Partner) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as caught:
        put(one, *known)
    assert caught.value.slug == "invalid-input"
    assert all(each.detail.startswith("Must be one of: ") for each in caught.value.errors)
    assert not any("zzz" in each.detail for each in caught.value.errors), "the value came back"
    return [(each.pointer, each.code) for each in caught.value.errors]


def test_a_code_that_is_in_no_list_is_refused_by_its_place() -> None:
    assert refused(partner("aa", support_types=("legal_aid", "zzz_aid"))) == [("/support_types/1", "unknown_code")]
    assert refused(partner("aa", counties=("KE-30", "ZZ-99"))) == [("/counties/1", "unknown_code")]
    assert refused(partner("aa", languages=("zzz",))) == [("/languages/0", "unknown_code")]


def test_every_unknown_code_is_named_at_once() -> None:
    broken = partner("aa", support_types=("zzz_aid",), counties=("ZZ-99",), languages=("sw", "zzz"))
    assert [pointer for pointer, _ in refused(broken)] == ["/support_types/0", "/counties/0", "/languages/1"]


def test_everywhere_is_a_place() -> None:
    assert put(partner("aa", counties=("*",))).national


def test_codes_that_a_saved_partner_already_has_are_not_refused() -> None:
    saved = partner("aa", support_types=("zzz_aid",))
    assert put(partner("aa", support_types=("zzz_aid", "medical")), saved).support_types == ("zzz_aid", "medical")
    assert refused(partner("aa", support_types=("zzz_aid", "zzz_more")), saved) == [("/support_types/1", "unknown_code")]


def test_a_partner_without_a_time_zone_gets_the_coalitions() -> None:
    assert put(partner("aa", timezone="")).timezone == "Africa/Nairobi"
    assert put(partner("aa", timezone="Africa/Kampala")).timezone == "Africa/Kampala"


def test_a_new_partner_of_a_file_with_an_unknown_code_stops_the_start(tmp_path: Path) -> None:
    listed = {"id": "helpers", "name": "Helpers", "support_types": ["zzz_aid"], "counties": ["*"], "capacity": 1}
    file = tmp_path / "partners.yaml"
    file.write_text(yaml.safe_dump({"partners": [listed]}))
    partners = load_directory(file)
    with pytest.raises(Misconfigured, match=r"partner helpers: /support_types/0: Must be one of: ") as caught:
        load(office(), partners)
    assert "zzz" not in str(caught.value)
    assert load(office(partner("helpers", support_types=("zzz_aid",))), partners) == 0
