"""How values are shown on pages: moments in the coalition's time, codes by the labels of its policy in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flask import Flask
from flask_babel import get_locale
from markupsafe import Markup

from services.console.policy import Labels
from services.console.sentences.showing import filters
from services.console.values import account_of

if TYPE_CHECKING:
    from services.console.context import ConsoleParts


def show(app: Flask, parts: ConsoleParts) -> None:
    """Let templates show moments and codes."""
    zone = ZoneInfo(parts.policy.zone)
    app.jinja_env.filters |= {
        "moment": partial(moment, parts, zone),
        "county": partial(label, parts.policy.counties),
        "violation": partial(label, parts.policy.violations),
        "group": partial(label, parts.policy.groups),
        "perpetrator": partial(label, parts.policy.perpetrators),
        "need": partial(label, parts.policy.support_types),
        "checkin": partial(label, parts.policy.checkins),
        "reason": partial(label, parts.policy.reasons),
        "template": partial(label, parts.policy.templates),
        "decision": partial(label, parts.policy.decision_reasons),
        "labelled": labelled,
        "account": account_of,
        **filters(parts.policy),
        "language": partial(label, parts.policy.languages),
        "role": partial(label, parts.policy.roles),
    }
    app.context_processor(lambda: {"now": parts.clock.now().astimezone(zone), "neutral": parts.own.neutral, "own": parts.own})


def moment(parts: ConsoleParts, zone: ZoneInfo, given: Any) -> str:
    """Return a moment as `02:14`, with the date if it is not today."""
    if not given:
        return ""
    at = (datetime.fromisoformat(given) if isinstance(given, str) else given).astimezone(zone)
    today = parts.clock.now().astimezone(zone).date()
    return f"{at:%H:%M}" if at.date() == today else f"{at:%Y-%m-%d %H:%M}"


def label(labels: Labels, code: str) -> Any:
    """Return a code's label in the reader's language; the code itself if policy has none."""
    return labelled(labels.get(code), code)


def labelled(known: Mapping[str, str] | None, code: str) -> Any:
    """Return the one of a code's labels that is in the reader's language, else the English one, else the code."""
    if not known:
        return code
    language = str(get_locale())
    if language in known:
        return known[language]
    return Markup('<span lang="en">{}</span>').format(known.get("en", code))
