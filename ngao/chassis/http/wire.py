"""HTTP/1.1 on a socket: eventlet's protocol with bounds on size and time, and answers that are problem documents.

eventlet bounds each socket operation, which a client can meet without limit by sending one byte every few seconds. The whole
request head therefore has a deadline. Requests that two readers could understand differently (two lengths, an unknown
transfer coding) are refused: they are how requests are smuggled past a proxy (RFC 9112, 6.1 and 11.2).
"""

from __future__ import annotations

import re
from typing import Any

from eventlet import Timeout, greenio
from eventlet.green import socket
from eventlet.wsgi import STATE_CLOSE, ChunkReadError, HeaderLineTooLong, HeadersTooLarge, HttpProtocol

from ngao.chassis.errors import NgaoError, Permanent
from ngao.chassis.http.problems import TooSlow
from ngao.chassis.http.render import render_error

IDLE_SECONDS = 30.0
FIRST_SECONDS = 5.0
"""A new connection without the beginning of a request is closed after this time: it only occupies a slot."""
HEAD_SECONDS = 5.0
LONGEST_LINE = 8192
_MOST_TRAILERS = 32

# RFC 9110 (5.1, 5.5) and RFC 9112 (3, 7.1), without what is obsolete there: no folding, no bare LF, no other versions.
_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_REQUEST_LINE = re.compile(_TOKEN + rb" [\x21-\x7e]+ HTTP/1\.[01]\r\n")
_FIELD_LINE = re.compile(_TOKEN + rb":[\t\x20-\x7e\x80-\xff]*\r\n")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})(?:[ \t]*;[\t\x20-\x7e]*)?\r\n")
_LINGER_SECONDS = 3.0
_LINGER_BYTES = 8 * 1024 * 1024


class _Malformed(Permanent):
    slug = "malformed-request"

    def __init__(self, status: int, why: str = "") -> None:
        super().__init__(f"This is not a well-formed HTTP request{': ' if why else ''}{why}.")
        self.status = status


class _Chunks:
    """The stream of a chunked body, read by its grammar: eventlet takes `0x7`, `+7` and any line end."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._left: int | None = None
        self._trailers = 0

    def read(self, size: int) -> bytes:
        """Read some bytes of a chunk's content."""
        data: bytes = self._stream.read(size)
        if self._left is not None:
            self._left -= len(data)
        return data

    def readline(self, size: int = -1) -> bytes:
        """Read the line of a chunk's size, the end of its content, or a trailer."""
        line: bytes = self._stream.readline(LONGEST_LINE if size < 0 else size)
        if not self._is_next(line):
            raise ChunkReadError
        return line

    def _is_next(self, line: bytes) -> bool:
        if self._trailers:
            self._trailers += 1
            return line == b"\r\n" or (self._trailers <= _MOST_TRAILERS and bool(_FIELD_LINE.fullmatch(line)))
        if self._left is not None:
            ends, self._left = self._left == 0, None
            return ends and line == b"\r\n"
        found = _CHUNK_SIZE.fullmatch(line)
        if found is None:
            return False
        self._left = int(found[1], 16)
        if self._left == 0:
            self._trailers = 1
        return True


class _Head:
    """The head's stream, line by line by its grammar: the standard library skips what it does not understand."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def readline(self, size: int = -1) -> bytes:
        """Read one header line, or the empty one that ends the head."""
        line: bytes = self._stream.readline(size)
        if line == b"\r\n" or _FIELD_LINE.fullmatch(line):
            return line
        raise _Malformed(400, _why(line))


def _why(line: bytes) -> str:
    """Name the rule that a header line breaks, never the line's content."""
    if not line.endswith(b"\r\n"):
        return "a header line does not end with CR LF"
    if line[:1] in b" \t":
        return "a header is folded over several lines"
    return "a header line is not a name, a colon and a value without control characters"


class Protocol(HttpProtocol):
    """One connection."""

    rfile: Any
    _is_first = True

    def _read_request_line(self) -> bytes:
        line = b""
        patience, self._is_first = FIRST_SECONDS if self._is_first else IDLE_SECONDS, False
        with Timeout(patience, exception=False):
            line = super()._read_request_line() or b""
        if len(line) >= LONGEST_LINE:
            self._refuse(_Malformed(414))
            return b""
        return line

    def parse_request(self) -> bool:
        """Read the head; on anything unclear answer 4xx and close."""
        # eventlet puts the bare stream back when the head is read.
        self.rfile = _Head(self.rfile)
        try:
            self._demand_request_line()
            with Timeout(HEAD_SECONDS, TooSlow("The request came too slowly.")):
                return bool(super().parse_request()) and self._is_unambiguous()
        except (TooSlow, TimeoutError):
            self._refuse(TooSlow("The request came too slowly."))
        except (HeaderLineTooLong, HeadersTooLarge):
            self._refuse(_Malformed(431))
        except _Malformed as error:
            self._refuse(error)
        except (ValueError, UnicodeError):
            self._refuse(_Malformed(400))
        return False

    def _demand_request_line(self) -> None:
        if not _REQUEST_LINE.fullmatch(self.raw_requestline):
            raise _Malformed(400, "the first line is not a method, a path and HTTP/1.0 or HTTP/1.1")

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Refuse a broken request with a problem document: the standard library's answer is HTML that quotes the request."""
        self._refuse(_Malformed(code if code < 500 else 400))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: the standard library would print the request line to stderr."""

    def get_environ(self) -> dict[str, Any]:
        """Return eventlet's environment, with chunks read strictly, and with this connection under `ngao.connection`."""
        environ: dict[str, Any] = super().get_environ()
        if environ["eventlet.input"].chunked_input:
            environ["eventlet.input"].rfile = _Chunks(self.rfile)
        environ["ngao.connection"] = self
        return environ

    def close_after_answer(self) -> None:
        """Close when this answer is sent, because the service stops or because a body stays unread."""
        self.close_connection = True
        self.conn_state[2] = STATE_CLOSE

    def finish(self) -> None:
        """Close the connection so that the answer arrives: with unread input, the system would reset the connection."""
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
        """Return the number of further bytes received. Under TLS, eventlet waits and then raises BlockingIOError: read again."""
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
            self._refuse(_Malformed(400, "its length is not said once and clearly"))
        return clear

    def _refuse(self, error: NgaoError) -> None:
        rendered = render_error(error)
        head = [f"HTTP/1.1 {rendered.status_line}", "Connection: close", f"Content-Length: {len(rendered.body)}"]
        head += [f"{name}: {value}" for name, value in rendered.headers.items()]
        self.wfile.write("\r\n".join(head).encode("ascii") + b"\r\n\r\n" + rendered.body)
        self.close_after_answer()


def hang_up(connection: list[Any]) -> None:
    """Close a connection after its current request, or immediately if it is idle; `connection` is eventlet's state list."""
    idle = connection[2] != "request"
    connection[2] = STATE_CLOSE
    if idle:
        greenio.shutdown_safe(connection[1])
