"""What the person agreed to, and whether it still holds: asked again at the moment of every disclosure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True)
class Consent:
    """One consent: purpose, which data, for whom (None: any vetted partner), until when, given when."""

    purpose: str
    scope: tuple[str, ...] = ()
    recipient: str | None = None
    until: datetime | None = None
    given_at: datetime | None = None


@dataclass(frozen=True)
class ConsentChange:
    """A consent given or withdrawn later, as the registry told it. No scope or no recipient means all of them."""

    purpose: str
    scope: tuple[str, ...]
    recipient: str | None
    granted: bool
    effective_at: datetime


class Refusal(StrEnum):
    """Why something may not be disclosed."""

    NO_CONSENT = "no_consent"
    CONSENT_EXPIRED = "consent_expired"
    WITHDRAWN = "withdrawn"
    NO_NARRATIVE = "no_narrative"


def refusal(
    consents: Iterable[Consent],
    changes: Iterable[ConsentChange],
    *,
    purpose: str,
    data: str,
    recipient: str,
    now: datetime,
) -> Refusal | None:
    """Say why `data` may not go to `recipient` now, or None if it may.

    A withdrawal beats every consent given before it or at the same moment, in whatever order the two are told. One that names
    a recipient is lifted only by a consent that names the same recipient: a general form filled in later does not undo it.
    """
    withdrawals = [
        each for each in changes
        if not each.granted and each.effective_at <= now and _reaches(each, purpose, data, recipient)
    ]
    fitting = [each for each in _given(consents, changes, now) if _fits(each, purpose, data, recipient)]
    standing = [each for each in fitting if not any(_beats(withdrawal, each) for withdrawal in withdrawals)]
    if any(each.until is None or each.until > now for each in standing):
        return None
    if standing:
        return Refusal.CONSENT_EXPIRED
    return Refusal.WITHDRAWN if withdrawals else Refusal.NO_CONSENT


def standing(consents: Iterable[Consent], changes: Iterable[ConsentChange], now: datetime) -> tuple[Consent, ...]:
    """The consents that others may be told of: expired ones left out, withdrawn scopes taken away."""
    changes = tuple(changes)
    kept = (_reduced(each, changes, now) for each in _given(consents, changes, now))
    return tuple(each for each in kept if each and (each.until is None or each.until > now))


def carried_over(old: Iterable[Consent], new: Iterable[Consent], now: datetime) -> tuple[Consent, ...]:
    """Consents of an update with the moment each was given: one that is only repeated keeps its old moment.

    A form that sends the same consent again with every edit must not undo a withdrawal made in between.
    """
    known = {replace(each, given_at=None, scope=tuple(sorted(each.scope))): each.given_at for each in old}
    return tuple(
        replace(each, given_at=known.get(replace(each, given_at=None, scope=tuple(sorted(each.scope))), now)) for each in new
    )


def _given(consents: Iterable[Consent], changes: Iterable[ConsentChange], now: datetime) -> list[Consent]:
    later = [
        Consent(each.purpose, each.scope, each.recipient, None, each.effective_at)
        for each in changes if each.granted and each.effective_at <= now
    ]
    return [*consents, *later]


def _fits(consent: Consent, purpose: str, data: str, recipient: str) -> bool:
    return consent.purpose == purpose and data in consent.scope and consent.recipient in (None, recipient)


def _reaches(withdrawal: ConsentChange, purpose: str, data: str, recipient: str) -> bool:
    return (
        withdrawal.purpose == purpose
        and (not withdrawal.scope or data in withdrawal.scope)
        and withdrawal.recipient in (None, recipient)
    )


def _beats(withdrawal: ConsentChange, consent: Consent) -> bool:
    if withdrawal.recipient is not None and consent.recipient is None:
        return True
    return consent.given_at is None or consent.given_at <= withdrawal.effective_at


def _reduced(consent: Consent, changes: tuple[ConsentChange, ...], now: datetime) -> Consent | None:
    withdrawals = [
        each for each in changes
        if not each.granted and each.effective_at <= now and each.purpose == consent.purpose
        and each.recipient in (None, consent.recipient) and (consent.given_at is None or consent.given_at <= each.effective_at)
    ]
    if any(not each.scope for each in withdrawals):
        return None
    gone = {scope for each in withdrawals for scope in each.scope}
    left = tuple(scope for scope in consent.scope if scope not in gone)
    return replace(consent, scope=left) if left or not consent.scope else None
