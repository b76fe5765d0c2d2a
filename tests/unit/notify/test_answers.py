"""Whose fault a mail server's refusal is."""

from __future__ import annotations

import pytest

from services.notify.channels.answers import Step, judge
from services.notify.domain.letter import Result

OF_THE_ACCOUNT = [
    (Step.ACCOUNT, 550, b"no"),
    (Step.ACCOUNT, 554, b"5.7.1 No SMTP service here"),
    (Step.RECIPIENT, 550, b"5.4.5 Daily user sending limit exceeded"),
    (Step.CONTENT, 550, b"5.4.5 Daily user sending limit exceeded"),
    (Step.RECIPIENT, 421, b"closing"),
    (Step.RECIPIENT, 454, b"4.7.0 Temporary authentication failure"),
    (Step.RECIPIENT, 530, b"Authentication required"),
    (Step.RECIPIENT, 554, b"5.7.1 Relay access denied"),
    (Step.RECIPIENT, 450, b"4.2.1 Peak SMTP relay limit exceeded for this customer"),
    (Step.CONTENT, 550, b"5.7.26 Unauthenticated mail"),
    (Step.CONTENT, 421, b"4.7.28 unusual rate"),
    (Step.RECIPIENT, 550, b"5.1.8 Bad sender"),
    (Step.RECIPIENT, 451, b"4.3.0 Server busy"),
]
OF_THE_LETTER = [
    (Step.RECIPIENT, 550, b"5.1.1 No such user", Result.NEVER),
    (Step.RECIPIENT, 550, b"no such user", Result.NEVER),
    (Step.RECIPIENT, 552, b"5.2.2 Mailbox full, over quota", Result.NEVER),
    (Step.RECIPIENT, 452, b"4.2.2 Mailbox full", Result.NOT_NOW),
    (Step.RECIPIENT, 550, b"4.2.1 Too fast", Result.NOT_NOW),
    (Step.RECIPIENT, 551, b"5.7.17 The owner of this mailbox has changed", Result.NEVER),
    (Step.RECIPIENT, 451, b"greylisted", Result.NOT_NOW),
    (Step.CONTENT, 552, b"5.3.4 Too large", Result.NEVER),
    (Step.CONTENT, 554, b"5.6.0 Cannot be read", Result.NEVER),
]


@pytest.mark.parametrize(("step", "code", "reply"), OF_THE_ACCOUNT)
def test_what_concerns_the_account_is_no_letters_end(step: Step, code: int, reply: bytes) -> None:
    outcome = judge(step, code, reply)
    assert (outcome.result, outcome.for_all) == (Result.NOT_NOW, True)


@pytest.mark.parametrize(("step", "code", "reply", "result"), OF_THE_LETTER)
def test_what_concerns_the_letter_holds_no_other_one(step: Step, code: int, reply: bytes, result: Result) -> None:
    outcome = judge(step, code, reply)
    assert (outcome.result, outcome.for_all) == (result, False)


def test_the_reason_holds_codes_and_none_of_the_servers_words() -> None:
    assert judge(Step.RECIPIENT, 550, b"5.1.1 asha.canary@example.org unknown").reason == "smtp_550_5.1.1"
