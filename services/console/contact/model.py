"""What the forms about contact decide: the registry's form of what was typed, and which field it refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
USES = ("yes", "no", "person_calls")
"""May the contact be used; the last means that the person calls."""
_CODES = ("channel", "who_answers", "voicemail", "caller_name", "confirmed_how")
_TEXTS = ("zone", "code_word", "stop_word", "instructions")


def contact_of(typed: Mapping[str, str]) -> dict[str, Any]:
    """Return what was typed as the registry reads it. What is left out takes its careful value there."""
    use = typed.get("use", "")
    body: dict[str, Any] = {"address": typed.get("address", "").strip(), "allowed": use == "yes"}
    body |= {"person_calls": use == "person_calls", "shared_device": "others" in typed, "low_detail": "detail" not in typed}
    body |= {name: typed[name] for name in _CODES if typed.get(name)}
    body |= {name: typed[name].strip() for name in _TEXTS if typed.get(name, "").strip()}
    opens, closes = typed.get("opens", ""), typed.get("closes", "")
    if opens or closes:
        body["hours"] = [{"opens": opens, "closes": closes, "days": [day for day in DAYS if day in typed]}]
    return body


def field_refused(errors: Iterable[Mapping[str, Any]]) -> str:
    """Return the code of the sentence for the first field that the registry refused."""
    first = next(iter(errors), {})
    pointer, code = str(first.get("pointer", "")), str(first.get("code", ""))
    if pointer == "/address":
        return code if code in {"two_phones", "not_a_phone", "too_many"} else "address"
    if pointer.startswith("/hours"):
        return "no_time" if code == "no_time" else "hours"
    name = pointer.strip("/").partition("/")[0]
    return name if name in {"zone", "channel", "confirmed_how"} else "other"
