"""Stored kept forms: ciphertext whose key no store, backup or log of the platform has."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.held import FORMS_RULE, internal, sealed
from ngao.chassis.storage.repository import Repository
from services.console.kept.model import MOST, KeptForm


class KeptFormDocument(Stored, of=KeptForm, held={**internal("whose expires_at"), "body": sealed(FORMS_RULE)}):
    """One form that waits for the person to sign in again."""

    meta: ClassVar[dict[str, Any]] = {"db_alias": "console", "collection": "kept_forms", "indexes": ["whose", "expires_at"]}


class KeptFormRepository(Repository[KeptForm]):
    """The forms that are kept."""

    document = KeptFormDocument

    def of(self, whose: str, now: datetime) -> list[KeptForm]:
        """Return what is kept for an account, the oldest first."""
        found = KeptFormDocument.objects(whose=whose, expires_at__gt=now).order_by("expires_at")
        return self._all(found.limit(MOST + 1))

    def end(self, form: KeptForm) -> None:
        """Register a form's end."""
        self._unit.drop(self.collection, form.id, form.revision)

    def over(self, now: datetime, most: int) -> list[KeptForm]:
        """Return forms that have expired."""
        return self._all(KeptFormDocument.objects(expires_at__lte=now).limit(most))
