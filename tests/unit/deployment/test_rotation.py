"""Secrets in place of secrets: what is left after each step, and after a step that was cut off."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest
from cryptography import x509

from ngao.chassis.errors import Misconfigured, NotAllowedNow
from ngao.chassis.security import keyfiles
from ngao.chassis.security.identity import hash_key, load_operators
from ngao.cli import rotate
from ngao.deployment import rotate_certificates, rotate_keys, rotate_passwords
from ngao.deployment.authority import Authority, hosts_of, issuer_of
from ngao.deployment.init_secrets import make, server_hosts
from ngao.deployment.naming import SEALED_TO, SERVICES, period_of
from ngao.deployment.rotate_keys import KeyPlace, Kind, Needs
from ngao.deployment.secrets_folder import SecretsFolder

UNUSED = Needs({}, parked=False)


def is_locked_away(path: Path) -> bool:
    return not stat.S_IMODE(path.stat().st_mode) & 0o077


def aged(path: Path, days: float) -> None:
    then = time.time() - days * 86400
    os.utime(path, (then, then))


def place(folder: SecretsFolder, service: str = "registry") -> KeyPlace:
    return KeyPlace(service, folder.at(service, "keys"), folder.at("public"))


def test_a_store_has_two_passwords_until_the_change_is_finished(made: SecretsFolder) -> None:
    before = made.read("intake", "store.password")
    rotate_passwords.store_password(made, "intake")
    assert made.read("intake", "store.password.before") == before
    assert made.read("intake", "store.password") == made.read("provision", "store-intake") != before
    assert is_locked_away(made.at("intake", "store.password.before"))
    with pytest.raises(NotAllowedNow, match="--finish"):
        rotate_passwords.store_password(made, "intake")
    rotate_passwords.finish_store_password(made, "intake")
    assert not made.at("intake", "store.password.before").exists()


def test_a_change_of_a_stores_password_that_was_cut_off_goes_on_with_the_same(made: SecretsFolder) -> None:
    before = made.read("intake", "store.password")
    made.write("the new one", "provision", "store-intake.next")
    made.write(before, "intake", "store.password.before")
    rotate_passwords.store_password(made, "intake")
    assert made.read("intake", "store.password") == made.read("provision", "store-intake") == "the new one"
    assert made.read("intake", "store.password.before") == before
    assert not made.at("provision", "store-intake.next").exists()


def test_both_keys_of_an_operator_count_until_the_change_is_finished(made: SecretsFolder) -> None:
    before = hash_key(made.read("operator", "operator.key"))
    rotate_passwords.operator_key(made)
    after = hash_key(made.read("operator", "operator.key"))
    assert before != after
    for service in SERVICES:
        assert load_operators(made.at(service, "operators.json"))["operator"].hashes == (before, after)
    with pytest.raises(NotAllowedNow, match="--finish"):
        rotate_passwords.operator_key(made)
    rotate_passwords.finish_operator_key(made)
    for service in SERVICES:
        assert load_operators(made.at(service, "operators.json"))["operator"].hashes == (after,)


def test_a_change_of_the_operators_key_that_was_cut_off_goes_on_with_the_same(made: SecretsFolder) -> None:
    key = "ngao_operator_operator_" + "k" * 43
    made.write(key, "operator", "operator.key.next")
    rotate_passwords.operator_key(made)
    assert made.read("operator", "operator.key") == key
    assert all(len(load_operators(made.at(each, "operators.json"))["operator"].hashes) == 2 for each in SERVICES)


def test_no_operators_key_is_taken_away_while_a_service_does_not_know_the_one_that_stays(made: SecretsFolder) -> None:
    made.write("ngao_operator_operator_" + "k" * 43, "operator", "operator.key")
    before = made.read("notify", "operators.json")
    with pytest.raises(Misconfigured, match="No key was removed"):
        rotate_passwords.finish_operator_key(made)
    assert made.read("notify", "operators.json") == before


def test_new_certificates_are_for_the_same_hosts_and_last_longer(made: SecretsFolder) -> None:
    before = made.read("broker", "tls", "cert.pem")
    assert rotate_certificates.certificates(made, ["broker"], ("second.example.org",)) == ["broker"]
    after = made.read("broker", "tls", "cert.pem")
    assert set(hosts_of(after)) == {*hosts_of(before), "second.example.org"}
    assert "ngao.example.org" in hosts_of(after)
    ends = [x509.load_pem_x509_certificate(each.encode()).not_valid_after_utc for each in (before, after)]
    assert ends == sorted(ends)


def test_a_new_authority_waits_until_outsiders_have_it_then_signs_for_servers_then_is_trusted_alone(made: SecretsFolder) -> None:
    old = issuer_of(made.read("broker", "tls", "cert.pem"))
    rotate_certificates.begin_authority(made)
    assert made.read("public", "ca.pem").count("BEGIN CERTIFICATE") == 2
    assert made.read("ca", "ca.pem") in made.read("public", "ca.pem")
    rotate_certificates.switch_authority(made)
    new = Authority.load(made.read("ca", "ca.pem"), made.read("ca", "ca.key"))
    assert new.name != old
    assert {issuer_of(made.certificate_of(owner).read_text()) for owner in server_hosts()} == {new.name}
    assert "ngao.example.org" in hosts_of(made.read("broker", "tls", "cert.pem"))
    assert made.read("public", "ca.pem").count("BEGIN CERTIFICATE") == 2
    rotate_certificates.finish_authority(made)
    assert made.read("public", "ca.pem") == made.read("ca", "ca.pem")


def test_the_steps_that_are_shown_have_outsiders_before_servers(
    made: SecretsFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rotate, "existing_folder", lambda: made)
    rotate.tls(authority=True)
    said = capsys.readouterr().out
    steps = ["restart broker intake-store", "restart intake referral", "partner certificate ID", "rotate tls --switch"]
    assert sorted(steps, key=said.index) == steps
    rotate.tls(switch=True)
    said = capsys.readouterr().out
    steps = ["Renewed the certificates of", "restart intake-store", "still trusted", "rotate tls --finish"]
    assert sorted(steps, key=said.index) == steps
    rotate.tls(finish=True)
    assert "Only the new authority is trusted" in capsys.readouterr().out


def test_no_outsider_meets_a_server_of_an_authority_that_it_was_not_given(made: SecretsFolder) -> None:
    """Whoever trusts the old one alone goes on until the switch, whatever is made new meanwhile."""
    trusted_before = made.read("public", "ca.pem")
    old = issuer_of(made.read("broker", "tls", "cert.pem"))
    rotate_certificates.begin_authority(made)
    rotate_certificates.certificates(made, list(server_hosts()), ("second.example.org",))
    made.at("intake", "tls", "key.pem").unlink()
    make(made)
    assert {issuer_of(made.certificate_of(owner).read_text()) for owner in server_hosts()} == {old}
    assert trusted_before in made.read("public", "ca.pem")


def test_what_outsiders_are_given_while_an_authority_waits_outlives_the_old_one(made: SecretsFolder) -> None:
    rotate_certificates.begin_authority(made)
    given = rotate_certificates.outsiders_authority(made)
    rotate_certificates.switch_authority(made)
    assert given is not None
    assert given.certificate_pem.strip() == made.read("ca", "ca.pem")
    after = rotate_certificates.outsiders_authority(made)
    assert after is not None
    assert after.name == given.name


def test_an_authority_that_waits_is_neither_passed_over_nor_begun_twice(made: SecretsFolder) -> None:
    with pytest.raises(NotAllowedNow, match="--authority"):
        rotate_certificates.switch_authority(made)
    rotate_certificates.begin_authority(made)
    waiting = made.read("ca", "next.pem")
    rotate_certificates.begin_authority(made)
    assert made.read("ca", "next.pem") == waiting
    with pytest.raises(NotAllowedNow, match="--switch"):
        rotate_certificates.finish_authority(made)
    rotate_certificates.switch_authority(made)
    with pytest.raises(NotAllowedNow, match="Two authorities"):
        rotate_certificates.begin_authority(made)


def test_the_old_authority_is_not_forgotten_while_a_server_shows_its_certificate(made: SecretsFolder) -> None:
    before = made.read("notify", "tls", "cert.pem")
    rotate_certificates.begin_authority(made)
    rotate_certificates.switch_authority(made)
    made.write(before, "notify", "tls", "cert.pem")
    with pytest.raises(NotAllowedNow, match="notify still have certificates of the old authority"):
        rotate_certificates.finish_authority(made)


def test_a_new_authority_can_be_given_up_before_the_switch(made: SecretsFolder) -> None:
    """As docs/how-to/rotate-secrets.md says it."""
    before = made.read("public", "ca.pem")
    rotate_certificates.begin_authority(made)
    for path in (made.at("ca", "next.pem"), made.at("ca", "next.key"), made.at("public", "ca.pem")):
        path.unlink()
    make(made)
    assert made.read("public", "ca.pem") == before == made.read("ca", "ca.pem")


def test_a_beginning_that_was_cut_off_goes_on_with_the_same_authority(made: SecretsFolder) -> None:
    new = Authority.new()
    made.write(new.key_pem, "ca", "next.key")
    made.write(new.certificate_pem, "ca", "next.pem")
    with pytest.raises(NotAllowedNow, match="--authority"):
        rotate_certificates.switch_authority(made)
    rotate_certificates.begin_authority(made)
    assert made.read("ca", "next.pem") == new.certificate_pem.strip()
    assert new.certificate_pem.strip() in made.read("public", "ca.pem")
    assert made.read("ca", "ca.pem") in made.read("public", "ca.pem")


@pytest.mark.parametrize("written", [("ca.key",), ("ca.key", "ca.pem")])
def test_a_switch_that_was_cut_off_goes_on_with_the_same_authority(made: SecretsFolder, written: tuple[str, ...]) -> None:
    """Between the two files, the key and the certificate do not belong together."""
    rotate_certificates.begin_authority(made)
    new = made.read("ca", "next.pem")
    for name in written:
        made.write(made.read("ca", name.replace("ca.", "next.")), "ca", name)
    rotate_certificates.switch_authority(made)
    assert made.read("ca", "ca.pem") == new
    assert sorted(path.name for path in made.at("ca").iterdir()) == ["ca.key", "ca.pem"]
    rotate_certificates.finish_authority(made)
    assert made.read("public", "ca.pem") == new


def test_without_the_authoritys_key_nothing_is_issued(made: SecretsFolder) -> None:
    made.at("ca", "ca.key").unlink()
    for change in (lambda: rotate_certificates.certificates(made, ["broker"]), lambda: rotate_certificates.begin_authority(made)):
        with pytest.raises(Misconfigured, match="authority's key"):
            change()


def test_without_tls_there_are_no_certificates_to_change(folder: SecretsFolder) -> None:
    make(folder, tls=False)
    with pytest.raises(Misconfigured, match="--tls"):
        rotate_certificates.begin_authority(folder)


@pytest.mark.parametrize(
    ("known", "next_one"),
    [
        ([], "{now}"),
        (["2020-01"], "{now}"),
        (["{now}"], "{now}b"),
        (["{now}", "{now}b"], "{now}c"),
        (["2999-12"], "2999-12b"),
    ],
)
def test_a_period_is_this_month_or_the_newest_with_a_letter(known: list[str], next_one: str) -> None:
    now = period_of()
    assert rotate_keys.next_period([each.format(now=now) for each in known]) == next_one.format(now=now)


def test_periods_of_a_month_come_to_an_end() -> None:
    with pytest.raises(NotAllowedNow, match="next month"):
        rotate_keys.next_period([f"{period_of()}z"])


def test_a_new_period_of_wrapping_leaves_the_one_before(made: SecretsFolder) -> None:
    period = rotate_keys.begin_wrapping(made, "notify")
    keks = keyfiles.load_keks(made.at("notify", "keys"))
    assert sorted(keks) == [period_of(), period]
    assert max(keks) == period


@pytest.mark.parametrize("service", SEALED_TO)
def test_a_new_period_of_sealing_opens_what_is_sealed_to_either(made: SecretsFolder, service: str) -> None:
    before, _ = keyfiles.active_public(made.at("public"), service)
    rotate_keys.begin_sealing(made, service)
    after, _ = keyfiles.active_public(made.at("public"), service)
    assert before != after
    assert set(keyfiles.load_private(made.at(service, "keys"))) == {before, after}


def test_a_period_of_sealing_that_was_cut_off_between_its_halves_goes_on(made: SecretsFolder) -> None:
    period = rotate_keys.begin_sealing(made, "registry")
    (made.at("public", f"registry-{period}.pub")).unlink()
    assert rotate_keys.begin_sealing(made, "registry") == period
    key_id, _ = keyfiles.active_public(made.at("public"), "registry")
    assert key_id in keyfiles.load_private(made.at("registry", "keys"))


def test_nobody_seals_to_referral(made: SecretsFolder) -> None:
    with pytest.raises(Misconfigured, match="referral has no sealing keys"):
        rotate_keys.begin_sealing(made, "referral")


def test_the_newest_period_is_never_retired(made: SecretsFolder) -> None:
    with pytest.raises(NotAllowedNow, match="newest"):
        place(made).require_retirable(period_of(), UNUSED)


def test_a_period_is_not_retired_before_every_process_has_seen_the_next(made: SecretsFolder) -> None:
    newer = rotate_keys.begin_wrapping(made, "referral")
    with pytest.raises(NotAllowedNow, match="too new"):
        place(made, "referral").require_retirable(period_of(), UNUSED)
    aged(made.at("referral", "keys", f"kek-{newer}.key"), 0.01)
    place(made, "referral").require_retirable(period_of(), UNUSED)


def test_a_period_is_not_retired_while_it_wraps_a_key(made: SecretsFolder) -> None:
    aged(made.at("notify", "keys", f"kek-{rotate_keys.begin_wrapping(made, 'notify')}.key"), 1)
    with pytest.raises(NotAllowedNow, match="3 data keys of notify"):
        place(made, "notify").require_retirable(period_of(), Needs({period_of(): 3}, parked=False))


def test_a_sealing_period_is_not_retired_while_what_is_sealed_to_it_may_come(made: SecretsFolder) -> None:
    aged(made.at("registry", "keys", f"kek-{rotate_keys.begin_wrapping(made, 'registry')}.key"), 30)
    newer = made.at("registry", "keys", f"sealing-{rotate_keys.begin_sealing(made, 'registry')}.key")
    aged(newer, 7)
    with pytest.raises(NotAllowedNow, match="may be resent for 7 days"):
        place(made).require_retirable(period_of(), UNUSED)
    aged(newer, 9)
    with pytest.raises(NotAllowedNow, match="Parked messages of registry"):
        place(made).require_retirable(period_of(), Needs({}, parked=True))
    place(made).require_retirable(period_of(), UNUSED)
    names = {path.name for path in place(made).files_of(period_of())}
    assert names == {f"kek-{period_of()}.key", f"sealing-{period_of()}.key", f"registry-{period_of()}.pub"}


def both_periods_begun(made: SecretsFolder, service: str, *, wrapping_days: float, sealing_days: float) -> None:
    aged(made.at(service, "keys", f"kek-{rotate_keys.begin_wrapping(made, service)}.key"), wrapping_days)
    aged(made.at(service, "keys", f"sealing-{rotate_keys.begin_sealing(made, service)}.key"), sealing_days)


@pytest.mark.parametrize("service", SEALED_TO)
def test_a_wrapping_key_goes_alone_while_the_sealing_key_of_its_period_must_stay(made: SecretsFolder, service: str) -> None:
    both_periods_begun(made, service, wrapping_days=1, sealing_days=1)
    with pytest.raises(NotAllowedNow, match=r"sealing-.* too new.* `--kind wrapping`"):
        place(made, service).require_retirable(period_of(), UNUSED)
    with pytest.raises(NotAllowedNow, match=r"in 7\.0 days\.$"):
        place(made, service).require_retirable(period_of(), UNUSED, (Kind.SEALING,))
    place(made, service).require_retirable(period_of(), UNUSED, (Kind.WRAPPING,))
    assert [path.name for path in place(made, service).files_of(period_of(), (Kind.WRAPPING,))] == [f"kek-{period_of()}.key"]


def test_a_sealing_key_goes_alone_while_the_wrapping_key_of_its_period_must_stay(made: SecretsFolder) -> None:
    both_periods_begun(made, "registry", wrapping_days=9, sealing_days=9)
    needed = Needs({period_of(): 3}, parked=False)
    with pytest.raises(NotAllowedNow, match=r"3 data keys of registry.* `--kind sealing`"):
        place(made).require_retirable(period_of(), needed)
    place(made).require_retirable(period_of(), needed, (Kind.SEALING,))
    names = {path.name for path in place(made).files_of(period_of(), (Kind.SEALING,))}
    assert names == {f"sealing-{period_of()}.key", f"registry-{period_of()}.pub"}


def test_where_neither_kind_may_go_no_way_out_is_shown(made: SecretsFolder) -> None:
    both_periods_begun(made, "registry", wrapping_days=1, sealing_days=1)
    with pytest.raises(NotAllowedNow) as refusal:
        place(made).require_retirable(period_of(), Needs({period_of(): 3}, parked=False))
    assert "--kind" not in str(refusal.value)
