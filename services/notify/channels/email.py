"""E-mail: one message, one SMTP conversation, one coded answer."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from marshmallow import ValidationError, fields

from services.notify.channels.answers import Stage, outcome_of
from services.notify.channels.channel import ChannelKind
from services.notify.channels.email_address import AddressUnreadableError, read_address
from services.notify.channels.email_settings import GateSection, SmtpSection, SmtpSettings, read_smtp
from services.notify.channels.outgoing import Outcome, OutgoingMessage, Result

TIMEOUT_S = 10
_WIRE = SMTP.clone(max_line_length=76)  # RFC 2045, 6.7: the longest line of quoted-printable; the standard library allows 78


class EmailChannel:
    """Hands messages to one mail server. Each answer of the server may take TIMEOUT_S seconds at most."""

    kind = "email"

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._tls = None if settings.tls == "none" else ssl.create_default_context()

    def send(self, outgoing: OutgoingMessage) -> Outcome:
        """Try once. Whatever the server or the network does becomes a coded outcome."""
        try:
            address = read_address(outgoing.address)
        except AddressUnreadableError:
            return Outcome(Result.PERMANENT_FAILURE, "address_invalid")
        text = self._write(outgoing, address)
        try:
            with self._conversation() as server:
                return self._hand_over(server, address, text)
        except (smtplib.SMTPAuthenticationError, UnicodeError):
            # A password that is wrong, or that SMTP cannot carry, is the operator's to fix, so the message waits for it.
            return Outcome(Result.TRANSIENT_FAILURE, "smtp_login", for_all=True)
        except smtplib.SMTPResponseException as error:
            return outcome_of(Stage.ACCOUNT, error.smtp_code, _bytes(error.smtp_error))
        except (smtplib.SMTPException, OSError):
            return Outcome(Result.TRANSIENT_FAILURE, "smtp_unreachable", for_all=True)

    def _hand_over(self, server: smtplib.SMTP, address: str, text: bytes) -> Outcome:
        """Send one message stage by stage, because each stage's refusal means something else."""
        server.ehlo_or_helo_if_needed()
        code, reply = server.mail(self._settings.sender)
        if code not in _ACCEPTED:
            return outcome_of(Stage.ACCOUNT, code, reply)
        code, reply = server.rcpt(address)
        if code not in _ACCEPTED:
            return outcome_of(Stage.RECIPIENT, code, reply)
        return _hand_over_text(server, text)

    @contextmanager
    def _conversation(self) -> Iterator[smtplib.SMTP]:
        """Connect, encrypt and log in as the settings say, and close the connection whatever happens."""
        settings = self._settings
        server = _TlsServer(settings, context=self._tls) if settings.tls == "tls" else _Server(settings)
        try:
            if settings.tls == "starttls":
                server.starttls(context=self._tls)
            if settings.username and settings.password:
                server.login(settings.username, settings.password)
            yield server
        finally:
            with suppress(smtplib.SMTPException, OSError):  # the message has been accepted, whatever follows
                server.quit()
            server.close()

    def _write(self, outgoing: OutgoingMessage, address: str) -> bytes:
        sender = self._settings.sender
        message = EmailMessage(policy=_WIRE)
        message["From"], message["To"] = sender, address
        message["Subject"] = " ".join(outgoing.subject.split())  # a header with a line end is refused
        message["Date"] = datetime.now(UTC)
        message["Message-ID"] = f"<{outgoing.message_id}@{_domain(sender)}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(outgoing.body, cte="quoted-printable")
        return bytes(message)


class _Server(smtplib.SMTP):
    """The mail server, connected to through the gate where there is one."""

    def __init__(self, settings: SmtpSettings, **options: Any) -> None:
        self._via = settings.via or (settings.host, settings.port)
        name = _domain(settings.sender)  # the recipient can read it; by default it is our machine's
        super().__init__(settings.host, settings.port, local_hostname=name, timeout=TIMEOUT_S, **options)

    def _get_socket(self, _host: str, _port: int, timeout: float) -> socket.socket:
        return super()._get_socket(*self._via, timeout)  # type: ignore[misc,no-any-return]  # smtplib's own seam, without a stub


class _TlsServer(_Server, smtplib.SMTP_SSL):
    """The same in TLS from the first byte: smtplib asks the certificate for the server's name, whatever the address is."""


_ACCEPTED = frozenset({250, 251})


def _hand_over_text(server: smtplib.SMTP, text: bytes) -> Outcome:
    """Send the text. If the connection ends here, the server may have accepted it, so that it counts as a try."""
    try:
        code, reply = server.data(text)
    except smtplib.SMTPDataError as error:
        code, reply = error.smtp_code, _bytes(error.smtp_error)
    except (smtplib.SMTPException, OSError):
        return Outcome(Result.TRANSIENT_FAILURE, "smtp_unanswered")
    return Outcome(Result.ACCEPTED) if code in _ACCEPTED else outcome_of(Stage.CONTENT, code, reply)


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


def _bytes(reply: bytes | str) -> bytes:
    return reply if isinstance(reply, bytes) else reply.encode("utf-8", "replace")


class _Address(fields.String):
    """A mail address, checked on entry: every address that passes is one that the channel can write to."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        try:
            return read_address(super()._deserialize(value, attr, data, **kwargs))
        except AddressUnreadableError as error:
            raise ValidationError(f"format|{error}") from None


def _masked(address: str) -> str:
    """Return the first letter and the last label only: `a…@….org`."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@….{domain.rpartition('.')[2]}"


EMAIL = ChannelKind(
    kind=EmailChannel.kind,
    sections={
        "smtp": fields.Nested(SmtpSection, required=True),
        "gate": fields.Nested(GateSection, load_default=None),
    },
    settings=lambda own: read_smtp(own["smtp"], own["gate"]),
    open=EmailChannel,
    address=_Address,
    masked=_masked,
)
