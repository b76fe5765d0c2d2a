"""Real SMTP conversations with the mailbox, and the same expectations of the fake that unit tests use."""

from __future__ import annotations

import logging
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from marshmallow import ValidationError

from ngao.chassis.errors import Misconfigured
from ngao.local.mailbox import Mail, command, messages
from ngao.testing.mailbox import Mailbox, behave, misbehave
from ngao.testing.notify import MemoryChannel, shipped_policy
from ngao.testing.processes import free_port
from ngao.testing.waiting import eventually
from services.notify.channels import email
from services.notify.channels.email import EmailChannel
from services.notify.channels.email_settings import SmtpSettings
from services.notify.channels.outgoing import Outcome, OutgoingMessage, Result
from services.notify.roster.responses import RosterEntry
from services.notify.settings import read_own
from tests.support.notify import MAIL_CASES, refusals

ADDRESS = "asha.canary@example.org"
TEMPLATES = shipped_policy().templates


def letter(template: str = "partner_look_now", language: str = "sw", address: str = ADDRESS) -> OutgoingMessage:
    text = TEMPLATES.render(template, language, reference="4F7A-92C1", link="")
    return OutgoingMessage("5f0c7e0a-1c1d-5e5e-8f8f-000000000001", address, text.subject, text.body)


def channel_to(port: int) -> EmailChannel:
    return EmailChannel(SmtpSettings("127.0.0.1", port, "desk@example.org", tls="none"))


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "mail"


@pytest.fixture
def mailbox(directory: Path) -> Iterator[Mailbox]:
    with Mailbox(directory) as running:
        yield running


class FakeSide:
    """The fake, and how to look at it and make it refuse."""

    def __init__(self) -> None:
        self.channel = MemoryChannel()

    def refuse_once(self, outcome: Outcome) -> None:
        self.channel.answer_next(outcome)

    def relent(self) -> None:
        """Its refusals are used up by themselves."""

    def taken(self) -> list[tuple[str, str]]:
        return [(each.subject, each.body) for each in self.channel.taken]


class MailSide:
    """The real channel on a real server."""

    def __init__(self, mailbox: Mailbox, directory: Path) -> None:
        self.channel = channel_to(mailbox.port)
        self.directory = directory

    def refuse_once(self, outcome: Outcome) -> None:
        misbehave(self.directory, refuse=f"{outcome.reason.removeprefix('smtp_')} mailbox of {ADDRESS}")

    def relent(self) -> None:
        behave(self.directory)

    def taken(self) -> list[tuple[str, str]]:
        return [(each.subject, each.text.strip()) for each in messages(self.directory)]


@pytest.fixture(params=["fake", "mail"])
def side(request: pytest.FixtureRequest, directory: Path) -> FakeSide | MailSide:
    """The same expectations are held against both."""
    return FakeSide() if request.param == "fake" else MailSide(request.getfixturevalue("mailbox"), directory)


def test_a_letter_is_taken_and_arrives_whole(side: FakeSide | MailSide) -> None:
    assert side.channel.send(letter()) == Outcome(Result.ACCEPTED)
    assert side.taken() == [(letter().subject, letter().body)]


CODES = [(421, Result.TRANSIENT_FAILURE), (451, Result.TRANSIENT_FAILURE), (550, Result.PERMANENT_FAILURE)]


@pytest.mark.parametrize(("code", "result"), CODES)
def test_a_refusal_is_a_coded_outcome_and_not_an_exception(side: FakeSide | MailSide, code: int, result: Result) -> None:
    side.refuse_once(Outcome(result, f"smtp_{code}"))
    assert side.channel.send(letter()) == Outcome(result, f"smtp_{code}")
    assert side.taken() == []


def test_after_a_temporary_refusal_the_next_try_is_taken(side: FakeSide | MailSide) -> None:
    side.refuse_once(Outcome(Result.TRANSIENT_FAILURE, "smtp_451"))
    side.channel.send(letter())
    side.relent()
    assert side.channel.send(letter()).result is Result.ACCEPTED


@pytest.mark.parametrize(("code", "result"), CODES[1:])
def test_a_refusal_of_the_text_is_the_letters_own(mailbox: Mailbox, directory: Path, code: int, result: Result) -> None:
    misbehave(directory, refuse=f"{code} no", at="data")
    outcome = channel_to(mailbox.port).send(letter())
    assert (outcome, outcome.for_all) == (Outcome(result, f"smtp_{code}"), False)


@pytest.mark.parametrize("step", ["connect", "mail"])
@pytest.mark.parametrize("code", [421, 451, 550, 554])
def test_a_refusal_before_a_recipient_is_named_is_no_letters_fault(
    mailbox: Mailbox, directory: Path, step: str, code: int
) -> None:
    misbehave(directory, refuse=f"{code} no", at=step)
    outcome = channel_to(mailbox.port).send(letter())
    assert (outcome, outcome.for_all) == (Outcome(Result.TRANSIENT_FAILURE, f"smtp_{code}"), True)


