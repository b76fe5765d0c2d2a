"""Placeholders: the texts that people type into a field that they cannot or must not fill. They name no one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from ngao.kernel.names import comparable, words
from ngao.kernel.phones import keys_of

_SEPARATORS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Placeholders:
    """The coalition's list, in the forms in which values are compared.

    `beside` are words that name no one where the rest of the name is a placeholder, and that are a name otherwise.
    `emails` are whole addresses, `local@` for every domain, or `@domain` for every address of it.
    """

    names: frozenset[str] = field(default=frozenset())
    phones: frozenset[str] = field(default=frozenset())
    beside: frozenset[str] = field(default=frozenset())
    emails: frozenset[str] = field(default=frozenset())

    @classmethod
    def of(
        cls, names: Iterable[str], phones: Iterable[str], region: str, beside: Iterable[str] = (), emails: Iterable[str] = ()
    ) -> Placeholders:
        """Return the list that operators have written."""
        addresses = ("@".join(_parts(email)) for email in emails)
        return cls(
            names=frozenset(map(comparable, names)),
            phones=frozenset(keys_of(phones, region)),
            beside=frozenset(map(comparable, beside)),
            emails=frozenset(addresses),
        )

    def is_name(self, name: str) -> bool:
        """Return True if a name is a person's: with at least one letter or digit, and not made of placeholders alone."""
        found = words(name)
        return bool(found) and not self._names_no_one(found)

    def real_names(self, values: Iterable[str]) -> tuple[str, ...]:
        """Return the names without placeholders."""
        return tuple(name for name in values if self.is_name(name))

    def real_phones(self, values: Iterable[str], region: str) -> tuple[str, ...]:
        """Return the numbers of phone fields without placeholders."""
        return tuple(filter(self.is_phone, keys_of(values, region)))

    def real_emails(self, values: Iterable[str]) -> tuple[str, ...]:
        """Return the addresses of e-mail fields without placeholders, in lower case."""
        return tuple(filter(self.is_email, (email.strip().lower() for email in values)))

    def without_placeholders(self, addresses: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        """Return the addresses `(kind, value)` that can match two people, without placeholders."""
        real = {"phone": self.is_phone, "email": self.is_email}
        return ((kind, value) for kind, value in addresses if real[kind](value))

    def is_phone(self, number: str) -> bool:
        """Return True if a number (E.164) is real: no dummy of the list, no number of one repeated digit."""
        return number not in self.phones and len(set(number[-7:])) > 1

    def is_email(self, address: str) -> bool:
        """Return True if an address is real: not listed, no placeholder before the `@`, not one repeated letter."""
        local, domain = _parts(address)
        if not (local and domain) or local in self._run_together:
            return False
        listed = self.emails & {f"{local}@", f"@{domain}", f"{local}@{domain}"}
        return not listed and len(set(local + domain.partition(".")[0])) > 1

    def _names_no_one(self, words: tuple[str, ...]) -> bool:
        """Return True if the words are listed names and words beside them in a row, with at least one listed name."""
        reached = {0: False}
        for start in range(len(words)):
            for end in range(start + 1, min(start + self._longest, len(words)) + 1):
                part = " ".join(words[start:end])
                if start in reached and (part in self.names or part in self.beside):
                    reached[end] = reached.get(end, False) or reached[start] or part in self.names
        return reached.get(len(words), False)

    @cached_property
    def _longest(self) -> int:
        return max((len(each.split()) for each in self.names | self.beside), default=0)

    @cached_property
    def _run_together(self) -> frozenset[str]:
        """Return the listed names as the part of an address before its `@` writes them."""
        return frozenset(name.replace(" ", "") for name in self.names)


def _parts(address: str) -> tuple[str, str]:
    """Split an address; the first part is without separators, because `no.email` and `no_email` are one placeholder."""
    local, _, domain = address.strip().lower().rpartition("@")
    return _SEPARATORS.sub("", local), domain
