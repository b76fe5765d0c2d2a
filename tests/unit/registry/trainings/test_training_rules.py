"""trainings.yaml is checked whole before a service starts: each programme is a need that partners may offer."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from ngao.chassis.errors import Misconfigured
from ngao.testing.memory import SHIPPED_POLICY
from services.registry.trainings.rules import TRAININGS, read_programmes


def test_the_shipped_programmes_are_needs() -> None:
    needs = {code: each.need for code, each in read_programmes([SHIPPED_POLICY]).items()}
    assert needs == {
        "security": "security_training", "advocacy": "advocacy_skills", "economic_empowerment": "economic_empowerment",
        "forum_participation": "forum_participation",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("programme", "sentence"),
    [
        ({"label": {"en": "A", "sw": "B"}, "need": "magic"}, "programmes.any.need: there is no such support type"),
        ({"label": {"en": "A"}, "need": "security_training"}, "programmes.any.label: sw is missing"),
        ({"label": {"en": "A", "sw": "B"}}, "need"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, programme: dict[str, object], sentence: str) -> None:
    for name in ("support_types.yaml", "languages.yaml"):
        shutil.copy(SHIPPED_POLICY / name, tmp_path / name)
    (tmp_path / TRAININGS).write_text(yaml.safe_dump({"programmes": {"any": programme}}), "utf-8")
    with pytest.raises(Misconfigured, match=sentence):
        read_programmes([tmp_path])
