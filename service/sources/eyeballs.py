"""
A TCP connection to the address of a host that answers first (RFC 8305, "happy eyeballs").

The `create_connection` of asyncio can do this and that of uvloop cannot, so this module connects before
either.
"""

import asyncio
import socket
from collections.abc import Sequence
from itertools import chain, zip_longest
from typing import Any, Final

_BETWEEN_ATTEMPTS_SECONDS: Final = 0.25
"""How long an address may take before the next one is tried beside it (RFC 8305, section 5)."""

Address = tuple[int, int, int, str, Any]
"""As getaddrinfo returns it: family, kind, protocol, canonical name, address."""


async def connect_socket(
    host: str, port: int, *, between_seconds: float = _BETWEEN_ATTEMPTS_SECONDS
) -> socket.socket:
    """
    Return a non-blocking socket that is connected to `host`.

    A network that drops the packets of one family costs `between_seconds`, not the whole wait. Raises
    OSError. If several addresses failed, its cause is an ExceptionGroup of their errors.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    waiting, running, errors = interleave(found), set[asyncio.Task[socket.socket]](), list[OSError]()
    won: socket.socket | None = None
    try:
        while waiting or running:
            if waiting:
                running.add(asyncio.create_task(_connect(waiting.pop(0))))
            wait_seconds = between_seconds if waiting else None
            done, running = await asyncio.wait(
                running, timeout=wait_seconds, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                error = task.exception()
                if isinstance(error, OSError):
                    errors.append(error)
                elif won is None:
                    won = task.result()
                else:
                    task.result().close()
            if won:
                return won
    finally:
        await _end(running)
    if len(errors) == 1:
        raise errors[0]
    raise ConnectionError("no address of it answers") from ExceptionGroup("addresses", errors)


def interleave(addresses: Sequence[Address]) -> list[Address]:
    """Return the addresses with alternating families, otherwise in the order of the resolver."""
    families: dict[int, list[Address]] = {}
    for address in addresses:
        families.setdefault(address[0], []).append(address)
    return [address for address in chain(*zip_longest(*families.values())) if address]


async def _connect(address: Address) -> socket.socket:
    family, kind, protocol, _, where = address
    attempt = socket.socket(family, kind, protocol)
    try:
        attempt.settimeout(0)
        attempt.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(attempt, where)
    except BaseException:
        attempt.close()
        raise
    return attempt


async def _end(tasks: set[asyncio.Task[socket.socket]]) -> None:
    """Cancel attempts, and close one that succeeded at the last moment."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled() and task.exception() is None:
            task.result().close()
