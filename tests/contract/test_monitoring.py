"""Alerts, dashboards and runbooks agree with one another and with the deployment; tests/system tries what they measure."""

from __future__ import annotations

import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from ngao.broker import layout
from ngao.chassis.messaging.edge_names import EdgeNames
from ngao.cli.app import build
from ngao.contracts import subscriptions_of
from ngao.deployment.naming import SERVICES
from tests.support.each import for_each
from tests.support.monitoring import ROOT, RULES, alerts, dashboards, expressions, names_in, scrape

RUNBOOKS = ROOT / "docs" / "runbooks"
WIRES = ("tls", "plain")
PROMTOOL = "promtool"
TRIED = ("alerts.yml", "alerts_of_days.yml")
KEBAB = re.compile(r"(?<!^)(?=[A-Z])")

each_alert = for_each("alert", alerts(), ids=lambda alert: alert["alert"])


def page_of(alert: dict[str, Any]) -> Path:
    return ROOT / alert["annotations"]["runbook"]


def general_pages() -> list[Path]:
    """Those that no alert leads to."""
    return sorted(set(RUNBOOKS.glob("*.md")) - {page_of(alert) for alert in alerts()} - {RUNBOOKS / "README.md"})


def panels() -> list[tuple[str, dict[str, Any]]]:
    return [(name, panel) for name, dashboard in dashboards().items() for panel in dashboard["panels"]]


def commands() -> list[str]:
    texts = [page.read_text("utf-8") for page in RUNBOOKS.glob("*.md")]
    return sorted({found for text in texts for found in re.findall(r"bin/ngao [^`\n|)]*", text)})


@cache
def whole_command() -> Any:
    return typer.main.get_command(build())


