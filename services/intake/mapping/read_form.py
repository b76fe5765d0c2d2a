"""Turn a native body into a report: one that is posted, and one that an operator releases from quarantine."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ngao.chassis.errors import NotAllowedNow, NotFound
from ngao.chassis.http.call import parse_body
from ngao.contracts import Undecodable
from ngao.kernel.vocabulary import Vocabulary
from services.intake.context import Context
from services.intake.mapping.lenient import Taken, read_native
from services.intake.mapping.mapping import Mapped
from services.intake.mapping.profiles import Profile
from services.intake.mapping.receive_form import receive_form
from services.intake.mapping.unreadable import UnreadableReport
from services.intake.quarantine.model import NativeBody
from services.intake.reports.posted import pointing
from services.intake.reports.provenance import MappedBy
from services.intake.reports.receive import answer_of

MOST_VALUES = 20_000
"""A form asks more than a report holds."""


def profile_of(ctx: Context, source_id: str) -> Profile:
    """Return the profile by which a source's bodies are read. Raises NotFound, NotAllowedNow (`no-profile`)."""
    name = ctx.sources.get(source_id).profile
    if name is None:
        raise NotAllowedNow("This source has no mapping profile. Post canonical reports, or ask for one.", slug="no-profile")
    if name not in ctx.policy.profiles:
        raise NotFound("The mapping profile of this source is no longer in the policy files.")
    return ctx.policy.profiles[name]


def read_form(profile: Profile, body: NativeBody, vocabulary: Vocabulary, now: datetime) -> tuple[Mapped, Taken]:
    """Return a body as a report. Raises UnreadableReport."""
    try:
        native = parse_body(body.content, MOST_VALUES)
    except Undecodable:
        raise UnreadableReport("no_json") from None
    return read_native(profile, native, body.name, vocabulary, now)


def take_form(ctx: Context, source_id: str, form: tuple[Mapped, Taken]) -> dict[str, Any]:
    """Take in what was read; gives the receipt. Errors point into the native body."""
    mapped, taken = form
    with pointing(mapped.native):
        mapping = MappedBy(mapped.profile.version, mapped.discarded, taken.left_out)
        return answer_of(ctx, receive_form(ctx, source_id, taken.draft, mapping, mapped.edit))
