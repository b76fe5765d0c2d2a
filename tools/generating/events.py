"""The page of events: each type with its publisher, its subscribers and its meaning."""

from __future__ import annotations

from ngao.contracts import CATALOGUE, Audience, EventType
from tools.generating.text import NOTICE, table

_SUBSCRIBERS = {
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
Schema of its `data`; an example of each is in [asyncapi.json](asyncapi.json). Consumers ignore fields they do not know.

Data classes: `internal` events hold references and codes; `sealed` ones also hold a box that one recipient opens;
`sensitive` is only what a source posts, and it never goes further in that form."""
_NOTICES = """## Notices

Exchange `notices`, virtual host `ngao`. Routing key `<urgent|routine>.<type>`.

A service that only informs people gets the notice of an event and not the event: same id, type and sequence, the time cut to the
hour, and in `data` no more than this."""


def files() -> dict[str, str]:
    """Return the page."""
    inside, *outside = (_part(*part) for part in _PARTS)
    parts = [NOTICE, "# Events", _INTRO, inside, f"{_NOTICES}\n\n{_noticed()}", *outside]
    return {"docs/reference/events.md": "\n\n".join(parts) + "\n"}


def _part(title: str, where: str, audience: Audience) -> str:
    rows = [_row(entry, audience) for entry in CATALOGUE.values() if audience in entry.audiences]
    return f"## {title}\n\n{where}\n\n" + table(("type", "owner", "meaning", "subscribers", "data class"), rows)


def _subscribers(entry: EventType) -> tuple[str, ...]:
    return tuple(f"{each} (notice)" if entry.gives_notice_to(each) else each for each in entry.subscribers)


def _noticed() -> str:
    """Return the table of notices, with their subscribers and fields."""
    rows = [
        (f"`{entry.name}`", ", ".join(entry.noticed), ", ".join(f"`{name}`" for name in entry.notice().fields))
        for entry in CATALOGUE.values()
        if entry.notice
    ]
    return table(("type", "who gets the notice", "data"), rows)


def _row(entry: EventType, audience: Audience) -> tuple[str, ...]:
    subscribers = ", ".join(_subscribers(entry)) if audience is Audience.INTERNAL else _SUBSCRIBERS[audience]
    return (f"[`{entry.name}`](schemas/{entry.name}.json)", entry.owner, entry.meaning, subscribers, entry.classification)
