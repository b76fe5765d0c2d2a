"""The page of events: what is said, by whom, to whom."""

from __future__ import annotations

from ngao.contracts import CATALOGUE, Audience, EventType
from tools.generating.text import NOTICE, table

_HEARERS = {
    Audience.PARTNER: "the partner",
    Audience.SOURCE: "the source",
    Audience.FROM_SOURCE: "intake",
    Audience.FROM_PARTNER: "referral",
}
_PARTS = (
    ("Between the services", "Exchange `events`, virtual host `ngao`. Routing key `<urgent|routine>.<type>`.", Audience.INTERNAL),
    (
        "To partners",
        "Exchange `partners`, virtual host `ngao.edge`. Routing key `<partner id>.<urgent|routine>.<type>`.",
        Audience.PARTNER,
    ),
    ("To sources", "Exchange `results`, virtual host `ngao.edge`. Routing key `<source id>.<type>`.", Audience.SOURCE),
    ("From sources", "Exchange `reports`, virtual host `ngao.edge`. Routing key `<source id>`.", Audience.FROM_SOURCE),
    (
        "From partners",
        "Exchange `partner-replies`, virtual host `ngao.edge`. Routing key `<partner id>.<verb>`.",
        Audience.FROM_PARTNER,
    ),
)
_INTRO = """Every event is a CloudEvent 1.0 in structured JSON ([envelope](schemas/envelope.json)). A type links to the JSON
Schema of its `data`; an example of each stands in [asyncapi.json](asyncapi.json). Consumers ignore fields they do not know.

Data classes: `internal` events hold references and codes; `sealed` ones also hold a box that one recipient opens;
`sensitive` is only what a source posts, and it never goes further in that form."""


def files() -> dict[str, str]:
    """The one page."""
    parts = [NOTICE, "# Events", _INTRO, *(_part(*part) for part in _PARTS)]
    return {"docs/reference/events.md": "\n\n".join(parts) + "\n"}


def _part(title: str, where: str, audience: Audience) -> str:
    rows = [_row(entry, audience) for entry in CATALOGUE.values() if audience in entry.audiences]
    return f"## {title}\n\n{where}\n\n" + table(("type", "owner", "says", "who hears", "data class"), rows)


def _row(entry: EventType, audience: Audience) -> tuple[str, ...]:
    hears = ", ".join(entry.subscribers) if audience is Audience.INTERNAL else _HEARERS[audience]
    return (f"[`{entry.name}`](schemas/{entry.name}.json)", entry.owner, entry.says, hears, entry.classification)
