"""
The sockets and the clock around a Session: connects, talks, and comes back after everything that can fail.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, assert_never

import structlog
from websockets.asyncio.client import ClientConnection

from service.core.conference import Account, Snapshot
from service.core.errors import ConfcalError
from service.trueconf.backoff import backoff, pin_waits
from service.trueconf.discovery import Fetch, place, websocket_url
from service.trueconf.events import (
    AccountKnown,
    Authorized,
    CommandRefused,
    Event,
    FrameWasRejected,
    ListIgnored,
    ListRefused,
    LoggedOut,
    PinRejected,
    SnapshotReceived,
)
from service.trueconf.session import Session
from service.trueconf.silence import Silence
from service.trueconf.status import SourceState, SourceStatus
from service.trueconf.taps import NOBODY, Deliver, Taps
from service.trueconf.transport import Direct, Lost, translated

# A list of ten thousand conferences with their invitations is some ten megabytes.
_LARGEST_FRAME: Final = 64 * 2**20
# TrueConf's own clients leave this much time between two commands.
_BETWEEN_COMMANDS_SECONDS: Final = 0.05
_BETWEEN_SAME_WARNINGS: Final = timedelta(seconds=10)

log = structlog.get_logger(__name__)


class Source:
    """
    Listens to one endpoint for as long as `run` runs.

    `url` passed `discovery.check_url`. `random` returns numbers from 0 up to 1; `now` an aware datetime.
    `sleep` passes the time before another try, `pace` that between two commands.
    A connection on which `silent_polls` polls and `silent_for` passed without any frame is given up; so is
    one without a list, unless nobody is logged in.
    """

    def __init__(
        self,
        name: str,
        *,
        url: str,
        pin: str | None,
        fallback: Account,
        server: str | None,
        fetch: Fetch,
        random: Callable[[], float],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        pace: Callable[[float], Awaitable[None]] = asyncio.sleep,
        taps: Taps = NOBODY,
        pinned: Account | None = None,
        silent_polls: int = 3,
        silent_for: timedelta = timedelta(minutes=1),
    ) -> None:
        self._url, self._place, self._fetch = url, place(url), fetch
        self._random, self._now, self._sleep, self._pace = random, now, sleep, pace
        self._taps = taps
        self._session = Session(source=name, pin=pin, fallback=fallback, server=server, pinned=pinned)
        self._bell, self._outbox, self._undelivered = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._frameless = Silence(now(), polls=silent_polls, least=silent_for)
        self._listless = Silence(now(), polls=silent_polls, least=silent_for)
        self._owes_list = False
        self._waits, self._pin_waits, self._delivery_waits = backoff(random), pin_waits(), backoff(random)
        self._told_rejected_at: datetime | None = None
        self._untold_rejected = 0
        self._told_refusal = ""
        self._status = SourceStatus(name, "connecting", None, None, "", now())
        self._log = log.bind(source=name)

    @property
    def status(self) -> SourceStatus:
        """How the source is doing at the moment."""
        return self._status

    def poll_now(self) -> None:
        """Have the list asked for soon. Call it within the loop's thread; many calls are as good as one."""
        self._bell.set()

    async def run(self, deliver: Deliver) -> None:
        """
        Hand every snapshot to `deliver`, one at a time, until cancelled.

        Trouble with the network or the endpoint ends up in `status` and the log, never in an exception. A
        list that `deliver` refuses with a ConfcalError is asked for again after a while.
        """
        while True:
            wait = await self._connection(deliver)
            self._log.info("trueconf.waiting", seconds=round(wait, 1))
            await self._sleep(wait)

    async def _connection(self, deliver: Deliver) -> float:
        """Live through one connection; the seconds to wait before the next."""
        ended: list[Lost] = []
        try:
            await self._converse(deliver)
        except* Lost as group:
            ended.extend(error for error in group.exceptions if isinstance(error, Lost))
        lost = next((error for error in ended if error.pin_rejected), ended[0])
        if lost.pin_rejected:
            self._show("pin rejected", error=str(lost))
            self._log.warning("trueconf.pin_rejected", error=str(lost))
            return next(self._pin_waits)
        self._show("unreachable", error=str(lost))
        self._log.warning("trueconf.unreachable", error=str(lost))
        return next(self._waits)

    async def _converse(self, deliver: Deliver) -> None:
        self._try("connecting")
        with translated(self._place):
            address = await websocket_url(self._url, self._fetch)
            socket = await Direct(
                address,
                max_size=_LARGEST_FRAME,
                compression=None,
                # Endpoints stand in the local network; a proxy of the environment is meant for other hosts.
                proxy=None,
                ping_interval=20,
                ping_timeout=20,
                open_timeout=10,
                close_timeout=2,
                user_agent_header="confcal",
            )
        async with socket:
            self._try("authorizing")
            self._log.info("trueconf.connected", host=place(address))
            self._frameless.broken(self._now())
            self._listless.broken(self._now())
            self._bell.clear()
            self._session.connected(self._now())
            self._outbox.set()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._send(socket))
                tasks.create_task(self._poll())
                tasks.create_task(self._ask_again())
                tasks.create_task(self._receive(socket, deliver))

    async def _send(self, socket: ClientConnection) -> None:
        while True:
            await self._outbox.wait()
            self._outbox.clear()
            for command in self._session.take_commands():
                with translated(self._place):
                    await socket.send(command, text=True)
                await self._pace(_BETWEEN_COMMANDS_SECONDS)

    async def _poll(self) -> None:
        while True:
            await self._bell.wait()
            self._bell.clear()
            now = self._now()
            if silence := self._frameless.polled(now):
                raise Lost(f"{self._place} has not said anything for {int(silence.total_seconds())} s")
            if self._status.state != "logged out" and (silence := self._listless.polled(now)):
                self._owes_list = True
                raise Lost(
                    f"{self._place} answers, but has sent no list for {int(silence.total_seconds())} s; "
                    "restart TrueConf Room or VideoSDK there"
                )
            self._session.poll(now)
            self._outbox.set()

    async def _ask_again(self) -> None:
        while True:
            await self._undelivered.wait()
            self._undelivered.clear()
            await self._sleep(next(self._delivery_waits))
            self.poll_now()

    async def _receive(self, socket: ClientConnection, deliver: Deliver) -> None:
        while True:
            with translated(self._place):
                frame = await socket.recv(decode=False)
            now = self._now()
            self._frameless.broken(now)
            self._taps.frame(self._status.name, frame, now)
            for event in self._session.receive(frame, now):
                await self._follow(event, deliver)
            self._outbox.set()

    async def _follow(self, event: Event, deliver: Deliver) -> None:  # noqa: C901 - a case per event
        match event:
            case Authorized():
                self._pin_waits = pin_waits()
                # Whoever logged out did not come back by our authorization, nor did another user leave.
                if self._status.state not in {"logged out", "wrong user"}:
                    self._show_listening()
                self._log.info("trueconf.authorized")
            case PinRejected(reason):
                raise Lost(
                    f"{self._place} rejected the PIN: {reason}; set the PIN of TrueConf Room or VideoSDK",
                    pin_rejected=True,
                )
            case AccountKnown(account):
                self._told_refusal = ""
                self._status = replace(self._status, account=account)
                self._show_listening()
                self._log.info("trueconf.account_known", account=str(account))
            case LoggedOut():
                self._owes_list = False
                self._listless.broken(self._now())
                self._show("logged out", error=f"nobody is logged in at {self._place}; log in there")
                self._log.warning("trueconf.logged_out")
            case SnapshotReceived(snapshot):
                self._owes_list = False
                self._listless.broken(self._now())
                await self._hand_over(snapshot, deliver)
            case ListIgnored(reason):
                self._log.warning("trueconf.list_ignored", reason=reason)
            case ListRefused(reason):
                self._refuse(reason)
            case FrameWasRejected(field, reason, raw):
                self._taps.rejected(self._status.name, self._status.account, event)
                self._tell_rejected(field, reason, len(raw))
            case CommandRefused(method, error):
                self._log.info("trueconf.command_refused", method=method, error=error)
            case _ as unreachable:
                assert_never(unreachable)

    def _refuse(self, reason: str) -> None:
        """Show that the lists of the present user are not taken; log it once for each reason."""
        self._owes_list = False
        self._listless.broken(self._now())
        self._show("wrong user", error=f"{self._place}: {reason}")
        if reason != self._told_refusal:
            self._log.warning("trueconf.list_refused", reason=reason)
        self._told_refusal = reason

    def _tell_rejected(self, field: str, reason: str, octets: int) -> None:
        """Log a rejected frame; of a flood of them one now and then, with the number of the others."""
        now = self._now()
        if self._told_rejected_at and abs(now - self._told_rejected_at) < _BETWEEN_SAME_WARNINGS:
            self._untold_rejected += 1
            return
        self._log.warning(
            "trueconf.frame_rejected", field=field, reason=reason, bytes=octets, others=self._untold_rejected
        )
        self._told_rejected_at, self._untold_rejected = now, 0

    async def _hand_over(self, snapshot: Snapshot, deliver: Deliver) -> None:
        listing = snapshot.listing
        self._log.debug(
            "trueconf.list_received",
            account=str(snapshot.account),
            count=len(listing.conferences),
            rejected=len(listing.rejections),
            doubts=listing.doubts,
        )
        try:
            await deliver(snapshot)
        except ConfcalError as error:
            self._log.warning("trueconf.list_not_taken_over", error=str(error))
            self._undelivered.set()
            return
        self._waits, self._delivery_waits = backoff(self._random), backoff(self._random)
        self._status = replace(self._status, last_list_at=snapshot.received_at)
        self._show("listening")

    def _show_listening(self) -> None:
        # An endpoint that was given up for want of a list shows that it is well by a list alone.
        if self._owes_list and self._status.state == "unreachable":
            self._taps.status(self._status)
        else:
            self._show("listening")

    def _try(self, state: Literal["connecting", "authorizing"]) -> None:
        # A failure stays on show until it is overcome; otherwise every retry would hide it for a moment.
        failed = self._status.state in {"pin rejected", "wrong user"} or (
            self._status.state == "unreachable" and (state == "connecting" or self._owes_list)
        )
        if not failed:
            self._show(state, error=self._status.error)

    def _show(self, state: SourceState, *, error: str = "") -> None:
        since = self._status.since if state == self._status.state else self._now()
        self._status = replace(self._status, state=state, error=error, since=since)
        self._taps.status(self._status)
