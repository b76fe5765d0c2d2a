"""The settings file: TLS is on when its files are named, and half of a pair is a mistake that is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from ngao.chassis.errors import Misconfigured
from ngao.chassis.settings import Settings, load

_FILE = """
service = "intake"
[http]
port = 8080
{http}
[broker]
host = "broker"
port = 5671
username = "svc-intake"
password_file = "own/broker.password"
{broker}
[store]
hosts = "intake-store:27017"
database = "ngao_intake"
{store}
[keys]
directory = "own/keys"
public_directory = "public"
[policy]
directories = ["policy"]
[operators]
file = "own/operators.json"
"""


def read(folder: Path, http: str = "", broker: str = "", store: str = "") -> Settings:
    (folder / "own").mkdir(exist_ok=True)
    (folder / "own" / "broker.password").write_text("first\n")
    (folder / "service.toml").write_text(_FILE.format(http=http, broker=broker, store=store))
    return load(folder / "service.toml")


def test_without_certificates_nothing_speaks_tls(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert (settings.http.cert_file, settings.broker.ca_file, settings.store.ca_file) == (None, None, None)
    assert settings.http.public_url.startswith("http://")


def test_an_empty_name_of_a_file_is_no_file(tmp_path: Path) -> None:
    settings = read(tmp_path, 'cert_file = ""\nkey_file = ""', 'ca_file = ""', 'ca_file = ""\npassword_file = ""')
    assert not any((settings.http.cert_file, settings.broker.ca_file, settings.store.ca_file, settings.store.password))


def test_files_of_tls_are_found_from_the_settings_own_folder(tmp_path: Path) -> None:
    pair = 'cert_file = "own/tls/cert.pem"\nkey_file = "own/tls/key.pem"'
    settings = read(tmp_path, pair, f'ca_file = "public/ca.pem"\n{pair}', 'ca_file = "public/ca.pem"')
    assert settings.http.cert_file == settings.broker.cert_file == tmp_path / "own" / "tls" / "cert.pem"
    assert settings.http.key_file == settings.broker.key_file == tmp_path / "own" / "tls" / "key.pem"
    assert settings.broker.ca_file == settings.store.ca_file == tmp_path / "public" / "ca.pem"
    assert settings.http.public_url.startswith("https://")


@pytest.mark.parametrize(
    ("http", "broker", "says"),
    [
        ('cert_file = "c"', "", "http.key_file"),
        ('key_file = "k"', "", "http.cert_file"),
        ("", 'ca_file = "a"\ncert_file = "c"', "broker.key_file"),
        ("", 'cert_file = "c"\nkey_file = "k"', "broker.ca_file"),
    ],
)
def test_half_of_what_tls_needs_is_refused_by_name(tmp_path: Path, http: str, broker: str, says: str) -> None:
    with pytest.raises(Misconfigured, match=says):
        read(tmp_path, http, broker)


def test_a_changed_password_is_seen_without_reading_the_settings_again(tmp_path: Path) -> None:
    broker = read(tmp_path).broker
    assert broker.current_password() == "first"
    (tmp_path / "own" / "broker.password").write_text("second\n")
    assert broker.current_password() == "second"
