"""What a refused body costs is charged to its caller: a source that posts costly ones is refused, and others do not wait."""

from __future__ import annotations

import json
import secrets
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from ngao.testing.processes import ServiceProcess, World
from tests.support.intake import anonymous, onboard, report

BURST, BODIES = 30, 29
"""By their number alone all bodies would be taken."""
AT_ONCE = 8
LONGEST_WORK_S = 1.0
"""Of intake's processor, between a post and its answer: what others' bodies may cost it, however busy the machine is."""
MANY, EVENTS = "application/x-ndjson", "application/cloudevents-batch+json"


def _members(count: int) -> dict[str, int]:
    return {f"k{at}": at for at in range(count)}


def _nested(depth: int) -> list[Any]:
    made: list[Any] = ["x" * 2_000]
    for _ in range(depth):
        made = [made]
    return made


def _lines(*documents: Any) -> bytes:
    return b"\n".join(json.dumps(each).encode() for each in documents)


WIDE = {f"k{at}": _members(980) for at in range(5)}
DEEP = anonymous(narrative=[_nested(24) for _ in range(180)])
ERRORS = anonymous(violations=[{"type": "no_such", "perpetrators": [{"type": "no_such", "k": 1, "l": 1}] * 10}] * 100)
UNKNOWN = {**_members(900), **{name: _members(900) for name in ("reporter", "location", "subject", "contact_safety")}}
LONG = anonymous(narrative="x" * 900_000)
SHAPES = {
    "wide": (json.dumps(WIDE).encode(), "application/json"),
    "deep": (json.dumps(DEEP).encode(), "application/json"),
    "many errors": (json.dumps(ERRORS).encode(), "application/json"),
    "unknown members": (json.dumps(UNKNOWN).encode(), "application/json"),
    "long": (json.dumps(LONG).encode(), "application/json"),
    "many reports": (_lines(*[{"reporter": _members(90)}] * 400), MANY),
    "many events": (json.dumps([{"specversion": "1.0", "data": _members(90)}] * 400).encode(), EVENTS),
    "no JSON": (b"[" * 900_000, "application/json"),
}


@pytest.fixture(scope="module", autouse=True)
def _few_at_once(world: World) -> None:
    world.burst = BURST


class Beside:
    """Another source, which posts a report as soon as the one before is answered."""

    def __init__(self, intake: ServiceProcess, key: str) -> None:
        self._intake, self._key = intake, key
        self._over = threading.Event()
        self.answers: list[tuple[int, float]] = []

    def _post(self) -> None:
        while not self._over.is_set():
            began = self._intake.processor_s()
            status, _ = self._intake.request("POST", "/v1/reports", report(), self._key)
            self.answers.append((status, self._intake.processor_s() - began))

    @contextmanager
    def posting(self) -> Iterator[None]:
        thread = threading.Thread(target=self._post)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()


@pytest.mark.parametrize("shape", SHAPES)
def test_a_source_of_costly_bodies_is_refused_and_another_waits_for_under_a_second_of_work(
    intake: ServiceProcess, world: World, shape: str
) -> None:
    body, content_type = SHAPES[shape]
    name = secrets.token_hex(3)
    flood = onboard(intake, world, f"flood-{name}", rate_per_second=0.2)  # little comes back while a busy machine reads them
    beside = Beside(intake, onboard(intake, world, f"beside-{name}", rate_per_second=500.0))

    def post(_number: int) -> int:
        return intake.request("POST", "/v1/reports", body, flood, Content_Type=content_type)[0]

    with beside.posting(), ThreadPoolExecutor(AT_ONCE) as pool:
        answers = Counter(pool.map(post, range(BODIES)))
    assert answers[429] > 0, f"all {BODIES} were read: {answers}"
    assert set(answers) <= {202, 400, 422, 429, 503}
    assert {status for status, _ in beside.answers} == {202}
    assert max(work for _, work in beside.answers) < LONGEST_WORK_S


def test_a_source_that_posts_as_many_sound_reports_is_not_refused(intake: ServiceProcess, world: World) -> None:
    key = onboard(intake, world, f"sound-{secrets.token_hex(3)}", rate_per_second=2.0)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda _: intake.request("POST", "/v1/reports", report(), key)[0], range(BODIES)))
    assert set(answers) == {202}
