"""A service verifies who is signed in at the console by itself: whatever else is sent in a token's place is refused."""

from __future__ import annotations

import hmac
import json
from base64 import b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ngao.chassis.errors import Misconfigured
from ngao.chassis.security import keyfiles, signing
from ngao.chassis.security.roles import Grant, Role, Roles
from ngao.chassis.security.staff_tokens import LONGEST, Staff, StaffIssuer, StaffTokens
from ngao.contracts import DataClass
from ngao.deployment.first_keys import init_signing_pair, init_staff_pair

MONTH = "2026-11"
CODES = frozenset({DataClass.PUBLIC, DataClass.INTERNAL})
ROLES: Roles = {
    "watch": Role("watches", {"cases:read": Grant("all", CODES)}),
    "convenor": Role("one hub", {"cases:read": Grant("hub", CODES), "cases:write": Grant("hub", CODES)}),
    "partner-staff": Role("answers offers", {"offers:read": Grant("partner", CODES), "offers:write": Grant("partner", CODES)}),
    "counts": Role("counts all, in public codes", {"cases:read": Grant("all", frozenset({DataClass.PUBLIC}))}),
    "all": Role("everything", {"cases:read": Grant(), "keys:write": Grant()}, keys_only=True),
}
AMINA = Staff("amina", ("convenor",), ("KE-30",))


class Site:
    """The folders of a console and of the services' public keys."""

    def __init__(self, root: Path) -> None:
        self.private, self.public = root / "console", root / "public"
        init_staff_pair(self.private, self.public, MONTH)
        self.issuer = StaffIssuer(self.private, self.public)
        self.seconds = 0.0
        self.referral = StaffTokens("referral", self.public, ROLES, ticks=lambda: self.seconds)

    def key(self) -> tuple[str, str]:
        (private,) = keyfiles.load_staff_signing(self.private).values()
        return signing.key_id(signing.public_of(private)), private

    def forged(self, *, without: str = "", headers: dict[str, Any] | None = None, **changed: Any) -> str:
        """Sign other claims with the console's own key."""
        key_id, private = self.key()
        now = int(datetime.now(UTC).timestamp())
        claims = {
            "iss": "console", "aud": "referral", "sub": "amina", "iat": now, "exp": now + 60, "roles": ["convenor"],
            "hubs": ["KE-30"], "scope": ["cases:read"], **changed,
        }
        claims.pop(without, None)
        key = Ed25519PrivateKey.from_private_bytes(b64decode(private))
        return jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": key_id, **(headers or {})})


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_a_person_has_what_policy_gives_to_the_roles_within_the_scopes_of_the_token(site: Site) -> None:
    person = site.referral.principal(site.issuer.token(AMINA, "referral", ["cases:read"]))
    assert person is not None
    assert (person.kind, person.id, person.hubs, person.roles) == ("operator", "amina", {"KE-30"}, ("convenor",))
    assert person.rights == {"cases:read": ROLES["convenor"].rights["cases:read"]}


def test_a_token_for_one_service_is_none_for_another(site: Site) -> None:
    token = site.issuer.token(AMINA, "referral", ["cases:read"])
    assert site.referral.principal(token) is not None
    assert StaffTokens("registry", site.public, ROLES).principal(token) is None


def test_a_token_gives_no_scope_that_the_roles_lack_and_no_role_that_is_unknown_or_for_keys_only(site: Site) -> None:
    for roles, scopes, expected in (
        (("watch",), ["cases:read", "keys:write"], {"cases:read"}),
        (("all",), ["cases:read", "keys:write"], set()),
        (("nobody",), ["cases:read"], set()),
        (("watch", "all"), ["keys:write"], set()),
        (("convenor", "counts"), ["cases:read"], set()),  # bounds that differ: a person has to decide
    ):
        person = site.referral.principal(site.issuer.token(Staff("baraka", roles), "referral", scopes))
        assert person is not None
        assert set(person.rights) == expected, roles


def test_a_person_of_a_partner_reaches_that_partners_offers_alone_whatever_the_roles(site: Site) -> None:
    for roles, expected in (
        (("partner-staff",), {"offers:read"}),
        (("partner-staff", "watch"), {"offers:read"}),
        (("watch",), set()),
    ):
        token = site.issuer.token(Staff("asha", roles, outsider="haki-legal"), "referral", ["offers:read", "cases:read"])
        person = site.referral.principal(token)
        assert person is not None
        assert (person.outsider, set(person.rights)) == ("haki-legal", expected), roles


def test_a_person_of_no_partner_acts_for_none_even_with_its_role(site: Site) -> None:
    person = site.referral.principal(site.issuer.token(Staff("asha", ("partner-staff",)), "referral", ["offers:read"]))
    assert person is not None
    assert person.outsider == ""


