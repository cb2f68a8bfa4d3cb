"""
A stand-in for TrueConf Room on loopback, with its protocol: for the demo and for tests without a Room.

Shapes: TrueConf VideoSDK, introduction/common, commands and notifications; the answers to refused commands
are inferred, as no documentation shows them.
"""

import asyncio
import copy
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from service.core.clock import Clock
from service.simulator.answers import LOGIN_NEEDED, READY, answer
from service.simulator.conferences import DaysBasis, Raw, Variant, change, demo_list, encode, roll

_CONFIG_PATH: Final = "/public/default/config.json"
_CUT_SHORT: Final = '{"method": "event", "event": "conferenceList", "cnt": 1, "conferences": [{"id": "00484'


@dataclass(frozen=True, slots=True)
class SimulatorOptions:
    """
    The kind of endpoint. An event with a period `..._every_seconds` of None does not happen.
    """

    pin: str | None = None
    """None means that the endpoint asks for no PIN."""

    variant: Variant = "A"
    peer: str = "room1@video.example.com"
    """The logged-in user."""

    domain: str = "video.example.com"
    timezone: str = "Europe/Moscow"
    """The zone of the organization, an IANA name."""

    days_basis: DaysBasis = "local"
    rolling: bool = False
    """Whether `start_time` of weekly conferences is always the next occurrence."""

    seed: int = 1
    conferences: Sequence[Raw] | None = None
    """The list at the start, variant A objects; None for `demo_list`."""

    fragment_characters: int | None = None
    """Frames longer than this are sent in WebSocket fragments."""

    echo_request_id: bool = True
    event_every_seconds: float | None = None
    changing_every_seconds: float | None = None
    drop_every_seconds: float | None = None
    malformed_every_seconds: float | None = None
    host: str = "127.0.0.1"
    port: int = 0
    """The WebSocket port, 0 for any free one."""

    web_port: int = 0
    """The port of the discovery page, 0 for any free one."""


