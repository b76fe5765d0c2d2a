"""What people type into a field that they cannot or must not fill: it names no one, so it makes no two people one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ngao.kernel import names, phones


@dataclass(frozen=True)
class Placeholders:
    """The coalition's list, in the forms in which values are compared."""

    names: frozenset[str] = field(default=frozenset())
    phones: frozenset[str] = field(default=frozenset())

    @classmethod
    def of(cls, listed_names: Iterable[str], listed_phones: Iterable[str], region: str) -> Placeholders:
        """The list as operators write it."""
        return cls(frozenset(map(names.comparable, listed_names)), frozenset(phones.keys_of(listed_phones, region)))

    def is_name(self, name: str) -> bool:
        """Whether a name is a person's: not a placeholder, and with at least one letter."""
        form = names.comparable(name)
        return bool(form) and form not in self.names

    def real_names(self, told: Iterable[str]) -> tuple[str, ...]:
        """The names that are somebody's."""
        return tuple(name for name in told if self.is_name(name))

    def real_phones(self, told: Iterable[str], region: str) -> tuple[str, ...]:
        """The numbers in phone fields that are somebody's."""
        return tuple(filter(self.is_phone, phones.keys_of(told, region)))

    def somebodys(self, addresses: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        """Of addresses `(kind, value)`, those that can tell that two people are one."""
        return ((kind, value) for kind, value in addresses if kind != "phone" or self.is_phone(value))

    def is_phone(self, number: str) -> bool:
        """Whether a number (E.164) is somebody's: no dummy of the list, no number of one repeated digit."""
        return number not in self.phones and len(set(number[-7:])) > 1
