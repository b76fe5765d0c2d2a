"""People of a partner see and answer the offers to it, and find nothing of others, by the same rules as its program."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import nacl.bindings
import pytest
from nacl.public import PrivateKey, SealedBox

from ngao.chassis.errors import InvalidInput, NotAllowedNow, NotFound
from ngao.chassis.http.call import Call
from ngao.chassis.security import seals, signing
from ngao.chassis.security.identity import Principal
from ngao.chassis.security.roles import Grant
from ngao.contracts import event_of
from ngao.contracts.events.registry import ContactDisclosed, ContactWithheld
from ngao.kernel import acceptance
from services.referral.context import Context
from services.referral.offers.answer_own import OwnAnswerRequest, answer_own_offer
from services.referral.offers.handle_reply import handle_reply
from services.referral.offers.model import Reply, Verb
from services.referral.offers.note_disclosure import note_disclosure
from services.referral.offers.own import PartnerNotTrusted
from services.referral.offers.own_boxes import get_own_boxes, nonce_of
from services.referral.offers.show_own import get_own_offer, list_own_offers
from tests.support.referral import Office, apply_defender, consent, defender, envelope, follow_report, office, partner, report

REF = "NG-1"
PRIVATE = PrivateKey.generate()
PUBLIC = b64encode(bytes(PRIVATE.public_key)).decode()


def person(of: str, reach: str = "partner") -> Principal:
    return Principal("operator", f"{of or 'no'}-asha", grant=Grant(reach), outsider=of)


class Desk:
    """A case that is offered to partner `a`; `b` is asked next."""

    def __init__(self, **of_a: Any) -> None:
        self.office: Office = office(partner("a", **{"public_key": PUBLIC, **of_a}), partner("b"))
        follow_report(self.office.ctx(), REF, report(), [consent()])
        apply_defender(self.office.ctx(), REF, defender())
        self.first, self.second = sorted(("a", "b"), key=lambda each: each != self.offer.partner_id)

    @property
    def offer(self) -> Any:
        return self.office.case().offers[-1]

    def open(self, of: str) -> Context:
        return self.office.open(person(of))

    def answers(self, of: str, answer: str, detail: str = "", offer_id: str = "", **others: str) -> dict[str, Any]:
        def run(work: Callable[[Context], Any], call: Call) -> Any:
            return work(self.office.open(call.principal))

        body = OwnAnswerRequest().load({"answer": answer, "detail": detail, **others})
        call = Call(person(of), b"", "application/json", {}, "")
        parts: Any = SimpleNamespace(run=run)
        return answer_own_offer(parts, call, body, offer_id or self.offer.id)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def asks(desk: Desk) -> list[Callable[[Context], Any]]:
    """Every way in which people of a partner read."""
    offer_id = desk.offer.id
    return [list_own_offers, lambda ctx: get_own_offer(ctx, offer_id), lambda ctx: get_own_boxes(ctx, offer_id)]


def test_an_offer_says_what_is_asked_and_by_when_and_nothing_of_others(desk: Desk) -> None:
    (shown,) = list_own_offers(desk.open(desk.first))["offers"]
    assert shown == get_own_offer(desk.open(desk.first), desk.offer.id)
    assert (shown["need"], shown["urgency"], shown["state"], shown["due"]) == ("legal_aid", "high", "offered", desk.offer.due)
    assert shown["case_ref"] == desk.office.case().ref_for(desk.offer) != REF
    assert {"partner_id", "reasons", "attempt"}.isdisjoint(shown)
    assert list_own_offers(desk.open(desk.second)) == {"offers": []}


def test_another_partners_offer_is_one_that_does_not_exist(desk: Desk) -> None:
    for ask in (get_own_offer, get_own_boxes):
        with pytest.raises(NotFound) as hidden:
            ask(desk.open(desk.second), desk.offer.id)
        with pytest.raises(NotFound) as unknown:
            ask(desk.open(desk.second), "no-offer")
        assert str(hidden.value) == str(unknown.value)
    with pytest.raises(NotFound):
        desk.answers(desk.second, "accept")
    assert desk.offer.open


@pytest.mark.parametrize("who", [person(""), person("nobody"), person("a", "all"), person("a", "hub"), None])
def test_who_acts_for_no_partner_finds_no_offers(desk: Desk, who: Principal | None) -> None:
    for ask in asks(desk):
        with pytest.raises(NotFound):
            ask(desk.office.open(who))


def test_people_of_a_partner_that_is_not_trusted_can_do_nothing(desk: Desk) -> None:
    for change in ({"suspended": True}, {"revoked": True}, {"vetted": False}, {"public_key": ""}):
        desk.office.partners.kept[desk.first] = partner(desk.first, **change)
        for ask in asks(desk):
            with pytest.raises(PartnerNotTrusted):
                ask(desk.open(desk.first))
        with pytest.raises(PartnerNotTrusted):
            desk.answers(desk.first, "accept")


def test_an_answer_moves_the_offer_and_names_the_account_and_its_partner(desk: Desk) -> None:
    assert desk.answers(desk.first, "accept")["state"] == "accepted"
    assert desk.answers(desk.first, "accept")["state"] == "accepted", "given twice, it changes nothing"
    assert desk.answers(desk.first, "start")["state"] == "started"
    assert desk.answers(desk.first, "complete", "advised")["detail"] == "advised"
    account = f"operator:{desk.first}-asha"
    for kind in ("accepted", "started", "completed"):
        assert str(desk.office.last(kind).actor) == account
    moved = [(each.actor, each.detail["partner_id"]) for each in desk.office.audited if each.action in {"accepted", "completed"}]
    assert moved == [(account, desk.first)] * 2
    assert account.partition(":")[2] not in repr(desk.office.log.of(desk.first) + desk.office.log.of(desk.second))


def test_a_decline_brings_the_need_to_the_next_partner_and_what_comes_late_is_refused(desk: Desk) -> None:
    declined = desk.offer.id
    assert desk.answers(desk.first, "decline", "no_capacity")["state"] == "declined"
    assert desk.offer.partner_id == desk.second
    with pytest.raises(NotAllowedNow) as refused:
        desk.answers(desk.first, "accept", offer_id=declined)
    assert refused.value.slug == "offer-state"
    assert [each["state"] for each in list_own_offers(desk.open(desk.first))["offers"]] == ["declined"]
    desk.office.pass_time(days=8)
    assert list_own_offers(desk.open(desk.first))["offers"] == []


def test_the_place_is_whole_only_after_acceptance(desk: Desk) -> None:
    before = get_own_offer(desk.open(desk.first), desk.offer.id)
    assert (before["county"], before["languages"]) == ("", [])
    after = desk.answers(desk.first, "accept")
    assert (after["county"], after["languages"]) == ("KE-30", ["sw"])


@pytest.mark.parametrize(
    ("answer", "detail"),
    [("decline", ""), ("decline", "helped"), ("accept", "no_capacity"), ("complete", ""), ("fail", "no_capacity")],
)
def test_an_answer_has_the_code_that_belongs_to_it(desk: Desk, answer: str, detail: str) -> None:
    with pytest.raises(Exception, match="detail"):
        desk.answers(desk.first, answer, detail)


def test_a_partner_that_signs_is_given_what_to_sign_and_an_unsigned_acceptance_is_refused() -> None:
    private = signing.new_key()
    desk = Desk(signing_key=signing.public_of(private))
    if desk.first != "a":
        desk.answers("b", "decline", "no_capacity")
    shown = get_own_offer(desk.open("a"), desk.offer.id)
    assert shown["signing_key"] == signing.public_of(private)
    text = shown["to_sign"].encode()
    assert text == acceptance.PURPOSE + acceptance.to_sign("a", desk.offer.id, shown["case_ref"])
    with pytest.raises(InvalidInput) as refused:
        desk.answers("a", "accept")
    assert refused.value.slug == "acceptance-not-signed"
    accepted = desk.answers("a", "accept", signature=signing.sign(private, b"", text))
    assert (accepted["state"], accepted["to_sign"], accepted["signing_key"]) == ("accepted", "", "")
    assert desk.offer.signature_key_id == signing.key_id(signing.public_of(private))


def _disclose(desk: Desk, content: bytes, sequence: int, public: str = PUBLIC) -> str:
    box = seals.seal_to(public, content)
    event = ContactDisclosed(
        case_ref=REF, offer_id=desk.offer.id, partner_id="a", key_id=seals.key_id(public), box=box, case_salt=desk.offer.case_salt
    )
    sent = event_of(event, subject=REF, partner_id="a", time=desk.office.now)
    note_disclosure(desk.office.ctx(), event, replace(sent, sequence=sequence))
    return box


@pytest.fixture
def accepted() -> Desk:
    desk = Desk()
    if desk.first != "a":
        desk.answers("b", "decline", "no_capacity")
    desk.answers("a", "accept")
    return desk


def test_the_newest_box_of_each_part_is_given_with_what_a_browser_needs_to_open_it(accepted: Desk) -> None:
    _disclose(accepted, b"an older contact", 3)
    box = _disclose(accepted, b"the contact", 4)
    given = get_own_boxes(accepted.open("a"), accepted.offer.id)
    assert given["case_ref"] == accepted.office.case().ref_for(accepted.offer)
    (contact,) = given["boxes"]
    assert (contact["part"], contact["box"], contact["public_key"]) == ("contact", box, PUBLIC)
    assert contact["nonce"] == nonce_of(box, PUBLIC)
    assert ("offer.boxes_read", "operator:a-asha") in {(each.action, each.actor) for each in accepted.office.audited}


def test_the_nonce_is_the_one_that_libsodium_makes() -> None:
    sealed = SealedBox(PRIVATE.public_key).encrypt(b"the contact")
    ephemeral, rest = sealed[:32], sealed[32:]
    nonce = seals.b64decode(nonce_of(b64encode(sealed).decode(), PUBLIC))
    assert nacl.bindings.crypto_box_open(rest, nonce, ephemeral, bytes(PRIVATE)) == b"the contact"


def test_a_box_to_an_earlier_key_has_no_nonce(accepted: Desk) -> None:
    earlier = b64encode(bytes(PrivateKey.generate().public_key)).decode()
    _disclose(accepted, b"the contact", 3, earlier)
    (box,) = get_own_boxes(accepted.open("a"), accepted.offer.id)["boxes"]
    assert (box["key_id"], box["nonce"], box["public_key"]) == (seals.key_id(earlier), "", "")


def test_what_is_recalled_or_withheld_is_not_given_any_more(accepted: Desk) -> None:
    _disclose(accepted, b"the contact", 3)
    withheld = ContactWithheld(case_ref=REF, offer_id=accepted.offer.id, partner_id="a", reason="no_consent", recalled=True)
    note_disclosure(accepted.office.ctx(), withheld, envelope(withheld, REF, 4, accepted.office.now))
    assert get_own_boxes(accepted.open("a"), accepted.offer.id)["boxes"] == []


def test_the_partners_own_program_is_the_actor_of_what_it_answers_itself(desk: Desk) -> None:
    handle_reply(desk.office.ctx(), desk.first, Reply(desk.offer.id, Verb.ACCEPT), keep_early=False)
    assert str(desk.office.last("accepted").actor) == f"partner:{desk.first}"
