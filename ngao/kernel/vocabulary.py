"""The coalition's lists: the codes that reports and partners may use, from policy documents that their schemas have checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ngao.kernel.names import comparable

ISO_PLACES = "iso3166-2"
LABELLED = (
    ("violations.yaml", "violations"),
    ("support_types.yaml", "support_types"),
    ("perpetrators.yaml", "perpetrators"),
    ("perpetrators.yaml", "involvements"),
)
"""The lists whose entries have a label in each language of the coalition: file and key."""


class WrongList(ValueError):
    """A policy file that contradicts itself or another one; the sentence names file and key."""


@dataclass(frozen=True)
class ViolationType:
    """One entry of the violation list; severity in points."""

    label: str
    group: str
    severity: int


@dataclass(frozen=True)
class Vocabulary:
    """The lists that codes are checked against. `counties` maps ISO 3166-2 codes to national numbers.

    `scheme` is the name under which a source may give the national number of a county; empty if the country has none.
    `language_names` and `county_names` lead from names, in the form in which names are compared, to codes.
    """

    violations: Mapping[str, ViolationType]
    supports: frozenset[str]
    suggested_by_group: Mapping[str, tuple[str, ...]]
    suggested_by_violation: Mapping[str, tuple[str, ...]]
    counties: Mapping[str, int]
    state_perpetrators: frozenset[str]
    perpetrators: frozenset[str]
    involvements: frozenset[str]
    languages: frozenset[str]
    language_names: Mapping[str, str] = field(default_factory=dict)
    county_names: Mapping[str, str] = field(default_factory=dict)
    scheme: str = ""

    @property
    def schemes(self) -> tuple[str, ...]:
        """Return the ways to name a county."""
        return (ISO_PLACES, self.scheme) if self.scheme else (ISO_PLACES,)

    def county(self, scheme: str, code: str) -> str | None:
        """Return the county's ISO 3166-2 code, or None if the list has no such county in the scheme named.

        The two numberings may differ, so a bare number is only accepted where the scheme says that it is a national number.
        """
        if scheme == ISO_PLACES:
            return code.upper() if code.upper() in self.counties else None
        if scheme and scheme == self.scheme and code.isascii() and code.isdigit():
            return next((iso for iso, national in self.counties.items() if national == int(code)), None)
        return None


def vocabulary_of(documents: Mapping[str, Any]) -> Vocabulary:
    """Return the lists of all files by name. Raises WrongList where labels or suggestions are missing or lead nowhere."""
    _check_labels(documents)
    _check_groups(documents)
    supports, perpetrators = documents["support_types.yaml"], documents["perpetrators.yaml"]
    languages, counties = documents["languages.yaml"]["languages"], documents["counties.yaml"]
    vocabulary = Vocabulary(
        violations={
            slug: ViolationType(entry["label"]["en"], entry["group"], entry["severity"])
            for slug, entry in documents["violations.yaml"]["violations"].items()
        },
        supports=frozenset(supports["support_types"]),
        suggested_by_group={key: tuple(value) for key, value in supports["suggested_by"]["groups"].items()},
        suggested_by_violation={key: tuple(value) for key, value in supports["suggested_by"]["violations"].items()},
        counties={iso: entry["number"] for iso, entry in counties["counties"].items()},
        state_perpetrators=frozenset(slug for slug, entry in perpetrators["perpetrators"].items() if entry["state"]),
        perpetrators=frozenset(perpetrators["perpetrators"]),
        involvements=frozenset(perpetrators["involvements"]),
        languages=frozenset(languages),
        language_names={comparable(name): code for code, name in languages.items()},
        county_names={comparable(entry["name"]): iso for iso, entry in counties["counties"].items()},
        scheme=counties["scheme"],
    )
    _check_suggestions(vocabulary)
    return vocabulary


def demand_known(file: str, key: str, used: Iterable[str], known: Iterable[str]) -> None:
    """Check codes against their list. Raises WrongList naming every code that is used and not listed."""
    unknown = sorted(set(used) - set(known))
    if unknown:
        raise WrongList(f"The policy file {file} has errors: {key}: {', '.join(unknown)} is not in its list.")


def demand_labels(file: str, labels: Mapping[str, Mapping[str, str]], languages: Mapping[str, Any]) -> None:
    """Check that each code of a list has a label in English and in each language of the coalition. Raises WrongList."""
    for slug, label in labels.items():
        for language in dict.fromkeys(("en", *languages["written_in"])):
            if not label.get(language, "").strip():
                raise WrongList(f"The policy file {file} has errors: {slug}.label: the text in {language} is missing.")


def _check_suggestions(vocabulary: Vocabulary) -> None:
    groups = {each.group for each in vocabulary.violations.values()}
    name, by_group, by_violation = "support_types.yaml", vocabulary.suggested_by_group, vocabulary.suggested_by_violation
    demand_known(name, "suggested_by.groups", groups, by_group)
    demand_known(name, "suggested_by.groups", by_group, groups)
    demand_known(name, "suggested_by.violations", by_violation, vocabulary.violations)
    for key, needs in {**by_group, **by_violation}.items():
        demand_known(name, f"suggested_by {key}", needs, vocabulary.supports)


def _check_groups(documents: Mapping[str, Any]) -> None:
    """Require a label for each group that is used, where any group has one."""
    file = documents["violations.yaml"]
    labels = {group: entry["label"] for group, entry in file.get("groups", {}).items()}
    demand_labels("violations.yaml", labels, documents["languages.yaml"])
    if labels:
        demand_known("violations.yaml", "groups", (each["group"] for each in file["violations"].values()), labels)


def _check_labels(documents: Mapping[str, Any]) -> None:
    """Require a label in each language of the coalition, and in English, for every entry of a list."""
    listed, demanded = documents["languages.yaml"]["languages"], documents["languages.yaml"]["written_in"]
    demand_known("languages.yaml", "written_in", demanded, listed)
    for file, key in LABELLED:
        demand_labels(file, {slug: entry["label"] for slug, entry in documents[file][key].items()}, documents["languages.yaml"])
