"""References of reports and their cases."""

from __future__ import annotations

from uuid import uuid4

from ngao.kernel import references


class RandomIds:
    """Makes references from the system's random source."""

    def report_id(self) -> str:
        """Return a new report id."""
        return str(uuid4())

    def case_ref(self) -> str:
        """Return a new case reference."""
        return references.case_ref()
