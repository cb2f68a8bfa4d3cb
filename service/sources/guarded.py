"""
A WebSocket that closes when its peer sends more than the limits allow.
"""

import asyncio
from collections import deque
from typing import Any, Final

from typing_extensions import override
from websockets.asyncio.client import ClientConnection
from websockets.frames import DATA_OPCODES, Frame
from websockets.http11 import Response

from service.core.allowance import Allowance
from service.sources.turns import LargeFrames, Turn

_FRAMES: Final = Allowance.full(1000, per_second=200)
"""
Most frames in a burst, and in a second. An endpoint sends a handful when asked, and when something happens.
"""

_OCTETS: Final = Allowance.full(96 * 2**20, per_second=4 * 2**20)
"""Three lists of the largest size at once."""

_SMALL: Final = 1024
"""A fragment of fewer bytes than this costs more as a fragment than by its size."""

_FAREWELL_SECONDS: Final = 1.0
"""How long to wait for a peer that broke the protocol to close the connection."""

_AT_ONCE: Final = 16 * 1024
"""Bytes that are parsed before their frames are counted."""


class GuardedConnection(ClientConnection):
    """
    Counts everything that arrives, control frames and fragments too, before it is assembled or answered.

    Otherwise a peer could fill the memory with millions of empty fragments or pings that never end a message.
    """

    def __init__(self, *args: Any, large: LargeFrames, **options: Any) -> None:  # noqa: ANN401 - handed on
        super().__init__(*args, **options)
        now = asyncio.get_running_loop().time()
        self._frames = Allowance.full(_FRAMES.most, _FRAMES.per_second, now)
        self._octets = Allowance.full(_OCTETS.most, _OCTETS.per_second, now)
        self._leaving = False
        self.flooded = False
        """Whether it was closed because its peer sent too much."""

        self.slow = False
        """Whether it was closed because its peer kept the large frames of others waiting."""

        self._gathered = 0
        self._ended: deque[Frame] = deque()
        self._turn = Turn(large, go_on=self._go_on, too_slow=self._too_slow)

    @override
    def data_received(self, data: bytes) -> None:
        """Protocol."""
        for start in range(0, len(data), _AT_ONCE):
            if self.flooded:
                return
            super().data_received(data[start : start + _AT_ONCE])
            if self._turn.must_wait(self._gathered + len(self.protocol.reader.buffer)):
                self.transport.pause_reading()
        if self.protocol.parser_exc:
            self._leave()

    @override
    def process_event(self, event: Frame | Response | Any) -> None:
        if isinstance(event, Frame):
            self._count(event)
        if not self.flooded:
            super().process_event(event)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Protocol."""
        self._turn.over()
        super().connection_lost(exc)

    async def message(self) -> bytes:
        """Return the next message without keeping a reference to it."""
        received = await self.recv(decode=False)
        # The parser of the library keeps the last frame until the next one arrives.
        self._ended.popleft().data = b""
        return received

    def release_turn(self) -> None:
        """Let the next large frame arrive, from any peer: the last one is no longer in memory."""
        self._turn.release()

    def _go_on(self) -> None:
        # While messages wait to be received, the library itself resumes reading.
        if not self.recv_messages.paused:
            self.transport.resume_reading()

    def _too_slow(self) -> None:
        self.slow = True
        self.transport.abort()

    def _leave(self) -> None:
        # The library sends the reason to the peer, then waits for it to close the connection.
        if not self._leaving:
            self._leaving = True
            self.transport.close()
            asyncio.get_running_loop().call_later(_FAREWELL_SECONDS, self.transport.abort)

    def _count(self, frame: Frame) -> None:
        now = asyncio.get_running_loop().time()
        part_of_a_long_one = not frame.fin and len(frame.data) >= _SMALL
        self._frames = self._frames.spend(0 if part_of_a_long_one else 1, now)
        self._octets = self._octets.spend(len(frame.data), now)
        if frame.opcode in DATA_OPCODES:
            self._gathered += len(frame.data)
            if frame.fin:
                self._gathered = 0
                self._ended.append(frame)
                self._turn.note_arrival()
        if not self.flooded and (self._frames.overdrawn or self._octets.overdrawn):
            self.flooded = True
            self.transport.abort()
