"""Read `trainings.yaml`: programmes, and the need that a request for one is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from marshmallow import fields, post_load, validate

from ngao.chassis.errors import Misconfigured
from ngao.chassis.policy import load_policy
from ngao.contracts.classes import Strict
from ngao.contracts.lists import LISTS, SLUG
from services.registry.trainings.model import Programme

TRAININGS, _NEEDS, _LANGUAGES, _COUNTIES = "trainings.yaml", "support_types.yaml", "languages.yaml", "counties.yaml"


class _Programme(Strict):
    label = fields.Dict(keys=fields.String(), values=fields.String(), required=True, validate=validate.Length(min=1))
    need = fields.String(required=True)

    @post_load
    def to_programme(self, data: dict[str, Any], **_: object) -> Programme:
        return Programme(**data)


class TrainingsFile(Strict):
    """trainings.yaml. A coalition without trainings has an empty list."""

    programmes = fields.Dict(keys=fields.String(validate=SLUG), values=fields.Nested(_Programme), required=True)


def read_programmes(directories: Sequence[Path]) -> Mapping[str, Programme]:
    """Load and check the file. Raises Misconfigured, also for a need or a language of a label that is missing in its list."""
    files = load_policy(directories, {TRAININGS: TrainingsFile(), **{name: LISTS[name] for name in (_NEEDS, _LANGUAGES)}})
    programmes: Mapping[str, Programme] = files[TRAININGS]["programmes"]
    known, languages = files[_NEEDS]["support_types"], files[_LANGUAGES]["written_in"]
    wrong = []
    for code, each in programmes.items():
        wrong += [] if each.need in known else [f"programmes.{code}.need: there is no such support type"]
        wrong += [f"programmes.{code}.label: {language} is missing" for language in languages if language not in each.label]
    if wrong:
        raise Misconfigured(f"The policy file {TRAININGS} has errors: {'; '.join(wrong)}.")
    return programmes


def read_counties(directories: Sequence[Path]) -> frozenset[str]:
    """Return the codes of the counties in which a session can be. Raises Misconfigured."""
    return frozenset(load_policy(directories, {_COUNTIES: LISTS[_COUNTIES]})[_COUNTIES]["counties"])
