"""Turn a mapped native body into a valid report: unreadable values are left out and named, and the report is not lost.

A form tool does not post again after an error. So only what makes a report one is demanded of it: an id, and something that
a person can act on. Leaving out never widens what a person has allowed: a consent of which anything cannot be read is no consent,
and a contact whose conditions cannot be read is not safe.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ngao.chassis.errors import NgaoError
from ngao.chassis.observability.logs import get_logger
from ngao.contracts import FieldError, codes
from ngao.contracts.classes import EARLIEST
from ngao.contracts.schemas.report import most_of
from ngao.kernel.languages import language_code
from ngao.kernel.names import comparable
from ngao.kernel.vocabulary import Vocabulary
from services.intake.mapping.bounds import allowed, bounded, is_condition, with_safe_channels
from services.intake.mapping.dates_of_acts import counted, dated_acts
from services.intake.mapping.mapping import Mapped, UnreadableReport, map_native
from services.intake.mapping.pointers import leaves, remove_at, replace_at, value_at
from services.intake.mapping.profiles import Profile
from services.intake.mapping.removal import pointers_to_remove
from services.intake.reports.dates import ESTIMATE, doubt_about, with_likely_date
from services.intake.reports.draft import DateDoubt, Draft
from services.intake.reports.model import LeftOut
from services.intake.reports.reading import examined
from services.intake.reports.vocabulary import GENERAL, county_named

_log = get_logger("intake")
_MOST_ROUNDS = 30
"""A list is looked at a few items beyond its bound at a time, and its broken items go first."""
_SLUG = re.compile(r"^[a-z][a-z0-9_]{1,63}$")
_APART = re.compile(r"[\s-]+")
_CODES = re.compile(
    r"^/(violations/\d+/(type|against|perpetrators/\d+/(type|involvement))|needs/\d+|reporter/role"
    r"|subject/attributes/\w+|contact_safety/channels/\d+|(violations/\d+/)?occurred_precision)$"
)
_ACT = re.compile(r"^/violations/[*\d]+/type$")
_PRECISIONS = ("exact", "day", "month", "year")


@dataclass(frozen=True)
class ReadReport:
    """A report that can be accepted, and what of the native body is not in it."""

    draft: Draft
    left_out: tuple[LeftOut, ...]


def read_native(
    profile: Profile, native: Any, key: str | None, vocabulary: Vocabulary, now: datetime
) -> tuple[Mapped, ReadReport]:
    """Read a native body through its profile; `key` is its id if it bears none.

    Raises UnreadableReport, also for a fault of ours: the sender does not post again, so the body must go into quarantine.
    """
    if not isinstance(native, dict):
        raise UnreadableReport("no_object")
    try:
        mapped = map_native(profile, native)
        if key:
            mapped.report.setdefault("source_event_id", key)
        return mapped, read_leniently(mapped, vocabulary, now)
    except NgaoError:
        raise
    except Exception:  # noqa: BLE001  # whatever it is, it must not cost the call
        _log.exception("form.not_mapped", profile=profile.name, mapping_version=profile.version)
        raise UnreadableReport("not_mapped") from None


def read_leniently(mapped: Mapped, vocabulary: Vocabulary, now: datetime) -> ReadReport:
    """Return the report in a native body, as far as it can be read. Raises UnreadableReport."""
    return _Reading(mapped, vocabulary, now).report()


class _Reading:
    """One body, while it is turned from the output of a profile into a valid report."""

    def __init__(self, mapped: Mapped, vocabulary: Vocabulary, now: datetime) -> None:
        self._mapped, self._lists, self._now = mapped, vocabulary, now
        self._report = mapped.report
        self._named: set[str] = set()
        self._doubt: DateDoubt | None = None

    def report(self) -> ReadReport:
        if not self._report.get("source_event_id"):
            raise UnreadableReport("no_id", self._mapped.left_out)
        for step in (self._one_each, self._codes, self._languages, self._location, self._names, self._date, self._words):
            step()
        self._dates_of_acts()
        self._keep_safe()
        if any(map(_ACT.match, self._mapped.unread)):
            self._add_unread_act()
        lost = bounded(self._consents(), self._mapped.unread)
        draft = self._loaded()
        consents = allowed(draft.consents, self._consents(), lost)
        person = with_safe_channels(draft.person, (*self._mapped.unread, *self._named))
        acts = counted(draft.violations, (*self._mapped.unread, *self._named), self._submitted_at)
        dated = replace(draft, doubt=self._doubt or draft.doubt, violations=acts, consents=consents, person=person)
        return ReadReport(with_likely_date(dated, self._submitted_at, self._now), tuple(self._mapped.left_out))

    @property
    def _submitted_at(self) -> datetime:
        stated = self._mapped.submitted_at
        return min(datetime.fromisoformat(stated), self._now) if stated else self._now

    def _leave_out(self, pointer: str, code: str) -> None:
        """Note a pointer once; that a value which was left out is then missing, or its list empty, is not noted."""
        origin = self._mapped.native(pointer)
        is_known = code == "required" and any(error.field == origin for error in self._mapped.left_out)
        if not is_known and not any(named == pointer or named.startswith(f"{pointer}/") for named in self._named):
            self._mapped.leave_out(origin, [code])
        self._named.add(pointer)

    def _one_each(self) -> None:
        """Keep the first readable value where there is room for one and the form gave several; the rest is shown."""
        for pointer, value in list(leaves(self._report, lists=True)):
            known = self._known(pointer)
            if known is None:
                continue
            whole = " ".join(map(str, value))
            chosen = next((item for item in (whole, *value) if known(str(item)) or known(_folded(item))), value[0])
            replace_at(self._report, pointer, chosen)
            if len(value) > 1 and chosen != whole:
                self._leave_out(f"{pointer}/rest", "one_value")

    def _known(self, pointer: str) -> Callable[[str], bool] | None:
        """Return the test of a word for a pointer to one code; None for any other pointer."""
        if re.match(r"^/violations/\d+/against$", pointer):
            return lambda word: word in codes.AGAINST
        if pointer == "/location/code":
            return lambda word: county_named(word, self._lists) is not None
        one: dict[str, Callable[[str], bool]] = {
            "/reporter/role": lambda word: word in codes.REPORTER_ROLES,
            "/occurred_precision": lambda word: word in codes.PRECISIONS_OF_TIME,
            "/location/scheme": lambda word: word in self._lists.schemes,
        }
        one |= {f"/subject/attributes/{name}": lambda word: bool(_SLUG.match(word)) for name in _ATTRIBUTES}
        return one.get(pointer)

    def _codes(self) -> None:
        """Replace codes in another case, or with spaces or hyphens for underscores, by the codes of the lists."""
        for pointer, value in list(leaves(self._report)):
            if _CODES.match(pointer) and isinstance(value, str) and not _SLUG.match(value) and _SLUG.match(_folded(value)):
                replace_at(self._report, pointer, _folded(value))

    def _languages(self) -> None:
        stated, names, known = self._report.get("languages"), self._lists.language_names, self._lists.languages
        if isinstance(stated, list):
            found = [names.get(comparable(str(each))) or language_code(str(each), known) or each for each in stated]
            self._report["languages"] = found

    def _location(self) -> None:
        location = self._report.get("location")
        if not isinstance(location, dict) or not isinstance(location.get("code"), str):
            self._report.pop("location", None)
            self._leave_out("/location/code", "required")
            return
        if location.get("scheme") != self._lists.scheme and (county := county_named(location["code"], self._lists)):
            location |= {"scheme": "iso3166-2", "code": county}

    def _names(self) -> None:
        """Drop names without a letter or digit."""
        identity = self._report.get("subject", {}).get("identity", {})
        stated = identity.get("names")
        if isinstance(stated, list):
            identity["names"] = [name for name in stated if comparable(str(name or ""))]
            if len(identity["names"]) < len(stated):
                self._leave_out("/subject/identity/names", "blank")
        if identity and not any(identity.get(name) for name in ("names", "phones", "emails")):
            del self._report["subject"]["identity"]

    def _date(self) -> None:
        """Set the date with the precision that it has; without one, the moment of submission."""
        stated = self._report.get("occurred_at")
        moment = datetime.fromisoformat(stated) if isinstance(stated, str) else None
        if moment and moment > EARLIEST:
            precision = self._report["occurred_precision"] = self._precision(moment, self._report)
            if doubt_about(moment, precision, self._now) == "future":
                self._submitted_instead(DateDoubt("future", moment, precision))
            return
        if not moment:
            self._leave_out("/occurred_at", "required")
        self._submitted_instead(DateDoubt("too_old" if moment else "missing"))

    def _dates_of_acts(self) -> None:
        """Set the date of each act that has one of its own, with the precision that it has."""
        for at, act, moment in dated_acts(self._report):
            act["occurred_precision"] = self._precision(moment, act, f"/violations/{at}")

    def _submitted_instead(self, doubt: DateDoubt) -> None:
        self._doubt = doubt
        self._report |= {"occurred_at": self._submitted_at.isoformat(), "occurred_precision": ESTIMATE}

    def _precision(self, moment: datetime, holder: Mapping[str, Any], at: str = "") -> str:
        """Return a precision no finer than the date is written; if it cannot be read, the widest that the date may have."""
        written = self._mapped.precisions.get(f"{at}/occurred_at", "exact")
        stated = str(holder.get("occurred_precision", written))
        if stated == ESTIMATE:
            return written if written in ("month", "year") else ESTIMATE
        if stated not in _PRECISIONS:
            self._leave_out(f"{at}/occurred_precision", "unknown_code")
            stated = "day" if moment.day > 1 else "month" if moment.month > 1 else "year"
        return max(stated, written, key=_PRECISIONS.index)

    def _words(self) -> None:
        """Add the answers in words to "other, please specify" to the narrative."""
        texts = [each for each in (self._report.get("narrative"), *self._mapped.words) if each]
        if texts:
            self._report["narrative"] = "\n\n".join(map(str, texts))
        self._report.setdefault("reporter", {}).setdefault("role", "unknown")

    def _consents(self) -> list[Any]:
        stated = self._report.get("consent")
        return stated if isinstance(stated, list) else []

    def _keep_safe(self) -> None:
        if any(map(is_condition, self._mapped.unread)):
            self._forbid_contact()

    def _forbid_contact(self) -> None:
        """State that contact is not safe, also where nothing else is stated: an edited form may end what was safe before."""
        safety = self._report.get("contact_safety")
        self._report["contact_safety"] = {**(safety if isinstance(safety, dict) else {}), "may_contact": False}

    def _loaded(self) -> Draft:
        for _ in range(_MOST_ROUNDS):
            draft, broken = examined(self._report, self._lists, ("location",))
            if draft and not broken:
                return draft
            self._drop_broken(broken)
        raise UnreadableReport("unreadable", self._mapped.left_out)

    def _drop_broken(self, broken: Collection[FieldError]) -> None:
        """Remove what is broken, the last items of a list first, so that the others keep their numbers meanwhile."""
        for error in broken:
            if error.pointer == "/source_event_id":
                raise UnreadableReport("no_id", self._mapped.left_out)
            self._leave_out(error.pointer, error.code)
        for pointer, code in pointers_to_remove(broken):
            self._remove(pointer, code)
        self._report.setdefault("reporter", {}).setdefault("role", "unknown")
        if not self._report.get("violations"):
            self._classify()
        elif any(error.code == "unknown_code" and _ACT.match(error.pointer) for error in broken):
            self._add_unread_act()

    def _remove(self, pointer: str, code: str) -> None:
        if is_condition(pointer):
            self._forbid_contact()
        if pointer == "/contact_safety" or (code == "length" and self._cut(pointer)):
            return
        if pointer != "/contact_safety/may_contact":
            remove_at(self._report, pointer)

    def _cut(self, pointer: str) -> bool:
        """Cut lists that are too long to their first items, the violations that weigh most, the narrative to its beginning."""
        value, most = value_at(self._report, pointer), most_of(pointer)
        if most is None or not isinstance(value, list | str) or (isinstance(value, str) and pointer != "/narrative"):
            return False
        heaviest_first = sorted(value, key=lambda each: -self._weight(each)) if pointer == "/violations" else value
        replace_at(self._report, pointer, heaviest_first[:most])
        return True

    def _weight(self, violation: Any) -> int:
        kind = self._lists.violations.get(violation.get("type", "")) if isinstance(violation, dict) else None
        return kind.severity if kind else 0

    def _add_unread_act(self) -> None:
        """Give an unreadable act the weight of one in words only, beside lighter ones too, so that it lowers no urgency."""
        violations, least = self._report.get("violations"), self._weight({"type": GENERAL})
        if violations and all(self._weight(violation) < least for violation in violations):
            violations.append({"type": GENERAL})

    def _classify(self) -> None:
        """Ask a person to read it, if what happened is in words only or not known, and there is anything to read."""
        subject = self._report.get("subject") or {}
        content = (self._report.get("narrative"), self._report.get("needs"), subject.get("identity"), subject.get("defender_ref"))
        if not any(content) or GENERAL not in self._lists.violations:
            raise UnreadableReport("nothing_readable", self._mapped.left_out)
        self._report["violations"] = [{"type": GENERAL}]


_ATTRIBUTES = ("gender", "age_group", "orientation", "displacement")


def _folded(word: Any) -> str:
    return _APART.sub("_", str(word).strip().casefold())