@pytest.mark.parametrize(("step", "answer"), refusals())
def test_what_concerns_the_whole_account_is_not_one_letters_fault(
    mailbox: Mailbox, directory: Path, step: str, answer: str
) -> None:
    misbehave(directory, refuse=answer, at=step)
    channel = channel_to(mailbox.port)
    outcome = channel.send(letter())
    assert (outcome.result, outcome.for_all) == (Result.TRANSIENT_FAILURE, True)
    behave(directory)
    assert channel.send(letter()).result is Result.ACCEPTED
    assert len(messages(directory)) == 1


@pytest.mark.parametrize("given", (MAIL_CASES / "addresses.txt").read_text("utf-8").split())
def test_an_address_that_the_roster_takes_can_be_written_to(mailbox: Mailbox, directory: Path, given: str) -> None:
    try:
        address = RosterEntry().load({"email": given})["email"]
    except ValidationError:
        return  # refused when it is entered
    assert channel_to(mailbox.port).send(letter(address=address)) == Outcome(Result.ACCEPTED)
    assert messages(directory)[0].recipients == (address,)


def test_at_most_one_of_the_addresses_of_the_file_is_refused() -> None:
    given = (MAIL_CASES / "addresses.txt").read_text("utf-8").split()
    assert [each for each in given if RosterEntry().validate({"email": each})] == ["zoë@example.org"]


def test_a_server_that_hangs_up_after_the_text_leaves_open_whether_it_was_taken() -> None:
    with _listening(answer=b"") as (port, _):
        outcome = channel_to(port).send(letter())
    assert (outcome, outcome.for_all) == (Outcome(Result.TRANSIENT_FAILURE, "smtp_unanswered"), False)


def test_the_server_is_greeted_with_the_senders_domain_and_not_with_the_name_of_our_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket, "getfqdn", lambda *_: "ngao.defenders.example.net")
    greeted: list[bytes] = []
    with _listening(answer=b"250 OK\r\n", greeted=greeted) as (port, _):
        assert channel_to(port).send(letter()) == Outcome(Result.ACCEPTED)
    assert greeted == [b"ehlo example.org\r\n"]


def test_a_password_that_the_protocol_cannot_carry_is_a_refusal_of_the_account() -> None:
    settings = SmtpSettings("127.0.0.1", 0, "desk@example.org", tls="none", username="desk", password="pässword")
    with _listening(answer=b"", offers=b"250-here\r\n250 AUTH PLAIN\r\n") as (port, _):
        outcome = EmailChannel(replace(settings, port=port)).send(letter())
    assert (outcome, outcome.for_all) == (Outcome(Result.TRANSIENT_FAILURE, "smtp_login"), True)


@contextmanager
def _listening(
    answer: bytes, *, offers: bytes = b"250 OK\r\n", greeted: list[bytes] | None = None
) -> Iterator[tuple[int, list[bytes]]]:
    """A server that keeps the lines of one letter as they came, gives this answer, and closes the connection.

    It answers a greeting with `offers`, and keeps it in `greeted`.
    """
    kept: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection, connection.makefile("rb") as lines:
                connection.sendall(b"220 here\r\n")
                for line in lines:
                    if line[:4].upper() == b"QUIT":
                        return
                    if line[:4].upper() == b"EHLO":
                        (greeted if greeted is not None else []).append(line)
                        connection.sendall(offers)
                    elif line[:4].upper() in {b"MAIL", b"RCPT", b"RSET"}:
                        connection.sendall(b"250 OK\r\n")
                    elif line[:4].upper() == b"DATA":
                        connection.sendall(b"354 go on\r\n")
                        kept.extend(iter(lines.readline, b".\r\n"))
                        connection.sendall(answer)
                        return

        server = threading.Thread(target=serve)
        server.start()
        yield listening.getsockname()[1], kept
        server.join(10)


LONGEST = f"{'a' * 64}@{'.'.join(['b' * 60] * 3)}.org"
"""An address as long as the roster takes them, nearly."""

SWAHILI = OutgoingMessage("5f0c7e0a-1c1d-5e5e-8f8f-000000000001", LONGEST, "Tafadhali – angalia\n" * 9, f".\n{'ujumbe – ' * 300}")


@pytest.mark.parametrize("sent", [letter(), SWAHILI], ids=["template", "long"])
def test_on_the_wire_a_letter_is_short_lines_of_ascii_dated_in_utc(sent: OutgoingMessage) -> None:
    with _listening(answer=b"250 OK\r\n") as (port, lines):
        assert channel_to(port).send(sent) == Outcome(Result.ACCEPTED)
    assert all(line.isascii() and line.endswith(b"\r\n") and b"\0" not in line for line in lines)
    assert [line for line in lines if len(line) > 76 + 2] == [b"To: %s\r\n" % LONGEST.encode()] * (sent is SWAHILI)
    taken = message_from_bytes(b"".join(line.removeprefix(b".") for line in lines), policy=default)
    assert isinstance(taken, EmailMessage)
    assert taken["To"].addresses[0].addr_spec == sent.address
    assert taken["Message-ID"] == f"<{sent.message_id}@example.org>"
    assert taken["Date"].endswith(" +0000")
    assert abs(taken["Date"].datetime - datetime.now(UTC)) < timedelta(seconds=30)
    assert taken["Subject"] == " ".join(sent.subject.split())
    assert taken.get_content().split() == sent.body.split()


