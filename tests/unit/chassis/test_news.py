"""What others said while a process was cut off is heard before it acts on what it knew."""

from __future__ import annotations

import pytest

from ngao.chassis.messaging.news import SETTLES_S, News


class Hours:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hours() -> Hours:
    return Hours()


@pytest.fixture
def news(hours: Hours) -> News:
    made = News(hours)
    made.expect()
    return made


def test_a_process_without_a_consumer_waits_for_nothing(hours: Hours) -> None:
    without = News(hours)
    without.attached()
    hours.now += SETTLES_S
    assert without.heard()
    assert not without.is_due()


def test_nothing_is_known_before_the_consumer_receives(news: News, hours: Hours) -> None:
    hours.now += SETTLES_S
    news.all_handled()
    assert not news.heard()


def test_others_get_a_moment_and_what_they_said_is_handled_first(news: News, hours: Hours) -> None:
    news.attached()
    news.all_handled()
    assert not news.is_due()
    assert not news.heard()
    hours.now += SETTLES_S
    assert news.is_due()
    assert not news.heard()
    news.all_handled()
    assert news.heard()
    assert not news.is_due()


def test_each_outage_begins_it_anew(news: News, hours: Hours) -> None:
    attach(news, hours)
    news.lost()
    assert not news.heard()
    hours.now += SETTLES_S
    news.all_handled()
    assert not news.heard()
    attach(news, hours)
    assert news.heard()


def test_a_connection_in_doubt_has_to_show_that_it_lives(news: News, hours: Hours) -> None:
    attach(news, hours)
    news.doubted()
    news.all_handled()
    assert not news.heard()
    hours.now += SETTLES_S
    assert news.is_due()
    news.all_handled()
    assert news.heard()


def test_what_is_lost_already_is_not_attached_by_a_doubt(news: News, hours: Hours) -> None:
    attach(news, hours)
    news.lost()
    news.doubted()
    hours.now += SETTLES_S
    assert not news.is_due()
    news.all_handled()
    assert not news.heard()


def attach(news: News, hours: Hours) -> None:
    news.attached()
    hours.now += SETTLES_S
    news.all_handled()
    assert news.heard()
