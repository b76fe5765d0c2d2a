"""The one parser of a mail address, for the roster that stores it and for the channel that writes to it."""

from __future__ import annotations

import re

_LOCAL = re.compile(r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$")
_LABEL = re.compile(r"^(?!-)[A-Za-z0-9-]{1,63}(?<!-)$")
_LONGEST, _LONGEST_LOCAL = 254, 64


class AddressUnreadableError(ValueError):
    """No message could be sent to this address. The error never repeats it."""


def read_address(given: str) -> str:
    """Return the address as it is sent, its domain in ASCII (RFC 5890). Raises AddressUnreadableError.

    A letter outside ASCII before the `@` needs SMTPUTF8 (RFC 6531) of every server on the way, so it is refused when it is
    entered, and not when its owner has to be reached.
    """
    local, at, domain = given.strip().rpartition("@")
    if not at or len(local) > _LONGEST_LOCAL or not _LOCAL.fullmatch(local):
        raise AddressUnreadableError("Must have plain letters, digits or signs before one @, none with accents.")
    labels = _ascii(domain).split(".")
    read = f"{local}@{'.'.join(labels)}"
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels) or len(read) > _LONGEST:
        raise AddressUnreadableError("Must have the full name of a mail domain after the @.")
    return read


def _ascii(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise AddressUnreadableError("Must have the full name of a mail domain after the @.") from None
