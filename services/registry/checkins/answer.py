"""Take an answer. Both words take the same way: what an onlooker sees, and how long it takes, is the same for both.

The answer is only sealed and noted here. A moment later `run.py` opens it, and either continues the plan or asks for help, too.
"""

from __future__ import annotations

import hmac
from typing import Any

from ngao.chassis.errors import InvalidInput, NotAllowedNow
from ngao.chassis.handlers import http, itself
from ngao.contracts import FieldError
from ngao.kernel.actors import Actor
from services.registry.checkins.model import Answer, Checkin, State
from services.registry.checkins.plan import LINK, WORD, WRITE, checkin_of
from services.registry.checkins.requests import AnswerGiven, CheckinShown, CheckinVerified, Received, WordGiven, checkin_answer
from services.registry.checkins.run import report_missed, settle
from services.registry.checkins.words import plain
from services.registry.context import REGISTRY, Context, RegistryParts

MOST_WRONG = 10
"""So many words that are neither of hers are taken for one occasion, before only the one that asks for help is."""
_NOT_UNDERSTOOD = "Not understood. Write the word again."


@http.post(
    "/v1/checkins/answers", roles="anyone", request=AnswerGiven, returns=Received, summary="Answer a check-in by its link."
)
def answer_by_link(parts: RegistryParts, body: dict[str, Any]) -> dict[str, Any]:
    """Note the answer. Raises InvalidInput for a link that there is not, and for a word that is neither: no one learns which."""

    def work(ctx: Context) -> bool:
        checkin = ctx.checkins.by_link(ctx.checkins.hash_of(LINK, body["link"]))
        return _receive(ctx, checkin, body["word"], by=REGISTRY)

    return _answered(is_understood=parts.run(work))


@http.post(
    "/v1/checkins/<checkin_id>/answers",
    roles="operator",
    scope=WRITE,
    audit=itself("checkin.answered"),
    request=WordGiven,
    returns=Received,
    summary="Answer a check-in with the word that the person has said or sent.",
)
def answer_by_word(ctx: Context, checkin_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Note the answer. The operator sees no difference between the words either. Raises NotFound, InvalidInput."""
    return _answered(is_understood=_receive(ctx, checkin_of(ctx, checkin_id), body["word"], by=ctx.actor))


@http.post(
    "/v1/checkins/<checkin_id>/verified",
    roles="operator",
    scope=WRITE,
    audit=itself("checkin.verified"),
    request=CheckinVerified,
    returns=CheckinShown,
    summary="Record what the people whom she trusts say.",
)
def verify_checkin(ctx: Context, checkin_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Continue if she is safe; report it now if they do not know. An answer of hers that waits is acted on first.

    Raises NotFound, NotAllowedNow (`checkin-over`).
    """
    checkin = checkin_of(ctx, checkin_id)
    if checkin.state is State.ENDED or (checkin.state is State.MISSED and not body["is_safe"]):
        raise NotAllowedNow("This check-in is over, or it is reported already.", slug="checkin-over")
    if checkin.pending:
        settle(ctx, checkin)
    elif body["is_safe"]:
        checkin.settle(ctx.now)
        ctx.checkins.save(checkin)
    else:
        report_missed(ctx, checkin)
    ctx.audit("checkin.verified", subject=checkin.id, detail={"safe": str(body["is_safe"]).lower()})
    return checkin_answer(checkin)


def _receive(ctx: Context, checkin: Checkin | None, word: str, *, by: Actor) -> bool:
    """Note the answer on the plan, or count a word that is neither. Returns False for the latter.

    All comparisons are made, whatever the first of them says. After too many wrong words only the one for help is taken:
    a person who has her link must not find out by trying which word says that all is well.
    """
    given = ctx.checkins.hash_of(WORD, f"{checkin.id if checkin else ''} {plain(word)}")
    is_safe = hmac.compare_digest(given, checkin.safe_hash if checkin else "")
    is_help = hmac.compare_digest(given, checkin.help_hash if checkin else "")
    if checkin is None:
        return False
    is_understood = is_help or (is_safe and checkin.wrong < MOST_WRONG)
    if is_understood:
        checkin.receive(Answer.HELP if is_help else Answer.SAFE, ctx.now)
        ctx.audit("checkin.answered", subject=checkin.id, actor=by)
    else:
        checkin.wrong += 1
    ctx.checkins.save(checkin)
    return is_understood


def _answered(*, is_understood: bool) -> dict[str, Any]:
    if not is_understood:
        raise InvalidInput(_NOT_UNDERSTOOD, [FieldError("/word", "unknown", _NOT_UNDERSTOOD)])
    return {"received": True}
