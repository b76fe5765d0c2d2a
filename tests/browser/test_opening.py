"""A partner's person opens a contact and signs an acceptance in a real browser, with the very files that the client makes."""

from __future__ import annotations

import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from nacl.public import PrivateKey, SealedBox
from nacl.signing import SigningKey
from playwright.sync_api import expect

from ngao.client import keygen, signing_keygen
from ngao.local.binaries import javascript
from ngao.testing.processes import World
from ngao.testing.vouching import PartnerKeys
from ngao.testing.waiting import eventually
from services.referral.offers.own_boxes import nonce_of
from tests.browser.conftest import Opens
from tests.support.browsing import PHONE, Window
from tests.support.night import SECRET_WORDS, Night
from tests.support.probes import too_wide
from tests.support.staff import Browser

pytestmark = pytest.mark.thorough

COUNTY = "KE-45"
OTHER_KEY = "This is not the key that is needed here. Choose the other key file."
NARRATIVE = "An invented narrative about the red gate."


@pytest.fixture(scope="module")
def night(world: World) -> Iterator[Night]:
    """All services, with deadlines that a slow machine keeps."""
    started = Night(world, own={"console": f"libraries = {json.dumps(str(javascript(lambda _: None)))}"}).start()
    yield started
    started.stop()


@dataclass
class Signer:
    """A partner with the two key files of the client, and a person of it."""

    folder: Path
    keys: PartnerKeys
    person: Browser

    @property
    def box_key(self) -> Path:
        return next(self.folder.glob("partner-*.key"))

    @property
    def signing_key(self) -> Path:
        return next(self.folder.glob("signing-*.key"))

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(each.read_text().strip() for each in (self.box_key, self.signing_key))


@pytest.fixture(scope="module")
def signer(night: Night, tmp_path_factory: pytest.TempPathFactory) -> Signer:
    folder = tmp_path_factory.mktemp("keys")
    keygen(folder)
    signing_keygen(folder)
    private, signs = (next(folder.glob(each)).read_text().strip() for each in ("partner-*.key", "signing-*.key"))
    keys = PartnerKeys(f"p-{secrets.token_hex(3)}", private, signs)
    body = {
        "name": keys.id, "support_types": ["legal_aid"], "counties": [COUNTY], "languages": ["sw"], "capacity": 9, "vetted": True,
        "public_key": keys.box_public, "signing_key": keys.signing_public, "vouch": night.world.onboarding.vouch(keys),
    }  # fmt: skip
    assert night.ask("referral", "PUT", f"/v1/partners/{keys.id}", body)[0] in {200, 201}
    return Signer(folder, keys, night.person("partner-staff", partner=keys.id))


def offered(night: Night, signer: Signer) -> dict[str, Any]:
    """An offer to the partner, as the coalition sees it."""
    safety = {
        "may_contact": True, "channels": ["phone"], "code_word": "jacaranda",
        "hours": [{"opens": "18:00", "closes": "20:00", "days": ["mon"]}],
    }  # fmt: skip
    case = night.report(COUNTY, needs=["legal_aid"], narrative=NARRATIVE, contact_safety=safety)
    offers = eventually(lambda: night.ask("referral", "GET", f"/v1/cases/{case}")[1]["offers"], what="an offer")
    assert offers[0]["partner_id"] == signer.keys.id
    return dict(offers[0])


@pytest.fixture(scope="module")
def sealed(night: Night, signer: Signer) -> str:
    """An offer that was accepted, and whose contact and narrative have been sealed."""
    offer = offered(night, signer)
    at = f"/offers/{offer['offer_id']}"
    signer.person.get(at)
    signature = signer.keys.accepts(offer["offer_id"], offer["partner_case_ref"])
    assert signer.person.post(f"{at}/answer", answer="accept", signature=signature).status == 303
    eventually(lambda: signer.person.get(f"{at}/boxes").text.count('"box"') == 2, within=60, what="both boxes")
    return at


def gives(window: Window, label: str, button: str, file: Path | dict[str, Any]) -> None:
    """Choose a file, and press the button below."""
    window.field(label).set_input_files(file)
    window.button(button).click()


def says(window: Window, sentence: str) -> None:
    expect(window.page.locator("[role=alert]:visible")).to_have_text(window.say(sentence))


def sent_by(window: Window) -> list[str]:
    """All that the page sends from now on."""
    sent: list[str] = []
    window.page.on("request", lambda each: sent.append(f"{each.url} {each.post_data or ''}"))
    return sent


