"""What a page does before it asks the store, such as comparing a password on a busy machine, takes none of the store's time."""

from __future__ import annotations

import time
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pymongo

from ngao.chassis.clock import SystemClock
from ngao.chassis.http.gate import Gate
from ngao.chassis.http.pages import show_page
from ngao.testing.processes import World

WORKS_FOR_S = 4.2


def test_a_page_that_works_long_before_it_asks_the_store_gets_its_answer(world: World) -> None:
    with pymongo.MongoClient[Any](world.parts.mongo) as client:

        def pages(_environ: Any, start_response: Any) -> list[bytes]:
            time.sleep(WORKS_FOR_S)
            client.admin.command("ping")
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"shown"]

        no_body = SimpleNamespace(chunked_input=False)
        environ = {"eventlet.input": no_body, "REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.input": BytesIO()}
        gate = Gate(None, SystemClock(), 10, 10)  # type: ignore[arg-type]  # no one signs in
        settings: Any = SimpleNamespace(max_body_bytes=1000, cert_file=None)
        _, rendered = show_page(pages, environ, "trace", gate, settings)
    assert (rendered.status, rendered.body) == (200, b"shown")
