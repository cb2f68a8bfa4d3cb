"""
Accepting connections: a few at a time, and none while there is no descriptor for them.
"""

import asyncio
import errno
import socket
from collections.abc import Sequence
from typing import Protocol

import structlog

from service.web.limits import Descriptors

log = structlog.get_logger()

_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

_SEND_OCTETS = 128 * 2**10
"""Bytes of an answer that the system holds at a time; enough for 2 MB/s around the world."""

_PAUSE_SECONDS = 0.1
_CALM_SECONDS = 10
"""After so long without a pause the trouble is over."""

_REMIND_SECONDS = 300


class Host(Protocol):
    """
    The owner of the connections.
    """

    def welcome(self) -> asyncio.Protocol:
        """Return the protocol of a new connection."""

    def make_room(self, count: int) -> int:
        """Close this many of the connections that matter least, and return how many were closed."""


class Entrance:
    """
    Accepts connections on several sockets.

    For want of a descriptor an event loop's own server writes tracebacks by the thousand (asyncio), or takes
    connections and drops them (uvloop). Here accepting pauses, and the log says so once.
    """

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        host: Host,
        *,
        descriptors: Descriptors,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._sockets, self._host, self._descriptors, self._loop = sockets, host, descriptors, loop
        self._opening: set[asyncio.Task[None]] = set()
        self._resuming: asyncio.TimerHandle | None = None
        self._pauses, self._paused_at, self._began_at, self._logged_at = 0, 0.0, 0.0, 0.0

    def open(self) -> None:
        """Begin to accept."""
        for each in self._sockets:
            each.settimeout(0)
            self._loop.add_reader(each, self._accept, each)

    def close(self) -> None:
        """Accept no more; connections stay."""
        if self._resuming:
            self._resuming.cancel()
        for each in self._sockets:
            self._loop.remove_reader(each)
        for task in self._opening:
            task.cancel()

    def sweep(self, now: float) -> None:
        """Say that the trouble is over, or that it goes on."""
        if not self._pauses:
            return
        if now - self._paused_at > _CALM_SECONDS:
            log.info(
                "web.accepting_again", pauses=self._pauses, seconds=round(self._paused_at - self._began_at, 1)
            )
            self._pauses = 0
        elif now - self._logged_at > _REMIND_SECONDS:
            self._logged_at = now
            log.warning("web.accepting_paused", pauses=self._pauses, seconds=round(now - self._began_at, 1))

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(self._descriptors.batch):
            try:
                accepted, _address = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionError):
                return
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    self._pause(str(error.strerror))
                # Other errors concern one connection only (accept(2)); more connections wait behind it.
                return
            if not self._let_in(accepted):
                return

    def _let_in(self, accepted: socket.socket) -> bool:
        """Serve a connection; False where no other can be taken now."""
        accepted.settimeout(0)
        # Answers are written whole: waiting for the client's acknowledgement would only delay them.
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # An answer that is not taken stays in the process, once for all clients. Copied into the system for
        # each of a thousand clients, it would use up the memory that all connections share.
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_OCTETS)
        # The system gives the lowest number that is free, so this many are in use at least.
        number = accepted.fileno() + 1
        task = self._loop.create_task(self._serve(accepted))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)
        if number <= self._descriptors.crowded:
            return True
        if not self._host.make_room(self._descriptors.batch) and number > self._descriptors.full:
            self._pause("all connections are busy or new")
            return False
        return True

    async def _serve(self, accepted: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._host.welcome, accepted)
        except OSError:
            # The client is gone already.
            accepted.close()
        except BaseException:
            accepted.close()
            raise

    def _pause(self, reason: str) -> None:
        now = self._loop.time()
        if not self._pauses:
            self._began_at = self._logged_at = now
            log.warning("web.accepting_paused", reason=reason)
        self._pauses, self._paused_at = self._pauses + 1, now
        self._host.make_room(self._descriptors.batch)
        for each in self._sockets:
            self._loop.remove_reader(each)
        if self._resuming:
            self._resuming.cancel()
        self._resuming = self._loop.call_later(_PAUSE_SECONDS, self.open)
