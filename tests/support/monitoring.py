"""The alerts and dashboards as their files say them, and the numbers that their expressions ask for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy" / "monitoring" / "rules" / "ngao.yml"
DASHBOARDS = ROOT / "deploy" / "monitoring" / "grafana" / "dashboards"
WIRE = ROOT / "deploy" / "wire"

_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_GROUPING = re.compile(r"\b(by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)")
_NAME = re.compile(r"\b([a-zA-Z_:][a-zA-Z0-9_:]*)\b(?!\s*\()")
_SELECTED = re.compile(r"\b([a-zA-Z_:][a-zA-Z0-9_:]*)\{([^}]*)\}")
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*")')
_SPAN = re.compile(r"\b\d+[smhdwy]\b")
_WORDS = frozenset({"and", "or", "unless", "bool", "offset", "inf", "nan"})
OF_PROMETHEUS = frozenset({"service", "instance", "job", "le"})
"""Labels that the scraping adds, or that a histogram has."""


@dataclass(frozen=True)
class Matcher:
    """One condition of a selector, such as `what="offer"`."""

    metric: str
    label: str
    sign: str
    value: str


def alerts() -> list[dict[str, Any]]:
    """All alerts of the rules file."""
    return [rule for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"] for rule in group["rules"]]


def dashboards() -> dict[str, dict[str, Any]]:
    """Each dashboard by its file's name."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(DASHBOARDS.glob("*.json"))}


def expressions() -> Iterator[tuple[str, str]]:
    """Where each expression stands, and the expression."""
    for alert in alerts():
        yield alert["alert"], alert["expr"]
    for name, dashboard in dashboards().items():
        for panel in dashboard["panels"]:
            for target in panel.get("targets", ()):
                yield f"{name}: {panel['title']}", target["expr"]


def names_in(expression: str) -> set[str]:
    """The metrics that an expression of PromQL names."""
    bare = re.sub(r"\{[^}]*\}", "", _TEXT.sub('""', expression))
    bare = _SPAN.sub("", _GROUPING.sub("", bare))
    return {name for name in _NAME.findall(bare) if name not in _WORDS}


def matchers_in(expression: str) -> Iterator[Matcher]:
    """The conditions on labels that our own processes must have."""
    for metric, inside in _SELECTED.findall(expression):
        for label, sign, value in _MATCHER.findall(inside):
            if label not in OF_PROMETHEUS:
                yield Matcher(metric, label, sign, json.loads(value))


class Page:
    """What a `/metrics` page has: families even without a sample, and the values of labels."""

    def __init__(self, *texts: str) -> None:
        families = [family for text in texts for family in text_string_to_metric_families(text)]
        self.samples = [sample for family in families for sample in family.samples]
        self.names = {sample.name for sample in self.samples} | {"up"}
        for family in families:
            suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(family.type, ("",))
            self.names |= {family.name + suffix for suffix in suffixes}

    def labels(self, metric: str, label: str) -> set[str]:
        """The values that a label has."""
        return {sample.labels[label] for sample in self.samples if sample.name == metric and label in sample.labels}

    def value(self, metric: str, **labels: str) -> float:
        """The sum of the samples that have these labels."""
        wanted = labels.items()
        return sum(sample.value for sample in self.samples if sample.name == metric and wanted <= sample.labels.items())


@cache
def scrape(wire: str) -> dict[str, dict[str, Any]]:
    """What Prometheus is told to read, by the job's name."""
    told = yaml.safe_load((WIRE / wire / "prometheus.yml").read_text("utf-8"))
    return {job["job_name"]: job for job in told["scrape_configs"]}
