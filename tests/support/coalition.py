"""The whole platform as an operator runs it: its services as processes with accounts of their own, and everybody around them."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count, cycle, islice
from pathlib import Path
from typing import Any

import pika
import yaml

from ngao.broker.onboarding import Edge
from ngao.chassis.security.vouches import Statement
from ngao.client import Keys, SourceClient, keygen, signing_keygen
from ngao.contracts import Event, subscriptions_of
from ngao.deployment.naming import SERVICES
from ngao.local.mailbox import Mail, messages
from ngao.testing.broker import Line, inbound_queues, management_of, provision
from ngao.testing.mailbox import Mailbox
from ngao.testing.processes import ROOT, ServiceProcess, World, stop_all
from ngao.testing.waiting import eventually
from tests.support import outsiders
from tests.support.cases import case

DEMO_POLICY = ROOT / "deploy" / "demo" / "policy"
OFFICERS = ("duty-officer", "deputy", "coordinator")
CRITICAL = {"type": "torture", "ongoing": True}
ROUTINE = {"type": "smear_campaign"}

OF_CASES = tuple(each for each in SERVICES if each != "console")
"""The services that a case goes through. Console is started only where a test is about it."""

WITHIN_S = 60.0
"""A disclosure waits until its service knows that nothing was withdrawn meanwhile: half a minute on a busy machine."""


@dataclass
class Partner:
    """One partner service: its account, its process, and what that process wrote down."""

    id: str
    account: Path
    key: str
    behaviour: str
    referral: ServiceProcess
    operator_key: str
    entry: dict[str, Any]
    process: subprocess.Popen[bytes] | None = None
    has_left: bool = False

    @property
    def log(self) -> Path:
        return self.account.with_name("partner.log")

    def open(self, module: str = "tests.support.partner") -> None:
        """Start working."""
        command = [sys.executable, "-W", "ignore", "-m", module, str(self.account), self.behaviour]
        with self.log.open("ab") as log:
            environment = {**os.environ, "TMPDIR": str(self.account.parents[2] / "tmp")}
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, env=environment)

    def leave(self) -> None:
        """Stop working as soon as it can, without waiting for it, and for good."""
        self.has_left = True
        if self.process is not None:
            self.process.terminate()

    def close(self) -> None:
        """Stop working; queues go on filling."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None

    def heard(self, case_ref: str | None = None) -> list[dict[str, Any]]:
        """All it heard (of a case), oldest first. A line without its end is still being written."""
        whole, _, _ = self.log.read_text().rpartition("\n") if self.log.exists() else ("", "", "")
        lines = whole.splitlines()
        hops = [json.loads(line) for line in lines if line.startswith("{")]
        if case_ref is None:
            return hops
        refs = self.refs_of(case_ref)
        return [each for each in hops if each["case_ref"] in refs]

    def refs_of(self, case_ref: str) -> set[str]:
        """The references by which partners know a case."""
        status, story = self.referral.request("GET", f"/v1/cases/{case_ref}", None, self.operator_key)
        return {each["partner_case_ref"] for each in story["offers"]} if status == 200 else set()

    def hears(self, what: str, case_ref: str) -> dict[str, Any]:
        """Wait for one thing."""

        def found() -> list[dict[str, Any]]:
            return [each for each in self.heard(case_ref) if each["what"] == what]

        return eventually(found, within=WITHIN_S, what=f"{what} at {self.id} about {case_ref}")[0]

    def asks(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Over HTTP with its own key."""
        return self.referral.request(method, path, body, self.key)

    def signs(self, offer_id: str) -> dict[str, str]:
        """The body of an acceptance over HTTP."""
        offer = self.asks("GET", f"/v1/offers/{offer_id}")[1]
        return Keys.from_directory(self.account.parent).accepts(self.id, offer_id, offer["case_ref"])


@dataclass
class Source:
    """One system that posts: over HTTP with its key, over AMQP with its account."""

    id: str
    account: Path
    key: str
    intake: ServiceProcess

    def post(self, body: Any, path: str = "/v1/reports", **headers: str) -> tuple[int, Any]:
        """Over HTTP."""
        return self.intake.request("POST", path, body, self.key, **headers)

    def takes(self, body: Any) -> dict[str, Any]:
        """Over HTTP, where it must be taken."""
        status, receipt = self.post(body)
        assert status == 202, receipt
        return dict(receipt)

    def status(self, receipt: dict[str, Any]) -> dict[str, Any]:
        """How its report is doing."""
        status, shown = self.intake.request("GET", f"/v1/reports/{receipt['report_id']}", None, self.key)
        assert status == 200, shown
        return dict(shown)

    def publishes(self, body: dict[str, Any]) -> dict[str, Any]:
        """Over AMQP with the client; gives the answer it hears about this report."""
        client = SourceClient.from_file(self.account)
        client.publish(body)
        answer = self.hears(body["source_event_id"], client)
        client.close()
        return answer

    def publishes_raw(self, body: bytes, content_type: str, user: str | None = None) -> str:
        """Over AMQP with its own account, whatever the bytes are; gives the message id."""
        told = json.loads(self.account.read_text())
        password = (self.account.parent / told["password_file"]).read_text().strip()
        login = pika.PlainCredentials(told["username"], password)
        message_id = secrets.token_hex(8)
        properties = pika.BasicProperties(
            content_type=content_type, user_id=user or told["username"], message_id=message_id, delivery_mode=2
        )
        parameters = pika.ConnectionParameters(told["host"], told["port"], told["vhost"], login)
        with pika.BlockingConnection(parameters) as connection:
            channel = connection.channel()
            channel.confirm_delivery()
            channel.basic_publish("reports", self.id, body, properties, mandatory=True)
        return message_id

    def hears(self, event_id: str, client: SourceClient | None = None) -> dict[str, Any]:
        """The answer in its results queue about one report."""
        found: list[dict[str, Any]] = []

        def heard(event: Event) -> None:
            if event_id in (event.data.get("source_event_id"), event.data.get("event_id")):
                found.append(dict(event.data))

        own = client or SourceClient.from_file(self.account)
        own.results(heard, outsiders.within(20, lambda: bool(found)))
        if client is None:
            own.close()
        assert found, f"no answer about {event_id} came"
        return found[0]


@dataclass
class Coalition:
    """One world's platform. `policy` names more policy folders, laid over that of the demonstration."""

    world: World
    policy: tuple[Path, ...] = ()
    names: tuple[str, ...] = OF_CASES
    services: dict[str, ServiceProcess] = field(default_factory=dict)
    partners: list[Partner] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)
    began: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        self.mail, self.temporary = self.world.directory / "mail", self.world.temporary
        self.mail.mkdir()
        self.management = management_of(self.world)
        self.line, self.edge_line = Line(self.world), Line(self.world, edge=True)
        counties = yaml.safe_load((ROOT / "deploy" / "policy" / "counties.yaml").read_text())["counties"]
        moved_to = case("update/moved")["location"]["code"]
        self.counties = cycle(each for each in counties if each != moved_to)
        parts, login = self.world.parts, pika.PlainCredentials(*self.world.parts.account)
        edge = Edge(self.world.edge_vhost, parts.amqp_host, parts.amqp_port)
        parameters = pika.ConnectionParameters(edge.host, edge.port, edge.vhost, login)
        folder = self.world.directory / "accounts"
        folder.mkdir()
        self.edge = outsiders.Platform(self.management, edge, parameters, folder)

    def start(self, smtp_port: int) -> None:
        """Provision the broker and start the services."""
        self.smtp_port = smtp_port
        self._provision()
        for service in self.names:
            settings, port = self.world.settings(service, self.own(service), (DEMO_POLICY, *self.policy))
            self.services[service] = ServiceProcess(settings, port).start(ready=False)
        for process in self.services.values():
            process.wait_until_ready()
        for person in OFFICERS:
            self.asks("notify", "PUT", f"/v1/roster/duty-officers/{person}", {"email": f"{person}@example.org", "language": "en"})

    def own(self, service: str) -> str:
        """A service's own section: the mail server for notify; for console those that it asks, which are started before it."""
        if service == "notify":
            return f'[own.smtp]\nhost = "127.0.0.1"\nport = {self.smtp_port}\nfrom = "desk@example.org"\ntls = "none"'
        asked = [f'{name} = "http://127.0.0.1:{process.port}"' for name, process in self.services.items()]
        return "\n".join(("[own.services]", *asked)) if service == "console" else ""

    def stop(self) -> None:
        """End everything, partners first."""
        for partner in self.partners:
            partner.leave()
        for partner in self.partners:
            partner.close()
        stop_all(self.services.values())
        outsiders.remove_accounts(self.edge)

    def _provision(self) -> None:
        """The catalogue's topology, and an account for each service that may do what it must and nothing else."""
        provision(self.world, {service: subscriptions_of(service) for service in SERVICES})

    def asks(self, service: str, method: str, path: str, body: Any = None) -> Any:
        """As the operator; what is refused fails the test."""
        status, answer = self.services[service].request(method, path, body, self.world.operator_key)
        assert status in {200, 201, 204}, (status, answer)
        return answer

    def source(self, name: str = "forms", **settings: Any) -> Source:
        """Onboard a system that posts."""
        source_id = f"{name}-{secrets.token_hex(3)}"
        key = self.asks("intake", "PUT", f"/v1/sources/{source_id}", settings)["key"]
        account = self.edge.account("source", source_id)
        (account.parent / "http.secret").touch(mode=0o600)
        (account.parent / "http.secret").write_text(key)
        intake = self.services["intake"]
        http = {"url": f"http://127.0.0.1:{intake.port}", "key_file": "http.secret"}
        told = {**json.loads(account.read_text()), "http": http, "seal_to": self.asks("intake", "GET", "/v1/sealing-key")}
        account.write_text(json.dumps(told))
        return Source(source_id, account, key, intake)

    def partner(self, county: str, behaviour: str, *, need: str = "legal_aid", opened: bool = True, **changes: Any) -> Partner:
        """Onboard a partner for one county, with its own keys, broker account and mail address, and open it."""
        partner_id = f"p{next(self.numbers)}-{secrets.token_hex(2)}"
        account = self.edge.account("partner", partner_id)
        public = keygen(account.parent)[2].read_text().strip()
        signs = signing_keygen(account.parent)[2].read_text().strip()
        vouch = self.world.onboarding.sign(Statement(partner_id, public, signs, datetime.now(UTC)))
        body = {"name": partner_id, "support_types": [need], "counties": [county], "languages": ["sw"], "capacity": 50,
                "vetted": True, "public_key": public, "signing_key": signs, "vouch": vouch, **changes}  # fmt: skip
        key = self.asks("referral", "PUT", f"/v1/partners/{partner_id}", body)["key"]
        self.asks("notify", "PUT", f"/v1/roster/partners/{partner_id}", {"email": f"{partner_id}@example.org", "language": "en"})
        made = Partner(partner_id, account, key, behaviour, self.services["referral"], self.world.operator_key, body)
        self.partners.append(made)
        if opened:
            made.open()
        return made

    def dismiss(self, partner: Partner) -> None:
        """Let a partner leave, and suspend it: a test that gets its county later must not have its cases offered to it."""
        partner.leave()
        referral, path = self.services["referral"], f"/v1/partners/{partner.id}"
        referral.request("PUT", path, {**partner.entry, "suspended": True}, self.world.operator_key)
        shown = self.asks("referral", "GET", path)
        assert shown["suspended"] or shown["revoked"], partner.id

    def county(self) -> str:
        """A county in which no partner works: those of earlier tests have left, those of a module stay until its end."""
        present = {county for each in self.partners if not each.has_left for county in each.entry["counties"]}
        free = next((each for each in islice(self.counties, 2 * len(present) + 1) if each not in present), None)
        assert free, "every county has a partner that still works"
        return str(free)

    def story(self, case_ref: str) -> dict[str, Any]:
        """What GET /v1/cases/{case_ref} tells; empty before the case is known."""
        status, answer = self.services["referral"].request("GET", f"/v1/cases/{case_ref}", None, self.world.operator_key)
        return answer if status == 200 else {}

    def hops(self, case_ref: str) -> list[str]:
        """The story's steps by name."""
        return [hop["what"] for hop in self.story(case_ref).get("story", [])]

    def reaches(self, case_ref: str, what: str, within: float = WITHIN_S) -> dict[str, Any]:
        """Wait for a step of the story."""
        eventually(lambda: what in self.hops(case_ref), within=within, what=f"{what} of {case_ref}")
        return next(hop for hop in self.story(case_ref)["story"] if hop["what"] == what)

    def quiet(self, within: float = 20) -> None:
        """Wait until nothing is on its way inside any more: what has not come by then does not come."""
        calm = 0

        def still() -> bool:
            nonlocal calm
            calm = calm + 1 if self._is_still() else 0
            time.sleep(0.2)  # what left a queue is being handled
            return calm == 3

        eventually(still, within=within, what="the platform to be quiet")

    def _is_still(self) -> bool:
        listed = [each["name"] for each in self.management.get("queues", self.world.vhost)]
        names = [name for name in listed if not name.startswith("test.")]  # what a test has copied for itself
        standing = self.line.counts(names) + self.edge_line.counts(inbound_queues(self.world))
        return not standing and not any(self.asks(service, "GET", "/v1/outbox")["waiting"] for service in self.services)

    def told(self, case_ref: str, who: str, within: float = WITHIN_S) -> Mail:
        """The first mail that somebody got about a case."""

        def found() -> list[Mail]:
            about = self.asks("notify", "GET", f"/v1/messages?case_ref={case_ref}")["messages"]
            ids = [each["message_id"] for each in about if each["recipient_ref"] == who]
            return [mail for mail in messages(self.mail) if any(each in mail.headers["Message-ID"] for each in ids)]

        return eventually(found, within=within, what=f"mail to {who} about {case_ref}")[0]


