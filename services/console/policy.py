"""Read console's part of the policy: its rules of retention, and the labels and places that its pages show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from marshmallow import fields, validate

from ngao.chassis.policy import load_policy, reads_policy
from ngao.chassis.retention import load_retention
from ngao.chassis.security.roles import read_roles
from ngao.contracts.classes import Tolerant
from ngao.contracts.lists import LISTS
from ngao.kernel.retention import Retention
from services.console.roster.ladders import NOTIFICATIONS, NotificationsFile, ladders_of
from services.console.roster.model import Ladder
from services.console.rules.reading import read_rules
from services.console.values import LANGUAGES

_MATCHING = "matching.yaml"
_TRIAGE, _TEMPLATES, _IDENTITY = "triage.yaml", "templates.yaml", "identity.yaml"
_COUNTIES, _VIOLATIONS, _NEEDS, _PERPETRATORS = "counties.yaml", "violations.yaml", "support_types.yaml", "perpetrators.yaml"
_LANGUAGES, _CHECKINS = "languages.yaml", "checkins.yaml"
Labels = Mapping[str, Mapping[str, str]]
"""For each code, its label by language."""


_TEXTS = fields.Dict(keys=fields.String(), values=fields.String())


class _MatchingFile(Tolerant):
    """The one key of referral's file that pages need, too."""

    timezone = fields.String(required=True, validate=validate.OneOf(available_timezones()))


class _Rule(Tolerant):
    """Intake's rule of triage, as far as pages show it."""

    id = fields.String(required=True)
    text = fields.String(required=True)


class _TriageFile(Tolerant):
    """The sentences of intake's file, and what they are in other languages: by language, then by rule or code."""

    rules = fields.List(fields.Nested(_Rule), required=True)
    decision_reasons = fields.Dict(keys=fields.String(), values=fields.String(), load_default=dict)
    translations = fields.Dict(keys=fields.String(), values=_TEXTS, load_default=dict)


class _Template(Tolerant):
    """What pages call a message: its subject."""

    subject = fields.String(required=True)


class _TemplatesFile(Tolerant):
    """Notify's file of templates, by name and language."""

    templates = fields.Dict(
        keys=fields.String(), values=fields.Dict(keys=fields.String(), values=fields.Nested(_Template)), required=True
    )


class _Kind(Tolerant):
    """What a sign of life is agreed for."""

    label = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class _CheckinsFile(Tolerant):
    """The kinds of check-ins in the registry's file."""

    kinds = fields.Dict(keys=fields.String(), values=fields.Nested(_Kind), required=True)


class _IdentityFile(Tolerant):
    """The part of the file of registry and intake that pages need: why a record may be read, and the region of phone numbers."""

    default_region = fields.String(required=True, validate=validate.Length(equal=2))
    read_reasons = fields.List(fields.String(), required=True)
    labels = fields.Dict(keys=fields.String(), values=_TEXTS, load_default=dict)


@dataclass(frozen=True)
class Policy:
    """Labels by code and language; `zone` is the time in which pages show moments; `version` of all files together.

    `decision_reasons` are why a person may decide an urgency otherwise, `templates` the subjects of messages. `sentences` are
    those of triage in other languages, by the English one. `read_reasons` are why a record may be read, `reasons` the
    labels of these and of reasons for restrictions. `acts` are the violations of each group, both in the order of their file.
    `region` is that of phone numbers without a country. `ladders` are those of notify's rules.
    """

    counties: Labels
    violations: Labels
    groups: Labels
    acts: Mapping[str, tuple[str, ...]]
    checkins: Labels
    perpetrators: Labels
    support_types: Labels
    templates: Labels
    decision_reasons: Labels
    sentences: Labels
    read_reasons: Labels
    languages: Labels
    roles: Labels
    ladders: tuple[Ladder, ...]
    reasons: Labels
    zone: str
    region: str
    version: str


@reads_policy("console")
def version_of(directories: Sequence[Path]) -> str:
    """Read every policy file that console reads at its start. Returns the version. Raises Misconfigured."""
    read_retention(directories)
    read_rules(directories)
    return read_policy(directories).version


def read_retention(directories: Sequence[Path]) -> Retention:
    """Read console's rules of retention. Raises Misconfigured."""
    return load_retention(directories, "console", {})


def read_policy(directories: Sequence[Path]) -> Policy:
    """Read the labels. Raises Misconfigured."""
    lists = {name: LISTS[name] for name in (_COUNTIES, _VIOLATIONS, _NEEDS, _PERPETRATORS, _LANGUAGES)}
    others = {
        _MATCHING: _MatchingFile(),
        _TRIAGE: _TriageFile(),
        _TEMPLATES: _TemplatesFile(),
        _IDENTITY: _IdentityFile(),
        _CHECKINS: _CheckinsFile(),
    }
    found = load_policy(directories, {**lists, **others, NOTIFICATIONS: NotificationsFile()})
    triage, identity = found[_TRIAGE], found[_IDENTITY]
    reasons, rules = triage["decision_reasons"], {each["id"]: each["text"] for each in triage["rules"]}
    return Policy(
        counties={code: dict.fromkeys(LANGUAGES, entry["name"]) for code, entry in found[_COUNTIES]["counties"].items()},
        violations=_labels(found[_VIOLATIONS]["violations"]),
        groups=_labels(found[_VIOLATIONS]["groups"]),
        acts=_acts(found[_VIOLATIONS]),
        checkins=_labels(found[_CHECKINS]["kinds"]),
        perpetrators=_labels(found[_PERPETRATORS]["perpetrators"]),
        support_types=_labels(found[_NEEDS]["support_types"]),
        templates={name: _subjects(texts) for name, texts in found[_TEMPLATES]["templates"].items()},
        decision_reasons={code: {"en": text} | _in_others(triage, code) for code, text in reasons.items()},
        sentences={text: _in_others(triage, code) for code, text in (*reasons.items(), *rules.items())},
        read_reasons={code: identity["labels"].get(code, {}) for code in identity["read_reasons"]},
        region=identity["default_region"],
        languages={code: dict.fromkeys(LANGUAGES, name) for code, name in found[_LANGUAGES]["languages"].items()},
        roles={name: role.label for name, role in read_roles(directories).items()},
        ladders=ladders_of(found[NOTIFICATIONS]),
        reasons=identity["labels"],
        zone=found[_MATCHING]["timezone"],
        version=found.version,
    )


def _labels(entries: Mapping[str, Any]) -> Labels:
    return {code: entry["label"] for code, entry in entries.items()}


def _subjects(texts: Mapping[str, Any]) -> dict[str, str]:
    return {language: text["subject"] for language, text in texts.items()}


def _in_others(triage: Mapping[str, Any], code: str) -> dict[str, str]:
    """Return what the sentence of a rule or reason is in other languages."""
    return {language: texts[code] for language, texts in triage["translations"].items() if code in texts}


def _acts(file: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """Return the violations of each group: the groups with a label first, in the order of their labels."""
    violations = file["violations"].items()
    order = dict.fromkeys((*file["groups"], *(entry["group"] for _, entry in violations)))
    found = {group: tuple(code for code, entry in violations if entry["group"] == group) for group in order}
    return {group: codes for group, codes in found.items() if codes}
