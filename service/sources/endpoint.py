"""
The client of one endpoint: it connects, keeps the session going, and reconnects.
"""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Final, assert_never

import structlog

from service.core.conference import Snapshot
from service.core.errors import ConfcalError
from service.core.sources import SourceState
from service.sources.backoff import backoff, pin_waits
from service.sources.connection import (
    ConnectionLost,
    explain_failure,
    open_socket,
    receive,
    send,
    translate_errors,
)
from service.sources.endpoint_config import EndpointConfig, EndpointTiming
from service.sources.guarded import GuardedConnection
from service.sources.hooks import NoHooks, SnapshotSink, SourceHooks
from service.sources.standing import Standing
from service.sources.status import SourceStatus
from service.sources.stopping import run_in_task
from service.sources.turns import Turns
from service.trueconf.discovery import Fetch, endpoint_of, place
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
from service.trueconf.wire import Decoder
from service.waits import HurryLimit, sleep_until_hurried

# Decoding a larger frame here would delay everybody else.
_DECODED_AT_ONCE: Final = 16 * 1024
# An endpoint that closes after each list must not get a connection every second for ever.
_PROVES_ITSELF: Final = timedelta(minutes=2)
# TrueConf's own clients leave this much time between two commands.
_BETWEEN_COMMANDS_SECONDS: Final = 0.05

_NO_TURN: Final = ExitStack().close

log = structlog.get_logger(__name__)


