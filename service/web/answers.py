"""
How answers are written to a connection: each with its Date, those of feeds from prepared bytes.
"""

import time
from collections.abc import Callable, Iterable
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

Headers = Iterable[tuple[bytes, bytes]]

_TOGETHER = 64 * 2**10
"""A body up to this size is written together with its head: copying it is cheaper than a second packet."""


class PreparedStart(dict[str, Any]):
    """
    An `http.response.start` that is sent repeatedly, with its bytes prepared.

    One body of the stated Content-Length follows it. Any ASGI server accepts it as a mapping.
    """

    def __init__(self, status: int, headers: Headers) -> None:
        headers = list(headers)
        super().__init__(type="http.response.start", status=status, headers=headers)
        self.head = head_octets(status, headers)


def head_octets(status: int, headers: Headers) -> bytes:
    """Return a status line and headers, without the empty line that ends them."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode()]
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join(lines) + b"\r\n"


class DateHeader:
    """
    The header Date, written once a second.

    It is computed when an answer is sent, not by a timer: in a busy loop a timer is late, and no answer may
    have a Last-Modified later than its Date (RFC 9110, 8.8.2.1).
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._second: int | None = None
        self.line = b""
        self.header: list[tuple[bytes, bytes]] = []

    def renew(self) -> None:
        """Update `line` and `header` to the present second."""
        second = int(self._clock())
        if second != self._second:
            value = formatdate(second, usegmt=True).encode()
            self._second, self.line, self.header = second, b"date: " + value + b"\r\n", [(b"date", value)]


class Answer(RequestResponseCycle):
    """
    One request and its answer.
    """

    date: DateHeader
    _prepared: PreparedStart | None = None

    async def send(self, message: ASGISendEvent) -> None:
        """Take a message of the application."""
        if self._prepared is not None:
            await self._send_prepared(self._prepared, message)
        elif self.response_started:
            await super().send(message)
        elif type(message) is PreparedStart:
            self.response_started, self._prepared = True, message
        else:
            self.date.renew()
            self.default_headers = self.date.header
            await super().send(message)

    async def _send_prepared(self, start: PreparedStart, message: ASGISendEvent) -> None:
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        self._prepared = None
        self.date.renew()
        end = b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n"
        body: bytes = b"" if self.scope["method"] == "HEAD" else message["body"]  # type: ignore[typeddict-item]
        if len(body) > _TOGETHER:
            self.transport.write(start.head + self.date.line + end)
            self.transport.write(body)
        else:
            self.transport.write(start.head + self.date.line + end + body)
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()
