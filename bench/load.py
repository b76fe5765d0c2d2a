"""Load over HTTP: closed (a number of clients, each waiting for its answer) and open (arrivals independent of answers)."""

from __future__ import annotations

import json
import random
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

ACCEPTED = 202
_TIMEOUT_S = 30
_RETRY_S = 0.1
_LONGEST_S = 90


@dataclass(frozen=True)
class Post:
    """One accepted report: when it was due (or sent), when it was answered, its case; `tries` more than 1 after refusals."""

    due: float
    answered: float
    case_ref: str
    tries: int = 1

    @property
    def latency(self) -> float:
        """Seconds from when it was due to its 202."""
        return self.answered - self.due


class Client:
    """One kept connection; as little work a request as possible, because the machine is shared with who is measured."""

    def __init__(self, port: int, key: str, path: str = "/v1/reports") -> None:
        self._port = port
        self._head = (
            f"POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {key}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()
        self._socket: socket.socket | None = None

    def post(self, body: bytes) -> tuple[int, bytes]:
        """Do one exchange. Raises OSError."""
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), _TIMEOUT_S)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._socket.sendall(self._head + str(len(body)).encode() + b"\r\n\r\n" + body)
            return self._answer(self._socket)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Let go."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _answer(self, connection: socket.socket) -> tuple[int, bytes]:
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += _more(connection)
        head = data[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        while len(data) < end + 4 + length:
            data += _more(connection)
        if b"connection: close" in head:
            self.close()
        return int(data[9:12]), data[end + 4 :]


def _more(connection: socket.socket) -> bytes:
    piece = connection.recv(65536)
    if not piece:
        raise ConnectionResetError
    return piece


def closed(
    port: int, key: str, clients: int, bodies: Sequence[bytes], seconds: float = 1e9, *, pause_s: float = 0.0
) -> list[Post]:
    """Post until all bodies are posted or the time limit is reached, with a pause before each.

    A temporarily refused report is sent again.

    Raises RuntimeError if a report is refused permanently, or for too long.
    """
    waiting = iter(bodies)
    done: list[Post] = []
    failed: list[str] = []
    lock, end = threading.Lock(), time.monotonic() + seconds

    def work() -> None:
        client = Client(port, key)
        try:
            while time.monotonic() < end and not failed:
                with lock:
                    body = next(waiting, None)
                if body is None:
                    return
                time.sleep(pause_s)
                post = _insist(client, body, time.monotonic())
                failed.append(post) if isinstance(post, str) else done.append(post)
        finally:
            client.close()

    _side_by_side([threading.Thread(target=work, daemon=True) for _ in range(clients)])
    if failed:
        raise RuntimeError(f"a report was refused: {failed[0]}")
    return done


def arrivals(rate: float, count: int, seed: int) -> list[float]:
    """Return the arrival times of reports, in seconds from the beginning, as a Poisson process."""
    chance, at, found = random.Random(seed), 0.0, []  # noqa: S311  # load, no secret
    for _ in range(count):
        at += chance.expovariate(rate)
        found.append(at)
    return found


def opened(port: int, key: str, moments: Sequence[float], bodies: Sequence[bytes], *, clients: int = 64) -> list[Post]:
    """Post each body at its due time. Latency is measured from the due time, so a late service cannot hide its delay.

    A temporarily refused report is sent again, as a source does. Raises RuntimeError as `closed` does.
    """
    began, lock = time.monotonic() + 0.05, threading.Lock()
    done: list[Post] = []
    failed: list[str] = []
    waiting: Iterator[tuple[float, bytes]] = iter(zip(moments, bodies, strict=False))

    def work() -> None:
        client = Client(port, key)
        while not failed:
            with lock:
                item = next(waiting, None)
            if item is None:
                break
            due = began + item[0]
            time.sleep(max(0.0, due - time.monotonic()))
            post = _insist(client, item[1], due)
            failed.append(post) if isinstance(post, str) else done.append(post)
        client.close()

    _side_by_side([threading.Thread(target=work, daemon=True) for _ in range(clients)])
    if failed:
        raise RuntimeError(f"a report was refused: {failed[0]}")
    return sorted(done, key=lambda post: post.due)


def _insist(client: Client, body: bytes, due: float) -> Post | str:
    tries = 0
    while True:
        tries += 1
        try:
            status, answer = client.post(body)
        except OSError as error:
            status, answer = 0, repr(error).encode()
        if status == ACCEPTED:
            return Post(due, time.monotonic(), json.loads(answer)["case_ref"], tries)
        if 400 <= status < 500 or time.monotonic() - due > _LONGEST_S:
            return f"{status}: {answer[:300]!r}"
        time.sleep(_RETRY_S)


def _side_by_side(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
