"""Account and key files: what is wrong with one is said in a sentence, and no secret is ever shown."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest

from ngao.chassis.security import seals
from ngao.client import BadAccount, Keys, SealBroken, keygen
from ngao.client.__main__ import main
from ngao.client.account import load

PARTNER = {
    "partner_id": "legal-aid", "host": "broker.example.org", "port": 5671, "vhost": "ngao.edge",
    "username": "partner-legal-aid", "password_file": "broker.secret", "exchange": "partner-replies",
    "queues": {"urgent": "partner.legal-aid.x.urgent", "routine": "partner.legal-aid.x"},
}


@pytest.fixture
def folder(tmp_path):
    secret = tmp_path / "broker.secret"
    secret.write_text("hush-hush\n")
    secret.chmod(0o600)
    return tmp_path


def written(folder, content, mode=0o600):
    path = folder / "account.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    path.chmod(mode)
    return path


def test_the_account_that_onboarding_writes_is_read(folder):
    account = load(written(folder, PARTNER, 0o644), "partner")
    assert account.id == "legal-aid"
    assert account.queue("urgent") == "partner.legal-aid.x.urgent"
    assert (account.broker.host, account.broker.port, account.broker.virtual_host) == ("broker.example.org", 5671, "ngao.edge")
    assert account.broker.credentials.username == "partner-legal-aid"
    assert account.broker.credentials.password == "hush-hush"
    assert account.broker.heartbeat == 20
    assert "hush-hush" not in repr(account)


def test_one_address_may_stand_for_the_broker(folder):
    content = {"source_id": "hotline", "amqp_url": "amqp://source-hotline:hush@b.example.org/ngao.edge?heartbeat=5", "queues": {}}
    account = load(written(folder, content), "source")
    assert account.broker.credentials.username == "source-hotline"
    assert account.broker.virtual_host == "ngao.edge"


def test_tls_checks_the_broker_by_name(folder):
    account = load(written(folder, {**PARTNER, "tls": True}), "partner")
    assert account.broker.ssl_options.server_hostname == "broker.example.org"
    assert account.broker.ssl_options.context.check_hostname


def test_an_account_for_http_alone_names_no_broker(folder):
    content = {"source_id": "hotline", "http": {"url": "https://intake.example.org/", "key": "k"}}
    account = load(written(folder, content), "source")
    assert account.http.url == "https://intake.example.org"
    with pytest.raises(BadAccount, match="no broker"):
        _ = account.broker


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not JSON"),
        ("[]", "one JSON object"),
        ({**PARTNER, "partner_id": ""}, "partner_id"),
        ({**PARTNER, "host": 5}, "host"),
        ({**PARTNER, "password_file": "missing.secret"}, "missing.secret"),
        ({**PARTNER, "ca_file": "missing.pem"}, "missing.pem"),
        ({**PARTNER, "amqp_url": "hush://x:hush-hush@["}, "amqp_url"),
        ({**PARTNER, "http": {"url": "file:///etc/passwd", "key": "k"}}, "https://"),
    ],
)
def test_what_is_wrong_with_an_account_is_named(folder, content, said):
    with pytest.raises(BadAccount, match=said) as caught:
        load(written(folder, content), "partner")
    assert "hush" not in str(caught.value)


def test_a_missing_account_and_a_missing_queue_are_named(folder):
    with pytest.raises(BadAccount, match="Cannot read the account file"):
        load(folder / "nowhere.json", "partner")
    with pytest.raises(BadAccount, match=r"queues\.results"):
        load(written(folder, PARTNER), "partner").queue("results")


def test_secrets_that_others_may_read_are_refused(folder):
    with pytest.raises(BadAccount, match="chmod 600"):
        load(written(folder, {**PARTNER, "password": "hush"}, 0o644), "partner")
    (folder / "broker.secret").chmod(0o640)
    with pytest.raises(BadAccount, match="chmod 600"):
        load(written(folder, PARTNER), "partner")


def test_a_made_key_opens_what_the_platform_seals_to_its_public_half(tmp_path):
    key_id, private_file, public_file = keygen(tmp_path / "keys")
    public = public_file.read_text().strip()
    keys = Keys.from_directory(tmp_path / "keys")
    assert seals.key_id(public) == key_id
    assert keys.ids == (key_id,)
    assert keys.open(key_id, seals.seal_to(public, b"x")) == b"x"
    assert private_file.stat().st_mode & 0o777 == 0o600
    assert private_file.parent.stat().st_mode & 0o777 == 0o700


def test_two_keys_side_by_side_open_old_and_new(tmp_path):
    made = [keygen(tmp_path) for _ in range(2)]
    keys = Keys.from_directory(tmp_path)
    for key_id, _, public_file in made:
        assert keys.open(key_id, seals.seal_to(public_file.read_text().strip(), b"x")) == b"x"


@pytest.mark.parametrize("box", ["", "AAAA", "not base64", b64encode(bytes(64)).decode(), "\u00e9"])
def test_what_does_not_open_is_a_broken_seal(tmp_path, box):
    key_id, _, _ = keygen(tmp_path)
    with pytest.raises(SealBroken):
        Keys.from_directory(tmp_path).open(key_id, box)
    with pytest.raises(SealBroken, match="0123456789abcdef"):
        Keys.from_directory(tmp_path).open("0123456789abcdef", box)


def test_a_private_key_that_others_may_read_is_refused(tmp_path):
    _, private_file, _ = keygen(tmp_path)
    private_file.chmod(0o644)
    with pytest.raises(BadAccount, match="chmod 600"):
        Keys.from_directory(tmp_path)
    private_file.write_text("short")
    private_file.chmod(0o600)
    with pytest.raises(BadAccount, match="32 bytes"):
        Keys.from_directory(tmp_path)


def test_keygen_as_a_command_says_which_file_to_hand_over(tmp_path, capsys):
    assert main(["keygen", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert ".pub  (send this one)" in said
    assert ".key  (stays here)" in said
    private = next(tmp_path.glob("*.key")).read_text().strip()
    assert private not in said


def test_a_command_that_fails_says_why_and_gives_1(tmp_path, capsys):
    assert main(["check", "partner", str(tmp_path / "nowhere.json")]) == 1
    assert "Cannot read the account file" in capsys.readouterr().err
