"""Reports as they are stored, by this version and by earlier ones."""

from __future__ import annotations

from ngao.testing.memory import unit_in_memory
from services.intake.reports.model import Report
from services.intake.reports.store import ReportRepository
from tests.support.filled import NOW, filled


def test_a_report_from_before_places_had_a_precision_is_read() -> None:
    reports = ReportRepository(unit_in_memory(NOW))
    stored = reports._record(filled(Report))
    del stored["place_precision"]
    report = reports._read(stored)
    assert (report.county, report.place_precision) == ("word", "")
