"""The five services and one Chromium, shared by the files of this folder."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser as Chromium

from ngao.local.binaries import javascript, need_test_programs
from ngao.local.pictures import chromium as chromium_opened
from ngao.testing.processes import World
from ngao.testing.worlds import forget
from tests.support.browsing import Window, window
from tests.support.coalition import DEMO_POLICY, Coalition
from tests.support.night import Night

Opens = Callable[..., AbstractContextManager[Window]]
HERE = Path(__file__).parent


class _Elsewhere(BaseHTTPRequestHandler):
    """The page that `Leave now` leads to, in place of one that the whole world knows."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Weather</title><h1>Sunny</h1>")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass
class Desk:
    """What all files of this folder share: the services, partners around them, a browser, and a page to leave for."""

    night: Night
    coalition: Coalition
    neutral: str


class _Shared:
    """Opens desk and browser for the first test that asks for them, and closes them after the last one of the folder.

    A fixture of the session would leave a browser and its event loop to whatever the same process runs afterwards.
    """

    def __init__(self) -> None:
        self._open = ExitStack()
        self._desk: Desk | None = None
        self._chromium: Chromium | None = None

    def chromium(self) -> Chromium:
        if self._chromium is None:
            need_test_programs(lambda _: None, ("chromium",))
            self._chromium = self._open.enter_context(chromium_opened(shown="NGAO_SHOW_BROWSER" in os.environ))
        return self._chromium

    def desk(self, folder: Path) -> Desk:
        if self._desk is None:
            neutral = self._open.enter_context(_elsewhere())
            own = f'neutral = "{neutral}"\nlibraries = {json.dumps(str(javascript(lambda _: None)))}'
            night = Night(World(folder, secrets.token_hex(4)), {"console": own}, (DEMO_POLICY,))
            self._open.callback(forget, night.world)
            self._open.callback(night.stop)
            coalition = Coalition(night.world, services=night.start().services)
            self._open.callback(coalition.stop)
            self._desk = Desk(night, coalition, neutral)
        return self._desk

    def close(self) -> None:
        self._desk = self._chromium = None
        self._open.close()


_SHARED = _Shared()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    try:
        return (yield)
    finally:
        if nextitem is None or nextitem.path.parent != HERE:
            _SHARED.close()


@contextmanager
def _elsewhere() -> Iterator[str]:
    """A server with a page that says nothing about anyone; its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Elsewhere)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return _SHARED.desk(Path(tmp_path_factory.mktemp("desk")))


@pytest.fixture(scope="module")
def night(desk: Desk) -> Night:
    """All services, with the deadlines of the demonstration: a silent partner costs seconds."""
    return desk.night


@pytest.fixture(scope="module")
def coalition(desk: Desk) -> Coalition:
    """What brings partners in, around the same services."""
    return desk.coalition


@pytest.fixture(scope="module")
def chromium() -> Chromium:
    """One browser. Each window of it has a profile of its own."""
    return _SHARED.chromium()


@pytest.fixture(scope="module")
def neutral(desk: Desk) -> str:
    """Where `Leave now` leads."""
    return desk.neutral


@pytest.fixture(scope="module")
def origin(night: Night) -> str:
    """The address that people open."""
    return f"http://localhost:{night.services['console'].port}"


@pytest.fixture
def opens(chromium: Chromium, origin: str) -> Opens:
    """Open a window at the console."""
    return partial(window, chromium, origin)
