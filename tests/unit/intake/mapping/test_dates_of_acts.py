"""Each act is judged by its own date: one that is reported later, corrected, doubtful or not stated never counts as older."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ngao.chassis.errors import InvalidInput
from ngao.kernel.records import from_record
from services.intake.mapping.read_form import receive_form
from services.intake.policy import IntakePolicy
from services.intake.reports.draft import DateDoubt, Draft, Place, Violation
from services.intake.reports.model import MappedBy, Report, Update
from services.intake.reports.reading import violation_of
from services.intake.reports.receive import Receipt, receive_report
from services.intake.reports.update import update_report
from tests.support.memory_intake import START, MemoryIntake

MAPPING = MappedBy("one", (), ())
LAST_NIGHT = START - timedelta(hours=10)
OLD = START - timedelta(days=10)
ARREST = Violation("unlawful_arrest")


class Scene:
    def __init__(self, policy: IntakePolicy) -> None:
        self.intake = MemoryIntake(policy)

    def post(self, *acts: Violation, at: datetime = OLD, edit: str | None = None, **changes: Any) -> Receipt:
        draft = Draft("root", at, "witness", acts or (ARREST,), Place("iso3166-2", "KE-30"), "day", **changes)
        self.intake.wait()
        return receive_form(self.intake.ctx, "forms", draft, MAPPING, edit)

    def update(self, *acts: Violation, **changes: Any) -> Receipt:
        self.intake.wait()
        update = Update(violations=acts or None, **changes)
        return update_report(self.intake.ctx, "forms", self.report.id, update)

    @property
    def report(self) -> Report:
        found = self.intake.ctx.reports.by_source_event("forms", "root")
        assert found is not None
        return found

    @property
    def urgency(self) -> str:
        return self.report.triage.urgency

    @property
    def dates(self) -> list[tuple[str, datetime | None]]:
        return [(each.type, each.occurred_at) for each in self.report.violations]


@pytest.fixture
def scene(policy: IntakePolicy) -> Scene:
    return Scene(policy)


def dated(kind: str, at: datetime, precision: str = "exact", **more: Any) -> Violation:
    return Violation(kind, occurred_at=at, occurred_precision=precision, **more)


@pytest.mark.parametrize("act", ["rape", "attempted_killing"])
def test_an_act_added_to_an_old_report_is_as_urgent_as_reported_by_itself(scene: Scene, act: str) -> None:
    scene.post()
    assert scene.update(Violation(act)).urgency == "critical"


def test_an_act_added_with_an_old_date_is_judged_by_it(scene: Scene) -> None:
    scene.post()
    scene.update(dated("rape", OLD))
    assert scene.urgency == "high"


def test_a_recent_act_in_an_old_report_is_judged_by_its_own_date(scene: Scene) -> None:
    scene.post(ARREST, dated("rape", LAST_NIGHT))
    assert scene.urgency == "critical"


def test_an_old_act_in_a_recent_report_is_judged_by_its_own_date(scene: Scene) -> None:
    scene.post(dated("rape", OLD), at=START)
    assert scene.urgency == "high"


def test_what_concerns_one_act_must_hold_for_that_act(scene: Scene) -> None:
    scene.post(dated("rape", OLD), dated("smear_campaign", LAST_NIGHT), at=OLD)
    assert scene.urgency == "high"


def test_an_edit_that_corrects_the_date_is_judged_by_the_new_one(scene: Scene) -> None:
    scene.post(Violation("rape"), at=START - timedelta(days=30))
    assert scene.urgency == "high"
    answer = scene.post(Violation("rape"), at=LAST_NIGHT, edit="v2")
    assert (answer.duplicate, answer.urgency, scene.report.occurred_at) == (False, "critical", LAST_NIGHT)
    assert scene.dates == [("rape", None)]


def test_an_edit_without_a_date_leaves_the_date_and_counts_its_new_act_from_now(scene: Scene) -> None:
    scene.post()
    scene.post(ARREST, Violation("rape"), at=START, edit="v2", doubt=DateDoubt("missing"))
    assert (scene.report.occurred_at, scene.urgency) == (OLD, "critical")


def test_an_edit_that_repeats_a_doubtful_date_does_not_make_the_report_younger(scene: Scene) -> None:
    doubt = DateDoubt("device_clock", datetime(1970, 1, 1, tzinfo=UTC), "day")
    scene.post(Violation("rape"), at=OLD, doubt=doubt)
    scene.post(Violation("rape"), at=START, edit="v2", doubt=doubt, narrative="One word more.")
    assert (scene.report.occurred_at, scene.report.doubt) == (OLD, doubt)
    scene.post(Violation("rape"), at=LAST_NIGHT, edit="v3", narrative="One word more.")
    assert (scene.report.occurred_at, scene.report.doubt, scene.urgency) == (LAST_NIGHT, None, "critical")


def test_an_edit_delivered_again_later_is_known_although_its_missing_date_is_another(scene: Scene) -> None:
    scene.post()
    scene.post(at=START, edit="v2", doubt=DateDoubt("missing"))
    assert scene.post(at=START + timedelta(hours=1), edit="v2", doubt=DateDoubt("missing")).duplicate


@pytest.mark.parametrize("stated", [datetime(1970, 1, 1, tzinfo=UTC), datetime(2010, 6, 1, tzinfo=UTC)])
def test_a_doubtful_date_of_an_act_never_lowers_the_urgency_and_is_kept(scene: Scene, stated: datetime) -> None:
    scene.post(dated("rape", stated))
    assert (scene.urgency, scene.dates) == ("critical", [("rape", stated)])


def test_an_act_cannot_lie_in_the_future(scene: Scene) -> None:
    tomorrow = dated("rape", START + timedelta(days=30))
    for post in (scene.post, scene.update):
        with pytest.raises(InvalidInput) as refused:
            post(tomorrow)
        assert [each.pointer for each in refused.value.errors] == ["/violations/0/occurred_at"]
        if post == scene.post:
            scene.post()


def test_an_act_of_another_day_is_another_act_and_one_of_the_same_day_is_not(scene: Scene) -> None:
    scene.post(dated("physical_assault", OLD))
    scene.update(dated("physical_assault", OLD + timedelta(hours=2)))
    assert scene.dates == [("physical_assault", OLD + timedelta(hours=2))]
    scene.update(dated("physical_assault", LAST_NIGHT))
    assert scene.dates == [("physical_assault", OLD + timedelta(hours=2)), ("physical_assault", LAST_NIGHT)]


def test_an_act_of_another_day_than_the_report_is_another_act(scene: Scene) -> None:
    scene.post(Violation("rape"))
    scene.update(dated("rape", LAST_NIGHT))
    assert (scene.dates, scene.urgency) == ([("rape", None), ("rape", LAST_NIGHT)], "critical")


def test_an_act_reported_again_without_a_date_keeps_it(scene: Scene) -> None:
    scene.post(dated("physical_assault", LAST_NIGHT))
    scene.update(Violation("physical_assault", perpetrators=("police",)))
    assert scene.dates == [("physical_assault", LAST_NIGHT)]


def test_an_act_that_goes_on_still_does_when_only_its_perpetrator_is_added(scene: Scene) -> None:
    scene.post(Violation("unlawful_arrest", ongoing=True))
    scene.update(Violation("unlawful_arrest", perpetrators=("police",)))
    assert [(each.ongoing, each.perpetrators) for each in scene.report.violations] == [(True, ("police",))]
    scene.update(Violation("unlawful_arrest", ongoing=False))
    assert [(each.ongoing, each.perpetrators) for each in scene.report.violations] == [(False, ("police",))]


def test_an_edit_that_leaves_the_question_out_does_not_end_what_goes_on(scene: Scene) -> None:
    scene.post(Violation("unlawful_arrest", ongoing=True))
    scene.post(Violation("unlawful_arrest", perpetrators=("police",)), edit="v2")
    assert [(each.ongoing, each.perpetrators) for each in scene.report.violations] == [(True, ("police",))]


def test_that_it_is_over_is_news_after_a_word_that_left_it_out(scene: Scene) -> None:
    scene.post(Violation("unlawful_arrest", ongoing=True))
    scene.update(Violation("unlawful_arrest"))
    assert not scene.update(Violation("unlawful_arrest", ongoing=False)).duplicate
    assert [each.ongoing for each in scene.report.violations] == [False]


def test_an_update_with_another_date_is_no_repeat(scene: Scene) -> None:
    scene.post()
    acts = [dated("rape", LAST_NIGHT), dated("rape", LAST_NIGHT, "day"), dated("rape", OLD), dated("rape", OLD)]
    assert [scene.update(each).duplicate for each in acts] == [False, False, False, True]


def test_an_update_that_an_earlier_version_took_in_is_known_by_its_mark(scene: Scene) -> None:
    """Its mark was made from the text of the acts as they were written then."""
    scene.post()
    then = (
        "Violation(type='rape', ongoing=False, against='defender', perpetrators=('police',), involvements=(None,))"
    )
    content = f'[["{then}"], null, null, null]'
    report = scene.report
    report.updates_seen = (scene.intake.ctx.unit.keyring.lookup_hash("content", content),)
    scene.intake.ctx.reports.save(report)
    assert scene.update(Violation("rape", perpetrators=("police",), involvements=(None,))).duplicate
    assert not scene.update(dated("rape", LAST_NIGHT, perpetrators=("police",), involvements=(None,))).duplicate


def test_a_report_that_states_no_dates_of_acts_is_known_by_the_content_that_it_had_before(scene: Scene) -> None:
    scene.post(Violation("unlawful_arrest"))
    draft = Draft("root", OLD, "witness", (Violation("unlawful_arrest", ongoing=False),), Place("iso3166-2", "KE-30"), "day")
    assert receive_report(scene.intake.ctx, "forms", draft).duplicate
    other = replace(draft, violations=(dated("unlawful_arrest", LAST_NIGHT),))
    assert receive_report(MemoryIntake(scene.intake.policy).ctx, "forms", other).duplicate is False


def test_a_stored_act_of_before_has_no_date_of_its_own() -> None:
    before = {"type": "rape", "ongoing": False, "against": "defender", "perpetrators": [], "involvements": []}
    assert from_record(Violation, before) == Violation("rape", ongoing=False)


def test_a_moment_is_cut_as_it_is_stored_so_that_a_repeat_is_seen_as_one() -> None:
    moment = LAST_NIGHT.replace(microsecond=123_456)
    read = violation_of({"type": "rape", "against": "defender", "perpetrators": [], "occurred_at": moment})
    assert (read.occurred_at, read.occurred_precision) == (LAST_NIGHT.replace(microsecond=123_000), "exact")
