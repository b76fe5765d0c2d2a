"""The file that says how long things are kept: a slip in it must not leave anything kept for ever."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from ngao.chassis.errors import Misconfigured
from ngao.chassis.retention import check_services, load_retention
from ngao.contracts import SERVICES

SHIPPED = Path(__file__).resolve().parents[3] / "deploy" / "policy"
RULES = {"reports": ("closed", "withdrawn", "received")}
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def changed(folder: Path, change: Callable[[dict[str, Any]], object]) -> list[Path]:
    """The shipped file with one thing changed, laid over the shipped folder."""
    document = yaml.safe_load((SHIPPED / "retention.yaml").read_text("utf-8"))
    change(document["services"])
    (folder / "retention.yaml").write_text(yaml.safe_dump(document))
    return [SHIPPED, folder]


def test_days_are_counted_back_from_now() -> None:
    retention = load_retention([SHIPPED], "intake", RULES)
    assert retention.before("reports", "withdrawn", NOW) == NOW - timedelta(days=30)
    assert retention.before("parked", "parked", NOW) == NOW - timedelta(days=90)


def test_another_number_of_days_is_another_version(tmp_path: Path) -> None:
    folders = changed(tmp_path, lambda services: services["intake"]["reports"].update(closed=100))
    assert load_retention(folders, "intake", RULES).version != load_retention([SHIPPED], "intake", RULES).version


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda services: services.pop("intake"), "services.intake: it lacks parked, reports"),
        (lambda services: services["intake"].pop("parked"), "services.intake: it lacks parked"),
        (lambda services: services["intake"].update(reprots={}), "services.intake: it has unknown reprots"),
        (lambda services: services["intake"]["reports"].pop("closed"), "services.intake.reports: it lacks closed"),
        (lambda services: services["intake"]["reports"].update(opened=3), "services.intake.reports: it has unknown opened"),
        (lambda services: services["intake"]["reports"].update(closed=-1), "Must be greater than or equal to 0"),
        (lambda services: services["intake"]["reports"].update(closed="a year"), "Not a valid integer"),
        (lambda services: services["intake"]["reports"].update(closed=None), "may not be null"),
    ],
)  # fmt: skip
def test_a_slip_stops_the_start_and_names_its_place(tmp_path: Path, change: Callable[..., object], said: str) -> None:
    with pytest.raises(Misconfigured, match=r"retention\.yaml has errors") as stopped:
        load_retention(changed(tmp_path, change), "intake", RULES)
    assert said in str(stopped.value)


def test_a_service_that_nobody_knows_is_named(tmp_path: Path) -> None:
    folders = changed(tmp_path, lambda services: services.update(intaek=services["intake"]))
    with pytest.raises(Misconfigured, match="services: it has unknown intaek"):
        check_services(folders, SERVICES)
