"""The page of problems is complete: every slug that an answer or a parked message can have, with its meaning and remedy."""

from __future__ import annotations

from ngao.chassis.http.problems import TYPES, problem_of
from ngao.contracts import Undecodable
from tools.generating import problems


def test_every_slug_of_the_code_has_a_meaning_and_a_remedy_and_no_other_has() -> None:
    assert sorted(problems.slugs()) == sorted(problems.TEXTS)
    assert [slug for slug, (meaning, remedy) in problems.TEXTS.items() if not (meaning.endswith(".") and remedy)] == []


def test_the_statuses_of_the_page_are_those_of_answers() -> None:
    found = problems.slugs()
    assert found["internal-error"] == {str(problem_of(RuntimeError()).status)}
    assert found["undecodable"] == {str(problem_of(Undecodable("x")).status)}
    assert (found["invalid-input"], found["not-found"], found["unavailable"]) == ({"422"}, {"404"}, {"503"})


def test_the_last_part_of_a_type_leads_to_its_row() -> None:
    (page,) = problems.files().values()
    document = problem_of(RuntimeError()).document()
    assert f'<a id="{document["type"].removeprefix(TYPES)}"></a>' in page


def test_a_new_slug_without_a_text_is_noticed() -> None:
    class Planted(Exception):
        slug = "planted"

    Planted.__module__ = "services.planted"
    assert "planted" in problems.slugs()
    Planted.__module__ = __name__
    assert "planted" not in problems.slugs()
