"""What an operator may be allowed to do: every operation of operators demands one of these scopes."""

from __future__ import annotations

SCOPES = {
    "approvals:read": "list the acts that wait for a second operator",
    "approvals:write": "approve or reject an act that another operator asked for",
    "assessments:read": "see that there are risk assessments of a person, and which reviews are due, without what they say",
    "assessments:write": "save a risk assessment with its protection plan, and remove one",
    "audit:read": "verify the audit trail, read its heads, and search it",
    "audit:write": "accept that another service's audit trail was put back",
    "cases:read": "list cases, read their story and explain a match",
    "cases:write": "match a case again, settle its needs, decide its urgency and who owns it",
    "checkins:read": "see which signs of life are agreed, and whether they came",
    "checkins:write": "agree on a sign of life with a person, take her answer, and end it",
    "contacts:read": "ask whether a person may be contacted now, without seeing the contact",
    "contacts:write": "record how a person may be reached, and stop contact immediately",
    "consents:write": "record that a person gives or withdraws a consent",
    "defenders:read": "read a defender's record without names, phones and e-mail addresses",
    "defenders:write": "decide whether two records are one person",
    "identity:read": "see names, phones and e-mail addresses in a defender's record",
    "keys:read": "see the key periods",
    "keys:write": "wrap data keys under the newest period",
    "exports:read": "export the members of a hub who agreed to be seen, with the contacts of those who agreed to that",
    "imports:write": "import a file of members, which registers people",
    "members:read": "read who is invited to a network and who is a member, also who did not agree to be seen",
    "members:write": "invite people to a network, record what they agree to, and end memberships",
    "messages:read": "list messages and read their history",
    "messages:write": "acknowledge a message",
    "narrative:read": "read a report's narrative and what its attachments are",
    "networks:read": "list networks and hubs, and the members who agreed to be seen by a hub's convenors",
    "notes:read": "read the notes that operators have written about a case",
    "notes:write": "write a note about a case, set and clear its flags",
    "offers:read": "see the offers to the partner that one's account belongs to, and what was sealed to it",
    "offers:write": "answer these offers in the partner's name",
    "originals:read": "read a body in quarantine as it was posted, names and contacts included",
    "outbox:read": "see which events wait to be published",
    "outbox:write": "publish events again",
    "parked:read": "list parked messages",
    "parked:write": "replay or drop a parked message",
    "partners:read": "read the partner directory",
    "partners:write": "add or change a partner",
    "quarantine:read": "list bodies that could not be read as reports, without what is in them",
    "quarantine:write": "replay or dismiss a body in quarantine",
    "reports:read": "read what a report says in codes (violations, kinds of perpetrators, reasons of its urgency), and flags",
    "reports:write": "post a report that was taken by phone, and add later facts to one",
    "restrictions:write": "add or lift a restriction",
    "roster:read": "read the roster, addresses masked",
    "roster:write": "change the roster",
    "sources:read": "list sources and read the key that reports are sealed to",
    "sources:write": "add or change a source and make its keys",
    "staff:read": "list the accounts of staff",
    "staff:write": "invite staff, change their roles and close accounts",
    "system:read": "see which services are ready, what they lack, and the rules of policy; check a changed file",
    "trainings:read": "list trainings, and read who is invited and who attended",
    "trainings:write": "add sessions of trainings, invite people and record who attended",
}
"""Each scope and what it allows."""

EVERY_RECORD, HUB, OWN, OF_OUTSIDER = "all", "hub", "own", "partner"
REACHES = {
    EVERY_RECORD: "every record",
    HUB: "the cases and members in the counties of the person's hubs",
    OWN: "the cases that the person owns",
    OF_OUTSIDER: "the offers to the partner that the person's account belongs to",
}
"""How far a scope reaches, the widest first; of `hub`, `own` and `partner` none includes another. What each role may do is
policy: `roles.yaml`."""
