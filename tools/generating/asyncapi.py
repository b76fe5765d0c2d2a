"""The AsyncAPI 3.1 document: the publishers and events of each exchange, with an approved example of each event.

Operations are described from the platform's side: it receives reports and replies, and sends to partners and sources.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marshmallow import Schema

from ngao.contracts import CATALOGUE, CONTENT_TYPE, SERVICES, Audience, EventType
from tools.generating import schemas
from tools.generating.text import as_json

_BINDING = "0.3.0"


@dataclass(frozen=True)
class Channel:
    """One exchange: where it is, whose events it carries, and what a routing key on it looks like.

    Without an audience it carries the notices of events.
    """

    name: str
    server: str
    audience: Audience | None
    address: str
    meaning: str
    parameters: dict[str, str]


_LANE = "`urgent` when the event is about a critical case, else `routine`."
_TYPE = "The event's type."
CHANNELS = (
    Channel("events", "internal", Audience.INTERNAL, "{lane}.{type}", "Events between the services.",
            {"lane": _LANE, "type": _TYPE}),
    Channel("notices", "internal", None, "{lane}.{type}", "Notices of events, for services that need no more data.",
            {"lane": _LANE, "type": _TYPE}),
    Channel("partners", "edge", Audience.PARTNER, "{partner_id}.{lane}.{type}", "Events for partners, on two queues each.",
            {"partner_id": "Who it is for.", "lane": _LANE, "type": _TYPE}),
    Channel("results", "edge", Audience.SOURCE, "{source_id}.{type}", "Results of reports over AMQP.",
            {"source_id": "Whose report it was.", "type": _TYPE}),
    Channel("reports", "edge", Audience.FROM_SOURCE, "{source_id}", "Reports from sources, each under its own id.",
            {"source_id": "The account that publishes."}),
    Channel("partner-replies", "edge", Audience.FROM_PARTNER, "{partner_id}.{verb}", "Partners' answers, each under its own id.",
            {"partner_id": "The account that publishes.", "verb": "receipt, accept, decline, start, complete or fail."}),
)  # fmt: skip


def files(root: Path) -> dict[str, str]:
    """Return the document."""
    return {"docs/reference/asyncapi.json": as_json(document(root / "tests" / "contract" / "samples"))}


def document(samples: Path) -> dict[str, Any]:
    """Return the document of all events, with the samples as examples."""
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "Ngao events",
            "version": "1",
            "description": "Events of the Ngao protection platform: CloudEvents 1.0, structured JSON, on AMQP 0.9.1.",
            "license": {"name": "AGPL-3.0-or-later", "url": "https://www.gnu.org/licenses/agpl-3.0.html"},
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": {"internal": _server("/ngao", "The services."), "edge": _server("/ngao.edge", "Partners and sources.")},
        "channels": {channel.name: _channel(channel) for channel in CHANNELS},
        "operations": _operations(),
        "components": {
            "messages": {entry.name: _message(entry, samples) for entry in CATALOGUE.values()}
            | {f"{entry.name}.notice": _notice(entry, entry.notice) for entry in CATALOGUE.values() if entry.notice},
            "schemas": _schemas(),
            "securitySchemes": {"account": {"type": "userPassword", "description": "The account given at onboarding."}},
        },
    }


def carried(channel: Channel) -> list[EventType]:
    """Return the event types of a channel."""
    if channel.audience is None:
        return [entry for entry in CATALOGUE.values() if entry.notice]
    return [entry for entry in CATALOGUE.values() if channel.audience in entry.audiences]


def _server(pathname: str, description: str) -> dict[str, Any]:
    return {
        "host": "{host}",
        "pathname": pathname,
        "protocol": "amqp",
        "protocolVersion": "0.9.1",
        "description": f"{description} Virtual host `{pathname[1:]}`.",
        "variables": {"host": {"description": "Host and port of the coalition's broker, as the account file names it."}},
        "security": [{"$ref": "#/components/securitySchemes/account"}],
    }


def _channel(channel: Channel) -> dict[str, Any]:
    exchange = {"name": channel.name, "type": "topic", "durable": True, "autoDelete": False, "vhost": _vhost(channel)}
    return {
        "address": channel.address,
        "description": channel.meaning,
        "servers": [{"$ref": f"#/servers/{channel.server}"}],
        "parameters": {name: {"description": text} for name, text in channel.parameters.items()},
        "messages": {
            entry.name: {"$ref": f"#/components/messages/{entry.name}{'' if channel.audience else '.notice'}"}
            for entry in carried(channel)
        },
        "bindings": {"amqp": {"is": "routingKey", "exchange": exchange, "bindingVersion": _BINDING}},
    }


def _vhost(channel: Channel) -> str:
    return "ngao.edge" if channel.server == "edge" else "ngao"


def _operations() -> dict[str, Any]:
    internal, noticing, partners, results, reports, replies = CHANNELS
    made: dict[str, Any] = {}
    for service in SERVICES:
        made |= _operation(f"{service}.says", "send", internal, [each for each in carried(internal) if each.owner == service])
        made |= _operation(f"{service}.notes", "send", noticing, [each for each in carried(noticing) if each.owner == service])
        heard = [each for each in carried(internal) if service in each.subscribers]
        made |= _operation(f"{service}.hears", "receive", internal, [each for each in heard if not each.gives_notice_to(service)])
        made |= _operation(f"{service}.learns", "receive", noticing, [each for each in heard if each.gives_notice_to(service)])
    for channel, name in ((partners, "tellPartner"), (results, "tellSource")):
        made |= _operation(name, "send", channel, carried(channel))
    for channel, name in ((reports, "takeReport"), (replies, "takeReply")):
        made |= _operation(name, "receive", channel, carried(channel))
    return made


def _operation(name: str, action: str, channel: Channel, entries: list[EventType]) -> dict[str, Any]:
    if not entries:
        return {}
    how = {"deliveryMode": 2, "mandatory": True} if action == "send" else {"ack": True}
    return {
        name: {
            "action": action,
            "channel": {"$ref": f"#/channels/{channel.name}"},
            "summary": channel.meaning,
            "messages": [{"$ref": f"#/channels/{channel.name}/messages/{entry.name}"} for entry in entries],
            "bindings": {"amqp": {**how, "bindingVersion": _BINDING}},
        }
    }


def _message(entry: EventType, samples: Path) -> dict[str, Any]:
    example = json.loads((samples / f"{entry.name}.json").read_text("utf-8"))
    examples = [{"name": "sample", "summary": "Invented.", "payload": example}]
    return _described(entry, entry.schema, entry.name, entry.classification) | {"examples": examples}


def _notice(entry: EventType, schema: type[Schema]) -> dict[str, Any]:
    """Describe the notice of an event: the same envelope and type, with less data."""
    return _described(entry, schema, f"{entry.name}, as a notice", "internal")


def _described(entry: EventType, schema: type[Schema], title: str, data_class: str) -> dict[str, Any]:
    data = {"$ref": f"#/components/schemas/{schema.__name__}"}
    return {
        "name": entry.name,
        "title": title,
        "summary": entry.meaning,
        "contentType": CONTENT_TYPE,
        "payload": {
            "allOf": [{"$ref": "#/components/schemas/Envelope"}],
            "properties": {"type": {"const": entry.name}, "data": data},
            "required": ["data"],
        },
        "x-owner": entry.owner,
        "x-data-class": data_class,
    }


def _schemas() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for entry in CATALOGUE.values():
        for each in (entry.schema, *([entry.notice] if entry.notice else [])):
            found |= {schema.__name__: described for schema, described in schemas.definitions(each).items()}
    return {"Envelope": schemas.envelope(), **dict(sorted(found.items()))}
