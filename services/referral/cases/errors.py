"""Why a case or an offer refuses.

    DomainError
    ├── NoSuchOffer      the case has no offer with this id
    ├── NoSuchNeed       the case has no need of this name
    └── NotRoutable      an offer that would break a law: no consent, restricted, already placed, not open

A message that names a case may hold its reference, never anything about a person.
"""

from __future__ import annotations


class DomainError(Exception):
    """The root of this service's own refusals."""

    slug = "referral-error"


class NoSuchOffer(DomainError):
    """The case has no offer with this id."""

    slug = "no-such-offer"


class NoSuchNeed(DomainError):
    """The case has no need of this name."""

    slug = "no-such-need"


class NotRoutable(DomainError):
    """An offer that would break a law; raised only when a caller has forgotten to ask first."""

    slug = "not-routable"
