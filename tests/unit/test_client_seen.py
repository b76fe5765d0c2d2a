"""The memory of handled events: one suite over both kinds, and what only the file can do."""

from __future__ import annotations

import pytest

from ngao.client import FileSeen, InMemorySeen


@pytest.fixture(params=["memory", "file"])
def make_seen(request, tmp_path):
    return lambda size=100: InMemorySeen(size) if request.param == "memory" else FileSeen(tmp_path / "seen", size)


def test_an_event_is_seen_once_it_was_added(make_seen):
    seen = make_seen()
    assert "a" not in seen
    seen.add("a")
    seen.add("a")
    assert "a" in seen
    assert "b" not in seen


def test_the_oldest_is_forgotten_when_there_are_too_many(make_seen):
    seen = make_seen(3)
    for event_id in "abcdefghij":
        seen.add(event_id)
    assert [event_id for event_id in "abcdefghij" if event_id in seen] == ["h", "i", "j"]


def test_a_file_remembers_over_a_restart_and_stays_bounded(tmp_path):
    path = tmp_path / "seen"
    for event_id in range(50):
        FileSeen(path, 10).add(f"event {event_id}\nwith a line break")
    after = FileSeen(path, 10)
    assert "event 49\nwith a line break" in after
    assert "event 39\nwith a line break" not in after
    assert len(path.read_text().splitlines()) <= 20


def test_a_line_torn_by_a_crash_spoils_nothing(tmp_path):
    path = tmp_path / "seen"
    FileSeen(path).add("a")
    with path.open("a") as file:
        file.write("0123")
    FileSeen(path).add("b")
    assert "a" in FileSeen(path)
    assert "b" in FileSeen(path)


def test_a_long_run_does_not_grow_the_file_for_ever(tmp_path):
    seen = FileSeen(tmp_path / "seen", 5)
    for event_id in range(100):
        seen.add(str(event_id))
    assert len((tmp_path / "seen").read_text().splitlines()) <= 10
