"""E-mail: one letter, one SMTP conversation, one coded answer.

apprise writes the letter, smtplib hands it over. apprise's own `notify()` answers yes or no, makes a new Message-ID for every
try, waits between messages, and reads all of the system's authorities for each, which is a tenth of a second of computing.
"""

from __future__ import annotations

import smtplib
import ssl
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_string

from services.notify.channels.hush import hush
from services.notify.domain.letter import Letter, Outcome, Result

hush()
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # apprise 2.2 looks for imghdr, which Python 3.13 drops
    from apprise import AppriseAsset
    from apprise.plugins.email.base import NotifyEmail

TIMEOUT_S = 10
TLS_MODES = ("none", "starttls", "tls")


@dataclass(frozen=True)
class SmtpSettings:
    """Where mail is handed over. `tls` is none, starttls or tls; without a username nothing is authenticated."""

    host: str
    port: int
    sender: str
    tls: str = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)


class EmailChannel:
    """Hands letters to one mail server. Each answer of the server may take TIMEOUT_S seconds at most."""

    kind = "email"

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._tls = None if settings.tls == "none" else ssl.create_default_context()

    def send(self, letter: Letter) -> Outcome:
        """Try once; whatever the server or the network does becomes a coded outcome."""
        try:
            text = self._write(letter)
            with self._conversation() as server:
                server.sendmail(self._settings.sender, [letter.address], text)
        except smtplib.SMTPRecipientsRefused as error:
            return _judge(code for code, _ in error.recipients.values())
        except smtplib.SMTPAuthenticationError:
            # A wrong password is the operator's to mend, so the letter waits for it.
            return Outcome(Result.NOT_NOW, "smtp_login", for_all=True)
        except smtplib.SMTPResponseException as error:
            return _judge((error.smtp_code,))
        except (smtplib.SMTPException, OSError):
            return Outcome(Result.NOT_NOW, "smtp_unreachable", for_all=True)
        except _UnaddressableError:
            return Outcome(Result.NEVER, "address_invalid")
        return Outcome(Result.TAKEN)

    @contextmanager
    def _conversation(self) -> Iterator[smtplib.SMTP]:
        """A connection that is encrypted and logged in as the settings want, and closed whatever happens."""
        settings, server = self._settings, self._connected()
        try:
            if settings.tls == "starttls":
                server.starttls(context=self._tls)
            if settings.username and settings.password:
                server.login(settings.username, settings.password)
            yield server
        finally:
            with suppress(smtplib.SMTPException, OSError):  # what was taken is taken, whatever comes after it
                server.quit()
            server.close()

    def _connected(self) -> smtplib.SMTP:
        settings = self._settings
        if settings.tls == "tls":
            return smtplib.SMTP_SSL(settings.host, settings.port, timeout=TIMEOUT_S, context=self._tls)
        return smtplib.SMTP(settings.host, settings.port, timeout=TIMEOUT_S)

    def _write(self, letter: Letter) -> str:
        settings = self._settings
        plugin = NotifyEmail(
            host=settings.host,
            port=settings.port,
            from_addr=settings.sender,
            targets=[letter.address],
            secure_mode="insecure",  # it only writes here
            asset=AppriseAsset(app_id="", storage_mode="memory"),
        )
        if plugin.targets != [(False, letter.address)]:
            raise _UnaddressableError  # none, several (apprise splits at commas and blanks), or one with more in it
        prepared = plugin.prepare_emails(
            subject=letter.subject,
            body=letter.body,
            from_addr=plugin.from_addr,
            to=plugin.targets,
            notify_format="text",
            headers={"Auto-Submitted": "auto-generated"},
        )
        return _with_message_id(next(iter(prepared)).body, f"<{letter.message_id}@{settings.sender.rpartition('@')[2]}>")


class _UnaddressableError(Exception):
    """What stands on the letter is not one plain address."""


def _judge(codes: Iterable[int]) -> Outcome:
    """4xx may pass, 5xx will not (RFC 5321, 4.2.1)."""
    code = max(codes, default=500)
    return Outcome(Result.NOT_NOW if 400 <= code < 500 else Result.NEVER, f"smtp_{code}")


def _with_message_id(text: str, message_id: str) -> str:
    message = message_from_string(text)
    message.replace_header("Message-ID", message_id)
    return message.as_string()
