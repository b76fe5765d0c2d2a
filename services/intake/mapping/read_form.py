"""Turn a native body into a report: one that is posted, and one that an operator releases from quarantine.

An edited form updates the report it made before, instead of being refused for its other content.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from ngao.chassis.errors import NotAllowedNow, NotFound
from ngao.contracts import Undecodable, parse_json
from ngao.kernel.vocabulary import Vocabulary
from services.intake.context import Context
from services.intake.mapping.lenient import ReadReport, read_native
from services.intake.mapping.mapping import Mapped, UnreadableReport
from services.intake.mapping.profiles import Profile
from services.intake.quarantine.model import NativeBody
from services.intake.reports.draft import Draft
from services.intake.reports.model import MappedBy, Update
from services.intake.reports.posted import pointing
from services.intake.reports.receive import Receipt, answer_of, receive_report
from services.intake.reports.update import ENDED, Seen, update_report

MOST_VALUES = 20_000
"""A form asks more than a report holds."""


def profile_of(ctx: Context, source_id: str) -> Profile:
    """Return the profile by which a source's bodies are read. Raises NotFound, NotAllowedNow (`no-profile`)."""
    name = ctx.sources.existing(source_id).profile
    if name is None:
        raise NotAllowedNow("This source has no mapping profile. Post canonical reports, or ask for one.", slug="no-profile")
    if name not in ctx.policy.profiles:
        raise NotFound("The mapping profile of this source is no longer in the policy files.")
    return ctx.policy.profiles[name]


def read_form(profile: Profile, body: NativeBody, vocabulary: Vocabulary, now: datetime) -> tuple[Mapped, ReadReport]:
    """Return a body as a report. Raises UnreadableReport."""
    try:
        native = parse_json(body.content, MOST_VALUES)
    except Undecodable:
        raise UnreadableReport("no_json") from None
    return read_native(profile, native, body.name, vocabulary, now)


def accept_form(ctx: Context, source_id: str, form: tuple[Mapped, ReadReport], *, released: bool = False) -> dict[str, Any]:
    """Accept what was read; `released` if an operator has decided so. Returns the receipt. Errors point into the native body."""
    mapped, read = form
    with pointing(mapped.native):
        mapping = MappedBy(mapped.profile.version, mapped.discarded, read.left_out)
        return answer_of(ctx, receive_form(ctx, source_id, read.draft, mapping, mapped.edit, released=released))


def receive_form(
    ctx: Context, source_id: str, draft: Draft, mapping: MappedBy, edit: str | None, *, released: bool = False
) -> Receipt:
    """Accept a form; `edit` is the name of this version of an edited one. Raises what reports and updates raise.

    An edit is known again by its name alone: one that goes back to what the original states is an update like any other. Of a
    report that was withdrawn or erased, an edit is refused until an operator releases it; then it is a report of its own.
    """
    if edit is None:
        return receive_report(ctx, source_id, draft, mapping)
    update = _update_of(draft, edit)
    before = ctx.reports.by_source_event(source_id, draft.source_event_id)
    if before is None:
        return receive_report(ctx, source_id, draft, mapping, first_update_mark=Seen(ctx, update).mark)
    try:
        return update_report(ctx, source_id, before.id, update, mapping)
    except NotAllowedNow as refused:
        if refused.slug not in ENDED or not (released or ctx.reports.by_source_event(source_id, edit)):
            raise
        return receive_report(ctx, source_id, replace(draft, source_event_id=edit), mapping)


def _update_of(draft: Draft, name: str) -> Update:
    """Return a whole form as later facts: its consents are all that are valid, other omissions change nothing."""
    dated = draft.doubt is None or draft.doubt.stated is not None
    return Update(
        violations=draft.violations or None,
        needs=draft.needs or None,
        consents=draft.consents,
        narrative=draft.narrative or None,
        person=draft.person if draft.person.needs_sealing else None,
        place=draft.place,
        key=name,
        restates=True,
        occurred_at=draft.occurred_at if dated else None,
        occurred_precision=draft.occurred_precision if dated else "",
        doubt=draft.doubt if dated else None,
    )
