"""The numbers of running services and of a real broker: all that alerts and dashboards ask for is there, and tells the truth."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pymongo
import pytest
import requests

from ngao.testing.waiting import eventually
from tests.support.coalition import CRITICAL, Coalition, Partner, Source, report
from tests.support.monitoring import Matcher, Page, expressions, matchers_in, names_in, scrape

_ALTERNATIVES = re.compile(r"[\w.\-|]+")


def read(coalition: Coalition, *services: str) -> Page:
    """What Prometheus would read of these services, of all by default."""
    return Page(*(coalition.services[name].request("GET", "/metrics")[1].decode() for name in services or coalition.services))


def read_broker() -> Page:
    """What it would read of the broker."""
    base = os.environ.get("NGAO_TEST_BROKER_METRICS")
    if base is None:
        pytest.skip("NGAO_TEST_BROKER_METRICS is not set: this broker's numbers cannot be read")
    queues = scrape("plain")["broker-queues"]
    pages = [requests.get(base + path, params=asked, timeout=10) for path, asked in (
        ("/metrics", None), (queues["metrics_path"], queues["params"]),
    )]  # fmt: skip
    return Page(*(page.text for page in pages))


@pytest.fixture(scope="module")
def partner(coalition: Coalition) -> Partner:
    return coalition.partner(coalition.county(), "help")


@pytest.fixture(scope="module")
def case_ref(coalition: Coalition, source: Source, partner: Partner) -> str:
    """One critical case from beginning to end, so that what is counted by work is there, too."""
    county = coalition.asks("referral", "GET", f"/v1/partners/{partner.id}")["counties"][0]
    found = str(source.takes(report(county, CRITICAL))["case_ref"])
    coalition.reaches(found, "case.closed")
    coalition.quiet()
    return found


@pytest.fixture(scope="module")
def page(coalition: Coalition, case_ref: str) -> Page:
    assert case_ref
    eventually(lambda: all(is_measured(coalition, name) for name in coalition.services), what="all gauges to be measured")
    return read(coalition)


def is_measured(coalition: Coalition, service: str) -> bool:
    return read(coalition, service).value("ngao_measured_timestamp_seconds") > 0


def of_ours(name: str) -> bool:
    return not name.startswith("rabbitmq_")


def test_every_number_that_is_asked_of_a_service_is_there(page: Page) -> None:
    asked = {(name, place) for place, text in expressions() for name in names_in(text) if of_ours(name)}
    assert sorted(each for each in asked if each[0] not in page.names) == []


def test_every_number_that_is_asked_of_the_broker_is_there(coalition: Coalition) -> None:
    assert coalition.management
    found = read_broker()
    asked = {(name, place) for place, text in expressions() for name in names_in(text) if not of_ours(name)}
    assert asked
    assert sorted(each for each in asked if each[0] not in found.names) == []


def is_met(page: Page, wanted: Matcher) -> bool:
    """Whether a condition could ever hold: an alert for a label that nobody has would be silent for ever."""
    known = page.labels(wanted.metric, wanted.label)
    if wanted.sign == "=~" and not _ALTERNATIVES.fullmatch(wanted.value):
        return any(re.fullmatch(wanted.value, each) for each in known)
    if wanted.sign.startswith("!"):
        return bool(known)
    return set(wanted.value.split("|")) <= known


def test_every_condition_on_a_label_is_one_that_a_service_can_meet(page: Page) -> None:
    wanted = {(each, place) for place, text in expressions() for each in matchers_in(text) if of_ours(each.metric)}
    silent = [(each, place) for each, place in wanted if each.label != "status" and not is_met(page, each)]
    assert silent == []


def test_what_was_said_is_counted_once_it_is_stored(page: Page) -> None:
    for said in ("intake.report.accepted.v1", "referral.offered.v1", "referral.accepted.v1", "referral.completed.v1"):
        assert page.value("ngao_events_said_total", type=said, priority="urgent") >= 1
    assert page.value("ngao_referral_first_offer_seconds_count", urgency="critical") >= 1
    assert page.value("ngao_referral_acceptance_seconds_count", urgency="critical") >= 1


def test_every_queue_that_should_be_heard_is(coalition: Coalition, page: Page) -> None:
    assert page.value("ngao_subscriptions") == page.value("ngao_subscriptions_attached") > 0
    assert page.value("ngao_check_ok") == len([each for each in page.samples if each.name == "ngao_check_ok"])
    assert page.value("ngao_store_members", state="primary") == len(coalition.services)


def test_no_label_tells_of_anybody(page: Page, case_ref: str, partner: Partner, source: Source) -> None:
    values = {value for sample in page.samples for value in sample.labels.values()}
    known = (case_ref, partner.id, source.id)
    assert [value for value in values if any(each in value for each in known)] == []
    assert [value for value in values if re.search(r"NG-[0-9A-Z]{6}|[0-9a-f]{8}-[0-9a-f]{4}-", value)] == []


@pytest.fixture
def broken_case(coalition: Coalition) -> Any:
    """A case that nobody can read, whose offer's deadline was a minute ago."""
    client: Any = pymongo.MongoClient(coalition.world.parts.mongo)
    cases = client[coalition.world.database("referral")]["cases"]
    past = datetime.now(UTC) - timedelta(minutes=1)
    case = {"_id": "broken", "revision": 1, "life": "open", "priority": 0, "next_deadline": past, "offers": [{"due": past}]}
    cases.insert_one(case)
    yield case
    cases.delete_one({"_id": "broken"})
    client.close()


def test_a_deadline_that_cannot_be_kept_is_told(coalition: Coalition, broken_case: dict[str, Any]) -> None:
    assert broken_case

    def told() -> bool:
        page = read(coalition, "referral")
        late = page.value("ngao_overdue_seconds", what="offer")
        return page.value("ngao_overdue", what="offer") == 1 and 60 < late < 600 and not page.value("ngao_overdue", what="facts")

    eventually(told, within=20, what="the deadline to be told as missed")


def test_a_verified_audit_is_noted(coalition: Coalition, case_ref: str) -> None:
    assert case_ref
    before = datetime.now(UTC).timestamp()
    assert coalition.asks("referral", "GET", "/v1/audit/verify")["whole"] is True
    page = read(coalition, "referral")
    assert page.value("ngao_audit_verified_timestamp_seconds") >= before
    assert page.value("ngao_audit_whole") == 1
