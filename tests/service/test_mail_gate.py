"""Notify's way to the mail server through the gate's own file, with a real haproxy and real SMTP conversations."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from ngao.chassis.errors import Misconfigured
from ngao.deployment.authority import Authority
from ngao.local.ports import free_port
from ngao.testing.processes import ROOT
from ngao.testing.waiting import eventually
from services.notify.channels.email import EmailChannel
from services.notify.channels.email_settings import SmtpSettings
from services.notify.channels.outgoing import Outcome, OutgoingMessage, Result
from services.notify.settings import read_own

NAME = "mail.example.org"
"""Nobody can be reached under it: a letter that arrives has gone through the gate."""

LETTER = OutgoingMessage("5f0c7e0a-1c1d-5e5e-8f8f-000000000001", "asha.canary@example.org", "A reference", "4F7A-92C1")
SMTP = {"host": NAME, "port": 587, "from": "desk@example.org"}
GATE = {"host": "mail-gate", "port": 2525}


class Taken:
    """What a mail server has taken, by recipients."""

    def __init__(self) -> None:
        self.letters: list[list[str]] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        self.letters.append(envelope.rcpt_tos)
        return "250 OK"


@contextmanager
def server(tls: str, context: ssl.SSLContext) -> Iterator[tuple[Taken, int]]:
    """A mail server that takes letters in this way only."""
    taken, port = Taken(), free_port()
    encrypted = {"tls": {"ssl_context": context}, "starttls": {"tls_context": context, "require_starttls": True}}.get(tls, {})
    controller = Controller(taken, hostname="127.0.0.1", port=port, **encrypted)
    controller.start()
    try:
        yield taken, port
    finally:
        controller.stop()


@contextmanager
def gate(folder: Path, leads_to: str) -> Iterator[int]:
    """The committed file; only the ports it listens at are others, because a test has no container to itself."""
    port, alive = free_port(), free_port()
    text = (ROOT / "deploy" / "wire" / "tls" / "mail.cfg").read_text()
    for known, own in (("bind :2525", f"bind 127.0.0.1:{port}"), ("127.0.0.1:9000", f"127.0.0.1:{alive}")):
        assert known in text
        text = text.replace(known, own)
    (folder / "mail.cfg").write_text(text)
    program = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, "haproxy is missing; `make test` installs it"
    command = [program, "-db", "-f", str(folder / "mail.cfg")]
    running = subprocess.Popen(command, env={**os.environ, "NGAO_MAIL_SERVER": leads_to}, stdout=subprocess.DEVNULL)
    try:
        eventually(lambda: not socket.socket().connect_ex(("127.0.0.1", alive)), within=30, what="the gate to listen")
        yield port
    finally:
        running.kill()
        running.wait()


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """An authority that this process trusts as it trusts those of the system."""
    authority = Authority.new()
    (tmp_path / "ca.pem").write_text(authority.certificate_pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return authority


def context_of(authority: Authority, name: str, folder: Path) -> ssl.SSLContext:
    pair = authority.server("mail", (name,))
    (folder / "cert.pem").write_text(pair.certificate + pair.key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert.pem")
    return context


@pytest.mark.parametrize("tls", ["none", "starttls", "tls"])
def test_a_letter_goes_through_the_gate_to_the_server_it_names(tls: str, trusted: Authority, tmp_path: Path) -> None:
    with server(tls, context_of(trusted, NAME, tmp_path)) as (taken, port), gate(tmp_path, f"127.0.0.1:{port}") as way:
        channel = EmailChannel(SmtpSettings(NAME, port, "desk@example.org", tls=tls, via=("127.0.0.1", way)))
        assert channel.send(LETTER) == Outcome(Result.ACCEPTED)
    assert taken.letters == [[LETTER.address]]


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_server_of_another_name_gets_no_letter(tls: str, trusted: Authority, tmp_path: Path) -> None:
    context = context_of(trusted, "other.example.org", tmp_path)
    with server(tls, context) as (taken, port), gate(tmp_path, f"127.0.0.1:{port}") as way:
        channel = EmailChannel(SmtpSettings(NAME, port, "desk@example.org", tls=tls, via=("127.0.0.1", way)))
        assert channel.send(LETTER).result is Result.TRANSIENT_FAILURE
    assert taken.letters == []


def test_a_server_that_is_away_means_later(tmp_path: Path) -> None:
    with gate(tmp_path, f"127.0.0.1:{free_port()}") as way:
        channel = EmailChannel(SmtpSettings(NAME, 587, "desk@example.org", tls="none", via=("127.0.0.1", way)))
        assert channel.send(LETTER) == Outcome(Result.TRANSIENT_FAILURE, "smtp_unreachable")


def test_without_a_gate_the_server_is_connected_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NGAO_MAIL_SERVER", raising=False)
    assert read_own({"smtp": SMTP}).channels["email"].via is None


def test_a_gate_that_leads_to_the_mail_server_is_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NGAO_MAIL_SERVER", f"{NAME}:587")
    assert read_own({"smtp": SMTP, "gate": GATE}).channels["email"].via == ("mail-gate", 2525)


@pytest.mark.parametrize("leads_to", [None, "mail:2525", NAME])
def test_a_gate_that_leads_elsewhere_stops_the_start_and_names_the_line(
    leads_to: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NGAO_MAIL_SERVER", raising=False)
    if leads_to:
        monkeypatch.setenv("NGAO_MAIL_SERVER", leads_to)
    with pytest.raises(Misconfigured, match=rf"NGAO_MAIL_SERVER={NAME}:587"):
        read_own({"smtp": SMTP, "gate": GATE})
