"""Each service is stopped in turn: every page of the console stays usable, and names the part that it lacks."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from html import unescape

import pytest

from ngao.testing.broker import Line
from ngao.testing.processes import World
from ngao.testing.vouching import PartnerKeys
from ngao.testing.waiting import eventually
from tests.support.finding_pages import Found, everyone, find
from tests.support.intake import onboard
from tests.support.night import NAIROBI, SECRET_WORDS, Night
from tests.support.staff import Browser, Page

pytestmark = pytest.mark.thorough

PARTS = {"intake": "Reports", "referral": "Cases and partners", "notify": "Messages", "registry": "Persons"}
NAMED = {
    "intake": ("What was reported cannot be shown now", "Whether forms could not be read cannot be shown now"),
    "referral": ("Cases and partners cannot be shown now",),
    "notify": ("Messages cannot be shown now",),
    "registry": ("Persons cannot be shown now",),
}
"""How a page names the part that it lacks, besides `<part>: ...`."""
CHANGES = re.compile(
    r"""(\d{4}-\d\d-\d\d\s)?\d\d:\d\d(:\d\d)? | <time[^>]*>[^<]*</time>
    | value="[^"]*" | data-tag="[^"]*" | \d+\s(s|min|h)\b""",
    re.VERBOSE,
)
"""What differs between two readings of one page: moments, tokens, and how long something waits."""


@pytest.fixture(scope="module")
def night(world: World) -> Iterator[Night]:
    started = Night(world).start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def pages(night: Night) -> dict[str, Found]:
    """Where each page is, with something to show on it."""
    partner = PartnerKeys.new(f"p-{secrets.token_hex(3)}")
    body = {
        "name": "Invented partner", "support_types": ["legal_aid"], "counties": [NAIROBI], "languages": ["sw"], "capacity": 9,
        "vetted": True, "public_key": partner.box_public, "vouch": night.world.onboarding.vouch(partner),
    }  # fmt: skip
    assert night.ask("referral", "PUT", f"/v1/partners/{partner.id}", body)[0] in {200, 201}
    case = night.report(NAIROBI, needs=["legal_aid"])
    eventually(lambda: night.ask("referral", "GET", f"/v1/cases/{case}")[1]["offers"], what="an offer to the partner")
    night.report(NAIROBI)  # of a person with the same name and another number: perhaps the same
    waiting = "/v1/candidates?reason=candidate_review"
    eventually(lambda: night.ask("registry", "GET", waiting)[1]["candidates"], what="a candidate")
    Line(night.world).publish_raw(b'{"specversion": "', "routine.intake.report.accepted.v1")
    eventually(lambda: night.ask("referral", "GET", "/v1/parked")[1]["parked"], what="a message set aside")
    source = f"form-{secrets.token_hex(3)}"
    key = onboard(night.services["intake"], night.world, source, profile="kobo")
    assert night.services["intake"].request("POST", f"/v1/inbound/{source}", {"person_name": SECRET_WORDS}, key)[0] == 202
    return find(everyone(night, partner.id))


def shown(page: Page) -> str:
    """The words of a page that are the same at every reading."""
    return CHANGES.sub("", unescape(page.timeless))


def names(service: str, page: Page) -> bool:
    said = unescape(page.text)
    return f"{PARTS[service]}:" in said or any(each in said for each in NAMED[service])


@pytest.mark.parametrize("service", PARTS)
def test_every_page_is_usable_while_a_service_is_stopped_and_names_it(
    night: Night, pages: dict[str, Found], service: str
) -> None:
    anyone = Browser(night.services["console"].port)
    readers = {path: found.who or anyone for path, found in pages.items()}
    before = {path: readers[path].get(found.address) for path, found in pages.items()}
    night.services[service].stop()
    try:
        after = {path: readers[path].get(found.address) for path, found in pages.items()}
    finally:
        night.services[service].start()
    wrong = [f"{path}: status {page.status}" for path, page in after.items() if page.status not in {before[path].status, 503}]
    wrong += [
        f"{path}: status {page.status}, another text than before, and {PARTS[service]} is not named"
        for path, page in after.items()
        if (page.status == 503 or shown(page) != shown(before[path])) and not names(service, page)
    ]
    wrong += [f"{path}: no way on from here" for path, page in after.items() if "<html" in page.text and "<a " not in page.text]
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)
    assert sum(names(service, page) for page in after.values()) > 1, "some pages need it"