class Simulator:
    """
    An endpoint that runs within `async with`.
    """

    def __init__(
        self,
        options: SimulatorOptions = SimulatorOptions(),
        *,
        now: Clock = lambda: datetime.now(UTC),
    ) -> None:
        self._options, self._now = options, now
        self._zone = ZoneInfo(options.timezone)
        self._conferences: list[Raw] = []
        self._peer: str | None = options.peer
        self._authorized: dict[ServerConnection, bool] = {}
        self._auth_attempts = self._changes = 0
        self._parts = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []
        self._socket_server: Server | None = None
        self._web_server: Server | None = None

    async def __aenter__(self) -> Self:
        options = self._options
        self._conferences = (
            demo_list(self._now(), seed=options.seed, domain=options.domain, zone=self._zone)
            if options.conferences is None
            else copy.deepcopy(list(options.conferences))
        )
        async with AsyncExitStack() as parts:
            self._socket_server = await parts.enter_async_context(
                serve(self._serve_client, options.host, options.port, compression=None)
            )
            self._web_server = await parts.enter_async_context(
                serve(self._serve_client, options.host, options.web_port, process_request=self._page)
            )
            self._parts = parts.pop_all()
        self._tasks = [
            asyncio.create_task(_every(seconds, action))
            for seconds, action in (
                (options.event_every_seconds, self.announce),
                (options.changing_every_seconds, self._change),
                (options.malformed_every_seconds, self._cut_short),
                (options.drop_every_seconds, self.drop_all),
            )
            if seconds is not None
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        # No task group: it would wrap every failure of the body in a group.
        endings = await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._parts.__aexit__(kind, error, trace)
        if error is None:
            for ending in endings:
                if isinstance(ending, Exception):
                    raise ending

    @property
    def url(self) -> str:
        """The WebSocket address."""
        return f"ws://{self._options.host}:{_port(self._socket_server)}"

    @property
    def web_url(self) -> str:
        """The address whose discovery page names the WebSocket port."""
        return f"http://{self._options.host}:{_port(self._web_server)}"

    @property
    def connections(self) -> int:
        """How many sockets are open."""
        return len(self._authorized)

    @property
    def auth_attempts(self) -> int:
        """How many `auth` commands arrived so far, good and bad."""
        return self._auth_attempts

    @property
    def conferences(self) -> list[Raw]:
        """The list as variant A objects; a copy."""
        return copy.deepcopy(self._conferences)

    async def set_conferences(self, conferences: Sequence[Raw]) -> None:
        """Replace the list by variant A objects and announce it."""
        self._conferences = copy.deepcopy(list(conferences))
        await self.announce()

    async def change_user(self, peer: str) -> None:
        """Log the present user out and `peer` in; the list stays until another one is set."""
        await self.logout()
        self._peer = peer
        await self._send_event("login", result=0, peerId=peer, peerDn=peer)
        await self._send_event("appStateChanged", appState=READY)

    async def logout(self) -> None:
        """Log the user out with the events that an endpoint sends, an empty list among them."""
        self._peer = None
        await self._send_event("appStateChanged", appState=LOGIN_NEEDED)
        await self._send_event("logout", result=0, cause=0)
        await self._send_event("conferenceList", cnt=0, conferences=[])

    async def announce(self) -> None:
        """Send the list as a `conferenceList` event to everybody who is authorized."""
        if self._peer is not None:
            await self._send_event("conferenceList", **self._list())

    async def send_raw(self, text: str) -> None:
        """Send `text` as one frame to everybody who is authorized."""
        for socket in [socket for socket, authorized in self._authorized.items() if authorized]:
            with suppress(ConnectionClosed):
                await self._send(socket, text)

    async def drop_all(self) -> None:
        """Break all connections without a closing handshake, as a lost network does."""
        for socket in list(self._authorized):
            socket.transport.abort()

    async def _change(self) -> None:
        options = self._options
        self._conferences = change(
            self._conferences, self._changes, now=self._now(), seed=options.seed, domain=options.domain
        )
        self._changes += 1
        await self.announce()

    async def _cut_short(self) -> None:
        await self.send_raw(_CUT_SHORT)

    async def _send_event(self, event: str, **content: Any) -> None:  # noqa: ANN401 - fields of a JSON object
        await self.send_raw(json.dumps({"event": event, **content, "method": "event"}, ensure_ascii=False))

    async def _send(self, socket: ServerConnection, text: str) -> None:
        size = self._options.fragment_characters
        if size is None or len(text) <= size:
            await socket.send(text)
        else:
            await socket.send([text[at : at + size] for at in range(0, len(text), size)])

    async def _serve_client(self, socket: ServerConnection) -> None:
        self._authorized[socket] = False
        try:
            with suppress(ConnectionClosed):
                async for message in socket:
                    reply = self._reply(socket, message)
                    await self._send(socket, json.dumps(reply, ensure_ascii=False))
        finally:
            del self._authorized[socket]

    def _reply(self, socket: ServerConnection, message: str | bytes) -> Raw:
        try:
            request = json.loads(message)
        except ValueError:
            return {"error": "Invalid JSON", "result": False}
        if not isinstance(request, dict):
            return {"error": "Invalid request", "result": False}
        method = str(request.get("method", ""))
        echoed = str(request.get("requestId", "")) if self._options.echo_request_id else ""
        return {"method": method, "requestId": echoed} | self._answer(socket, method, request)

    def _answer(self, socket: ServerConnection, method: str, request: Mapping[str, Any]) -> Raw:
        match method:
            case "auth":
                return self._authorize(socket, request)
            case "setUsedApiVersion":
                return {"result": True}
            case _ if not self._authorized[socket]:
                return {"resultCode": 3, "error": "Access denied", "result": False}
            case "getScheduler" if self._peer is None:
                return {"error": "Not logged in", "result": False}
            case "getScheduler":
                return self._list() | {"result": True}
            case _:
                return answer(method, peer=self._peer, domain=self._options.domain)

    def _authorize(self, socket: ServerConnection, request: Mapping[str, Any]) -> Raw:
        self._auth_attempts += 1
        pin = self._options.pin
        if pin is not None and (request.get("type") != "secured" or request.get("credentials") != pin):
            return {"resultCode": 3, "error": "Wrong credentials", "result": False}
        self._authorized[socket] = True
        return {"previleges": 2, "token": "simulated", "tokenForHttpServer": "simulated", "result": True}

    def _list(self) -> Raw:
        options, zone = self._options, self._zone
        current = [roll(entry, self._now(), zone=zone) for entry in self._conferences]
        shown = [
            encode(entry, options.variant, basis=options.days_basis, zone=zone, domain=options.domain)
            for entry in (current if options.rolling else self._conferences)
        ]
        success = {"succeed": True} if options.variant == "B" else {}
        return {"cnt": len(shown), "conferences": shown} | success

    def _page(self, _: ServerConnection, request: Request) -> Response:
        if request.path != _CONFIG_PATH:
            return Response(HTTPStatus.NOT_FOUND, "Not Found", Headers({"Content-Length": "0"}))
        port = _port(self._socket_server)
        body = json.dumps({"config": {"http": {"port": port}, "websocket": {"port": port}}}).encode()
        headers = Headers({"Content-Type": "application/json", "Content-Length": str(len(body))})
        return Response(HTTPStatus.OK, "OK", headers, body)


async def _every(seconds: float, action: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        await action()


def _port(server: Server | None) -> int:
    if server is None:
        raise RuntimeError("the simulator has ports only within `async with`")
    port: int = next(iter(server.sockets)).getsockname()[1]
    return port
