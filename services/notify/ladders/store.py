"""One record for each case that has had an alarm, and one for each that has an owner."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.held import internal
from ngao.chassis.storage.repository import Repository
from services.notify.ladders.model import AlarmRecord, AlarmState, CaseOwner


class AlarmDocument(Stored, of=AlarmRecord, key="case_ref", held=internal("state since")):
    """The state of a case's alarm; the id is the case reference."""

    meta: ClassVar[dict[str, Any]] = {"db_alias": "notify", "collection": "alarms", "indexes": [["state", "since"]]}


class OwnerDocument(Stored, of=CaseOwner, key="case_ref", held=internal("owner sequence")):
    """Who owns a case; the id is the case reference."""

    meta: ClassVar[dict[str, Any]] = {"db_alias": "notify", "collection": "owners"}


class AlarmRecordRepository(Repository[AlarmRecord]):
    """The states of the cases' alarms."""

    document = AlarmDocument

    def unacknowledged(self, since: datetime | None = None) -> Sequence[str]:
        """Return the cases whose alarm ended without an acknowledgement, from this time on if it is given; the newest first."""
        from_then_on = {"since__gte": since} if since else {}
        found = AlarmDocument.objects(state=AlarmState.UNACKNOWLEDGED, **from_then_on).order_by("-since").only("id")
        return [record["_id"] for record in found.as_pymongo()]

    def unseen(self, limit: int) -> Sequence[str]:
        """Return the cases whose alarm no one has acknowledged, also while a person is being asked; the newest first."""
        found = AlarmDocument.objects(state__in=[AlarmState.ASKED, AlarmState.UNACKNOWLEDGED]).order_by("-since").only("id")
        return [record["_id"] for record in found.limit(limit).as_pymongo()]

    def count_unacknowledged(self) -> int:
        """Count the cases whose alarm ended without an acknowledgement."""
        return int(AlarmDocument.objects(state=AlarmState.UNACKNOWLEDGED).count())


class OwnerRepository(Repository[CaseOwner]):
    """The owners of cases, as referral publishes them."""

    document = OwnerDocument