def test_the_mail_server_of_the_demo_keeps_each_letter_in_a_file(directory: Path) -> None:
    port = free_port()
    with subprocess.Popen(command(directory, "127.0.0.1", port)) as server:
        try:
            eventually(lambda: channel_to(port).send(letter()).result is Result.ACCEPTED, what="a letter to be taken")
            (mail,) = messages(directory)
            assert (mail.sender, mail.recipients, mail.subject) == ("desk@example.org", (ADDRESS,), letter().subject)
            assert mail.text.strip() == letter().body.strip()
        finally:
            server.send_signal(signal.SIGINT)
        assert server.wait(10) == 0


def test_two_tries_carry_the_same_message_id(mailbox: Mailbox, directory: Path) -> None:
    for _ in range(2):
        channel_to(mailbox.port).send(letter())
    assert {each.headers["Message-ID"] for each in messages(directory)} == {f"<{letter().message_id}@example.org>"}


@pytest.mark.parametrize("template", sorted(TEMPLATES.texts))
@pytest.mark.parametrize("language", ["en", "sw"])
def test_what_arrives_is_the_template_and_neutral_headers_only(
    mailbox: Mailbox, directory: Path, template: str, language: str
) -> None:
    channel_to(mailbox.port).send(letter(template, language))
    mail = messages(directory)[0]
    assert set(mail.headers) == {
        "Content-Type", "MIME-Version", "Content-Transfer-Encoding", "Auto-Submitted", "Subject", "From", "To", "Message-ID",
        "Date",
    }  # fmt: skip
    assert (mail.sender, mail.recipients, mail.headers["From"]) == ("desk@example.org", (ADDRESS,), "desk@example.org")
    assert not any(word in _whole(mail) for word in ("ngao", "case", "defender", "referral", "NG-"))


def test_no_log_line_of_any_library_holds_the_address(
    mailbox: Mailbox, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    channel = channel_to(mailbox.port)
    lines, root = _Lines(), logging.getLogger()
    root.addHandler(lines)
    caplog.set_level(logging.DEBUG)
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # the mailbox's own, which is no part of the service
    try:
        channel.send(letter())
        misbehave(directory, refuse=f"550 {ADDRESS} unknown")
        channel.send(letter())
        channel.send(letter(address="asha.canary at example"))
    finally:
        root.removeHandler(lines)
    assert not [line for line in (*lines.kept, caplog.text) if "asha.canary" in line]


def test_a_server_that_is_not_there_means_later() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert channel_to(taken.getsockname()[1]).send(letter()) == Outcome(Result.TRANSIENT_FAILURE, "smtp_unreachable")


def test_a_server_that_never_answers_holds_us_no_longer_than_the_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(email, "TIMEOUT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        outcome = channel_to(silent.getsockname()[1]).send(letter())
    assert outcome == Outcome(Result.TRANSIENT_FAILURE, "smtp_unreachable")
    assert time.monotonic() - began < 3


def test_a_server_without_tls_gets_no_letter_when_tls_is_wanted(mailbox: Mailbox, directory: Path) -> None:
    channel = EmailChannel(SmtpSettings("127.0.0.1", mailbox.port, "desk@example.org", tls="starttls"))
    assert channel.send(letter()).result is Result.TRANSIENT_FAILURE
    assert messages(directory) == []


def test_what_is_no_address_fails_at_once(mailbox: Mailbox) -> None:
    assert channel_to(mailbox.port).send(letter(address="nobody")) == Outcome(Result.PERMANENT_FAILURE, "address_invalid")


def test_an_address_cannot_bring_headers_or_recipients_along(mailbox: Mailbox, directory: Path) -> None:
    for address in ("a@example.org\r\nBcc: b@example.org", "a@example.org, b@example.org", "a@example.org b@example.org"):
        assert channel_to(mailbox.port).send(letter(address=address)).result is Result.PERMANENT_FAILURE
    assert messages(directory) == []


def test_settings_are_checked_whole_and_the_password_is_never_shown(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("canary-password\n")
    smtp = {"host": "mail.example.org", "port": 587, "from": "desk@example.org"}
    own = read_own({"smtp": {**smtp, "username": "desk", "password_file": str(tmp_path / "password")}})
    smtp_settings = own.channels["email"]
    assert (smtp_settings.password, smtp_settings.tls) == ("canary-password", "starttls")
    assert "canary" not in repr(own)
    for broken in ({}, {"smtp": {}}, {"smtp": {**smtp, "tls": "maybe"}}, {"smtp": {**smtp, "username": "desk"}}, {"smpt": smtp}):
        with pytest.raises(Misconfigured):
            read_own(broken)


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__(level=0)
        self.kept: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append(record.getMessage())


def _whole(mail: Mail) -> str:
    return f"{mail.subject} {mail.text} {mail.headers}"
