"""What services and partners say to each other: the envelope, the catalogue of events, their schemas. No IO."""

from ngao.contracts.catalogue import CATALOGUE, Audience, EventType, gives_notice, subscriptions_of, type_named
from ngao.contracts.classes import DataClass, Moment, Strict, Tolerant
from ngao.contracts.envelope import CONTENT_TYPE, MOST_VALUES, Event, decode, encode, parse_json
from ngao.contracts.errors import ContractError, InvalidContent, Undecodable, UnknownType, field_errors
from ngao.contracts.forms import for_partner, notice_of
from ngao.contracts.heads import NotedChain, NotedEntry, noted_chains, noted_data
from ngao.contracts.messages import make, open_event
from ngao.kernel.problems import FieldError

__all__ = [
    "CATALOGUE",
    "CONTENT_TYPE",
    "MOST_VALUES",
    "Audience",
    "ContractError",
    "DataClass",
    "Event",
    "EventType",
    "FieldError",
    "InvalidContent",
    "Moment",
    "NotedChain",
    "NotedEntry",
    "Strict",
    "Tolerant",
    "Undecodable",
    "UnknownType",
    "decode",
    "encode",
    "field_errors",
    "for_partner",
    "gives_notice",
    "make",
    "noted_chains",
    "noted_data",
    "notice_of",
    "open_event",
    "parse_json",
    "subscriptions_of",
    "type_named",
]
