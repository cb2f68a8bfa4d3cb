"""
The errors of sockets and of the WebSocket library, translated once into sentences for the operator.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from typing_extensions import override
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from service.core.sources import SourceState
from service.sources.eyeballs import connect_socket
from service.sources.guarded import GuardedConnection
from service.sources.turns import LargeFrames
from service.trueconf.causes import (
    Cause,
    ClosedInHandshake,
    Mute,
    cause_of,
    describe_status,
    plain,
    reason_of,
)
from service.trueconf.discovery import DiscoveryFailed
from service.trueconf.limits import FRAME, octets_as_text

_OPEN_SECONDS: Final = 10
_PORTS: Final = {"ws": 80, "wss": 443}
_TOO_BIG: Final = 1009
"""The code with which we close a connection over a message that is too large (RFC 6455, section 7.4.1)."""

_OTHERWISE: Final = "check the port, and that TrueConf Room is running there"


class ConnectionLost(Exception):
    """
    The connection ended or never came about; the text is one sentence without secrets.

    `state` is the state of the source afterwards.
    """

    def __init__(
        self,
        reason: str,
        *,
        state: SourceState = SourceState.UNREACHABLE,
        cause: Cause | None = None,
        provoked: Exception | None = None,
    ) -> None:
        super().__init__(reason)
        self.state, self.cause = state, cause
        self.provoked = provoked
        """The unforeseen error that an answer provoked; its traceback belongs in the log."""


class ConnectWithoutRedirects(connect):
    """
    A `connect` that follows no redirect: a redirect is an error like any other status.

    The PIN goes only to the host in the settings, never to one that somebody in between names.
    """

    @override
    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


async def open_socket(address: str, large: LargeFrames) -> GuardedConnection:
    """
    Return an open WebSocket to a ws or wss URL.

    Raises any network error. A message is bounded while it arrives. Compression is not offered, because a
    small message could become large. All connections share `large`: only one large message arrives at a time.
    """
    url = urlsplit(address)
    async with asyncio.timeout(_OPEN_SECONDS):
        reached = await connect_socket(url.hostname or "", url.port or _PORTS[url.scheme])
    connecting = ConnectWithoutRedirects(
        address,
        sock=reached,
        # Called, and nothing else.
        create_connection=partial(GuardedConnection, large=large),  # type: ignore[arg-type]
        max_size=FRAME.frame,
        # Each may be as large as that.
        max_queue=1,
        compression=None,
        # Endpoints are in the local network; a proxy from the environment serves other hosts.
        proxy=None,
        ping_interval=20,
        ping_timeout=20,
        open_timeout=_OPEN_SECONDS,
        close_timeout=2,
        user_agent_header="confcal",
    )
    try:
        connection = await connecting
    except TimeoutError as error:
        raise Mute from error
    except OSError as error:
        # An answer to the WebSocket's own handshake would be another error.
        if url.scheme == "wss" and cause_of(error) is Cause.CLOSED:
            raise ClosedInHandshake from error
        raise
    if not isinstance(connection, GuardedConnection):
        raise TypeError("websockets gave back another connection than it was asked for")
    return connection


async def receive(socket: GuardedConnection, place: str) -> bytes:
    """Return the next message. The caller must not keep an earlier large one. Raises ConnectionLost."""
    socket.release_turn()
    with translate_errors(place):
        try:
            return await socket.message()
        except ConnectionClosed as error:
            _explain_limit(socket, place, error)
            raise


async def send(socket: GuardedConnection, place: str, command: bytes) -> None:
    """Send a command. Raises ConnectionLost, for the same reason as `receive`, whichever notices it first."""
    with translate_errors(place):
        try:
            await socket.send(command, text=True)
        except ConnectionClosed as error:
            _explain_limit(socket, place, error)
            raise


def _explain_limit(socket: GuardedConnection, place: str, error: ConnectionClosed) -> None:
    """Raise ConnectionLost if we ended the connection over a limit of ours."""
    if socket.slow:
        raise ConnectionLost(
            f"{place} sends a large frame too slowly; look at the network on the way to it",
            state=SourceState.FAILING,
        ) from error
    if socket.flooded:
        raise ConnectionLost(
            f"{place} sends more than is taken (200 frames or 4 MiB a second); "
            "restart TrueConf Room or VideoSDK there",
            state=SourceState.FLOODING,
        ) from error


@contextmanager
def translate_errors(place: str) -> Iterator[None]:
    """Turn any network error within the block into ConnectionLost; `place` is host and port."""
    try:
        yield
    except ConnectionLost:
        raise
    except DiscoveryFailed as error:
        raise ConnectionLost(str(error), cause=cause_of(error)) from error
    except ConnectionClosed as error:
        raise _explain_close(place, error) from error
    except InvalidHandshake as error:
        raise _no_websocket(place, error) from error
    except Exception as error:
        raise _unreachable(place, error) from error


def _explain_close(place: str, error: ConnectionClosed) -> ConnectionLost:
    if error.sent and error.sent.code == _TOO_BIG and not error.rcvd_then_sent:
        most = octets_as_text(FRAME.frame)
        return ConnectionLost(
            f"{place} sent a frame larger than {most}, the most that is taken", state=SourceState.FAILING
        )
    return ConnectionLost(f"{place} closed the connection: {plain(error)}")


def _no_websocket(place: str, error: InvalidHandshake) -> ConnectionLost:
    cause = Cause.TLS_ONLY if _asks_for_tls(error) else cause_of(error)
    if cause:
        return ConnectionLost(f"{place} cannot be reached: {cause.reason}; {cause.advice}", cause=cause)
    if isinstance(error, InvalidStatus):
        answer = error.response
        what = describe_status(answer.status_code, next(iter(answer.headers.get_all("Location")), ""))
    else:
        what = "it talks in another way"
    return ConnectionLost(f"{place} does not answer as a TrueConf WebSocket: {what}; check the port")


def _asks_for_tls(error: InvalidHandshake) -> bool:
    """Whether status 400 means that the request came without TLS: nginx and Apache answer so."""
    return isinstance(error, InvalidStatus) and b"HTTPS" in (error.response.body or b"")[:1000]


def _unreachable(place: str, error: Exception) -> ConnectionLost:
    cause = cause_of(error)
    if cause or isinstance(error, OSError):
        advice = cause.advice if cause else _OTHERWISE
        return ConnectionLost(f"{place} cannot be reached: {reason_of(error)}; {advice}", cause=cause)
    # A library's error about an impossible answer must not end the other sources.
    return explain_failure(place, error)


def explain_failure(place: str, error: Exception) -> ConnectionLost:
    """Translate an unforeseen error: this endpoint must be left alone."""
    return ConnectionLost(
        f"{place} answers with something unreadable ({type(error).__name__}); check the port, "
        "or report the traceback in the log",
        state=SourceState.FAILING,
        provoked=error,
    )
