"""Console asks the others whether they are ready: real ones, one that is stopped, one that hangs, one that is no such service."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from ngao.chassis.security.identity import new_key
from ngao.contracts import subscriptions_of
from ngao.local.ports import free_port
from ngao.testing.broker import provision
from ngao.testing.processes import ServiceProcess, World
from services.console.system.asking import WITHIN_S

SLOWEST_S = WITHIN_S + 4
"""The bound of a question, and what a busy machine adds."""


@contextmanager
def listening(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that treats every connection as the test says."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        def serve() -> None:
            with suppress(OSError):
                while True:
                    line, _ = server.accept()
                    threading.Thread(target=treat, args=(line,), daemon=True).start()

        def treat(line: socket.socket) -> None:
            with line, suppress(OSError):
                answer(line)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def hangs(line: socket.socket) -> None:
    """Takes the request and says nothing."""
    while line.recv(4096):
        continue


def drips(line: socket.socket) -> None:
    """Never lets a time limit of one operation pass: a letter of a header every tenth of a second."""
    line.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        line.sendall(b"x")
        time.sleep(0.1)


def rambles(line: socket.socket) -> None:
    """Answers 200 with something else than readiness."""
    line.recv(4096)
    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<p>hi</p>")


@pytest.fixture(scope="module")
def asked(world: World) -> Iterator[dict[str, ServiceProcess]]:
    """Intake, running; referral, which was stopped; console, which asks them, and two servers that are no services."""
    provision(world, {name: subscriptions_of(name) for name in ("intake", "console")})
    with listening(hangs) as hanging, listening(rambles) as rambling:
        intake_settings, intake_port = world.settings("intake")
        addresses = {"intake": intake_port, "referral": free_port(), "notify": hanging, "registry": rambling}
        own = "\n".join(("[own.services]", *(f'{name} = "http://127.0.0.1:{port}"' for name, port in addresses.items())))
        started = {
            "intake": ServiceProcess(intake_settings, intake_port).start(),
            "console": ServiceProcess(*world.settings("console", own)).start(),
        }
        try:
            yield started
        finally:
            for process in started.values():
                process.stop()


def show(world: World, asked: dict[str, ServiceProcess]) -> tuple[dict[str, Any], float]:
    began = time.monotonic()
    status, shown = asked["console"].request("GET", "/v1/system", key=world.operator_key)
    assert status == 200, shown
    return shown, time.monotonic() - began


def states(shown: dict[str, Any]) -> dict[str, str]:
    return {each["service"]: each["state"] for each in shown["services"]}


def test_each_service_is_shown_as_it_is_and_one_that_hangs_holds_up_no_other(
    world: World, asked: dict[str, ServiceProcess]
) -> None:
    shown, took = show(world, asked)
    assert states(shown) == {"intake": "ready", "referral": "no_answer", "notify": "no_answer", "registry": "no_answer"}
    assert shown["ready"] is False
    assert took < SLOWEST_S


def test_many_may_ask_at_the_same_time(world: World, asked: dict[str, ServiceProcess]) -> None:
    found: list[tuple[dict[str, Any], float]] = []
    asking = [threading.Thread(target=lambda: found.append(show(world, asked))) for _ in range(8)]
    for each in asking:
        each.start()
    for each in asking:
        each.join()
    assert [states(shown)["intake"] for shown, _ in found] == ["ready"] * 8
    assert max(took for _, took in found) < 4 * WITHIN_S, "one after the other would take twice that"


def test_console_says_that_it_is_ready_by_itself_alone(asked: dict[str, ServiceProcess]) -> None:
    status, page = asked["console"].request("GET", "/readyz")
    assert (status, page["ready"]) == (200, True)


def test_a_service_that_is_not_ready_says_itself_why_and_console_answers_when_no_other_is_ready(world: World) -> None:
    provision(world, {"console": subscriptions_of("console")})
    sentence = '{"ready":false,"checks":{"store":"The store does not answer.","broker":"ok"},"warnings":{"audit":"Look at it."}}'

    def lacks_its_store(line: socket.socket) -> None:
        line.recv(4096)
        line.sendall(f"HTTP/1.1 503 Service Unavailable\r\nContent-Length: {len(sentence)}\r\n\r\n{sentence}".encode())

    with listening(lacks_its_store) as lacking, listening(drips) as dripping:
        own = f'[own.services]\nintake = "http://127.0.0.1:{lacking}"\nreferral = "http://127.0.0.1:{dripping}"'
        process = ServiceProcess(*world.settings("console", own)).start()
        try:
            shown, took = show(world, {"console": process})
        finally:
            process.stop()
    assert states(shown) == {"intake": "not_ready", "referral": "no_answer", "notify": "no_address", "registry": "no_address"}
    (intake,) = [each for each in shown["services"] if each["service"] == "intake"]
    assert intake["missing"] == [{"check": "store", "sentence": "The store does not answer."}]
    assert intake["warnings"] == [{"check": "audit", "sentence": "Look at it."}]
    assert took < SLOWEST_S


def test_nobody_is_shown_it_without_a_key(asked: dict[str, ServiceProcess]) -> None:
    for key in (None, new_key("operator", "tester")[0]):
        assert asked["console"].request("GET", "/v1/system", key=key)[0] == 401


def test_pages_are_shown_by_the_same_process(asked: dict[str, ServiceProcess]) -> None:
    status, page = asked["console"].request("GET", "/sign-in?lang=sw")
    assert status == 200
    assert b"<title>Desk</title>" in page
    assert b"Ingia" in page
    assert asked["console"].request("GET", f"/nothing/{secrets.token_hex(4)}")[0] == 404
