"""A partner signs what it accepts, with the client or without it, and verifies what the platform signs where it has the keys."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
from base64 import b64decode
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from ngao.chassis.messaging.signatures import Signer
from ngao.chassis.security import keyfiles, signing
from ngao.client import BadAccount, Keys, SignatureBroken, keygen, signing_keygen
from ngao.client.__main__ import main
from ngao.client.keys import PlatformKeys
from ngao.contracts import decode, encode, make
from ngao.deployment import first_keys
from ngao.kernel import acceptance

ROOT = Path(__file__).resolve().parents[2]
HOW_TO = ROOT / "docs" / "how-to"
FACTS = ("clinic", "offer-1", "NG-1")


def public_in(folder: Path) -> str:
    return next(folder.glob("signing-*.pub")).read_text().strip()


def verified(folder: Path, signature: str) -> bool:
    return signing.verifies(public_in(folder), acceptance.PURPOSE, acceptance.to_sign(*FACTS), signature)


def test_keygen_makes_a_signing_pair_once_beside_the_box_keys(tmp_path: Path) -> None:
    keygen(tmp_path)
    first = signing_keygen(tmp_path)
    keygen(tmp_path)
    assert signing_keygen(tmp_path) == first
    assert first[1].stat().st_mode & 0o777 == 0o600
    assert len(Keys.from_directory(tmp_path).ids) == 2


def test_a_yes_is_signed_so_that_who_discloses_can_verify_it(tmp_path: Path) -> None:
    key_id, _, _ = signing_keygen(tmp_path)
    said = Keys.from_directory(tmp_path).accepts(*FACTS)
    assert verified(tmp_path, said["signature"])
    assert said["signature_key_id"] == key_id == signing.key_id(public_in(tmp_path))


def test_a_partner_of_the_version_before_signs_nothing(tmp_path: Path) -> None:
    keygen(tmp_path)
    for path in tmp_path.glob("signing-*"):
        path.unlink()
    keys = Keys.from_directory(tmp_path)
    assert (keys.can_sign, keys.accepts(*FACTS)) == (False, {})


def test_two_signing_keys_are_refused(tmp_path: Path) -> None:
    signing_keygen(tmp_path / "other")
    signing_keygen(tmp_path)
    for path in (tmp_path / "other").iterdir():
        shutil.copy2(path, tmp_path)
    with pytest.raises(BadAccount, match="several signing keys"):
        Keys.from_directory(tmp_path)


def test_the_body_for_http_comes_by_one_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    signing_keygen(tmp_path)
    account = tmp_path / "account.json"
    account.write_text(json.dumps({"partner_id": "clinic"}))
    assert main(["sign", str(account), "offer-1", "NG-1"]) == 0
    assert verified(tmp_path, json.loads(capsys.readouterr().out)["signature"])


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs OpenSSL 3")
def test_openssl_signs_as_the_page_for_partners_says(tmp_path: Path) -> None:
    signing_keygen(tmp_path)
    page = (HOW_TO / "receive-referrals-as-a-partner.md").read_text()
    pem, sign = [block for block in re.findall(r"```text\n(.*?)```", page, re.DOTALL) if "openssl" in block]
    facts = dict(zip(("partner_id", "offer_id", "case_ref"), FACTS, strict=True))
    environment = {**facts, "PATH": "/usr/bin:/bin"}
    done = subprocess.run(["bash", "-ec", pem + sign], cwd=tmp_path, env=environment, capture_output=True, check=True)
    assert verified(tmp_path, done.stdout.decode().strip())


@pytest.fixture
def platform(tmp_path: Path) -> tuple[Signer, PlatformKeys]:
    for service in ("referral", "registry"):
        first_keys.init_signing_pair(tmp_path / service, tmp_path / "public", "2026-11", service)
    known = keyfiles.load_verifying(tmp_path / "public")
    listed = [{"service": service, "key_id": key_id, "public_key": key} for key_id, (service, key) in known.items()]
    return Signer(tmp_path / "referral", tmp_path / "public"), PlatformKeys.from_list(listed)


def test_events_are_verified_where_the_account_names_the_keys(platform: tuple[Signer, PlatformKeys]) -> None:
    signer, keys = platform
    event = make("referral.case.closed.v1", subject="NG-1", data={"case_ref": "NG-1", "reason": "x"})
    body = signer.encode(event)
    keys.demand(decode(body), body)
    PlatformKeys({}).demand(event, encode(event))
    of_another = signer.encode(replace(event, type="registry.consent.changed.v1"))
    for forged in (encode(event), body.replace(b"NG-1", b"NG-2"), of_another):
        with pytest.raises(SignatureBroken):
            keys.demand(decode(forged), forged)


def test_a_list_of_keys_that_does_not_fit_is_refused() -> None:
    named = {"service": "x", "key_id": "0"}
    other = {**named, "public_key": signing.public_of(signing.new_key())}
    for broken in ([named], [other], "x", [{**named, "public_key": "?"}]):
        with pytest.raises(BadAccount):
            PlatformKeys.from_list(broken)


def test_the_partner_of_the_how_to_does_what_policy_knows() -> None:
    tree = ast.parse((HOW_TO / "partner.py").read_text())
    assigned = {ast.unparse(each.targets[0]): each.value for each in tree.body if isinstance(each, ast.Assign)}
    does = ast.literal_eval(assigned["WE_DO"])
    policy = yaml.safe_load((ROOT / "deploy" / "policy" / "support_types.yaml").read_text())
    known = next(value for value in policy.values() if isinstance(value, dict) and "legal_aid" in value)
    assert does <= set(known)


def test_keys_are_thirty_two_bytes_in_base64(tmp_path: Path) -> None:
    _, private_file, _ = signing_keygen(tmp_path)
    assert len(b64decode(private_file.read_text())) == 32