@contextmanager
def opened(world: World, policy: tuple[Path, ...] = (), names: tuple[str, ...] = OF_CASES) -> Iterator[Coalition]:
    """A running platform, ended afterwards."""
    coalition = Coalition(world, policy, names)
    with Mailbox(coalition.mail) as mailbox:
        try:
            coalition.start(mailbox.port)
            yield coalition
        finally:
            coalition.stop()


def report(county: str, *violations: dict[str, Any], need: str = "legal_aid", **changes: Any) -> dict[str, Any]:
    """A report about an invented person whom no other test knows."""
    word = "".join(secrets.choice("bdfgklmnprst") + secrets.choice("aeiou") for _ in range(5)).capitalize()
    number = f"{secrets.randbelow(1000):03d}"
    identity = {"names": [f"{word} {word[::-1].capitalize()}"], "emails": [f"{word.lower()}{number}@example.org"]}
    return {
        "source_event_id": secrets.token_hex(8),
        "occurred_at": (datetime.now(UTC) - timedelta(hours=3)).isoformat(timespec="seconds"),
        "reporter": {"role": "witness"},
        "subject": {"identity": identity},
        "violations": list(violations or (ROUTINE,)),
        "location": {"scheme": "iso3166-2", "code": county},
        "languages": ["sw"],
        "narrative": f"What {word} told.",
        "needs": [need],
        "consent": [{"purpose": "referral", "scope": ["contact", "narrative"]}],
        "contact_safety": {"may_contact": True, "channels": ["email"], "code_word": word},
        **changes,
    }