@each_alert
def test_an_alert_says_what_is_wrong_and_where_the_way_out_stands(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in {"critical", "warning"}
    assert set(alert["annotations"]) == {"summary", "description", "runbook"}
    assert page_of(alert) == RUNBOOKS / f"{KEBAB.sub('-', alert['alert']).lower()}.md"


@each_alert
def test_the_page_of_an_alert_has_all_a_tired_reader_needs(alert: dict[str, Any]) -> None:
    text = page_of(alert).read_text("utf-8")
    assert f"Alert `{alert['alert']}`, {alert['labels']['severity']}." in text
    parts = ["**What it means.**", "**Who is affected.**", "## Look first", "## Do", "## Call"]
    assert sorted(parts, key=text.index) == parts
    assert text.count("\n") <= 60


def test_every_name_is_given_once() -> None:
    names = [alert["alert"] for alert in alerts()]
    assert len(set(names)) == len(names)


@for_each("page", general_pages(), ids=lambda page: page.stem)
def test_the_page_of_what_a_person_begins_has_all_a_tired_reader_needs(page: Path) -> None:
    text = page.read_text("utf-8")
    parts = ["# ", "**When.**", "**Who is affected.**", "## First", "## How do I know that it worked", "## Call"]
    assert sorted(parts, key=text.index) == parts
    assert text.count("\n") <= 100


def test_the_index_names_every_page() -> None:
    index = (RUNBOOKS / "README.md").read_text("utf-8")
    assert [page.name for page in RUNBOOKS.glob("*.md") if page.stem != "README" and f"({page.name})" not in index] == []


@for_each("command", commands())
def test_a_command_that_a_page_names_exists_with_its_options(command: str) -> None:
    """The blocks are run by tests/docs; this is about those that stand in sentences."""
    words = re.sub(r'"[^"]*"', "text", command).split()[1:]
    found = whole_command()
    while words and words[0] in getattr(found, "commands", {}):
        found = found.commands[words.pop(0)]
    assert not (hasattr(found, "commands") and words and words[0].isalpha()), f"there is no {words[0]}"
    known = {option for each in found.params for option in each.opts} | {"--help"}
    assert [word for word in words if word.startswith("--") and word not in known] == []


def test_panels_are_told_apart_and_do_not_overlap() -> None:
    assert set(dashboards()) == {"flow", "machine-room"}
    assert {dashboard["uid"] for dashboard in dashboards().values()} == {"ngao-flow", "ngao-machine-room"}
    for dashboard in dashboards().values():
        ids = [panel["id"] for panel in dashboard["panels"]]
        assert len(set(ids)) == len(ids)
        covered = [
            (x, y)
            for place in (panel["gridPos"] for panel in dashboard["panels"])
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        ]
        assert len(set(covered)) == len(covered)
        assert max(x for x, _ in covered) < 24


def test_every_panel_that_asks_knows_whom() -> None:
    datasource = yaml.safe_load((ROOT / "deploy/monitoring/grafana/provisioning/datasources/prometheus.yml").read_text("utf-8"))
    (known,) = datasource["datasources"]
    asked = {target["datasource"]["uid"] for _, panel in panels() for target in panel.get("targets", ())}
    assert asked == {known["uid"]}
    listed = {panel["options"]["datasource"] for _, panel in panels() if panel["type"] == "alertlist"}
    assert listed == {known["name"]}


def test_nothing_is_asked_that_nobody_would_measure() -> None:
    ours = re.compile(r"ngao_|rabbitmq_|process_|up$")
    assert [(place, name) for place, text in expressions() for name in names_in(text) if not ours.match(name)] == []


@pytest.mark.parametrize("wire", WIRES)
def test_every_replica_of_every_service_is_read(wire: str) -> None:
    jobs = scrape(wire)
    for service in SERVICES:
        (found,) = jobs[service]["dns_sd_configs"]
        assert (found["names"], found["type"], found["port"]) == ([service], "A", 8081)
        settings = tomllib.loads((ROOT / "deploy" / "wire" / wire / f"{service}.toml").read_text("utf-8"))
        assert settings["http"]["inside_port"] == found["port"]
        assert {"target_label": "service", "replacement": service} in jobs[service]["relabel_configs"]
    assert set(jobs) == {*SERVICES, "broker", "broker-queues"}


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("gate", ["edge", "desk"])
def test_no_gate_leads_to_the_numbers(gate: str, wire: str) -> None:
    """How many people call for help, and when, is nobody's business outside."""
    told = (ROOT / "deploy" / "wire" / wire / f"{gate}.cfg").read_text("utf-8")
    ports = {str(found["port"]) for job in scrape(wire).values() for found in job["dns_sd_configs"]}
    assert not ports & set(re.findall(r":(\d+)", told))


@pytest.mark.parametrize("wire", WIRES)
def test_no_queue_of_a_partner_or_source_is_measured(wire: str) -> None:
    """Their names are known to them alone."""
    kept, *_ = scrape(wire)["broker-queues"]["metric_relabel_configs"]
    assert (kept["action"], kept["source_labels"]) == ("keep", ["queue"])
    ours = {service: subscriptions_of(service) for service in SERVICES}
    inside = layout.internal(ours, (5,)) + layout.edge((5,))
    outside = layout.partner_queues("p1", "3f9c1e") + layout.source_queue("hotline", "9a7b")
    seen = {queue.name for queue in (*inside.queues, *outside.queues) if re.fullmatch(kept["regex"], queue.name)}
    assert seen == {queue.name for queue in inside.queues} - {"wait.5"}


@pytest.mark.parametrize("wire", WIRES)
def test_the_secret_in_the_names_of_our_queues_at_the_edge_is_not_measured(wire: str) -> None:
    kept, number, lane, drop, cut = scrape(wire)["broker-queues"]["metric_relabel_configs"]
    names = EdgeNames("a1_B-" * 8)
    plain = [each.name for each in layout.edge((5,)).queues if re.fullmatch(kept["regex"], each.name)]
    lanes = [each.lane("legal-aid").queues[0].name for each in layout.EDGE_INBOUND]
    ours = {service: subscriptions_of(service) for service in SERVICES}
    inside = [each.name for each in layout.internal(ours, (5,)).queues]

    def measured(queue: str) -> str:
        return re.sub(f"^{cut['regex']}$", cut["replacement"].replace("$", "\\"), queue)

    assert ([measured(names.on_broker(name)) for name in plain], cut["target_label"]) == (plain, "queue")
    assert len(plain) == 4
    assert [measured(names.on_broker(name)) for name in lanes] == [each.queue for each in layout.EDGE_INBOUND]
    assert not [name for name in inside if re.fullmatch(cut["regex"], name)]
    assert (number["action"], lane["target_label"], drop) == ("hashmod", "lane", {"regex": "lane_number", "action": "labeldrop"})
    told_apart = [name for name in (*plain, *lanes) if re.fullmatch(lane["regex"], f"{names.on_broker(name)};17")]
    assert (told_apart, lane["replacement"]) == (lanes, "$3")
    assert not [name for name in inside if re.fullmatch(lane["regex"], f"{name};17")]


@pytest.mark.parametrize("job", ["broker", "broker-queues"])
def test_the_brokers_numbers_are_where_they_are_looked_for(job: str) -> None:
    for wire, protocol in (("tls", "ssl"), ("plain", "tcp")):
        settings = (ROOT / "deploy" / "wire" / wire / "rabbitmq.conf").read_text("utf-8")
        (found,) = scrape(wire)[job]["dns_sd_configs"]
        assert f"prometheus.{protocol}.port = {found['port']}\n" in settings
    assert "rabbitmq_prometheus" in (ROOT / "deploy" / "broker" / "enabled_plugins").read_text("utf-8")


def test_promtool_finds_the_rules_sound() -> None:
    done = subprocess.run([PROMTOOL, "check", "rules", str(RULES)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("tried", TRIED)
def test_alerts_fire_when_they_should_and_not_otherwise(tried: str) -> None:
    rules = ROOT / "tests" / "support" / tried
    done = subprocess.run([PROMTOOL, "test", "rules", str(rules)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
