"""HTTP/1.1 on a socket: eventlet's protocol with bounds on size and time, and answers that are problem documents.

eventlet bounds each socket operation; a client that sends one byte every few seconds passes that for ever, so here the
whole request head has a deadline. Requests that two readers could understand differently (two lengths, an unknown
transfer coding) are refused: they are how requests are smuggled past a proxy (RFC 9112, 6.1 and 11.2).
"""

from __future__ import annotations

from typing import Any

from eventlet import Timeout, greenio
from eventlet.green import socket
from eventlet.wsgi import STATE_CLOSE, ChunkReadError, HeaderLineTooLong, HeadersTooLarge, HttpProtocol

from ngao.chassis.errors import NgaoError, Permanent
from ngao.chassis.http.problems import TooSlow
from ngao.chassis.http.render import render_error

IDLE_SECONDS = 30.0
HEAD_SECONDS = 10.0
LONGEST_LINE = 8192
_LINGER_SECONDS = 3.0
_LINGER_BYTES = 8 * 1024 * 1024


class _Malformed(Permanent):
    slug = "malformed-request"
    status = 400

    def __init__(self, status: int) -> None:
        super().__init__("This is not a well-formed HTTP request.")
        self.status = status


class _BoundedLines:
    """The body's stream with bounded lines: a chunk's size line may otherwise be endless."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.read = stream.read

    def readline(self, size: int = -1) -> bytes:
        line: bytes = self._stream.readline(LONGEST_LINE if size < 0 else size)
        if len(line) >= LONGEST_LINE:
            raise ChunkReadError
        return line


class _WholeHead:
    """The head's stream, for which an early end is an error: the standard library would act on the part that came."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def readline(self, size: int = -1) -> bytes:
        line: bytes = self._stream.readline(size)
        if not line.endswith(b"\n"):
            raise _Malformed(400)
        return line


class Protocol(HttpProtocol):
    """One connection."""

    rfile: Any

    def _read_request_line(self) -> bytes:
        line = b""
        with Timeout(IDLE_SECONDS, exception=False):
            line = super()._read_request_line() or b""
        if len(line) >= LONGEST_LINE:
            self._refuse(_Malformed(414))
            return b""
        return line

    def parse_request(self) -> bool:
        """Read the head; on anything unclear answer 4xx and close."""
        # eventlet puts the bare stream back when the head is read.
        self.rfile = _WholeHead(self.rfile)
        try:
            with Timeout(HEAD_SECONDS, TooSlow("The request came too slowly.")):
                return bool(super().parse_request()) and self._is_unambiguous()
        except (TooSlow, TimeoutError):
            self._refuse(TooSlow("The request came too slowly."))
        except (HeaderLineTooLong, HeadersTooLarge):
            self._refuse(_Malformed(431))
        except (ValueError, UnicodeError, _Malformed):
            self._refuse(_Malformed(400))
        return False

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """What the standard library calls for a broken request; its own answer is HTML that quotes the request."""
        self._refuse(_Malformed(code if code < 500 else 400))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: the standard library would print the request line to stderr."""

    def get_environ(self) -> dict[str, Any]:
        """Eventlet's environment, with bounded lines, and with this connection under `ngao.connection`."""
        environ: dict[str, Any] = super().get_environ()
        if environ["eventlet.input"].chunked_input:
            environ["eventlet.input"].rfile = _BoundedLines(self.rfile)
        environ["ngao.connection"] = self
        return environ

    def close_after_answer(self) -> None:
        """Close when this answer is sent, because the service stops or because a body stays unread."""
        self.close_connection = True
        self.conn_state[2] = STATE_CLOSE

    def finish(self) -> None:
        """Close in such a way that the answer arrives: unread input would make the system reset the connection."""
        try:
            self.wfile.flush()
            self._linger()
        except (OSError, ValueError):
            pass
        super().finish()

    def _linger(self) -> None:
        if self.conn_state[2] != STATE_CLOSE:
            return
        self.connection.shutdown(socket.SHUT_WR)
        left = _LINGER_BYTES
        with Timeout(_LINGER_SECONDS, exception=False):
            while left > 0 and (got := self._sent_still()):
                left -= got

    def _sent_still(self) -> int:
        """How many more bytes came; under TLS, eventlet waits for them and then raises instead of reading again."""
        while True:
            try:
                return len(self.connection.recv(65536))
            except BlockingIOError:
                continue

    def _is_unambiguous(self) -> bool:
        lengths = self.headers.get_all("Content-Length") or []
        codings = self.headers.get_all("Transfer-Encoding") or []
        clear = len(lengths) + len(codings) <= 1
        clear = clear and all(each.isascii() and each.isdigit() and len(each) < 16 for each in lengths)
        clear = clear and all(each.lower() == "chunked" for each in codings)
        if not clear:
            self._refuse(_Malformed(400))
        return clear

    def _refuse(self, error: NgaoError) -> None:
        rendered = render_error(error)
        head = [f"HTTP/1.1 {rendered.status_line}", "Connection: close", f"Content-Length: {len(rendered.body)}"]
        head += [f"{name}: {value}" for name, value in rendered.headers.items()]
        self.wfile.write("\r\n".join(head).encode("ascii") + b"\r\n\r\n" + rendered.body)
        self.close_after_answer()


def hang_up(connection: list[Any]) -> None:
    """Let a connection end after the request it is in, or at once when it is idle; `connection` is eventlet's state list."""
    idle = connection[2] != "request"
    connection[2] = STATE_CLOSE
    if idle:
        greenio.shutdown_safe(connection[1])