def test_a_token_is_refused_after_its_minutes(site: Site) -> None:
    late = timedelta(seconds=-6)
    assert site.referral.principal(site.issuer.token(AMINA, "referral", ["cases:read"], lifetime=late)) is None


def test_a_token_that_would_be_valid_for_long_is_refused_although_it_is_signed(site: Site) -> None:
    kept = site.issuer.token(AMINA, "referral", ["cases:read"], lifetime=LONGEST)
    longer = site.issuer.token(AMINA, "referral", ["cases:read"], lifetime=LONGEST + timedelta(seconds=1))
    assert site.referral.principal(kept) is not None
    assert site.referral.principal(longer) is None


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "iat", "exp", "roles", "hubs", "scope"])
def test_a_token_without_one_of_its_claims_is_refused(site: Site, claim: str) -> None:
    assert site.referral.principal(site.forged()) is not None
    assert site.referral.principal(site.forged(without=claim)) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "intake"},
        {"aud": ["referral", "registry"]},
        {"aud": "refer"},
        {"sub": "Amina"},
        {"sub": "amina/../baraka"},
        {"sub": 7},
        {"roles": "all"},
        {"roles": [["watch"]]},
        {"roles": ["watch"] * 21},
        {"scope": ["everything:write"]},
        {"scope": "cases:read"},
        {"hubs": {"KE-30": True}},
        {"outsider": "Haki Legal"},
        {"outsider": "haki-legal\n"},
        {"outsider": ["haki-legal"]},
        {"iat": 4102444800, "exp": 4102444860},
        {"exp": True},
        {"nbf": 4102444800},
    ],
)
def test_claims_that_are_not_what_they_should_be_are_refused(site: Site, changed: dict[str, Any]) -> None:
    assert site.referral.principal(site.forged(**changed)) is None


def test_what_another_key_signed_is_refused(site: Site, tmp_path: Path) -> None:
    elsewhere = Site(tmp_path / "elsewhere")
    assert site.referral.principal(elsewhere.issuer.token(AMINA, "referral", ["cases:read"])) is None
    named = elsewhere.forged(headers={"kid": site.key()[0]})
    assert site.referral.principal(named) is None


def test_the_key_that_a_service_signs_events_with_signs_no_token(site: Site) -> None:
    init_signing_pair(site.private.parent / "intake", site.public, MONTH, "intake")
    (private,) = keyfiles.load_signing(site.private.parent / "intake").values()
    key = Ed25519PrivateKey.from_private_bytes(b64decode(private))
    claims = jwt.decode(site.forged(), options={"verify_signature": False})
    token = jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": signing.key_id(signing.public_of(private))})
    assert site.referral.principal(token) is None


def _part(value: Any) -> bytes:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")


def test_the_signer_does_not_choose_the_algorithm(site: Site) -> None:
    key_id, private = site.key()
    claims = jwt.decode(site.forged(), options={"verify_signature": False})
    unsigned = b".".join((_part({"alg": "none", "kid": key_id}), _part(claims), b""))
    by_public_key = b".".join((_part({"alg": "HS256", "kid": key_id}), _part(claims)))
    mac = hmac.new(b64decode(signing.public_of(private)), by_public_key, sha256).digest()
    for forged in (unsigned, by_public_key + b"." + urlsafe_b64encode(mac).rstrip(b"=")):
        assert site.referral.principal(forged.decode()) is None


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "ey.ey.ey", "é.é.é", "x" * 5000, "e30.e30.e30", "\x00.\x00.\x00"])
def test_what_is_no_token_is_refused(site: Site, token: str) -> None:
    assert site.referral.principal(token) is None


def test_a_new_period_is_used_and_taken_without_a_restart_and_a_removed_one_is_refused(site: Site) -> None:
    before = site.issuer.token(AMINA, "referral", ["cases:read"])
    init_staff_pair(site.private, site.public, "2026-12")
    after = StaffIssuer(site.private, site.public).token(AMINA, "referral", ["cases:read"])
    assert jwt.get_unverified_header(after)["kid"] != jwt.get_unverified_header(before)["kid"]
    site.seconds += 2.0
    assert site.referral.principal(after) is not None
    assert site.referral.principal(before) is not None
    (site.public / f"staff-{MONTH}.pub").unlink()
    site.seconds += 60.0
    assert site.referral.principal(before) is None


def test_without_a_console_every_token_is_refused_and_the_services_start(tmp_path: Path, site: Site) -> None:
    (tmp_path / "nothing").mkdir()
    services = StaffTokens("referral", tmp_path / "nothing", ROLES)
    assert services.principal(site.issuer.token(AMINA, "referral", ["cases:read"])) is None


def test_a_console_whose_key_the_services_do_not_have_does_not_start(site: Site, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    with pytest.raises(Misconfigured, match="keys init"):
        StaffIssuer(site.private, tmp_path / "nothing")
