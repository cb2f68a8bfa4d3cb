"""
One client's connection: uvicorn's protocol, with an end to what a client may send and how long it may take.
"""

import asyncio
from enum import IntEnum
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import unquote

import httptools
from uvicorn import Config
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from service.web.answers import Answer, DateHeader, head_octets
from service.web.limits import Limits

_LINE_REST = len("GET  HTTP/1.1")
_HEADER_REST = len(": \r\n")


class Reading(IntEnum):
    """What of a request is being read."""

    NOTHING = 0
    HEAD = 1
    BODY = 2


NOTHING, HEAD, BODY = Reading


class _Refused(Exception):
    """The request goes no further: the parser is left by raising this."""


class Connection(HttpToolsProtocol):
    """
    Reads requests and has them answered.

    Whoever owns it calls `sweep` now and then; no timer is set and cancelled for each request.
    """

    def __init__(
        self,
        config: Config,
        state: ServerState,
        date: DateHeader,
        limits: Limits,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(config, state, {}, loop)
        self._date, self._limits = date, limits
        self._reading = NOTHING
        self._since = loop.time()
        self._refused = False
        self._refusal = 0
        self._requests = 0
        self._running: RequestResponseCycle | None = None
        # Of the bytes that came last: how many heads began in them, and whether any were of a body.
        self._begun, self._had_body = 0, False
        self._head_octets = 0
        self._hidden_octets = 0
        self._unsent, self._unsent_since = 0, 0.0

    # --- What arrives.

    def data_received(self, data: bytes) -> None:
        """Read what the client sent."""
        if self._refused:
            return
        before, self._begun, self._had_body = self._reading, 0, False
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # No other protocol is spoken: the request is answered by HTTP, and what follows it is not read.
            self._answer_last()
        except httptools.HttpParserError:
            self._refuse(self._refusal or HTTPStatus.BAD_REQUEST)
        else:
            if self._reading:
                self._count_unfinished(before, len(data))

    def _count_unfinished(self, before: Reading, octets: int) -> None:
        """Bound what the parser keeps to itself: a header, or a trailer, that is not over yet."""
        if self._begun and self._requests:
            self._since = self.loop.time()
        if self._had_body or self._begun > (before is NOTHING):
            # Which of these bytes are of what is unfinished is not known: those that come next are counted.
            self._hidden_octets = 0
            return
        self._hidden_octets = octets + (0 if self._begun else self._hidden_octets)
        if self._hidden_octets > self._limits.head_octets + self._limits.line_octets:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._reading = HEAD
        self._begun += 1
        self._head_octets = 0
        self.url = b""
        self.expect_100_continue = False
        self.headers = []

    def on_url(self, url: bytes) -> None:
        """Take a part of the address."""
        self.url += url
        if len(self.url) + _LINE_REST > self._limits.line_octets:
            self._leave(HTTPStatus.REQUEST_URI_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, or a trailer, which is not used."""
        self._head_octets += len(name) + len(value) + _HEADER_REST
        if self._head_octets > self._limits.head_octets:
            self._leave(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        if self._reading is HEAD:
            name = name.lower()
            if name == b"expect" and value.lower() == b"100-continue":
                self.expect_100_continue = True
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Have the request answered, after those that came before it."""
        if len(self.pipeline) >= self._limits.queued_requests:
            self._leave(HTTPStatus.SERVICE_UNAVAILABLE)
        version = self.parser.get_http_version()
        url = httptools.parse_url(self.url)
        path = url.path.decode("ascii")
        self.scope = {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": version,
            "server": self.server,
            "client": self.client,
            "scheme": cast("Any", self.scheme),
            "root_path": "",
            "headers": self.headers,
            "method": self.parser.get_method().decode("ascii"),
            "path": unquote(path) if "%" in path else path,
            "raw_path": url.path,
            "query_string": url.query or b"",
            "state": {},
        }
        previous_answered, self.cycle = self._has_answered(), self._answer(version)
        self._reading, self._since, self._head_octets = BODY, self.loop.time(), 0
        self._requests += 1
        if previous_answered:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def _answer(self, version: str) -> Answer:
        answer = Answer(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=[],
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        answer.date = self._date
        return answer

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        task = self.loop.create_task(cycle.run_asgi(app))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._had_body = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        self._reading = NOTHING
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with the next request that waits, if any."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self._reading is NOTHING:
            self._since = self.loop.time()
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())

    def connection_lost(self, exc: Exception | None) -> None:
        """Notify the application that its answer is not read any more."""
        super().connection_lost(exc)
        # uvicorn notifies only the last request; earlier ones may still run.
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()

    # --- What is refused.

    def _leave(self, status: int) -> None:
        self._refusal = status
        raise _Refused

    def _answer_last(self) -> None:
        """Answer what was asked, read no further, and close."""
        self._refused = True
        self.cycle.keep_alive = False

    def _refuse(self, status: int) -> None:
        """Answer a request that is not read to its end."""
        self._refused = True
        unanswered = not self._has_answered()
        if unanswered and self._reading is not BODY:
            self._answer_last()
            return
        started = unanswered and (self.cycle.response_started or bool(self.pipeline))
        if started or (self._reading is BODY and not unanswered):
            # Its answer is under way or was given: nothing can be said any more.
            self.transport.close()
            return
        if unanswered:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._date.renew()
        headers = [*self._date.header, (b"connection", b"close"), (b"content-length", b"0")]
        self.transport.write(head_octets(status, headers) + b"\r\n")
        # Closed at once, bytes that were not read would make the system take the answer back with a reset.
        self.flow.resume_reading()
        self._since = self.loop.time()
        self.transport.write_eof()

    # --- What takes too long.

    def _has_answered(self) -> bool:
        return self._requests == 0 or self.cycle.response_complete

    def idle_since(self) -> tuple[int, float] | None:
        """
        Return the order in which connections are closed where too many are open, None where this one is busy.

        Those without a request come first, then those that are in the middle of sending one.
        """
        if self._has_answered() and (self._reading is NOTHING or self._refused):
            return 0, self._since
        if self._reading is not NOTHING or self._unsent:
            return 1, self._since
        return None

    def sweep(self, now: float) -> None:
        """End the connection where its client takes too long."""
        waited = now - self._since
        limits = self._limits
        if self._is_stalled(now):
            self.transport.abort()
        elif self._refused:
            if self._has_answered() or self.cycle.disconnected:
                self._close_after(waited, limits.linger_seconds)
        elif self._reading is HEAD or not self._requests:
            if waited > limits.head_seconds:
                self._time_out()
        elif self._reading is BODY:
            if waited > limits.body_seconds:
                self._time_out()
        elif self._has_answered() and not self._unsent:
            self._close_after(waited, limits.idle_seconds)

    def _close_after(self, waited: float, seconds: float) -> None:
        if waited > seconds:
            self.transport.close()

    def _time_out(self) -> None:
        if self._reading is NOTHING:
            # It never sent a byte, so it expects no answer.
            self.transport.close()
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def _is_stalled(self, now: float) -> bool:
        """Return whether the client has not taken a byte of its answer for too long."""
        unsent = self.transport.get_write_buffer_size()
        if unsent != self._unsent:
            self._unsent, self._unsent_since = unsent, now
        return bool(unsent) and now - self._unsent_since > self._limits.idle_seconds
