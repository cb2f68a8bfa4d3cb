"""
Clients of a web server that cost next to nothing themselves.
"""

import asyncio
import re
import socket
import time
from dataclasses import dataclass
from statistics import median
from typing import cast

CONNECTIONS = 64


@dataclass(frozen=True, slots=True)
class Asked:
    """A port, and what is sent there."""

    port: int
    request: bytes


def ask(asked: Asked) -> bytes:
    """Return one whole answer, as it comes over the wire."""
    with socket.create_connection(("127.0.0.1", asked.port)) as connection:
        return _ask(connection, asked.request)


def latency(asked: Asked, times: int) -> float:
    """Return the median of the seconds that an answer takes on one kept connection."""
    with socket.create_connection(("127.0.0.1", asked.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return median([_timed(connection, asked.request) for _ in range(times)])


def _timed(connection: socket.socket, request: bytes) -> float:
    started = time.perf_counter()
    _ask(connection, request)
    return time.perf_counter() - started


def _ask(connection: socket.socket, request: bytes) -> bytes:
    connection.sendall(request)
    answer = bytearray()
    while (end := answer.find(b"\r\n\r\n")) < 0:
        answer += _read(connection)
    length = re.search(rb"content-length: (\d+)", answer[:end])
    whole = end + 4 + (int(length[1]) if length else 0)
    while len(answer) < whole:
        answer += _read(connection)
    return bytes(answer)


def _read(connection: socket.socket) -> bytes:
    data = connection.recv(1 << 18)
    if not data:
        raise RuntimeError("the server closed a connection in the middle of an answer")
    return data


@dataclass
class _Count:
    answers: int = 0


class _Client(asyncio.BufferedProtocol):
    """
    Asks again as soon as it has been answered. All answers to one request are equally long: it counts bytes.
    """

    def __init__(self, request: bytes, length: int, count: _Count) -> None:
        self._request, self._length, self._count = request, length, count
        self._missing = length
        self._buffer = bytearray(1 << 18)
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's are transports without the class.
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def get_buffer(self, sizehint: int) -> bytearray:
        del sizehint
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self._missing -= nbytes
        if self._missing < 0:
            raise RuntimeError("an answer was longer than the others")
        if self._missing == 0 and self._transport:
            self._missing = self._length
            self._count.answers += 1
            self._transport.write(self._request)


async def load(asked: Asked, seconds: float) -> float:
    """Return how many answers a second come over all connections."""
    length = len(await asyncio.to_thread(ask, asked))
    loop = asyncio.get_running_loop()
    count = _Count()
    opened = [
        await loop.create_connection(lambda: _Client(asked.request, length, count), "127.0.0.1", asked.port)
        for _ in range(CONNECTIONS)
    ]
    warm, started = count.answers, time.perf_counter()
    await asyncio.sleep(seconds)
    # A machine that is busy with something else may give neither side a turn.
    while count.answers == warm:  # noqa: ASYNC110 -- the clients ring no bell
        await asyncio.sleep(seconds)
    rate = (count.answers - warm) / (time.perf_counter() - started)
    for transport, _ in opened:
        transport.close()
    return rate
