"""The outsiders' gate by its own file, before the small service, in a network of its own.

Run as `unshare --net --mount python -m tests.support.behind_the_gate WIRE FOLDER`. Nothing in deploy/wire is changed for it. The
ports are those of the file; a name server stands in for the container engine's; clients differ by their addresses, as they do in
the world. It prints one JSON object of what each of them met. FOLDER has `ca.pem`, `cert.pem` and `key.pem` where WIRE is `tls`.
"""

from __future__ import annotations

import asyncio
import fcntl
import http.client
import json
import os
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from ngao.testing.waiting import eventually
from tests.support.tiny_service import KEYS, Service

ROOT = Path(__file__).parents[2]
PUBLIC = Path("/run/ngao/public")
"""Where the gate's file looks for the authority."""

REPORTS, PARTNERS, PAGES, AMQP = 8443, 8444, 8445, 5671
HONEST, STRANGER, GUESSING, ASKING, SILENT = (f"127.0.0.{last}" for last in range(2, 7))
MANY_SILENT, MANY_ASKING, FLOOD_S = 520, 150, 8.0
_VISIT = b'{"name":"x","age":3}'
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1
_A_RECORD, _KNOWN = 1, (b"intake", b"referral", b"console")


class Stage:
    """Clients of the gate, each at an address of its own."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self.tls = tls

    def ask(self, address: str, method: str, path: str, key: str | None, port: int = REPORTS) -> tuple[int | str, float]:
        """One request over a connection of its own: the status, or the kind of error, and the seconds it took."""
        began = time.monotonic()
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=10, source_address=(address, 0))
        with suppress(OSError, http.client.HTTPException):
            line.connect()
            if self.tls:
                line.sock = self.tls.wrap_socket(line.sock, server_hostname="localhost")
            headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
            line.request(method, path, _VISIT if method == "POST" else None, headers)
            return line.getresponse().status, time.monotonic() - began
        line.close()
        return "no answer", time.monotonic() - began

    def post(self) -> tuple[int | str, float]:
        """What a source at an address of its own posts."""
        return self.ask(HONEST, "POST", "/v1/visits", KEYS["forms"])

    def posts_for(self, seconds: float) -> dict[str, Any]:
        """Post again and again, and sum up."""
        until, found = time.monotonic() + seconds, []
        while time.monotonic() < until:
            found.append(self.post())
            _pause(0.2)
        return {"answers": dict(Counter(str(status) for status, _ in found)), "slowest": max(took for _, took in found)}

    def silent_crowd(self, port: int) -> dict[str, Any]:
        """Connections that send nothing: how many the gate kept, and what became of others' posts meanwhile."""
        crowd = [line for line in (_opened(SILENT, port) for _ in range(MANY_SILENT)) if line]
        try:
            _pause(0.5)
            kept = sum(1 for line in crowd if _is_open(line))
            posts = self.posts_for(FLOOD_S)
            return {"opened": len(crowd), "kept": kept, "kept_longer": sum(1 for line in crowd if _is_open(line)), **posts}
        finally:
            for line in crowd:
                line.close()

    def flood(self) -> dict[str, Any]:
        """A crowd that asks for health as fast as it can, from a process of its own: it slows down nobody who measures."""
        command = [sys.executable, "-W", "ignore", "-m", "tests.support.behind_the_gate", "flood", str(FLOOD_S + 2)]
        with subprocess.Popen([*command, str(PUBLIC / "ca.pem") if self.tls else ""], cwd=ROOT, stdout=subprocess.PIPE) as crowd:
            posts = self.posts_for(FLOOD_S)
            asked = json.loads(crowd.communicate(timeout=60)[0])
        return {**posts, "crowd": asked}

    def doors(self) -> dict[str, Any]:
        """What stands behind each door, for whoever has a key of each kind."""
        operator, partner = KEYS["grace"], KEYS["clinic"]
        return {
            "health": [self.ask(STRANGER, "GET", path, None, port)[0]
                       for path in ("/healthz", "/readyz", "/metrics", "/openapi.json") for port in (REPORTS, PARTNERS, PAGES)],
            "operator": [self.ask(STRANGER, "GET", "/v1/parked", operator, port)[0] for port in (REPORTS, PARTNERS, PAGES)],
            "page": self.ask(STRANGER, "GET", "/page/one", None, PAGES)[0],
            "partner": self.ask(STRANGER, "GET", "/v1/visits/1", partner, PARTNERS)[0],
        }  # fmt: skip

    def guesses(self) -> dict[str, Any]:
        """Wrong keys from one address; then one from another."""
        wrong = f"ngao_source_forms_{'x' * 43}"
        took = [self.ask(GUESSING, "POST", "/v1/visits", wrong)[1] for _ in range(14)]
        return {"slowed": took[-1], "stranger": self.ask(STRANGER, "POST", "/v1/visits", wrong)}


