"""The five services, one Chromium and people who are signed in: one of each for the files of this folder that ask for it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Browser as Chromium

from ngao.local.binaries import javascript, need_test_programs
from ngao.local.pictures import chromium as opened_chromium
from ngao.testing.processes import World
from tests.support.browsing import Window, window
from tests.support.coalition import DEMO_POLICY, Coalition
from tests.support.night import Night

Opens = Callable[..., AbstractContextManager[Window]]


class _Elsewhere(BaseHTTPRequestHandler):
    """The page that `Leave now` leads to, in place of one that the whole world knows."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Weather</title><h1>Sunny</h1>")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def neutral() -> Iterator[str]:
    """The address of a page that says nothing about anyone."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Elsewhere)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def night(world: World, neutral: str) -> Iterator[Night]:
    """All services, with the deadlines of the demonstration: a silent partner costs seconds."""
    own = f'neutral = "{neutral}"\nlibraries = {json.dumps(str(javascript(lambda _: None)))}'
    started = Night(world, own={"console": own}, policy=(DEMO_POLICY,)).start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def coalition(night: Night) -> Iterator[Coalition]:
    """What brings partners in, around the same services."""
    made = Coalition(night.world, services=night.services)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def origin(night: Night) -> str:
    """The address that people open."""
    return f"http://localhost:{night.services['console'].port}"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    """One browser. Each window of it has a profile of its own."""
    need_test_programs(lambda _: None, ("chromium",))
    with opened_chromium(shown="NGAO_SHOW_BROWSER" in os.environ) as browser:
        yield browser


@pytest.fixture
def opens(chromium: Chromium, origin: str) -> Opens:
    """Open a window at the console."""
    return partial(window, chromium, origin)
