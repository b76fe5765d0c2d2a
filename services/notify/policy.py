"""Read notifications.yaml and templates.yaml into the domain's rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from marshmallow import EXCLUDE, Schema, fields, validate

from ngao.chassis.errors import Misconfigured
from ngao.chassis.policy import load_policy, reads_policy
from ngao.chassis.retention import load_retention
from ngao.contracts import subscriptions_of
from ngao.contracts.classes import Pattern, Strict
from ngao.kernel.ids import WHOLE_ID
from ngao.kernel.retention import Retention
from ngao.kernel.urgency import URGENCIES
from services.notify.errors import PolicyBroken
from services.notify.messages.templates import Templates, Text
from services.notify.rules import Ladder, Policy, Rule, Step, Undeliverable

NOTIFICATIONS, TEMPLATES, LANGUAGES = "notifications.yaml", "templates.yaml", "languages.yaml"
_RETENTION = {"roster": ("removed",)}


class _Rule(Strict):
    when = fields.String(required=True, validate=validate.OneOf(subscriptions_of("notify")))
    recipient_kind = fields.String(data_key="tell", required=True)
    template = fields.String(required=True)
    urgencies = fields.List(fields.String(validate=validate.OneOf(URGENCIES)), load_default=list)
    urgent = fields.Boolean(load_default=False)
    ladder = fields.String(load_default=None)
    gravity = fields.Integer(load_default=0, validate=validate.Range(min=0, max=9))
    urgency_risen = fields.Boolean(data_key="raised", load_default=False)
    must_reach = fields.Boolean(load_default=False)


class _Step(Strict):
    person = fields.String(required=True, validate=Pattern(WHOLE_ID))
    within_minutes = fields.Float(required=True, validate=validate.Range(min=0, min_inclusive=False))


class _Ladder(Strict):
    steps = fields.List(fields.Nested(_Step), required=True)
    reminders = fields.Integer(load_default=0, validate=validate.Range(min=0, max=100))


class _Undeliverable(Strict):
    template = fields.String(required=True)
    ladder = fields.String(required=True)


class NotificationsFile(Strict):
    """notifications.yaml: rules, ladders, recipients for failed messages, waits between tries."""

    rules = fields.List(fields.Nested(_Rule), required=True)
    ladders = fields.Dict(keys=fields.String(), values=fields.Nested(_Ladder), required=True)
    undeliverable = fields.Nested(_Undeliverable, required=True)
    repeats_within_minutes = fields.Float(load_default=60, validate=validate.Range(min=0, max=1440))
    hand_over_within_hours = fields.Float(load_default=72, validate=validate.Range(min=1, max=720))
    retry_after_seconds = fields.List(fields.Float(validate=validate.Range(min=0)), required=True)


class _Text(Strict):
    subject = fields.String(required=True)
    body = fields.String(required=True)


class TemplatesFile(Strict):
    """templates.yaml: texts by template and language."""

    default_language = fields.String(required=True)
    templates = fields.Dict(
        keys=fields.String(), values=fields.Dict(keys=fields.String(), values=fields.Nested(_Text)), required=True
    )


class LanguagesFile(Schema):
    """languages.yaml: the languages that every text must have; the rest of the file is intake's."""

    class Meta:
        """Intake checks the list of languages."""

        unknown = EXCLUDE

    written_in = fields.List(fields.String(), required=True, validate=validate.Length(min=1))


def read_policy(directories: Sequence[Path]) -> Policy:
    """Load the files and check them against each other and the allow-list. Raises Misconfigured naming the place."""
    schemas = {NOTIFICATIONS: NotificationsFile(), TEMPLATES: TemplatesFile(), LANGUAGES: LanguagesFile()}
    files = load_policy(directories, schemas)
    policy = to_policy(files[NOTIFICATIONS], files[TEMPLATES], files.version)
    try:
        policy.templates.check_languages(files[LANGUAGES]["written_in"])
        policy.check()
    except PolicyBroken as error:
        raise Misconfigured(f"The notification rules have an error: {error}") from None
    return policy


@reads_policy("notify")
def version_of(directories: Sequence[Path]) -> str:
    """Read every policy file that notify reads at its start. Returns the version. Raises Misconfigured."""
    read_retention(directories)
    return read_policy(directories).version


def to_policy(notifications: Mapping[str, Any], templates: Mapping[str, Any], version: str) -> Policy:
    """Return the loaded files as the domain's rules, unchecked."""
    return Policy(
        version=version,
        rules=tuple(Rule(**{**rule, "urgencies": tuple(rule["urgencies"])}) for rule in notifications["rules"]),
        ladders={name: _ladder(name, ladder) for name, ladder in notifications["ladders"].items()},
        undeliverable=Undeliverable(**notifications["undeliverable"]),
        repeats_within=timedelta(minutes=notifications["repeats_within_minutes"]),
        hand_over_within=timedelta(hours=notifications["hand_over_within_hours"]),
        retry_after=tuple(timedelta(seconds=seconds) for seconds in notifications["retry_after_seconds"]),
        templates=_templates(templates),
    )


def _ladder(name: str, ladder: Mapping[str, Any]) -> Ladder:
    steps = (Step(step["person"], timedelta(minutes=step["within_minutes"])) for step in ladder["steps"])
    return Ladder(name, tuple(steps), ladder["reminders"])


def _templates(file: Mapping[str, Any]) -> Templates:
    texts = {
        name: {language: Text(text["subject"], text["body"]) for language, text in by_language.items()}
        for name, by_language in file["templates"].items()
    }
    return Templates(texts, file["default_language"])


def read_retention(directories: Sequence[Path]) -> Retention:
    """Read notify's rules of retention. Raises Misconfigured."""
    return load_retention(directories, "notify", _RETENTION)