def test_an_acceptance_is_signed_in_the_browser_by_the_right_key_alone(opens: Opens, night: Night, signer: Signer) -> None:
    label, button = "Your signing key (signing-….key)", "Sign and accept"
    with opens(who=signer.person, size=PHONE) as window:
        sent = sent_by(window)
        assert window.go(f"/offers/{offered(night, signer)['offer_id']}") == 200
        assert not [each for each in window.asked if "nacl" in each], "the library is loaded only when it is needed"
        window.button(button).click()
        says(window, "Choose your key file first.")
        gives(window, label, button, signer.box_key)
        says(window, OTHER_KEY)
        gives(window, label, button, signer.signing_key)
        window.shows("Accepted, work has not begun")
        assert not [each for each in sent for key in signer.secrets if key in each]


def test_what_is_sealed_is_opened_in_the_browser_for_a_minute_and_stays_nowhere(
    opens: Opens, signer: Signer, sealed: str
) -> None:
    label, button = "Your key file (partner-….key)", "Open with your key file"
    with opens(who=signer.person, size=PHONE) as window:
        page, sent = window.page, sent_by(window)
        page.clock.install()
        assert window.go(sealed) == 200
        gives(window, label, button, signer.signing_key)
        says(window, OTHER_KEY)
        gives(window, label, button, {"name": "x.key", "mimeType": "text/plain", "buffer": b"nothing"})
        says(window, "This file is no key of a partner.")
        assert SECRET_WORDS not in page.content()
        gives(window, label, button, signer.box_key)
        opened = page.locator("#opened")
        expect(opened).to_be_visible()
        for words in (SECRET_WORDS, NARRATIVE, "jacaranda", "18:00–20:00", "Telephone call"):
            expect(opened).to_contain_text(words)
        shown = opened.inner_text()
        assert shown.index("18:00") < shown.index("jacaranda") < shown.index(SECRET_WORDS), "what is safe comes first"
        assert (too_wide(page), window.axe()) == ("", [])
        kept = str(page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, location.href, history.state])"))
        assert not [each for each in [kept, *sent] for word in (SECRET_WORDS, NARRATIVE, *signer.secrets) if word in each]
        assert window.left_the_origin() == []
        page.clock.run_for(61_000)
        expect(opened).to_be_hidden()
        assert SECRET_WORDS not in page.content()
        assert window.said == []


def test_boxes_and_signatures_are_those_of_pynacl(opens: Opens, signer: Signer, sealed: str) -> None:
    private, vectors = PrivateKey(b64decode(signer.keys.box_private)), []
    for length in (0, 1, 31, 32, 33, 63, 64, 65, 1024, 4097):
        content = secrets.token_bytes(length)
        box = b64encode(SealedBox(private.public_key).encrypt(content)).decode()
        vectors.append([box, nonce_of(box, signer.keys.box_public), content.hex()])
    seed, text = secrets.token_bytes(32), secrets.token_bytes(100)
    with opens(who=signer.person) as window:
        window.go(sealed)
        window.page.add_script_tag(url=window.page.locator("[data-nacl]").get_attribute("data-nacl"))
        assert window.page.evaluate(_OPENED, [vectors, signer.keys.box_private]) == [[True, True]] * len(vectors)
        assert window.page.evaluate(_SIGNED, [seed.hex(), text.hex()]) == SigningKey(seed).sign(text).signature.hex()


_OPENED = """([vectors, key]) => {
  const raw = (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
  const hex = (bytes) => bytes && [...bytes].map((each) => each.toString(16).padStart(2, "0")).join("");
  return vectors.map(([box, nonce, content]) => {
    const opened = (bytes) => nacl.box.open(bytes.slice(32), raw(nonce), bytes.slice(0, 32), raw(key));
    const changed = raw(box);
    changed[changed.length - 1] ^= 1;
    return [hex(opened(raw(box))) === content, opened(changed) === null];
  });
}"""
_SIGNED = """([seed, text]) => {
  const raw = (hex) => Uint8Array.from(hex.match(/../g), (each) => parseInt(each, 16));
  const made = nacl.sign.detached(raw(text), nacl.sign.keyPair.fromSeed(raw(seed)).secretKey);
  return [...made].map((each) => each.toString(16).padStart(2, "0")).join("");
}"""