def play(wire: str, folder: Path) -> dict[str, Any]:
    """Put the stage up, let everybody play, and give what was met."""
    _raise_loopback()
    threading.Thread(target=_name_server, daemon=True).start()
    encrypted = {"TLS": str(folder)} if wire == "tls" else {}
    if encrypted:
        subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
        PUBLIC.mkdir(parents=True)
        shutil.copy(folder / "ca.pem", PUBLIC)
    stage = Stage(ssl.create_default_context(cafile=str(PUBLIC / "ca.pem")) if encrypted else None)
    service = Service(PORT="8080", INSIDE="8081", OPERATORS="8082", PROXIED="127.0.0.1", PAGES="15", **encrypted)
    file = ROOT / "deploy" / "wire" / wire / "edge.cfg"
    program = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, "haproxy is missing; `make test` installs it"
    gate = subprocess.Popen([program, "-db", "-f", str(file)], stdout=subprocess.DEVNULL, stderr=sys.stderr)
    try:
        eventually(lambda: stage.post()[0] == 202, within=30, what="the gate to lead to the service")
        return {
            "doors": stage.doors(), "guesses": stage.guesses(), "flood": stage.flood(),
            "silent": stage.silent_crowd(REPORTS), "silent_amqp": stage.silent_crowd(AMQP),
        }  # fmt: skip
    finally:
        gate.kill()
        gate.wait()
        service.stop()


async def _ask_health(tls: ssl.SSLContext | None, until: float, met: Counter[str]) -> None:
    """One of the crowd: asks over one connection for as long as it lasts, then over another."""
    while time.monotonic() < until:
        try:
            name = "localhost" if tls else None
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", REPORTS, ssl=tls, server_hostname=name, local_addr=(ASKING, 0)
            )
            while time.monotonic() < until:
                writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
                await reader.readexactly(length)
                met[head.split(b" ", 2)[1].decode()] += 1
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            met["turned away"] += 1
            await asyncio.sleep(0.05)


async def _crowd(seconds: float, ca_file: str) -> Counter[str]:
    tls, met = ssl.create_default_context(cafile=ca_file) if ca_file else None, Counter[str]()
    until = time.monotonic() + seconds
    await asyncio.gather(*(_ask_health(tls, until, met) for _ in range(MANY_ASKING)))
    return met


def _raise_loopback() -> None:
    """A new network has a loopback interface that is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        answer = fcntl.ioctl(asking, _SIOCGIFFLAGS, struct.pack("16sh14x", b"lo", 0))
        flags = struct.unpack("16sh14x", answer)[1]
        fcntl.ioctl(asking, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _IFF_UP))


def _name_server() -> None:
    """The container engine's, which knows the services' names."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.11", 53))
        while True:
            asked, whom = listening.recvfrom(512)
            listening.sendto(_answer(asked), whom)


def _answer(asked: bytes) -> bytes:
    end = asked.index(b"\0", 12)
    question, wanted = asked[12 : end + 5], struct.unpack("!H", asked[end + 1 : end + 3])[0]
    known = asked[13 : 13 + asked[12]] in _KNOWN
    found = known and wanted == _A_RECORD
    head = asked[:2] + struct.pack("!HHHHH", 0x8180 if known else 0x8183, 1, int(found), 0, 0)
    record = b"\xc0\x0c" + struct.pack("!HHIH", _A_RECORD, 1, 1, 4) + socket.inet_aton("127.0.0.1")
    return head + question + (record if found else b"")


def _opened(address: str, port: int) -> socket.socket | None:
    try:
        return socket.create_connection(("127.0.0.1", port), 5, (address, 0))
    except OSError:
        return None


def _is_open(line: socket.socket) -> bool:
    line.setblocking(False)
    try:
        return line.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def _pause(seconds: float) -> None:
    """The pace of a client, not a wait for something."""
    threading.Event().wait(seconds)


if __name__ == "__main__":
    if sys.argv[1] == "flood":
        sys.stdout.write(json.dumps(asyncio.run(_crowd(float(sys.argv[2]), sys.argv[3]))))
    else:
        os.environ["PYTHONPATH"] = str(ROOT)
        sys.stdout.write(json.dumps(play(sys.argv[1], Path(sys.argv[2]))))
