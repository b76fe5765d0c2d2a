"""The catalogue says "for partners" of the types that the services can send to a partner, and of no others."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import ModuleType
from typing import get_args, get_type_hints

from ngao.broker.exchanges import PARTNERS
from ngao.contracts import CATALOGUE, Audience, Payload
from services.intake.reports import disclose_narrative
from services.referral.cases import announcing
from services.referral.cases.changes import MOVES, Kind
from services.referral.cases.model import Case
from services.referral.cases.need import Need
from services.referral.offers import handle_partner_reply
from services.referral.offers.model import Offer, State
from services.registry.disclosure import disclose
from tests.support.referral import START, defender, office, partner, report

SERVICES = Path(__file__).resolve().parents[2] / "services"
BY_ANNOTATION = (disclose_narrative, handle_partner_reply, disclose)
SENDERS = {Path(str(module.__file__)).relative_to(SERVICES).as_posix() for module in (*BY_ANNOTATION, announcing)}
READS_THE_BACKLOG = "referral/directory/read.py"


def annotated(module: ModuleType) -> set[str]:
    """Return the types that a module's functions send to a partner, by their annotations: mypy lets no other payload in."""
    functions = [each for each in vars(module).values() if inspect.isfunction(each) and each.__module__ == module.__name__]
    senders = [each for each in functions if "PARTNERS" in inspect.getsource(each)]
    hints = [hint for sender in senders for hint in get_type_hints(sender).values()]
    kinds = [kind for hint in hints for kind in (get_args(hint) or (hint,)) if isinstance(kind, type)]
    return {kind.type_name for kind in kinds if issubclass(kind, Payload)}


def announced(state: State) -> set[str]:
    """Return the types that referral sends to a partner for all changes that its offer can have in a state."""
    desk = office(partner("clinic"))
    case = Case("NG-1", START, None, report=report(), defender=defender(), needs={"legal_aid": Need("legal_aid")})
    offer = Offer("offer-1", "legal_aid", "clinic", 1, START, START, "p1", state=state, accepted_at=START)
    for kind in (Kind(state.value), *(set(Kind) - MOVES)):
        case.record_offer(kind, offer)
    desk.run(lambda ctx: announcing.store_case(ctx, case))
    return {each.event.type for unit in desk.units for each in unit.publications if each.to == PARTNERS}


def test_what_is_for_partners_is_what_services_can_send_to_them() -> None:
    sent = set[str]().union(*map(annotated, BY_ANNOTATION), *map(announced, State))
    assert {entry.name for entry in CATALOGUE.values() if Audience.PARTNER in entry.audiences} == sent


def test_no_other_file_sends_to_partners() -> None:
    naming = {path.relative_to(SERVICES).as_posix() for path in SERVICES.rglob("*.py") if "PARTNERS" in path.read_text("utf-8")}
    assert naming - {READS_THE_BACKLOG} == SENDERS
