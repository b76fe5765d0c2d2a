"""Stored outcomes of accepted offers."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from ngao.chassis.security.vouches import Pin
from ngao.chassis.storage.documents import Stored, count_and_first
from ngao.chassis.storage.held import internal
from services.registry.disclosure.model import Disclosure, Refusal
from services.registry.store import Repository


class DisclosureDocument(
    Stored, of=Disclosure, held=internal("case_ref partner_id at refusal vouch signature ended case_salt box_digest")
):
    """The outcome of one offer (the id)."""

    meta: ClassVar[dict[str, Any]] = {"db_alias": "registry", "collection": "disclosures", "indexes": ["case_ref", "refusal"]}


class PinDocument(Stored, of=Pin, held=internal("key_id signing_key_id issued_at")):
    """The partner's keys (its id is the partner's) that contacts were last sealed to."""

    meta: ClassVar[dict[str, Any]] = {"db_alias": "registry", "collection": "pins"}


class DisclosureRepository(Repository[Disclosure]):
    """The outcomes of offers."""

    document = DisclosureDocument

    def of(self, case_ref: str) -> list[Disclosure]:
        """Return all of one case."""
        return self._all(DisclosureDocument.objects(case_ref=case_ref).order_by("id"))


def withheld_for_keys(since: datetime) -> tuple[int, datetime | None]:
    """Return how many contacts were withheld for a partner's keys since a moment and still are, and when the first was."""
    codes = [refusal.value for refusal in Refusal if refusal.is_about_keys]
    return count_and_first(DisclosureDocument.objects(refusal__in=codes, at__gte=since), "at")
