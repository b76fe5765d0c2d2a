"""What the person agreed to, and whether it still holds: asked again at the moment of every disclosure.

Referral and the registry answer the same question from the same events, each for itself: `tests/contract/consent_cases.yaml`
holds what all three must say. What gives counts from its own time; what takes away counts as soon as it is heard.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from ngao.kernel.clocks import CLOCKS_DIFFER


@dataclass(frozen=True)
class Consent:
    """One consent: purpose, which data, for whom (None: any vetted partner), until when, given when.

    An empty scope allows the purpose and no data.
    """

    purpose: str
    scope: tuple[str, ...] = ()
    recipient: str | None = None
    until: datetime | None = None
    given_at: datetime | None = None


@dataclass(frozen=True)
class ConsentChange:
    """A consent given or withdrawn later, as the registry told it.

    A withdrawal without scope withdraws the purpose, one without recipient withdraws for everybody. Only a consent has an end.
    """

    purpose: str
    scope: tuple[str, ...]
    recipient: str | None
    granted: bool
    effective_at: datetime
    until: datetime | None = None


class Refusal(StrEnum):
    """Why something may not be disclosed."""

    NO_CONSENT = "no_consent"
    CONSENT_EXPIRED = "consent_expired"
    WITHDRAWN = "withdrawn"
    NO_NARRATIVE = "no_narrative"
    KEY_NOT_VOUCHED = "key_not_vouched"
    KEY_CHANGED = "key_changed"
    KEY_OUTDATED = "key_outdated"
    NOT_SIGNED = "acceptance_not_signed"


def refusal(
    consents: Iterable[Consent],
    changes: Iterable[ConsentChange],
    *,
    purpose: str,
    data: str | None,
    recipient: str,
    now: datetime,
) -> Refusal | None:
    """Say why `data` (None: the purpose as such) may not go to `recipient` now, or None if it may.

    A withdrawal beats every consent given before it or at the same moment, in whatever order the two are told. One that names
    a recipient beats general consents of any time: the recipient gets again only what a later consent that names it gives.
    """
    said = [each for each in changes if each.purpose == purpose]
    withdrawals = [each for each in said if not each.granted and each.recipient in (None, recipient)]
    given = [
        each for each in (*consents, *_given_later(said))
        if each.purpose == purpose and each.recipient in (None, recipient) and _counts(each, now)
    ]
    standing = [each for each in given if _reaches(each.scope, data) and not _withdrawn(each, data, withdrawals)]
    if any(each.until is None or each.until > now for each in standing):
        return None
    if standing:
        return Refusal.CONSENT_EXPIRED
    return Refusal.WITHDRAWN if any(_takes(each, data) for each in withdrawals) else Refusal.NO_CONSENT


def carried_over(old: Iterable[Consent], new: Iterable[Consent], now: datetime) -> tuple[Consent, ...]:
    """Consents of an update with the moment each was given: one that is only repeated keeps its old moment.

    A form that sends the same consent again with every edit must not undo a withdrawal made in between.
    """
    known = {_content(each): each.given_at for each in old}
    return tuple(replace(each, given_at=known.get(_content(each), now)) for each in new)


def _content(consent: Consent) -> tuple[object, ...]:
    return consent.purpose, frozenset(consent.scope), consent.recipient, consent.until


def _given_later(changes: Iterable[ConsentChange]) -> list[Consent]:
    return [Consent(each.purpose, each.scope, each.recipient, each.until, each.effective_at) for each in changes if each.granted]


def _counts(consent: Consent, now: datetime) -> bool:
    return consent.given_at is None or consent.given_at <= now + CLOCKS_DIFFER


def _reaches(scope: tuple[str, ...], data: str | None) -> bool:
    return data is None or data in scope


def _takes(withdrawal: ConsentChange, data: str | None) -> bool:
    return not withdrawal.scope or data is None or data in withdrawal.scope


def _withdrawn(consent: Consent, data: str | None, withdrawals: Iterable[ConsentChange]) -> bool:
    """Whether nothing is left of what the consent says about `data`; a purpose without data is only withdrawn as a whole."""
    beating = [each for each in withdrawals if _beats(each, consent)]
    if any(not each.scope for each in beating):
        return True
    asked = {data} if data is not None else set(consent.scope)
    return bool(asked) and asked <= {scope for each in beating for scope in each.scope}


def _beats(withdrawal: ConsentChange, consent: Consent) -> bool:
    if withdrawal.recipient is not None and consent.recipient is None:
        return True
    return consent.given_at is None or consent.given_at <= withdrawal.effective_at
