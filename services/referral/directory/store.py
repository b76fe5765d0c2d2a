"""Stored partners, and one record that counts every change of the directory."""

from __future__ import annotations

from typing import Any, ClassVar

from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.held import internal
from ngao.chassis.storage.repository import Repository
from services.referral.directory.model import Partner

_DIRECTORY = "directory"


class PartnerDocument(
    Stored,
    of=Partner,
    held=internal(
        "name support_types counties languages capacity public_key signing_key vouch vetted suspended revoked hours timezone "
        "key_hashes"
    ),
):
    """A partner of the directory."""

    meta: ClassVar[dict[str, Any]] = {"db_alias": "referral", "collection": "partners"}


class DirectoryDocument(Stored):
    """One record whose revision counts up with every change of any partner."""

    meta: ClassVar[dict[str, Any]] = {"db_alias": "referral", "collection": _DIRECTORY}


class PartnerRepository(Repository[Partner]):
    """Partners of one unit of work."""

    document = PartnerDocument

    def all(self) -> list[Partner]:
        """Return every partner, by id."""
        return all_partners()

    def save(self, partner: Partner) -> None:
        """Store a new or changed partner, and count the change of the directory."""
        super().save(partner)
        self._unit.keep(_DIRECTORY, {"_id": _DIRECTORY}, directory_version())


def all_partners() -> list[Partner]:
    """Return every partner, by id."""
    return [PartnerDocument.entity_of(record) for record in PartnerDocument.objects.order_by("id").as_pymongo()]


def directory_version() -> int:
    """Return how often any partner was changed."""
    return DirectoryDocument.objects(id=_DIRECTORY).scalar("revision").first() or 0
