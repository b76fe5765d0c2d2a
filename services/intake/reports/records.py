"""Reports and sources as records, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ngao.kernel.consent import Statement
from services.intake.reports.documents import SourceDocument
from services.intake.reports.draft import DateDoubt, Violation
from services.intake.reports.model import Decision, Helper, Report, SealedIdentity
from services.intake.reports.problems import LeftOut, MappedBy
from services.intake.reports.progress import Step
from services.intake.sources.model import Source
from services.intake.triage.model import Reason, Triage

Record = Mapping[str, Any]

_AS_IS = (
    "case_ref", "source_id", "source_event_id", "fingerprint", "received_at", "occurred_at", "occurred_precision",
    "reporter_role", "county", "place_precision", "defender_ref", "attachments", "updated_at", "tell_again_at", "judge_others_at",
    "withdrawn_at", "forgotten_at",
)  # fmt: skip
_PLAIN_LISTS = ("needs", "needs_proposed", "languages", "person_keys", "narrative_parts", "updates_seen")


_HELPER = frozenset(Helper.__dataclass_fields__)
"""The version before stored the key that came with the event beside these; it is not believed any more."""


# `asdict` copies deeply, which costs more than sealing does; these records are flat, so `vars` will do.
def report_record(report: Report) -> dict[str, Any]:
    """A report, ready to be stored."""
    return {
        "_id": report.id,
        **{name: getattr(report, name) for name in _AS_IS},
        **{name: list(getattr(report, name)) for name in _PLAIN_LISTS},
        "closed_at": report.closed_at,
        "violations": [_plain(each) for each in report.violations],
        "consents": [_said(each, "given_at") for each in report.consents],
        "consent_changes": [{**_said(each, "effective_at"), "granted": each.granted} for each in report.consent_changes],
        "story": [_plain(each) for each in report.story],
        "helpers": [_plain(each) for each in report.helpers.values()],
        **_triage_record(report.triage),
        "decision": _plain(report.decision) if report.decision else {},
        "told": _triage_record(report.told) if report.told else None,
        "sealed_identity": _plain(report.sealed_identity) if report.sealed_identity else {},
        "mapping": _mapping_record(report.mapping) if report.mapping else {},
        "doubt": _plain(report.doubt) if report.doubt else None,
    }


def report_from(record: Record) -> Report:
    """A stored report."""
    names: dict[str, Any] = {name: record.get(name) for name in _AS_IS}
    lists: dict[str, Any] = {name: tuple(record.get(name) or ()) for name in _PLAIN_LISTS}
    if record.get("needs_suggested"):  # written before needs that nobody asked for were marked one by one
        lists["needs_proposed"] = lists["needs"]
    helpers = [Helper(**_known(each, _HELPER)) for each in record.get("helpers") or ()]
    sealed, mapping = record.get("sealed_identity"), record.get("mapping")
    return Report(
        id=record["_id"],
        revision=record["revision"],
        **names,
        **lists,
        violations=tuple(violation_from(each) for each in record.get("violations") or ()),
        consents=tuple(_statement(each, "given_at") for each in record.get("consents") or ()),
        consent_changes=tuple(_statement(each, "effective_at") for each in record.get("consent_changes") or ()),
        story=tuple(_step(each) for each in record.get("story") or ()),
        helpers={each.offer_id: each for each in helpers},
        triage=_triage(record),
        decision=_decision(record["decision"]) if record.get("decision") else None,
        told=_triage(record["told"]) if record.get("told") else None,
        sealed_identity=SealedIdentity(**sealed) if sealed else None,
        mapping=_mapped_by(mapping) if mapping else None,
        doubt=DateDoubt(**record["doubt"]) if record.get("doubt") else None,
    )


def _step(record: Record) -> Step:
    return Step(**{**record, "needs_again": tuple(record.get("needs_again") or ())})


def _decision(record: Record) -> Decision:
    return Decision(record["urgency"], record["reason"], tuple(record["rules"]), record["points"])


def _mapping_record(mapping: MappedBy) -> dict[str, Any]:
    return {**_plain(mapping), "left_out": [_plain(each) for each in mapping.left_out]}


def _mapped_by(record: Record) -> MappedBy:
    left_out = tuple(LeftOut(**each) for each in record.get("left_out") or ())
    return MappedBy(record["version"], tuple(record["discarded"]), left_out)


def _known(record: Record, names: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name in names}


def violation_from(record: Record) -> Violation:
    """A stored violation."""
    lists = {"perpetrators": tuple(record["perpetrators"]), "involvements": tuple(record["involvements"])}
    return Violation(**{**record, **lists})


def source_document(source: Source) -> SourceDocument:
    """A source, ready to be stored."""
    return SourceDocument(**{**asdict(source), "key_hashes": list(source.key_hashes)})


def source_from(record: Record) -> Source:
    """A stored source."""
    return Source(
        id=record["_id"],
        created_at=record["created_at"],
        enabled=record["enabled"],
        profile=record.get("profile"),
        rate_per_second=record.get("rate_per_second"),
        key_hashes=tuple(record.get("key_hashes") or ()),
        revision=record["revision"],
    )


def _plain(value: Any) -> dict[str, Any]:
    return {name: list(each) if isinstance(each, tuple) else each for name, each in vars(value).items()}


def _said(statement: Statement, moment: str) -> dict[str, Any]:
    named = {name: getattr(statement, name) for name in ("purpose", "recipient", "until")}
    return {**named, "scope": list(statement.scope), moment: statement.at}


def _statement(record: Record, moment: str) -> Statement:
    named = {name: value for name, value in record.items() if name != moment}
    return Statement(**{**named, "scope": tuple(record["scope"]), "at": record[moment]})


def _triage_record(triage: Triage) -> dict[str, Any]:
    return {
        "urgency": triage.urgency,
        "points": triage.points,
        "reasons": [_plain(each) for each in triage.reasons],
        "policy_version": triage.policy_version,
        "earlier_reports": triage.earlier_reports,
    }


def _triage(record: Record) -> Triage:
    reasons = tuple(Reason(**each) for each in record.get("reasons") or ())
    return Triage(record["urgency"], reasons, record["points"], record["policy_version"], record["earlier_reports"])
