from __future__ import annotations

import pytest

from ngao.chassis.observability.health import Health
from ngao.chassis.observability.metrics import Metrics
from ngao.kernel import traces

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_child_keeps_the_trace_and_has_its_own_span() -> None:
    child = traces.child(PARENT)
    assert traces.trace_id(child) == traces.trace_id(PARENT)
    assert child != PARENT
    assert traces.parse(child) == child


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "x",
        PARENT.upper(),
        PARENT[:-1],
        PARENT + "-x",
        "ff" + PARENT[2:],
        f"00-{'0' * 32}-{'1' * 16}-01",
        f"00-{'1' * 32}-{'0' * 16}-01",
    ],
)
def test_a_header_that_breaks_the_standard_begins_a_new_trace(header: str | None) -> None:
    assert traces.parse(header) is None
    assert traces.trace_id(traces.child(header)) is not None


def test_readiness_names_what_is_missing() -> None:
    health = Health()
    health.register("store", lambda: None)
    health.register("broker", lambda: "The broker does not answer.")
    assert health.report() == (
        False, {"ready": False, "checks": {"store": "ok", "broker": "The broker does not answer."}, "warnings": {}, "facts": {}}
    )


def test_a_fact_is_reported_once_it_is_known_and_is_neither_good_nor_bad() -> None:
    health, known = Health(), [None, "2026-11-30"]
    health.tell("backup", lambda: known.pop(0))
    assert health.report()[1]["facts"] == {}
    assert health.report() == (True, {"ready": True, "checks": {}, "warnings": {}, "facts": {"backup": "2026-11-30"}})


def test_a_check_that_breaks_is_reported_without_its_text() -> None:
    def broken() -> str | None:
        raise RuntimeError("Wanjiku Marker")

    health = Health()
    health.register("store", broken)
    ready, report = health.report()
    assert not ready
    assert "Wanjiku" not in str(report)


def test_a_check_that_is_added_while_readiness_is_asked_disturbs_no_answer() -> None:
    health = Health()
    health.register("store", lambda: health.register("relay", lambda: None))
    health.warn("audit", lambda: health.warn("recipients", lambda: None))
    assert health.report()[0]


def test_a_loop_that_has_not_turned_for_half_a_minute_is_not_alive() -> None:
    now = [0.0]
    health = Health(lambda: now[0])
    now[0] = 30.0
    assert health.live()
    now[0] = 31.0
    assert not health.live()
    health.turned()
    assert health.live()


def test_metrics_are_counted_under_templates() -> None:
    metrics = Metrics()
    metrics.http.labels("GET", "/v1/reports/<report_id>", 200).inc()
    metrics.http_seconds.labels("GET", "/v1/reports/<report_id>").observe(0.01)
    metrics.consumed.labels("intake.report.accepted.v1", "done").inc()
    metrics.pending.set(3)
    metrics.oldest.set(1.5)
    metrics.attached.labels("internal").set(3)
    metrics.subscriptions.labels("internal").set(4)
    text = metrics.render().decode()
    assert 'ngao_http_requests_total{method="GET",route="/v1/reports/<report_id>",status="200"} 1.0' in text
    assert "ngao_outbox_pending 3.0" in text
    assert 'ngao_subscriptions_attached{vhost="internal"} 3.0' in text
    assert 'ngao_subscriptions{vhost="internal"} 4.0' in text


def test_two_processes_parts_in_one_test_do_not_share_numbers() -> None:
    one, other = Metrics(), Metrics()
    one.parked.set(5)
    assert "ngao_parked 0.0" in other.render().decode()
