"""
Events that clients post: they take the same path as frames of an endpoint.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import structlog

from service.core.allowance import Allowance
from service.core.clock import Clock
from service.core.conference import Account, Listing, Snapshot
from service.core.errors import FrameRejected, SourceFlooded
from service.core.pinning import refusal_of_peer
from service.core.rejected import PEER_ID
from service.core.sources import SourceState
from service.sources.hooks import SnapshotSink, SourceHooks
from service.trueconf.events import FrameWasRejected
from service.trueconf.frames import ListFrame
from service.trueconf.receipts import AcceptedEvent, RejectedConference
from service.trueconf.wire import Decoder

_EVENTS: Final = Allowance.full(60, per_second=1)
"""Events at once and a second: a client posts a list when it changed, or every few minutes."""

_OCTETS: Final = Allowance.full(64 * 2**20, per_second=2 * 2**20)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PostedEventsStatus:
    """
    The status of a source that receives posted events.
    """

    name: str
    account: Account
    since: datetime
    state: SourceState = SourceState.WAITING
    last_list_at: datetime | None = None
    error: str = ""


class PostedEvents:
    """
    Accepts posted events, one at a time for each source.

    An event for a `pinned` source is rejected if its `peerId` names another account.
    """

    def __init__(
        self,
        accounts: Mapping[str, Account],
        sink: SnapshotSink,
        hooks: SourceHooks,
        *,
        clock: Clock,
        pinned: Mapping[str, Account] | None = None,
        new_decoder: Callable[[], Decoder] = Decoder,
    ) -> None:
        self._sink, self._hooks, self._clock = sink, hooks, clock
        self._new_decoder = new_decoder
        self._pinned: Mapping[str, Account] = {}
        self._decoders: dict[str, Decoder] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._events: dict[str, Allowance] = {}
        self._octets: dict[str, Allowance] = {}
        self._statuses: dict[str, PostedEventsStatus] = {}
        self.apply(accounts, pinned or {})

    def apply(self, accounts: Mapping[str, Account], pinned: Mapping[str, Account]) -> None:
        """Take events for these sources from now on. A source whose account stays keeps its status."""
        before, self._pinned, self._statuses = self._statuses, pinned, {}
        for name, account in accounts.items():
            known = before.get(name)
            same = known is not None and known.account == account
            self._statuses[name] = (
                known if known and same else PostedEventsStatus(name, account, self._clock())
            )
            self._decoders.setdefault(name, self._new_decoder())
            self._locks.setdefault(name, asyncio.Lock())
            self._events.setdefault(name, _EVENTS)
            self._octets.setdefault(name, _OCTETS)

    @property
    def statuses(self) -> tuple[PostedEventsStatus, ...]:
        """The status of each of these sources."""
        return tuple(self._statuses.values())

    async def accept(self, source: str, event: bytes) -> AcceptedEvent:
        """
        Record the list in an event; it is on disk when this returns.

        Raises FrameRejected, SourceFlooded, StoreUnavailable and StaleState.
        """
        self._admit(source, len(event))
        async with self._locks[source]:
            return await self._accept(source, event)

    def _admit(self, source: str, octets: int) -> None:
        now = self._clock().timestamp()
        events, volume = self._events[source].spend(1, now), self._octets[source].spend(octets, now)
        if events.overdrawn or volume.overdrawn:
            # A refused event costs no allowance: a client that waits as long as the answer says gets in.
            wait = max(events.wait_seconds, volume.wait_seconds, 1)
            flooded = SourceFlooded(wait)
            if self._statuses[source].state is not SourceState.FLOODING:
                log.warning("intake.flooding", source=source, error=str(flooded))
            self._show(source, SourceState.FLOODING, error=str(flooded))
            raise flooded
        self._events[source], self._octets[source] = events, volume

    async def _accept(self, source: str, event: bytes) -> AcceptedEvent:
        account, now = self._statuses[source].account, self._clock()
        self._hooks.note_frame(source, event, now)
        try:
            # In a thread: sixteen megabytes take a while, and the loop must serve feeds meanwhile.
            listing, accepted = await asyncio.to_thread(
                _read, self._decoders[source], event, account, self._pinned.get(source)
            )
        except FrameRejected as rejected:
            self._note_rejected(source, rejected, event)
            raise
        except Exception as error:
            # A library's error about an event affects only its source.
            log.warning("intake.failing", source=source, exc_info=error)
            self._show(source, SourceState.FAILING, error="The last event made confcal fail; see the log")
            raise FrameRejected("frame", "it cannot be read; the log of confcal has the details") from error
        await self._sink.accept(Snapshot(account, source, now, listing))
        self._show(source, SourceState.LISTENING, last_list_at=now)
        return accepted

    def _note_rejected(self, source: str, rejected: FrameRejected, event: bytes) -> None:
        status = self._statuses[source]
        state = SourceState.LISTENING if status.last_list_at else SourceState.WAITING
        self._show(source, state, error=f"The last event was rejected: {rejected}")
        rejection = FrameWasRejected(rejected.field, rejected.reason, event)
        self._hooks.note_rejected_frame(source, status.account, rejection)

    def _show(
        self, source: str, state: SourceState, *, error: str = "", last_list_at: datetime | None = None
    ) -> None:
        status = self._statuses[source]
        since = status.since if state is status.state else self._clock()
        last = last_list_at or status.last_list_at
        self._statuses[source] = replace(status, state=state, since=since, error=error, last_list_at=last)


def _read(
    decoder: Decoder, event: bytes, account: Account, pinned: Account | None
) -> tuple[Listing, AcceptedEvent]:
    match decoder.decode(event):
        case ListFrame(listing, peer_id):
            if refusal := refusal_of_peer(peer_id, pinned):
                raise FrameRejected(PEER_ID, refusal)
            rejected = tuple(
                RejectedConference(each.conference_id, each.field, each.reason) for each in listing.rejections
            )
            count = len(listing.conferences)
            return listing, AcceptedEvent(str(account), count, rejected, listing.doubts)
        case _:
            raise FrameRejected("event", "this is neither a conferenceList event nor a getScheduler reply")
