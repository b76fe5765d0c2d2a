"""The canonical report: what every source's own shape is mapped to, and what sources may post directly.

Strict: an unknown field is refused. Codes whose lists belong to a coalition (violations, needs, counties, languages)
are checked against policy by intake, with the same error form.
"""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from ngao.contracts import codes
from ngao.contracts.classes import INTERNAL, SENSITIVE, Email, Moment, Pattern, Strict, Text, Url
from ngao.kernel.ids import WHOLE_ID
from ngao.kernel.references import DEFENDER_REF

_SLUG = Pattern(r"^[a-z][a-z0-9_]{1,63}$", error="format|Must be a code: lower-case letters, digits, underscore.")
_TIME = Pattern(r"^([01]\d|2[0-3]):[0-5]\d$", error="format|Must be HH:MM.")
_ID = validate.Length(min=1, max=200)
_LONGEST_EMAIL, _LONGEST_URL = 254, 2000
"""RFC 5321 section 4.5.3.1.3 (a path of 256 with its brackets); what common programs take as an address."""
# With parameters, as phones name a voice note: audio/ogg; codecs=opus.
_MEDIA_TYPE = r"^[\w.+-]+/[\w.+-]+([ \t]*;[ \t]*[\w.+-]+=([\w.+-]+|\"[^\"\\\r\n]*\"))*$"
_SCHEME = Pattern(r"^[a-z0-9][a-z0-9-]{1,19}$", error="unknown_code|Must name a scheme of places.")


def _one_of(choices: tuple[str, ...]) -> validate.OneOf:
    return validate.OneOf(choices, error=f"unknown_code|Must be one of: {', '.join(choices)}.")


def _list(member: fields.Field[Any], most: int, metadata: dict[str, Any]) -> fields.List[Any]:
    """Return a list with a bound. It may be left out and is then empty."""
    return fields.List(member, load_default=list, validate=validate.Length(max=most), metadata=metadata)


class Perpetrator(Strict):
    """Who is reported to have done it, by code only: names of perpetrators belong in the narrative."""

    type = fields.String(required=True, validate=_SLUG, metadata=INTERNAL)
    involvement = fields.String(validate=_SLUG, metadata=INTERNAL)


class Violation(Strict):
    """What was done, coded by the coalition's violation list.

    Without `ongoing` it is over, or in an update as it was known. `occurred_at` is for an act that happened at another time than
    the report's; an act that an update adds without it counts as having happened when the update comes.
    """

    type = fields.String(required=True, validate=_SLUG, metadata=INTERNAL)
    ongoing = fields.Boolean(metadata=INTERNAL)
    occurred_at = Moment(metadata=INTERNAL)
    occurred_precision = fields.String(validate=_one_of(codes.PRECISIONS_OF_TIME), metadata=INTERNAL)
    against = fields.String(load_default="defender", validate=_one_of(codes.AGAINST), metadata=INTERNAL)
    perpetrators = _list(fields.Nested(Perpetrator), 20, INTERNAL)


class Reporter(Strict):
    """Who reports: only the role; the reporter's own identity is not asked for."""

    role = fields.String(required=True, validate=_one_of(codes.REPORTER_ROLES), metadata=INTERNAL)


class Identity(Strict):
    """Who the person is. Sealed to the registry before anything is stored."""

    names = _list(fields.String(validate=validate.Length(min=1, max=200)), 10, SENSITIVE)
    phones = _list(fields.String(validate=validate.Length(min=3, max=200)), 10, SENSITIVE)
    emails = _list(Email(validate=validate.Length(max=_LONGEST_EMAIL)), 10, SENSITIVE)

    @validates_schema
    def at_least_one(self, data: dict[str, Any], **_: object) -> None:
        """Refuse an identity without a name or address: it is a mistake of the form, not an anonymous report."""
        if not any(data.get(name) for name in ("names", "phones", "emails")):
            raise ValidationError("required|Give at least one name, phone or e-mail, or leave identity out.")


class Attributes(Strict):
    """What the person has chosen to say about themselves; each is optional and used only with consent."""

    gender = fields.String(validate=_SLUG, metadata=SENSITIVE)
    age_group = fields.String(validate=_SLUG, metadata=SENSITIVE)
    disability = fields.List(fields.String(validate=_SLUG), validate=validate.Length(max=10), metadata=SENSITIVE)
    orientation = fields.String(validate=_SLUG, metadata=SENSITIVE)
    ethnicity = fields.String(validate=validate.Length(max=80), metadata=SENSITIVE)
    religion = fields.String(validate=validate.Length(max=80), metadata=SENSITIVE)
    nationality = fields.String(validate=validate.Length(max=80), metadata=SENSITIVE)
    displacement = fields.String(validate=_SLUG, metadata=SENSITIVE)
    work = fields.List(fields.String(validate=_SLUG), validate=validate.Length(max=10), metadata=SENSITIVE)
    dependants = fields.Integer(validate=validate.Range(min=0, max=50), metadata=SENSITIVE)


