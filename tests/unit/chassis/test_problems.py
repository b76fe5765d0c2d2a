from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest
from pymongo.errors import ExecutionTimeout, NetworkTimeout, ServerSelectionTimeoutError

from ngao.chassis import errors
from ngao.chassis.http.call import Response
from ngao.chassis.http.problems import broken_fields, problem_of
from ngao.chassis.http.render import render, render_error
from ngao.contracts import FieldError, InvalidContent, Undecodable

MARKER = "Wanjiku Marker"


@pytest.mark.parametrize(
    ("error", "status", "slug"),
    [
        (errors.NotFound("No such report."), 404, "not-found"),
        (errors.NotAllowedNow("Closed.", slug="case-closed"), 409, "case-closed"),
        (errors.Forbidden("No."), 403, "forbidden"),
        (errors.TooLarge("Too large."), 413, "too-large"),
        (Undecodable("not JSON: line 1, column 2"), 400, "undecodable"),
        (InvalidContent([FieldError("/a", "required", "Missing.")]), 422, "invalid-content"),
    ],
)
def test_our_errors_keep_their_status_and_slug(error: Exception, status: int, slug: str) -> None:
    rendered = render_error(error)
    document = json.loads(rendered.body)
    assert (rendered.status, document["status"], document["type"]) == (status, status, f"https://ngao.example/problems/{slug}")
    assert rendered.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("error", [errors.Unavailable(MARKER), errors.Conflict(MARKER), errors.Retryable(MARKER)])
def test_what_may_pass_by_itself_is_503_with_retry_after_and_a_fixed_sentence(error: Exception) -> None:
    rendered = render_error(error)
    assert (rendered.status, rendered.headers["Retry-After"]) == (503, "1")
    assert MARKER.encode() not in rendered.body


@pytest.mark.parametrize(
    "error", [RuntimeError(MARKER), errors.SealBroken(MARKER), errors.Misconfigured(MARKER), errors.NgaoError(MARKER)]
)
def test_a_fault_of_ours_shows_an_id_and_nothing_else(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    problem = problem_of(error)
    assert (problem.status, problem.slug) == (500, "internal-error")
    assert MARKER not in json.dumps(problem.document())
    logged = capsys.readouterr().out
    assert problem.error_id is not None
    assert problem.error_id in logged
    assert MARKER not in logged


def test_a_pointer_shows_field_names_and_hides_what_may_be_data() -> None:
    given = [
        FieldError(pointer, "unknown_field", "Unknown field.")
        for pointer in ("/violations/0/type", f"/{MARKER}", "/+254700000123/x", "/700000123")
    ]
    assert [each["pointer"] for each in broken_fields(given)] == ["/violations/0/type", "/?", "/?/x", "/?"]


def test_too_many_requests_says_when_to_come_back() -> None:
    assert render_error(errors.TooManyRequests("Slow down.", 7)).headers["Retry-After"] == "7"


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: x", "a\nb", "é", "a\0"])
def test_a_header_that_could_hold_another_header_is_not_sent(value: str) -> None:
    with pytest.raises(ValueError, match="character"):
        render(Response(200, {}, {"X-Echo": value}))


@pytest.mark.parametrize("error", [ServerSelectionTimeoutError("x"), NetworkTimeout("x"), ExecutionTimeout("x")])
def test_a_store_that_does_not_answer_a_read_is_no_bug(error: Exception) -> None:
    problem = problem_of(error)
    assert (problem.status, problem.slug) == (503, "unavailable")


def test_a_moment_is_written_in_utc_and_a_day_as_it_is() -> None:
    at = datetime(2026, 12, 1, 3, 0, tzinfo=timezone(timedelta(hours=3)))
    assert json.loads(render({"at": at, "since": at.date()}).body) == {"at": "2026-12-01T00:00:00Z", "since": "2026-12-01"}
    with pytest.raises(TypeError):
        render({"at": datetime(2026, 12, 1)})  # noqa: DTZ001 - it has no time zone on purpose
