"""`ngao check` on real parts: what is sound is told as sound, and what is not is named with the way out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ngao.broker import layout
from ngao.broker.management import Management
from ngao.broker.provisioning import topology_steps
from ngao.contracts import subscriptions_of
from ngao.deployment.checks.runner import CheckResult, State, perform
from ngao.deployment.checks.runtime import Broker, Service
from ngao.testing.broker import Line, management_of, provision
from ngao.testing.processes import ROOT, World, free_port
from ngao.testing.waiting import eventually
from tests.support.intake import AmqpSource

HEARD = {"notify": subscriptions_of("notify")}


@pytest.fixture(scope="module")
def provisioned(world: World) -> World:
    provision(world, HEARD)
    return world


@pytest.fixture
def settings(provisioned: World) -> Path:
    smtp = '[own.smtp]\nhost = "127.0.0.1"\nport = 1\nfrom = "desk@example.org"\ntls = "none"\n'
    return provisioned.settings("notify", own=smtp)[0]


def broker(world: World) -> Broker:
    @contextmanager
    def open_management() -> Iterator[Management]:
        management = management_of(world)
        yield management
        management.close()

    wanted = layout.internal(HEARD, sorted(set(world.tiers_s)))
    return Broker(open_management, lambda found: topology_steps(found, world.vhost, wanted), world.edge_vhost)


def failed(findings: list[CheckResult]) -> list[str]:
    return [each.says for each in findings if each.state is State.FAILED]


def check(*arguments: str, **environment: str) -> tuple[int, Any, str]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "ngao.cli", "check", "--json", *arguments], cwd=ROOT, check=False,
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )  # fmt: skip
    return done.returncode, json.loads(done.stdout), done.stderr


def test_a_broker_that_has_everything_is_sound(provisioned: World) -> None:
    found = perform(broker(provisioned).checks())
    assert [each.what for each in found] == ["broker", "broker's alarms", "queues and accounts", "lanes", "broker's clock"]
    assert failed(found) == []


def test_a_lost_queue_is_named(provisioned: World) -> None:
    management = management_of(provisioned)
    management.delete("queues", provisioned.vhost, "notify.dead")
    try:
        (said,) = failed(perform(broker(provisioned).checks()))
        assert said.startswith("The broker lacks 2 things, first the queue ")
        assert said.endswith("/notify.dead: run `ngao provision`.")
    finally:
        provision(provisioned, HEARD)
        management.close()


def test_an_outsider_whose_words_nobody_reads_is_named(provisioned: World) -> None:
    """Its account is on the broker and not in the service's store, as after the restore of an older backup."""
    source = AmqpSource(provisioned, "forgotten")
    management = provision(provisioned, HEARD)
    lane = provisioned.edge_names.on_broker("intake.reports.forgotten")
    try:
        with Line(provisioned, edge=True).open() as channel:
            channel.basic_consume(provisioned.edge_names.on_broker("intake.reports"), lambda *_: None)
            source.post({})
            shared = provisioned.edge_names.on_broker("intake.reports")
            for name, what in ((lane, "messages"), (shared, "consumers")):
                place = ("queues", provisioned.edge_vhost, name)
                eventually(lambda at=place, of=what: management.get(*at).get(of), within=30, what=f"the broker to count {what}")
            (said,) = failed(perform(broker(provisioned).checks()))
        assert said.startswith("Nobody reads what the source forgotten posts over AMQP (1 messages wait)")
        assert "docs/runbooks/subscription-without-consumer.md" in said
    finally:
        management.delete("queues", provisioned.edge_vhost, lane)
        source.close()
        management.close()


def test_a_queue_with_other_arguments_is_named_with_the_argument(provisioned: World) -> None:
    management = management_of(provisioned)
    management.delete("queues", provisioned.vhost, "notify.dead")
    arguments = {"x-queue-type": "quorum", "x-delivery-limit": 3, "x-overflow": "reject-publish"}
    management.put("queues", provisioned.vhost, "notify.dead", body={"durable": True, "arguments": arguments})
    try:
        (said,) = failed(perform(broker(provisioned).checks()))
        assert "notify.dead has the argument x-delivery-limit = 3, not 1000000000" in said
        assert said.endswith("drain it, delete it and provision again.")
    finally:
        management.delete("queues", provisioned.vhost, "notify.dead")
        provision(provisioned, HEARD)
        management.close()


def test_a_broker_that_does_not_answer_is_the_only_failure(provisioned: World) -> None:
    @contextmanager
    def nobody() -> Iterator[Management]:
        yield Management(f"http://127.0.0.1:{free_port()}", "ngao-admin", "x")

    found = perform(Broker(nobody, lambda _: iter(())).checks())
    assert [each.state for each in found] == [State.FAILED, *[State.SKIPPED] * 4]
    assert "does not answer" in found[0].says


def test_a_service_is_checked_by_its_settings_file(settings: Path) -> None:
    code, told, said = check("--settings", str(settings))
    assert (code, said) == (0, "")
    assert told["sound"] is True
    found = {each["what"]: each["says"] for each in told["findings"]}
    assert found["settings of notify"] == "notify"
    assert found["store of notify"].startswith("MongoDB ")
    assert found["broker account of notify"].startswith("RabbitMQ ")
    assert found["policy of notify"] == "readable by 5 services"


def test_before_the_start_neither_broker_nor_store_is_asked(settings: Path) -> None:
    settings.write_text(settings.read_text().replace('host = "', 'host = "nowhere.invalid-'))
    code, told, _ = check("--before-start", "--settings", str(settings))
    assert code == 0
    assert not [each for each in told["findings"] if "store of" in each["what"] or "broker" in each["what"]]


def test_failures_are_told_first_one_first_and_end_with_1(settings: Path) -> None:
    text = settings.read_text().replace('file = "operators.json"', 'file = "nobody.json"')
    settings.write_text(text.replace('hosts = "', 'hosts = "nowhere.invalid:1,'))
    (settings.parent / "wrong.password").write_text("never-to-be-shown\n")
    settings.write_text(settings.read_text().replace('password_file = "notify.password"', 'password_file = "wrong.password"'))
    code, told, said = check("--settings", str(settings))
    assert code == 1
    assert told["sound"] is False
    first, second, *_ = said.splitlines()
    assert "nobody.json" in first
    assert "refuses the name or the password" in second
    assert "never-to-be-shown" not in said + json.dumps(told)


def test_settings_that_cannot_be_read_hide_what_needs_them(tmp_path: Path) -> None:
    found = perform([*Service(tmp_path / "gone.toml").static(), *Service(tmp_path / "gone.toml").running()])
    assert [each.state for each in found] == [State.FAILED] + [State.SKIPPED] * (len(found) - 1)
    assert "gone.toml cannot be read" in found[0].says


def test_an_operators_role_that_policy_does_not_know_is_named(settings: Path) -> None:
    file = settings.parent / "operators.json"
    known = file.read_text()
    listed = json.loads(known)["operators"]
    try:
        file.write_text(json.dumps({"operators": [{**listed[0], "roles": ["night-watch"]}]}))
        code, _, said = check("--settings", str(settings))
    finally:
        file.write_text(known)
    assert code == 1
    assert "The role night-watch of tester is not in roles.yaml" in said