class Endpoint:
    """
    Listens to one endpoint while `run` runs. Sources that share `turns` begin a few at a time.
    """

    def __init__(
        self,
        name: str,
        config: EndpointConfig,
        *,
        fetch: Fetch,
        timing: EndpointTiming,
        hooks: SourceHooks | None = None,
        decoder: Decoder | None = None,
        turns: Turns | None = None,
    ) -> None:
        self._url, self._place, self._fetch = config.url, place(config.url), fetch
        self._random, self._now = timing.random, timing.now
        self._sleep, self._pace = timing.sleep, timing.pace
        self._hooks = hooks = hooks or NoHooks()
        self._session = Session(
            source=name,
            pin=config.pin,
            fallback=config.fallback,
            server=config.server,
            pinned=config.pinned,
            decoder=decoder,
        )
        self._wake, self._outbox, self._undelivered = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._hurry, self._hurries = asyncio.Event(), HurryLimit()
        self._frameless, self._listless = timing.silence_timer(), timing.silence_timer()
        self._waits, self._pin_waits = backoff(timing.random), pin_waits()
        self._delivery_waits = backoff(timing.random)
        self._standing = Standing(name, hooks=hooks, now=timing.now)
        self._connected_at: datetime | None = None
        self._turns = turns or Turns()
        self._end_turn: Callable[[], None] = _NO_TURN
        self._log = log.bind(source=name)

    @property
    def status(self) -> SourceStatus:
        """The present status of the source."""
        return self._standing.status

    def poll_now(self) -> None:
        """Request the list soon. Call it in the loop's thread; many calls count as one."""
        self._wake.set()

    def ask_now(self) -> bool:
        """
        Request the list on a person's word; return whether that was not too soon after the last time.

        It ends a wait before the next connection, also that after a rejected PIN: it may be right by now.
        Polls never do. Call it in the loop's thread.
        """
        if not self._hurries.admits(self._now().timestamp()):
            return False
        self._hurry.set()
        self.poll_now()
        return True

    async def run(self, sink: SnapshotSink) -> None:
        """
        Hand every snapshot to `sink`, one at a time, until cancelled.

        Trouble with the network or the endpoint goes to `status` and the log, never into an exception. If
        `sink` refuses a list with a ConfcalError, the endpoint is asked again after a while.
        """
        while True:
            await sleep_until_hurried(self._sleep, await self._connection(sink), self._hurry)

    async def _connection(self, sink: SnapshotSink) -> float:
        """Run one connection and return the seconds to wait before the next."""
        ended: list[ConnectionLost] = []
        self._connected_at = None
        try:
            await run_in_task(self._converse(sink))
        except* ConnectionLost as group:
            ended.extend(error for error in group.exceptions if isinstance(error, ConnectionLost))
        # Two tasks end with a connection; prefer the error that says more than that it ended.
        lost = next((error for error in ended if error.state is not SourceState.UNREACHABLE), ended[0])
        if self._has_lasted():
            self._waits = backoff(self._random)
            self._standing.note_lasting()
        wait = next(self._pin_waits if lost.state is SourceState.PIN_REJECTED else self._waits)
        self._standing.note_lost(lost, wait)
        return wait

    def _has_lasted(self) -> bool:
        return self._connected_at is not None and self._now() - self._connected_at >= _PROVES_ITSELF

    async def _converse(self, sink: SnapshotSink) -> None:
        self._standing.show_progress(SourceState.CONNECTING)
        self._end_turn = await self._turns.beginnings.take()
        try:
            await self._open_and_talk(sink)
        finally:
            self._end_turn()

    async def _open_and_talk(self, sink: SnapshotSink) -> None:
        with translate_errors(self._place):
            found = await endpoint_of(self._url, self._fetch)
            socket = await open_socket(found.address, self._turns.large)
        async with socket:
            self._standing.show_progress(SourceState.AUTHORIZING)
            self._standing.log_progress("trueconf.connected", host=place(found.address))
            self._connected_at = now = self._now()
            self._frameless.reset(now)
            self._listless.reset(now)
            self._wake.clear()
            self._session.start(now, pin=found.pin)
            self._outbox.set()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._send(socket))
                tasks.create_task(self._poll())
                tasks.create_task(self._ask_again())
                tasks.create_task(self._receive(socket, sink))

    async def _send(self, socket: GuardedConnection) -> None:
        while True:
            await self._outbox.wait()
            self._outbox.clear()
            for command in self._session.take_commands():
                await send(socket, self._place, command)
                await self._pace(_BETWEEN_COMMANDS_SECONDS)

    async def _poll(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            now = self._now()
            if silence := self._frameless.tick(now):
                raise ConnectionLost(
                    f"{self._place} has not said anything for {int(silence.total_seconds())} s",
                    state=SourceState.SILENT,
                )
            if self.status.state is not SourceState.LOGGED_OUT and (silence := self._listless.tick(now)):
                advice = self._standing.rejection or "restart TrueConf Room or VideoSDK there"
                raise ConnectionLost(
                    f"{self._place} answers, but has sent no list for {int(silence.total_seconds())} s; "
                    f"{advice}",
                    state=SourceState.SILENT,
                )
            self._session.poll(now)
            self._outbox.set()

    async def _ask_again(self) -> None:
        while True:
            await self._undelivered.wait()
            self._undelivered.clear()
            await self._sleep(next(self._delivery_waits))
            self.poll_now()

    async def _receive(self, socket: GuardedConnection, sink: SnapshotSink) -> None:
        while True:
            frame = await receive(socket, self._place)
            now = self._now()
            self._frameless.reset(now)
            self._hooks.note_frame(self.status.name, frame, now)
            events = await self._interpret(frame, now)
            # Nothing of a large frame may stay in memory when the next one arrives.
            del frame
            while events:
                await self._follow(events.pop(0), sink)
            self._outbox.set()
            # Frames that have already arrived are received without a pause, so other tasks need a turn here.
            await asyncio.sleep(0)

    async def _interpret(self, frame: bytes, now: datetime) -> list[Event]:
        """
        Return the events that follow from a frame. Raises ConnectionLost if it provokes an unforeseen error.
        """
        try:
            if len(frame) <= _DECODED_AT_ONCE:
                return self._session.receive(frame, now)
            loop = asyncio.get_running_loop()
            # By one thread: frames are decoded one at a time and in order, even after a cancellation.
            decoded = await loop.run_in_executor(self._turns.large.decoding, self._session.decode, frame)
            return self._session.take(decoded, frame, now)
        except Exception as error:
            raise explain_failure(self._place, error) from error

    async def _follow(self, event: Event, sink: SnapshotSink) -> None:
        match event:
            case Authorized():
                self._pin_waits = pin_waits()
                self._standing.note_authorized()
            case PinRejected(reason):
                raise ConnectionLost(
                    f"{self._place} rejected the PIN: {reason}; set the PIN of TrueConf Room or VideoSDK",
                    state=SourceState.PIN_REJECTED,
                )
            case AccountKnown(account):
                self._standing.note_account(account)
            case LoggedOut():
                self._listless.reset(self._now())
                self._standing.note_logout(self._place)
            case SnapshotReceived(snapshot):
                self._listless.reset(self._now())
                await self._hand_over(snapshot, sink)
                self._end_turn()
            case ListIgnored(reason):
                self._log.warning("trueconf.list_ignored", reason=reason)
            case ListRefused(reason):
                self._listless.reset(self._now())
                self._standing.refuse(self._place, reason)
            case FrameWasRejected(field, reason, raw):
                self._hooks.note_rejected_frame(self.status.name, self.status.account, event)
                self._standing.note_rejected(field, reason, len(raw))
            case CommandRefused(method, error):
                self._log.info("trueconf.command_refused", method=method, error=error)
            case _ as unreachable:
                assert_never(unreachable)

    async def _hand_over(self, snapshot: Snapshot, sink: SnapshotSink) -> None:
        listing = snapshot.listing
        self._log.debug(
            "trueconf.list_received",
            account=str(snapshot.account),
            count=len(listing.conferences),
            rejected=len(listing.rejections),
            doubts=listing.doubts,
        )
        try:
            await sink.accept(snapshot)
        except ConfcalError as error:
            self._log.warning("trueconf.list_not_taken_over", error=str(error))
            self._undelivered.set()
            return
        self._delivery_waits = backoff(self._random)
        self._standing.note_list(snapshot.received_at)
