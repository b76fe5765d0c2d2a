"""The five services as a night needs them: the real ones, a source, people who are signed in at the console."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ngao.contracts import SERVICES, subscriptions_of
from ngao.testing.broker import provision
from ngao.testing.processes import ServiceProcess, World, start_all, stop_all
from ngao.testing.waiting import eventually
from tests.support.intake import onboard, report
from tests.support.staff import Browser, invite, set_up

SMTP = '[own.smtp]\nhost = "127.0.0.1"\nport = 1\nfrom = "desk@example.org"\ntls = "none"\n'
"""Nothing is sent here."""
NAIROBI, MOMBASA = "KE-30", "KE-28"
SECRET_WORDS = "Invented Wairimu"
CRITICAL = [{"type": "enforced_disappearance", "ongoing": True, "perpetrators": [{"type": "police"}]}]


@dataclass
class Night:
    """All services, running. `own` are sections that a test adds to a service's settings, by its name; `policy` are folders."""

    world: World
    own: dict[str, str] = field(default_factory=dict)
    policy: tuple[Path, ...] = ()
    services: dict[str, ServiceProcess] = field(default_factory=dict)
    _source: str = ""

    def start(self) -> Night:
        """Start them, the console last: it knows the addresses of the others."""
        provision(self.world, {name: subscriptions_of(name) for name in SERVICES})
        own = {"notify": SMTP, **self.own}
        others = [name for name in SERVICES if name != "console"]
        self.services = {name: ServiceProcess(*self.world.settings(name, own.get(name, ""), self.policy)) for name in others}
        addresses = "\n".join(f'{name} = "http://127.0.0.1:{each.port}"' for name, each in self.services.items())
        asks = f"guesses_at_once = 1000\n{own.get('console', '')}\n[own.services]\n{addresses}\n[own.operators]\n{addresses}\n"
        self.services["console"] = ServiceProcess(*self.world.settings("console", asks, self.policy))
        start_all(self.services.values())
        return self

    def stop(self) -> None:
        """Stop them all."""
        stop_all(self.services.values())

    def ask(self, service: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Ask a service as the operator of the tests, who may do everything."""
        return self.services[service].request(method, path, body, self.world.operator_key)

    def person(self, *roles: str, hubs: tuple[str, ...] = (), name: str = "", partner: str = "") -> Browser:
        """Invite a person with these roles, and sign her in with a browser of her own."""
        console = self.services["console"]
        browser = Browser(console.port)
        name = name or f"staff-{secrets.token_hex(3)}"
        set_up(browser, invite(console, self.world.operator_key, name, *roles, hubs=hubs, partner=partner))
        return browser

    def report(self, county: str = NAIROBI, *, violations: Any = None, person: str = "", **fields: Any) -> str:
        """Post a report as a source and return the case's reference, when referral and notify know the case.

        It is a critical one, of a person with a number of her own, if nothing else is given.
        """
        self._source = self._source or onboard(self.services["intake"], self.world, f"forms-{secrets.token_hex(3)}")
        number = f"07{secrets.randbelow(10**8):08}"
        subject = {"identity": {"names": [person or f"{SECRET_WORDS} {county}"], "phones": [number]}}
        given = {"location": {"scheme": "iso3166-2", "code": county}, "subject": subject, "violations": violations or CRITICAL}
        status, receipt = self.services["intake"].request("POST", "/v1/reports", report(**given | fields), self._source)
        assert status == 202, receipt
        case = str(receipt["case_ref"])
        eventually(lambda: self.ask("referral", "GET", f"/v1/cases/{case}")[0] == 200, what="referral to know the case")
        if receipt["urgency"] == "critical":
            told = lambda: self.ask("notify", "GET", f"/v1/messages?case_ref={case}")[1]["messages"]  # noqa: E731
            eventually(told, what="an alarm about the case")
        return case
