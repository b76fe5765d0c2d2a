"""The package for partners and source systems: needs pika, marshmallow and PyNaCl, and no other part of the platform."""

from ngao.client.errors import BadAccount, ClientError, Refused, SealBroken, SignatureBroken, Unreachable
from ngao.client.keys import Keys, keygen, signing_keygen
from ngao.client.partner import PartnerClient
from ngao.client.seen import FileSeen, InMemorySeen, Seen
from ngao.client.source import SourceClient

__all__ = [
    "BadAccount",
    "ClientError",
    "FileSeen",
    "InMemorySeen",
    "Keys",
    "PartnerClient",
    "Refused",
    "SealBroken",
    "Seen",
    "SignatureBroken",
    "SourceClient",
    "Unreachable",
    "keygen",
    "signing_keygen",
]
