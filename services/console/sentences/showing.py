"""Show a service's sentence or code in the reader's language. Labels of policy fill its blanks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask_babel import get_locale, gettext
from markupsafe import Markup, escape

from services.console.policy import Labels, Policy
from services.console.sentences.lists import CODES
from services.console.sentences.model import Written, written


def filters(policy: Policy) -> dict[str, Callable[[str], Any]]:
    """Return the filters of templates: `sentence` and `code`."""
    return {"sentence": partial(sentence, policy), "code": code}


def code(given: str) -> str:
    """Return what a code of the services means; a code that is not known is shown as its words."""
    return gettext(CODES[given]) if given in CODES else given.replace("_", " ")


def sentence(policy: Policy, given: str) -> Any:
    """Return a sentence of a service or of policy in the reader's language; one that is not known is marked as English."""
    language = str(get_locale())
    if (own := policy.sentences.get(given, {}).get(language)) is not None:
        return own
    found = written(given)
    if found is not None:
        made = escape(gettext(found.text)) % _filled(policy, found)
        return made[:1].upper() + made[1:] if found.text.startswith("%(kind)s") else made
    return given if language == "en" else Markup('<span lang="en">{}</span>').format(given)


def _filled(policy: Policy, found: Written) -> dict[str, Any]:
    """Return the labels of what was filled in. Names of partners and people stay."""
    kinds: dict[str, Callable[[str], Any]] = {
        "need": partial(_label, policy.support_types),
        "template": partial(_label, policy.templates),
        "label": partial(_translated, policy.violations),
        "reason": code,
        "kind": code,
        "sentence": partial(sentence, policy),
    }
    return {name: kinds.get(name, str)(value) for name, value in found.filled.items()}


def _label(labels: Labels, given: str) -> str:
    known = labels.get(given, {})
    return known.get(str(get_locale()), known.get("en", given))


def _translated(labels: Labels, english: str) -> str:
    """Return what a label in English is in the reader's language."""
    return next((each.get(str(get_locale()), english) for each in labels.values() if each.get("en") == english), english)