class Subject(Strict):
    """The defender: by the reference the registry gave, by identity, or not at all (anonymous)."""

    defender_ref = fields.String(
        validate=Pattern(DEFENDER_REF, error="format|Must be a defender reference."),
        metadata=INTERNAL,
    )
    identity = fields.Nested(Identity, metadata=SENSITIVE)
    attributes = fields.Nested(Attributes, metadata=SENSITIVE)


class Location(Strict):
    """Where, with its scheme: a bare number means different counties in different lists."""

    scheme = fields.String(required=True, validate=_SCHEME, metadata=INTERNAL)
    code = fields.String(required=True, validate=validate.Length(min=1, max=20), metadata=INTERNAL)
    precision = fields.String(load_default="county", validate=_one_of(codes.PRECISIONS_OF_PLACE), metadata=INTERNAL)


class Consent(Strict):
    """What the person agreed to: purpose, which data, for whom, until when."""

    purpose = fields.String(required=True, validate=_one_of(codes.PURPOSES), metadata=INTERNAL)
    scope = _list(fields.String(validate=_one_of(codes.SCOPES)), 10, INTERNAL)
    recipient = fields.String(validate=Pattern(WHOLE_ID, error="format|Must be a partner's id."), metadata=INTERNAL)
    until = Moment(metadata=INTERNAL)


class SafeHours(Strict):
    """When contact is safe, in the person's own time zone."""

    opens = fields.String(required=True, validate=_TIME, metadata=SENSITIVE)
    closes = fields.String(required=True, validate=_TIME, metadata=SENSITIVE)
    days = _list(fields.String(validate=_one_of(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))), 7, SENSITIVE)


class ContactSafety(Strict):
    """How to reach the person without putting them at risk; without it, the person is not contacted."""

    may_contact = fields.Boolean(load_default=False, metadata=SENSITIVE)
    channels = _list(fields.String(validate=_one_of(codes.CHANNELS)), 3, SENSITIVE)
    hours = _list(fields.Nested(SafeHours), 14, SENSITIVE)
    code_word = fields.String(validate=validate.Length(min=1, max=80), metadata=SENSITIVE)
    voicemail = fields.Boolean(load_default=False, metadata=SENSITIVE)
    shared_phone = fields.Boolean(load_default=True, metadata=SENSITIVE)
    instructions = fields.String(validate=validate.Length(max=1000), metadata=SENSITIVE)


class Attachment(Strict):
    """A file that stays where it is: only its hash and address are taken in."""

    name = fields.String(required=True, validate=validate.Length(min=1, max=255), metadata=SENSITIVE)
    media_type = Text(
        required=True,
        metadata=INTERNAL,
        validate=[validate.Length(max=255), Pattern(_MEDIA_TYPE, error="format|Must be a media type.")],
    )
    sha256 = fields.String(
        required=True, validate=Pattern(r"^[0-9a-f]{64}$", error="format|Must be 64 hex digits."), metadata=INTERNAL
    )
    url = Url(schemes={"https"}, validate=validate.Length(max=_LONGEST_URL), metadata=SENSITIVE)


class Report(Strict):
    """One report of an incident."""

    source_event_id = fields.String(required=True, validate=_ID, metadata=INTERNAL)
    occurred_at = Moment(required=True, metadata=INTERNAL)
    occurred_precision = fields.String(load_default="exact", validate=_one_of(codes.PRECISIONS_OF_TIME), metadata=INTERNAL)
    reporter = fields.Nested(Reporter, required=True, metadata=INTERNAL)
    subject = fields.Nested(Subject, load_default=dict, metadata=SENSITIVE)
    violations = fields.List(fields.Nested(Violation), required=True, validate=validate.Length(min=1, max=20), metadata=INTERNAL)
    location = fields.Nested(Location, required=True, metadata=INTERNAL)
    languages = _list(fields.String(validate=Pattern(r"^[a-z]{2,3}$", error="format|Must be an ISO 639 code.")), 10, INTERNAL)
    narrative = fields.String(validate=validate.Length(max=50_000), metadata=SENSITIVE)
    needs = _list(fields.String(validate=_SLUG), 20, INTERNAL)
    consent = _list(fields.Nested(Consent), 20, INTERNAL)
    contact_safety = fields.Nested(ContactSafety, metadata=SENSITIVE)
    attachments = _list(fields.Nested(Attachment), 50, SENSITIVE)


_REPORT = Report()


def most_of(pointer: str) -> int | None:
    """Return how many items, or signs, the field of a report at a JSON pointer holds at most; None without a bound."""
    schema: Any = _REPORT
    found: Any = None
    for step in (each for each in pointer.split("/")[1:] if not each.isdigit()):
        found = schema.fields.get(step) if schema is not None else None
        inner = found.inner if isinstance(found, fields.List) else found
        schema = inner.schema if isinstance(inner, fields.Nested) else None
    return next((each.max for each in getattr(found, "validators", ()) if isinstance(each, validate.Length)), None)
