"""The questions of a report by phone: their order, what may be skipped, what ends with a changed answer."""

from __future__ import annotations

from services.console.report.model import CHECK, Answers, Sent, as_record, continues, from_record, may_skip, number_of

NEW = Answers("a" * 32, "2026-03-02T09:00:00+00:00")
TAKEN = {
    "talk": {"choice": "yes"}, "caller": {"choice": "self"}, "group": {"choice": "disappearance"},
    "act": {"choice": "enforced_disappearance"}, "ongoing": {"choice": "yes", "at": "2026-03-02T09:01:00+00:00"},
}  # fmt: skip
CRITICAL = NEW.answered(TAKEN)


def walk(answers: Answers, *skipped: str) -> list[str]:
    """The questions in the order in which they are shown when each is answered or skipped."""
    code, found = "talk", []
    while code != CHECK:
        found.append(code)
        answers = answers if code in skipped else answers.answered({code: {"choice": "unknown"}})
        code = answers.following(code)
    return found


def test_every_question_is_asked_once_and_the_last_leads_to_all_answers() -> None:
    assert walk(NEW) == [
        "talk", "caller", "group", "act", "ongoing", "when", "who", "county", "needs", "share", "reach", "person", "words",
    ]  # fmt: skip


def test_no_two_questions_are_shown_as_the_same_one() -> None:
    asked = walk(NEW)
    shown = [(number_of(code), continues(code)) for code in asked]
    assert len(set(shown)) == len(asked)
    assert [code for code in asked if continues(code)] == ["caller", "act", "when"]


def test_questions_from_the_fourth_on_may_be_skipped() -> None:
    assert [each for each in walk(NEW) if may_skip(each)] == ["who", "county", "needs", "share", "reach", "person", "words"]
    assert walk(NEW, "who", "county", "needs", "share", "reach", "person", "words") == walk(NEW)


def test_a_caller_who_cannot_talk_is_asked_first_how_to_call_back_and_not_again_how_to_reach_her() -> None:
    cannot = NEW.answered({"talk": {"choice": "no"}})
    assert cannot.following("talk") == "callback"
    asked = cannot.answered({"callback": {"phone": "0700 000 101"}, "reach": {"choice": "yes"}})
    assert asked.following("callback") == "caller"
    assert asked.may_send, "who can be called back can be helped"
    assert asked.answered({"share": {"choice": "yes"}}).following("share") == "person"


def test_when_it_happened_is_asked_unless_it_goes_on() -> None:
    assert CRITICAL.following("ongoing") == "who"
    assert CRITICAL.answered({"ongoing": {"choice": "no"}}).following("ongoing") == "when"


def test_it_can_be_sent_once_it_is_known_what_happened() -> None:
    assert [NEW.may_send, CRITICAL.without("act").may_send, CRITICAL.may_send] == [False, False, True]


def test_a_changed_answer_leads_to_all_answers_and_to_what_it_has_ended() -> None:
    shown = CRITICAL.answered({"county": {"choice": "KE-30"}}).shown()
    assert shown.before("county") == CHECK
    assert shown.answered({"county": {"choice": "KE-28"}}).following("county") == CHECK
    other = shown.answered({"group": {"choice": "liberty"}})
    assert ("act" in other.given, other.following("group")) == (False, "act")
    again = shown.answered({"group": {"choice": "disappearance"}})
    assert again.following("group") == "act", "another act of the same group may be meant"
    assert again.answered({"act": {"choice": "abduction_kidnapping"}}).following("act") == CHECK
    assert shown.answered({"ongoing": {"choice": "unknown"}}).following("ongoing") == "when"
    assert shown.answered({"ongoing": {"choice": "yes"}}).following("ongoing") == CHECK


def test_the_way_back_leads_through_the_same_questions() -> None:
    assert (NEW.before("talk"), CRITICAL.before("who"), CRITICAL.before("act")) == ("", "ongoing", "group")


def test_once_sent_only_what_has_no_answer_yet_is_asked_and_only_that_is_news() -> None:
    sent = CRITICAL.answered({"county": {"choice": "KE-30"}}).delivered(Sent("id", "NG-4CJY0RRPKP", "critical"))
    assert sent.order == ("who", "needs", "share", "reach", "person", "words")
    assert not sent.may_send
    more = sent.answered({"share": {"choice": "yes"}})
    assert (set(more.news), more.may_send, more.following("share")) == ({"share"}, True, "reach")
    again = more.delivered(Sent("id", "NG-4CJY0RRPKP", "critical"))
    assert again.sent is not None
    assert (again.sent.times, "share" in again.order, again.may_send) == (1, False, False)


def test_answers_travel_as_json_and_are_not_shown_by_their_repr() -> None:
    answers = CRITICAL.answered({"person": {"name": "Invented Wairimu", "phone": ""}})
    for each in (answers, answers.delivered(Sent("id", "NG-4CJY0RRPKP", "high"))):
        assert from_record(as_record(each)) == each
        assert "Wairimu" not in repr(each)
