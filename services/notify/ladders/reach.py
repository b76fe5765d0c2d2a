"""What an operator must know before the first report: the ladders on which no person can be reached, and refused mail."""

from __future__ import annotations

from ngao.chassis.chassis import Chassis
from services.notify.channels.account import MailAccount
from services.notify.ladders.store import AlarmRecordRepository
from services.notify.roster.store import RosterRepository
from services.notify.rules import Policy

_ADD = "run `bin/ngao officer add duty-officer --email ADDRESS`"


class Reach:
    """Checks the roster from time to time and remembers the result, because readiness is asked without a store."""

    def __init__(self, chassis: Chassis, policy: Policy, channels: frozenset[str], account: MailAccount) -> None:
        self._units, self._clock = chassis.units, chassis.clock
        self._policy, self._channels, self._account = policy, channels, account
        self._empty: tuple[str, ...] = ()
        self._unacknowledged = 0
        metrics = chassis.metrics
        self._reachable = metrics.gauge("ngao_notify_reachable", "People of a ladder who can be reached.", "ladder")
        self._unacknowledged_gauge = metrics.gauge("ngao_notify_unheard", "Cases whose alarm ended without an acknowledgement.")
        self._refused_seconds = metrics.gauge("ngao_notify_mail_refused_seconds", "How long the mail account has been refused.")
        chassis.health.warn("ladders", self.about_ladders)
        chassis.health.warn("alarms", self.about_alarms)
        chassis.health.warn("mail", self.about_mail)

    def look(self) -> None:
        """Count who can be reached, and the alarms that ended without an acknowledgement."""
        reachable = {name: self._count(name) for name in self._policy.ladders_in_use()}
        for name, count in reachable.items():
            self._reachable.labels(name).set(count)
        self._empty = tuple(name for name, count in reachable.items() if not count)
        self._unacknowledged = AlarmRecordRepository(self._units.read()).count_unacknowledged()
        self._unacknowledged_gauge.set(self._unacknowledged)
        since = self._account.refused_since
        self._refused_seconds.set(max(0.0, (self._clock.now() - since).total_seconds()) if since else 0.0)

    def about_ladders(self) -> str | None:
        """Return why a report that came now would notify no person, or None."""
        if not self._empty:
            return None
        return f"The ladders {', '.join(self._empty)} notify no one: none of their people has an address. To fix it, {_ADD}."

    def about_alarms(self) -> str | None:
        """Return how many alarms ended without an acknowledgement, as a sentence, or None."""
        if not self._unacknowledged:
            return None
        return f"The alarms of {self._unacknowledged} cases ended without an acknowledgement: see docs/runbooks/alarm-unheard.md."

    def about_mail(self) -> str | None:
        """Return why no mail is sent, or None."""
        account = self._account
        if account.refused_since is None:
            return None
        return (
            f"No mail is sent: the mail server has refused the whole account since {account.refused_since:%Y-%m-%d %H:%M} UTC"
            f" ({account.reason}). All messages wait; see docs/runbooks/mail-not-leaving.md."
        )

    def _count(self, ladder: str) -> int:
        roster = RosterRepository(self._units.read())
        contacts = [roster.contact(officer) for officer in self._policy.people_of(ladder)]
        return sum(1 for contact in contacts if contact and contact.channel in self._channels)
