"""A settings file: what is read from beside it, what overrules it, and what stops the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from ngao.chassis.errors import Misconfigured
from ngao.chassis.settings import ApprovalSettings, AuditSettings, BrokerSettings, HttpSettings, StoreSettings, load

SETTINGS = """\
service = "notify"
own_file = "own.toml"
[http]
port = 8080
public_url = "https://localhost:8443"
[broker]
host = "broker"
port = 5671
username = "svc-notify"
password_file = "password"
[store]
hosts = "notify-store:27017"
database = "ngao_notify"
[keys]
directory = "keys"
public_directory = "public"
[policy]
directories = ["policy"]
[operators]
file = "operators.json"
[own]
link = "https://desk.example.org"
[own.smtp]
host = "mail"
"""


def settings(folder: Path, own: str | None) -> Path:
    (folder / "password").write_text("not a secret\n")
    if own is not None:
        (folder / "own.toml").write_text(own)
    (folder / "service.toml").write_text(SETTINGS)
    return folder / "service.toml"


def test_a_file_of_its_own_is_laid_over_the_services_own_section(tmp_path: Path) -> None:
    found = load(settings(tmp_path, '[smtp]\nhost = "mail.example.org"\n'))
    assert found.own == {"link": "https://desk.example.org", "smtp": {"host": "mail.example.org"}}


@pytest.mark.parametrize(("own", "says"), [(None, "cannot be read"), ("[smtp", "is not TOML")])
def test_a_file_of_its_own_that_is_missing_or_broken_stops_the_start(tmp_path: Path, own: str | None, says: str) -> None:
    with pytest.raises(Misconfigured, match=rf"own\.toml {says}"):
        load(settings(tmp_path, own))


def test_the_environment_says_what_the_service_is_called_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = settings(tmp_path, "")
    monkeypatch.delenv("NGAO_PUBLIC_URL", raising=False)
    assert load(path).http.public_url == "https://localhost:8443"
    monkeypatch.setenv("NGAO_PUBLIC_URL", "https://intake.example.org")
    assert load(path).http.public_url == "https://intake.example.org"


@pytest.mark.parametrize(("said", "mode"), [("", "two"), ('[approvals]\nmode = "single"', "single")])
def test_two_operators_are_needed_unless_the_file_or_the_environment_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, mode: str
) -> None:
    monkeypatch.delenv("NGAO_APPROVALS", raising=False)
    path = settings(tmp_path, "")
    path.write_text(f"{path.read_text()}\n{said}\n")
    assert (load(path).approvals.mode, load(path).approvals.within_s) == (mode, 86_400.0)
    for chosen in ("single", "two"):
        monkeypatch.setenv("NGAO_APPROVALS", chosen)
        assert load(path).approvals.mode == chosen
    monkeypatch.setenv("NGAO_APPROVALS", "nobody")
    with pytest.raises(Misconfigured, match="NGAO_APPROVALS must be one of"):
        load(path)


SENTENCES = {
    ("[http]", "[http]\nprot = 80"): "http.prot: Unknown field",
    ("port = 8080", ""): "http.port: Missing data for required field",
    ("port = 8080", 'port = "eighty"'): "http.port: Not a valid integer",
    ("port = 8080", "port = 65536"): "http.port: Must be greater than or equal to 0 and less than or equal to 65535",
    ("port = 8080", "port = 8080\nproxied_from = ['']"): "http.proxied_from.0: Length must be between 1 and 253",
    ("port = 8080", "port = 8080\nproxied_from = ['gate']"): (
        "http.inside_port: Where only a gate is let in, health is asked at a port of its own"
    ),
    ("port = 8080", "port = 8080\nkey_file = 'key'"): "http.cert_file: A certificate and its key are given together",
    ("port = 8080", "port = 8080\nreuse_port = 'perhaps'"): "http.reuse_port: Not a valid boolean",
    ('password_file = "password"', ""): "broker.password_file: Missing data for required field",
    ('password_file = "password"', 'password = "in the file"'): (
        "broker.password_file: Missing data for required field; broker.password: Unknown field"
    ),
    ("[broker]", "[broker]\nheld_too_long_s = 0"): (
        "broker.held_too_long_s: Must be greater than or equal to 0.1 and less than or equal to 3600"
    ),
    ("[store]", "[store]\npassword = 'x'"): "store.password: Unknown field",
    ("[store]", "[store]\npassword_before = 'x'"): "store.password_before: Unknown field",
    ("[store]", "[store]\nauth_source = 'x'"): "store.auth_source: Unknown field",
    ('directory = "keys"\n', ""): "keys.directory: Missing data for required field",
    ('[operators]\nfile = "operators.json"', ""): "operators: Missing data for required field",
    ('directories = ["policy"]', "directories = []"): "policy.directories: Shorter than minimum length 1",
    ('service = "notify"', 'service = "nobody"'): "service: Must be one of: intake, referral, notify, registry, console",
    ('service = "notify"', 'service = "notify"\nlog_level = "info"'): "log_level: Unknown field",
    ("[own]", "[logging]\nlevel = 'loud'\n[own]"): "logging.level: Must be one of: debug, info, warning, error",
    ("[own]", "[retry]\ntiers_s = []\n[own]"): "retry.tiers_s: Shorter than minimum length 1",
    ("[own]", "[start]\nwithin_s = 601\n[own]"): (
        "start.within_s: Must be greater than or equal to 0 and less than or equal to 600"
    ),
    ("[own]", "[events]\naccept_unsigned_until = 'soon'\n[own]"): "events.accept_unsigned_until: Not a valid datetime",
    ("[own]", "[events]\naccept_unsigned_until = '2999-01-01'\n[own]"): (
        "events.accept_unsigned_until: At most 31 days from now"
    ),
    ("[own]", "[approvals]\nmode = 'none'\n[own]"): "approvals.mode: Must be one of: two, single",
    ("[own]", "[audit]\nheads_late_after = 1\n[own]"): (
        "audit.heads_late_after: Must be greater than or equal to 2 and less than or equal to 100"
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", SENTENCES, ids=lambda change: change[1].splitlines()[-1] if change[1] else change[0])
def test_what_no_file_may_say_is_told_in_a_sentence_that_names_the_key(tmp_path: Path, change: tuple[str, str]) -> None:
    path = settings(tmp_path, "")
    assert path.read_text().count(change[0]) >= 1
    path.write_text(path.read_text().replace(*change, 1))
    with pytest.raises(Misconfigured) as caught:
        load(path)
    assert str(caught.value) == f"The settings file {path} has errors: {SENTENCES[change]}."


def test_what_a_file_leaves_out_is_as_it_has_always_been(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NGAO_PUBLIC_URL", "NGAO_APPROVALS", "NGAO_ACCEPT_UNSIGNED_UNTIL"):
        monkeypatch.delenv(name, raising=False)
    path = settings(tmp_path, "")
    path.write_text(path.read_text().replace('public_url = "https://localhost:8443"\n', ""))
    found = load(path)
    http = HttpSettings("127.0.0.1", 8080, "http://127.0.0.1:8080", 1024 * 1024, 50.0, 100)
    broker = ("ngao", "ngao.edge", 20, None, None, None, tmp_path / "password", 60.0)
    assert found.http == http
    assert found.broker == BrokerSettings("broker", 5671, "svc-notify", "not a secret", *broker)
    assert found.store == StoreSettings("notify-store:27017", "rs0", "ngao_notify", None, None, None, 5000)
    assert (found.keys_directory, found.public_keys_directory) == (tmp_path / "keys", tmp_path / "public")
    assert (found.policy_directories, found.operators_file) == ((tmp_path / "policy",), tmp_path / "operators.json")
    assert (found.log_level, found.start_within_s, found.accept_unsigned_until) == ("info", 60.0, None)
    assert found.retry_tiers_s == (5, 30, 120, 600, 3600)
    assert (found.audit, found.approvals) == (AuditSettings(60.0, 3600.0, 3, 300.0, 1.0), ApprovalSettings("two", 86_400.0))
