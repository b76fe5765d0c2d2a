"""A case at intake, and operators who write about it."""

from __future__ import annotations

from ngao.chassis.http.call import Call
from ngao.chassis.security.identity import Principal
from ngao.chassis.security.roles import Grant
from services.intake.context import Context
from services.intake.notes.change_flag import change_flag
from services.intake.notes.model import Note
from services.intake.notes.write import add_note
from services.intake.policy import IntakePolicy
from services.intake.reports.erase import erase_report
from services.intake.reports.model import Report
from services.intake.reports.reading import read_report
from services.intake.reports.receive import receive_report
from tests.support.intake import anonymous
from tests.support.memory_intake import MemoryIntake

ACT = "0f8c6f6e-9d0f-4f5c-8a55-1c8f4f0f7b11"
AMINA, BARAKA = Principal("operator", "amina"), Principal("operator", "baraka")
WORDS = "Her sister answers the phone. Ask for the code word first."


def of_hub(*hubs: str) -> Principal:
    """An operator whose role reaches the cases of these hubs alone."""
    return Principal("operator", "convenor", hubs=frozenset(hubs), grant=Grant(reach="hub"))


def call(key: str | None = None) -> Call:
    return Call(AMINA, b"", "application/json", {}, "", idempotency_key=key)


class Desk:
    """One case in Nairobi."""

    def __init__(self, policy: IntakePolicy) -> None:
        self.intake, self.policy = MemoryIntake(policy), policy
        self.case_ref = self.another_case()

    def another_case(self) -> str:
        return receive_report(self.intake.ctx, "forms", read_report(anonymous(), self.policy.vocabulary)).case_ref

    def by(self, who: Principal = AMINA) -> Context:
        return self.intake.open(who)

    @property
    def report(self) -> Report:
        return self.intake.ctx.reports.of_case(self.case_ref)

    @property
    def texts(self) -> list[str]:
        return [note.text for note in self.intake.ctx.notes.of_case(self.case_ref)]

    def writes(
        self, text: str = WORDS, *, act: str | None = None, corrects: int | None = None, who: Principal = AMINA
    ) -> tuple[Note, bool]:
        return add_note(self.by(who), self.case_ref, text, corrects, act)

    def flags(self, code: str, *, is_set: bool = True, seen: int = 0, who: Principal = AMINA) -> int:
        """Set or clear a flag; gives the revision of the flags after it."""
        answer = change_flag(self.by(who), self.case_ref, {"flag": code, "is_set": is_set, "revision": seen})
        return int(answer["revision"])

    def erases(self) -> None:
        self.intake.pass_time(days=1096)
        erase_report(self.intake.ctx, self.report.id, "received")

    def audited(self, action: str) -> list[tuple[str, dict[str, str]]]:
        return [(who, detail) for done, who, detail in self.intake.audit if done == action]
