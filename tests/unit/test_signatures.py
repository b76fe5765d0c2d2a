"""Events carry the signature of the service that publishes them, and nothing else is taken for it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ngao.chassis.errors import Misconfigured
from ngao.chassis.messaging.signatures import Signatures, Signer
from ngao.chassis.rereading import LOOK_AGAIN_S
from ngao.chassis.security import keyfiles, signing
from ngao.contracts import Event, decode, encode, make, signed
from ngao.deployment import first_keys
from ngao.testing.clock import ManualClock

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
PERIOD = "2026-11"


class Site:
    """Two services' keys in folders, and a clock for how often they are read."""

    def __init__(self, root: Path) -> None:
        self.root, self.public, self.ticks, self.clock = root, root / "public", 0.0, ManualClock(NOW)
        for service in ("registry", "referral"):
            self.begin(service, PERIOD)

    def begin(self, service: str, period: str) -> None:
        first_keys.init_signing_pair(self.root / service, self.public, period, service)

    def signer(self, service: str) -> Signer:
        return Signer(self.root / service, self.public, ticks=lambda: self.ticks)

    def verifier(self, unsigned_until: datetime | None = None) -> Signatures:
        return Signatures(self.public, self.clock, unsigned_until, ticks=lambda: self.ticks)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def closed() -> Event:
    event = make("referral.case.closed.v1", subject="NG-1", data={"case_ref": "NG-1", "reason": "settled é"}, urgent=True)
    return replace(event, sequence=7, partnerid="clinic", extra={"sourceid": "forms"})


def agrees(verifier: Signatures, body: bytes) -> bool:
    return verifier.agree(decode(body), body)


def test_what_its_owner_signed_is_taken_and_says_the_same(site: Site) -> None:
    event = closed()
    body = site.signer("referral").encode(event)
    assert agrees(site.verifier(), body)
    read = decode(body)
    assert replace(read, signaturekid=None) == replace(event, time=read.time)
    assert list(json.loads(body))[-1] == "signature"


def test_another_services_signature_is_none(site: Site) -> None:
    assert not agrees(site.verifier(), site.signer("registry").encode(closed()))


@pytest.mark.parametrize("change", [
    (b"settled", b"invalid"), (b'"sequence":"000000000007"', b'"sequence":"000000000008"'), (b'"urgent":true', b'"urgent":false'),
    (b"clinic", b"lawyer"), (b"case.closed", b"case.opened"), (b'"NG-1"', b'"NG-2"'), (b',"signature":"', b',"signature":"A'),
])
def test_a_byte_that_changed_breaks_it(site: Site, change: tuple[bytes, bytes]) -> None:
    body = site.signer("referral").encode(closed())
    assert change[0] in body
    changed = body.replace(*change, 1)
    assert not agrees(site.verifier(), changed[:-3] + changed[-2:] if b"A" in change[1] else changed)


def test_a_signature_that_was_taken_off_or_moved_is_none(site: Site) -> None:
    body = site.signer("referral").encode(closed())
    document, signature = signed.taken_apart(body) or (b"", "")
    assert not agrees(site.verifier(NOW + timedelta(days=1)), document), "the key is still named"
    first = b'{"signature":"' + signature.encode() + b'",' + document[1:]
    assert not agrees(site.verifier(), first)
    nameless = signed.with_signature(encode(closed()), signature)
    assert not agrees(site.verifier(NOW + timedelta(days=1)), nameless)


def test_a_signature_for_another_purpose_is_none(site: Site) -> None:
    private = keyfiles.load_signing(site.root / "referral")[PERIOD]
    document = signed.to_sign(closed(), signing.key_id(signing.public_of(private)))
    assert not agrees(site.verifier(), signed.with_signature(document, signing.sign(private, b"ngao.vouch.v1\n", document)))


def test_unsigned_events_are_taken_until_their_day_and_no_longer(site: Site) -> None:
    body = encode(closed())
    assert not agrees(site.verifier(), body)
    verifier = site.verifier(NOW + timedelta(days=8))
    assert agrees(verifier, body)
    site.clock.advance(timedelta(days=8))
    assert not agrees(verifier, body)


def test_a_new_period_is_used_and_taken_without_a_restart_and_the_one_before_stays_good(site: Site) -> None:
    signer, verifier = site.signer("referral"), site.verifier()
    before = signer.encode(closed())
    site.begin("referral", "2026-12")
    site.ticks += LOOK_AGAIN_S
    after = signer.encode(closed())
    assert decode(before).signaturekid != decode(after).signaturekid
    assert agrees(verifier, after)
    assert agrees(verifier, before)


def test_a_key_whose_public_half_the_others_do_not_have_yet_signs_nothing(site: Site) -> None:
    signer = site.signer("referral")
    first_keys.init_signing_pair(site.root / "referral", site.root / "elsewhere", "2026-12", "referral")
    site.ticks += LOOK_AGAIN_S
    assert agrees(site.verifier(), signer.encode(closed()))


def test_without_a_key_that_others_know_a_service_does_not_start(site: Site, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="signing key"):
        Signer(tmp_path / "notify", site.public)
    first_keys.init_signing_pair(tmp_path / "notify", tmp_path / "elsewhere", PERIOD, "notify")
    with pytest.raises(Misconfigured, match="public half"):
        Signer(tmp_path / "notify", site.public)
