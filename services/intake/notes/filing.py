"""Find, keep and erase the case file: the steps that notes and flags have in common."""

from __future__ import annotations

from ngao.chassis.errors import NotAllowedNow
from services.intake.context import Context
from services.intake.notes.model import CaseFile
from services.intake.reports.finding import report_in_reach
from services.intake.reports.model import Report


def report_to_write_about(ctx: Context, case_ref: str) -> Report:
    """Return the report of a case that notes and flags can be added to: any that is not erased, also a withdrawn one.

    Raises NotFound, also for a case that the caller does not reach, and NotAllowedNow (`forgotten`).
    """
    report = report_in_reach(ctx, case_ref)
    if report.erased_at:
        raise NotAllowedNow("The data of this case was erased. Nothing more can be written about it.", slug="forgotten")
    return report


def file_of(ctx: Context, case_ref: str) -> CaseFile:
    """Return the case file, or a new one."""
    return ctx.case_files.get(case_ref) or CaseFile(case_ref)


def keep_file(ctx: Context, report: Report, file: CaseFile) -> None:
    """Register a changed case file; a new one together with the report.

    Erasing writes the report and removes the file if it finds one. So whatever is added at that moment meets it in one of the
    two records, and one of them is decided again.
    """
    if not file.revision:
        ctx.reports.save(report)
    ctx.case_files.save(file)


def erase_file(ctx: Context, case_ref: str) -> None:
    """Register the end of the notes and flags of a case, in the unit of work that erases its report and destroys its key."""
    file = ctx.case_files.get(case_ref)  # before the notes: one that is added after this changes the file
    if file:
        ctx.notes.erase(case_ref)
        ctx.case_files.erase(file)
