"""The domain's rules, made from the policy files that operators own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ngao.chassis.errors import InvalidInput, Misconfigured
from ngao.chassis.policy import Policy, load_policy, reads_policy
from ngao.chassis.retention import load_retention
from ngao.kernel.placeholders import Placeholders
from ngao.kernel.problems import FieldError
from ngao.kernel.records import from_record
from ngao.kernel.retention import Retention
from ngao.kernel.vocabulary import LABELLED, Vocabulary, WrongList, demand_known, demand_labels, vocabulary_of
from services.intake.mapping.bounds import is_bound
from services.intake.mapping.expressions import check_expression
from services.intake.mapping.profiles import Edit, FieldRule, Profile
from services.intake.mapping.readings import ValueMap, ValueReader, spoken
from services.intake.policy_schemas import FILES, FLAGS, IdentityFile, ProfileFile
from services.intake.triage.model import Condition, Rule, TriagePolicy

_RETENTION = {"reports": ("closed", "withdrawn", "received")}
_PHONES = "/subject/identity/phones"
_ONE_CODE = re.compile(
    r"^(/violations/\*/(against|occurred_precision|perpetrators/\d/(type|involvement))|/reporter/role|/occurred_precision|/location/(code|scheme)"
    r"|/subject/attributes/(gender|age_group|orientation|displacement))$"
)
_LISTS = (
    (re.compile(r"^/violations/[*\d]+/type$"), ("violations.yaml", "violations")),
    (re.compile(r"^/needs(/|$)"), ("support_types.yaml", "support_types")),
    (re.compile(r"^/violations/[*\d]+/perpetrators/[*\d]+/type$"), ("perpetrators.yaml", "perpetrators")),
    (re.compile(r"^/violations/[*\d]+/perpetrators/[*\d]+/involvement$"), ("perpetrators.yaml", "involvements")),
)
"""Which list the codes of a field are in."""


@dataclass(frozen=True)
class IntakePolicy:
    """Everything intake reads from policy files. `region` is where a phone number without a country code is from.

    `flags` are the flags that a case may have, each with its label in every language of the coalition.
    """

    version: str
    vocabulary: Vocabulary
    triage: TriagePolicy
    placeholders: Placeholders
    region: str
    profiles: Mapping[str, Profile]
    retention: Retention
    read_reasons: tuple[str, ...]
    flags: Mapping[str, Mapping[str, str]]

    def check_read_reason(self, reason: str) -> None:
        """Raise InvalidInput for a reason to read that the coalition has no code for."""
        if reason not in self.read_reasons:
            error = FieldError("/reason", "unknown_code", f"Must be one of: {', '.join(self.read_reasons)}.")
            raise InvalidInput("Say why you read it: reason= is a code of policy.", [error])


def load(directories: Sequence[Path], region: str | None = None) -> IntakePolicy:
    """Load and check intake's files, each by itself and all against one another; raises Misconfigured.

    `region` is where a phone number without a country code is from, if it is not `default_region` of identity.yaml.
    """
    try:
        return _load(directories, region)
    except WrongList as error:
        raise Misconfigured(str(error)) from None


@reads_policy("intake")
def version_of(directories: Sequence[Path]) -> str:
    """Read all that intake reads at its start; returns the version. Raises Misconfigured."""
    return load(directories).version


def _load(directories: Sequence[Path], region: str | None) -> IntakePolicy:
    policy = load_policy(directories, FILES, {"profiles": ProfileFile()})
    identity = load_policy(directories, {"identity.yaml": IdentityFile()})["identity.yaml"]
    region = region or str(identity["default_region"])
    vocabulary, retention = vocabulary_of(policy.documents), load_retention(directories, "intake", _RETENTION)
    nobodys = policy["placeholders.yaml"]
    placeholders, triage = Placeholders.of(**nobodys, region=region), _triage(policy, vocabulary)
    names = {list_: _names(policy[list_[0]][list_[1]]) for list_ in LABELLED}
    profiles = {name: _profile(name, document, names) for name, document in policy.folder("profiles").items()}
    reasons = tuple(identity["read_reasons"])
    flags = {code: entry["label"] for code, entry in policy[FLAGS]["flags"].items()}
    demand_labels(FLAGS, flags, policy["languages.yaml"])
    return IntakePolicy(policy.version, vocabulary, triage, placeholders, region, profiles, retention, reasons, flags)


def _triage(policy: Policy, vocabulary: Vocabulary) -> TriagePolicy:
    document = policy["triage.yaml"]
    thresholds = document["thresholds"]
    if not thresholds["critical"] > thresholds["high"] > thresholds["medium"]:
        raise Misconfigured("The policy file triage.yaml has errors: thresholds: critical must be above high, high above medium.")
    rules = tuple(_rule(each, vocabulary) for each in document["rules"])
    repeated = {rule.id for rule in rules if sum(other.id == rule.id for other in rules) > 1}
    if repeated:
        raise Misconfigured(f"The policy file triage.yaml has errors: rules: {', '.join(sorted(repeated))} is there twice.")
    reasons = document["decision_reasons"]
    return TriagePolicy(policy.version, thresholds, rules, vocabulary.violations, vocabulary.state_perpetrators, reasons)


def _rule(document: Mapping[str, Any], vocabulary: Vocabulary) -> Rule:
    when, effect, name = document["when"], document["effect"], f"rule {document['id']}"
    if bool(effect["points"]) == bool(effect["at_least"]):
        raise Misconfigured(f"The policy file triage.yaml has errors: {name}: effect needs either at_least or points.")
    groups = {violation.group for violation in vocabulary.violations.values()}
    demand_known("triage.yaml", f"{name}.when.violation_in", when["violation_in"], vocabulary.violations)
    demand_known("triage.yaml", f"{name}.when.violation_group", when["violation_group"], groups)
    demand_known("triage.yaml", f"{name}.when.perpetrator_in", when["perpetrator_in"], vocabulary.perpetrators)
    demand_known("triage.yaml", f"{name}.when.needs_include", when["needs_include"], vocabulary.supports)
    if earlier := when["earlier_reports"]:
        demand_known("triage.yaml", f"{name}.when.earlier_reports", earlier["violation_group"], groups)
    return Rule(document["id"], document["text"], from_record(Condition, when), effect["points"], effect["at_least"])


def _names(entries: Mapping[str, Any]) -> dict[str, str]:
    """Map the codes of a list, and its labels in each language, to its codes; a label of two entries names neither."""
    labels = Counter((spoken(label), slug) for slug, entry in entries.items() for label in set(entry["label"].values()))
    times = Counter(label for label, _ in labels)
    return {label: slug for label, slug in labels if times[label] == 1} | {spoken(slug): slug for slug in entries}


def _profile(name: str, document: Mapping[str, Any], names: Mapping[tuple[str, str], Mapping[str, str]]) -> Profile:
    maps = {key: ValueMap(value["values"], value["others"]) for key, value in document["value_maps"].items()}
    rules = tuple(_field(name, field, maps, names) for field in document["fields_"])
    discard = frozenset(document["discard"])
    forbidden = {used for rule in rules for used in rule.names()} & discard
    if forbidden:
        used = ", ".join(sorted(forbidden))
        raise Misconfigured(f"The policy file profiles/{name}.yaml has errors: fields: {used} is on the discard list.")
    return Profile(name, document["version"], rules, tuple(document["unwrap"]), discard, _edit(name, document["edit"]))


def _edit(profile: str, document: Mapping[str, Any] | None) -> Edit | None:
    if document is None:
        return None
    edit = Edit(tuple(document["name"]), tuple(document["replaces"]))
    _check_expressions(f"profiles/{profile}.yaml", "edit", (name.text for name in (*edit.name, *edit.replaces)))
    return edit


def _field(
    profile: str, document: Mapping[str, Any], maps: Mapping[str, ValueMap], names: Mapping[tuple[str, str], Mapping[str, str]]
) -> FieldRule:
    where = f"profiles/{profile}.yaml"
    if document["map"]:
        demand_known(where, f"{document['to']}: map", [document["map"]], maps)
    if document["for_each"] and "/*/" not in document["to"]:
        raise Misconfigured(f"The policy file {where} has errors: {document['to']}: for_each needs a * in `to`.")
    _check_expressions(where, document["to"], (*(each.text for each in document["from_"]), *filter(None, [document["for_each"]])))
    return FieldRule(
        to=document["to"],
        expressions=tuple(document["from_"]),
        reader=ValueReader(
            kind=_kind(document),
            value_map=_value_map(document["to"], maps[document["map"]]) if document["map"] else None,
            strip_prefix=document["strip_prefix"],
            zone=document["zone"] or document["offset"],
            names=next((names[list_] for shape, list_ in _LISTS if shape.match(document["to"])), {}),
        ),
        default=document["default"],
        only_with=document["with_"],
        for_each=document["for_each"],
    )


def _value_map(to: str, found: ValueMap) -> ValueMap:
    """Return the map of a field; an unknown word about what a person allows may be the one that limits it."""
    return replace(found, others="refuse") if found.others == "drop" and is_bound(to) else found


def _check_expressions(where: str, what: str, expressions: Iterable[str]) -> None:
    for expression in expressions:
        try:
            check_expression(expression)
        except ValueError as error:
            raise Misconfigured(f"The policy file {where} has errors: {what}: {error}.") from None


def _kind(document: Mapping[str, Any]) -> str:
    """Return how a value is shaped; phones of a profile that was written before `phones` are never cut at their spaces."""
    to, kind = document["to"], str(document["as_"])
    if (to, kind) == (_PHONES, "words"):
        return "phones"
    return "codes" if kind == "text" and _ONE_CODE.match(to) else kind
