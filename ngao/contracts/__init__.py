"""The contract between services and partners: the envelope, the catalogue of events, their schemas. No IO."""

from ngao.contracts.catalogue import CATALOGUE, SERVICES, Audience, EventType, gives_notice, subscriptions_of, type_named
from ngao.contracts.classes import INTERNAL, DataClass, Moment, Pattern, Strict, Tolerant, instance_of
from ngao.contracts.envelope import CONTENT_TYPE, MOST_VALUES, Event, decode, encode, parse_json
from ngao.contracts.errors import ContractError, InvalidContent, Undecodable, UnknownType, field_errors
from ngao.contracts.events.audit import NotedChain, NotedEntry, noted_by, noted_chains
from ngao.contracts.events.notices import InNoticeOnly
from ngao.contracts.forms import for_partner, notice_of
from ngao.contracts.messages import event_of, make, open_event, received
from ngao.contracts.payloads import Part, Payload
from ngao.kernel.problems import FieldError

__all__ = [
    "CATALOGUE",
    "CONTENT_TYPE",
    "INTERNAL",
    "MOST_VALUES",
    "SERVICES",
    "Audience",
    "ContractError",
    "DataClass",
    "Event",
    "EventType",
    "FieldError",
    "InNoticeOnly",
    "InvalidContent",
    "Moment",
    "NotedChain",
    "NotedEntry",
    "Part",
    "Pattern",
    "Payload",
    "Strict",
    "Tolerant",
    "Undecodable",
    "UnknownType",
    "decode",
    "encode",
    "event_of",
    "field_errors",
    "for_partner",
    "gives_notice",
    "instance_of",
    "make",
    "noted_by",
    "noted_chains",
    "notice_of",
    "open_event",
    "parse_json",
    "received",
    "subscriptions_of",
    "type_named",
]
