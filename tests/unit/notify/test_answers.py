"""Whose fault a mail server's refusal is."""

from __future__ import annotations

import pytest

from services.notify.channels.answers import Stage, outcome_of
from services.notify.channels.outgoing import Result

TRANSIENT, PERMANENT = Result.TRANSIENT_FAILURE, Result.PERMANENT_FAILURE

OF_THE_ACCOUNT = [
    (Stage.ACCOUNT, 550, b"no"),
    (Stage.ACCOUNT, 554, b"5.7.1 No SMTP service here"),
    (Stage.RECIPIENT, 550, b"5.4.5 Daily user sending limit exceeded"),
    (Stage.CONTENT, 550, b"5.4.5 Daily user sending limit exceeded"),
    (Stage.RECIPIENT, 421, b"closing"),
    (Stage.RECIPIENT, 454, b"4.7.0 Temporary authentication failure"),
    (Stage.RECIPIENT, 530, b"Authentication required"),
    (Stage.RECIPIENT, 554, b"5.7.1 Relay access denied"),
    (Stage.RECIPIENT, 450, b"4.2.1 Peak SMTP relay limit exceeded for this customer"),
    (Stage.CONTENT, 550, b"5.7.26 Unauthenticated mail"),
    (Stage.CONTENT, 421, b"4.7.28 unusual rate"),
    (Stage.RECIPIENT, 550, b"5.1.8 Bad sender"),
    (Stage.RECIPIENT, 451, b"4.3.0 Server busy"),
    (Stage.RECIPIENT, 550, b"relay not permitted"),
    (Stage.RECIPIENT, 550, b"Relaying denied"),
    (Stage.RECIPIENT, 550, b"we do not relay for you"),
    (Stage.RECIPIENT, 554, b"Service unavailable; Client host [192.0.2.1] blocked using a list"),
    (Stage.RECIPIENT, 554, b"<asha@example.org>: Relay access denied"),
    (Stage.RECIPIENT, 553, b"sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"),
    (Stage.RECIPIENT, 553, b"sorry, that domain isn't in my list of allowed rcpthosts"),
    (Stage.RECIPIENT, 550, b"Domain example.org has exceeded the max emails per hour (200/200 (100%)) allowed"),
    (Stage.CONTENT, 550, b"Domain example.org has exceeded the max emails per hour\n(200/200 (100%)) allowed."),
    (Stage.RECIPIENT, 550, b"SMTP authentication is required"),
    (Stage.RECIPIENT, 503, b"You must authenticate first"),
    (Stage.RECIPIENT, 554, b"5.7.57 Client not authenticated to send mail"),
    (Stage.CONTENT, 550, b"5.7.501 Access denied, spam abuse detected"),
    (Stage.RECIPIENT, 550, b"5.7.606 Access denied, banned sending IP"),
    (Stage.RECIPIENT, 550, b"5.7.708 Service unavailable. Access denied, traffic not accepted from this IP"),
    (Stage.CONTENT, 550, b"5.7.750 Service unavailable. Client blocked from sending from unregistered domains"),
    (Stage.RECIPIENT, 550, b"5.1.90 Your message can't be sent because you've reached your daily limit for message recipients"),
    (Stage.RECIPIENT, 450, b"Sender rate limit exceeded"),
    (Stage.CONTENT, 550, b"5.2.1 Daily sending limit reached"),
]
OF_THE_LETTER = [
    (Stage.RECIPIENT, 550, b"5.1.1 No such user", PERMANENT),
    (Stage.RECIPIENT, 550, b"no such user", PERMANENT),
    (Stage.RECIPIENT, 552, b"5.2.2 Mailbox full, over quota", PERMANENT),
    (Stage.RECIPIENT, 452, b"4.2.2 Mailbox full", TRANSIENT),
    (Stage.RECIPIENT, 452, b"4.2.2 The email account that you tried to reach is over quota.", TRANSIENT),
    (Stage.RECIPIENT, 552, b"5.2.2 The email account that you tried to reach is over quota and inactive.", PERMANENT),
    (Stage.CONTENT, 552, b"5.2.2 The sender's account: quota of this mailbox is used up", PERMANENT),
    (Stage.RECIPIENT, 552, b"account is over quota", PERMANENT),
    (Stage.RECIPIENT, 550, b"5.1.1 The email account that you tried to reach does not exist; daily limit", PERMANENT),
    (Stage.RECIPIENT, 550, b"sorry, no mailbox here by that name. (#5.1.1)", PERMANENT),
    (Stage.RECIPIENT, 450, b"4.2.1 The user you are trying to contact is getting mail at a rate that is too high", TRANSIENT),
    (Stage.RECIPIENT, 550, b"4.2.1 Too fast", TRANSIENT),
    (Stage.RECIPIENT, 550, b"Recipient address rejected: User unknown in relay recipient table", PERMANENT),
    (Stage.RECIPIENT, 550, b"5.7.129 The recipient takes mail from chosen senders only", PERMANENT),
    (Stage.RECIPIENT, 551, b"5.7.17 The owner of this mailbox has changed", PERMANENT),
    (Stage.RECIPIENT, 451, b"greylisted", TRANSIENT),
    (Stage.CONTENT, 552, b"5.3.4 Too large", PERMANENT),
    (Stage.CONTENT, 554, b"5.6.0 Cannot be read", PERMANENT),
]


@pytest.mark.parametrize(("step", "code", "reply"), OF_THE_ACCOUNT)
def test_what_concerns_the_account_is_no_letters_end(step: Stage, code: int, reply: bytes) -> None:
    outcome = outcome_of(step, code, reply)
    assert (outcome.result, outcome.for_all) == (TRANSIENT, True)


@pytest.mark.parametrize(("step", "code", "reply", "result"), OF_THE_LETTER)
def test_what_concerns_the_letter_holds_no_other_one(step: Stage, code: int, reply: bytes, result: Result) -> None:
    outcome = outcome_of(step, code, reply)
    assert (outcome.result, outcome.for_all) == (result, False)


def test_codes_at_the_end_of_an_answer_are_read_too() -> None:
    assert outcome_of(Stage.RECIPIENT, 553, b"sorry, no mailbox here by that name. (#5.1.1)").reason == "smtp_553_5.1.1"


def test_the_reason_holds_codes_and_none_of_the_servers_words() -> None:
    assert outcome_of(Stage.RECIPIENT, 550, b"5.1.1 asha.canary@example.org unknown").reason == "smtp_550_5.1.1"
