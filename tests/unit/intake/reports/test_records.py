"""Reports as they are stored, by this version and by earlier ones."""

from __future__ import annotations

from services.intake.reports.model import Report
from services.intake.reports.records import report_from, report_record
from tests.support.filled import filled


def test_a_report_from_before_places_had_a_precision_is_read() -> None:
    stored = {**report_record(filled(Report)), "revision": 1}
    del stored["place_precision"]
    report = report_from(stored)
    assert (report.county, report.place_precision) == ("word", "")
