"""The invented reports of the demo. The people do not exist: numbers begin with +254 700 000, mails end in example.org."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

Body = dict[str, Any]


@dataclass(frozen=True)
class Scenario:
    """One report: how it is posted, and the expected outcome.

    `by` is `http`, `kobo`, `amqp` or `batch`. `expects` is the outcome that the demo checks: `accepted` and `rerouted` (until the
    work is done), `unroutable`, `no_consent`, `refused`, `duplicate`.
    """

    title: str
    body: Body
    expects: str = "accepted"
    by: str = "http"
    broken: tuple[str, ...] = ()


def hours_ago(hours: float) -> str:
    """Return a time before now, in the format of reports."""
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat(timespec="seconds")


def person(name: str, digit: int, **attributes: Any) -> Body:
    """Return an invented person, without attributes if none are given."""
    identity = {"names": [name], "phones": [f"+254700000{digit:03d}"], "emails": [f"defender{digit}@example.org"]}
    return {"identity": identity, **({"attributes": attributes} if attributes else {})}


def consent(*scope: str) -> list[Body]:
    """Return a consent to a referral."""
    return [{"purpose": "referral", "scope": list(scope)}]


_SAFE = {"may_contact": True, "channels": ["phone"], "code_word": "mwezi", "shared_phone": False}
_FULL = ("contact", "narrative", "attributes")


def report(number: int, violation: Body, county: str, needs: list[str], **more: Any) -> Body:
    """Return a canonical report with all required fields."""
    return {
        "source_event_id": f"demo-{number:03d}",
        "occurred_at": hours_ago(3),
        "reporter": {"role": "self"},
        "violations": [violation],
        "location": {"scheme": "iso3166-2", "code": county},
        "languages": ["sw", "en"],
        "needs": needs,
        "consent": consent(*_FULL),
        "contact_safety": _SAFE,
        **more,
    }


_ARREST = {"type": "unlawful_arrest", "ongoing": True, "perpetrators": [{"type": "police"}]}
_THREAT = {"type": "death_threat_to_defender", "ongoing": True}


def all_scenarios(silent_need: str, silent_county: str, unserved_need: str) -> list[Scenario]:
    """Return all scenarios. The silent partner's need and county, and the need without a partner, depend on the directory."""
    return [
        *_helped(silent_need, silent_county),
        *_not_offered(unserved_need),
        *(Scenario(f"a batch of three, item {at}", body, expects, "batch") for at, (body, expects) in enumerate(_batch(), 1)),
        Scenario(
            "the first person again, a week later: history raises the urgency",
            report(10, _THREAT, "KE-30", ["digital_security"], subject=person("Amina Wanjiru Otieno", 101)),
        ),
    ]


def _helped(silent_need: str, silent_county: str) -> list[Scenario]:
    first = report(
        1,
        _ARREST,
        "KE-30",
        ["legal_aid"],
        subject=person("Amina Wanjiru Otieno", 101, gender="woman"),
        narrative="Taken from a meeting at noon by six people in plain clothes; her phone is off since then.",
    )
    return [
        Scenario("an arrest in Nairobi", first),
        Scenario("the same report again, word for word", first, "duplicate"),
        Scenario(
            "a death threat; the first partner stays silent",
            report(
                2,
                _THREAT,
                silent_county,
                [silent_need],
                subject=person("Baraka Cheruiyot", 102),
                narrative="Two calls in one night from a hidden number, naming the route to the children's school.",
            ),
            "rerouted",
        ),
        Scenario("a KoboToolbox form, as Kobo sends it", kobo_submission(), by="kobo"),
        Scenario(
            "a help desk's report over AMQP",
            report(
                3,
                {"type": "physical_assault"},
                "KE-28",
                ["medical"],
                subject=person("Chiku Mwangi", 103),
                narrative="Beaten on the way home from the vigil; the left arm cannot be moved.",
            ),
            by="amqp",
        ),
    ]


def _not_offered(unserved_need: str) -> list[Scenario]:
    return [
        Scenario(
            "a person who has not agreed to be referred",
            report(
                4,
                {"type": "smear_campaign"},
                "KE-30",
                ["psychosocial"],
                subject=person("Dalila Njeri", 104),
                consent=[],
                narrative="Posters with her picture at the market, and calls to her landlord.",
            ),
            "no_consent",
        ),
        Scenario(
            "a need that no partner serves",
            report(5, {"type": "judicial_harassment"}, "KE-31", [unserved_need], subject=person("Ekal Lokoyo", 105)),
            "unroutable",
        ),
        Scenario(
            "an anonymous report: no person is named",
            report(
                6,
                {"type": "threat_to_defender"},
                "KE-30",
                ["legal_aid"],
                consent=consent("narrative"),
                narrative="A letter under the door of the office; the writer knows when we leave.",
            ),
        ),
        Scenario("a broken report: refused, with its fields", broken_report(), "refused", broken=BROKEN_FIELDS),
    ]


BROKEN_FIELDS = (
    "/consent/0/purpose",
    "/favourite_colour",
    "/location/code",
    "/occurred_at",
    "/subject/identity/emails/0",
    "/violations/0/type",
)


def broken_report() -> Body:
    """Return a report with six errors. All are named in one answer, without the values."""
    return {
        **report(7, {"type": "no_such_violation"}, "47", ["legal_aid"]),
        "occurred_at": "yesterday",
        "subject": {"identity": {"names": ["Fatuma Kiprono"], "emails": ["not-a-mail"]}},
        "consent": [{"purpose": "everything"}],
        "favourite_colour": "green",
    }


def suspended_report() -> Body:
    """Return a report to post while its source is suspended. It must not be lost."""
    return report(12, {"type": "vandalism"}, "KE-28", ["legal_aid"], subject=person("Jamila Atieno", 113))


def _batch() -> list[tuple[Body, str]]:
    raid = report(8, {"type": "raid_on_office"}, "KE-42", ["digital_security"], subject=person("Gathoni Achieng", 108))
    invalid = report(9, {"type": "threat_to_family"}, "KE-30", ["no_such_support"])
    doxxing = report(11, {"type": "doxxing", "ongoing": True}, "KE-30", ["psychosocial"], subject=person("Hawa Nekesa", 111))
    return [(raid, "accepted"), (invalid, "refused"), (doxxing, "accepted")]


def kobo_submission() -> Body:
    """Return a KoboToolbox submission, in the shape of its REST service."""
    return {
        "_id": 8123,
        "_uuid": "5b2c7f1e-0001-4a5e-9d52-0c8a1f6a7b11",
        "meta/rootUuid": "uuid:5b2c7f1e-0001-4a5e-9d52-0c8a1f6a7b11",
        "meta/instanceID": "uuid:5b2c7f1e-0001-4a5e-9d52-0c8a1f6a7b11",
        "formhub/uuid": "f0e1d2c3",
        "__version__": "vX1",
        "_xform_id_string": "aQmDemo",
        "_status": "submitted_via_web",
        "_submission_time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "_submitted_by": "enumerator7",
        "_geolocation": [-1.28, 36.82],
        "_validation_status": {},
        "_attachments": [],
        "incident/violation_type": "raid hacking",
        "incident/date": (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%d"),
        "incident/county": "KE-30",
        "incident/narrative": "The office was opened at night; two laptops are gone, the cash box is untouched.",
        "reporter/role": "ngo",
        "person/name": "Imani Barasa",
        "person/phone": "+254700000112",
        "person/languages": "sw en",
        "help/needs": "digital_security",
        "consent/referral": "yes",
        "consent/scope": "contact narrative",
        "safety/may_contact": "yes",
        "safety/channels": "phone",
    }
