"""
Events that are posted rather than heard: the same path as frames of an endpoint.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from service.core.conference import Account, Listing, Snapshot
from service.core.errors import FrameRejected
from service.core.pinning import account_named, refusal_of_peer
from service.settings import Settings, SourceSettings
from service.trueconf.events import FrameWasRejected
from service.trueconf.frames import PEER_ID, ListFrame
from service.trueconf.taps import Deliver, Taps
from service.trueconf.wire import Decoder
from service.web.ingest import AcceptedEvent, RejectedConference


@dataclass(frozen=True, slots=True)
class IntakeStatus:
    """
    How a source is doing to which events are posted.
    """

    name: str
    account: Account
    since: datetime
    last_list_at: datetime | None = None
    error: str = ""


def accounts_of(settings: Settings) -> dict[str, Account]:
    """Return the accounts of all sources to which events may be posted."""
    named = settings.sources.items()
    return {name: account_of_source(name, source) for name, source in named if source.ingest_token}


def account_of_source(name: str, settings: SourceSettings) -> Account:
    """
    Return whose lists the posted ones are, and those of an endpoint that names nobody.

    It is ACCOUNT where the source is pinned to one, else the user of the source's name on its server, or on
    its host where no server is set.
    """
    if pinned := pinned_account(settings):
        return pinned
    server = settings.server or urlsplit(settings.url or "").hostname or ""
    return Account(name, server.lower())


def pinned_account(settings: SourceSettings) -> Account | None:
    """Return the only account whose lists are taken from a source; None where any may come."""
    return account_named(settings.account, server="") if settings.account else None


def pinned_accounts(settings: Settings) -> dict[str, Account]:
    """Return the accounts of all sources that are pinned to one."""
    named = ((name, pinned_account(source)) for name, source in settings.sources.items())
    return {name: account for name, account in named if account}


class Intake:
    """
    Takes posted events, one at a time for each source.

    An event for a `pinned` source that says (`peerId`) that it is of another account is rejected.
    """

    def __init__(
        self,
        accounts: Mapping[str, Account],
        deliver: Deliver,
        taps: Taps,
        *,
        clock: Callable[[], datetime],
        pinned: Mapping[str, Account] | None = None,
    ) -> None:
        self._deliver, self._taps, self._clock = deliver, taps, clock
        self._pinned = pinned or {}
        self._decoders = {name: Decoder() for name in accounts}
        self._locks = {name: asyncio.Lock() for name in accounts}
        self._statuses = {name: IntakeStatus(name, account, clock()) for name, account in accounts.items()}

    @property
    def statuses(self) -> tuple[IntakeStatus, ...]:
        """How these sources are doing."""
        return tuple(self._statuses.values())

    async def accept(self, source: str, event: bytes) -> AcceptedEvent:
        """
        Record the list that an event holds; it is on disk when this returns.

        Raises FrameRejected, StoreUnavailable and StaleState.
        """
        async with self._locks[source]:
            return await self._accept(source, event)

    async def _accept(self, source: str, event: bytes) -> AcceptedEvent:
        status, now = self._statuses[source], self._clock()
        self._taps.frame(source, event, now)
        try:
            # In a thread: sixteen megabytes take a while, and feeds are served meanwhile.
            listing = await asyncio.to_thread(
                _listing, self._decoders[source], event, self._pinned.get(source)
            )
        except FrameRejected as rejected:
            self._statuses[source] = replace(status, error=f"The last event was rejected: {rejected}")
            self._taps.rejected(
                source, status.account, FrameWasRejected(rejected.field, rejected.reason, event)
            )
            raise
        await self._deliver(Snapshot(status.account, source, now, listing))
        self._statuses[source] = replace(
            status, last_list_at=now, error="", since=now if status.last_list_at is None else status.since
        )
        return AcceptedEvent(
            str(status.account),
            len(listing.conferences),
            tuple(RejectedConference(r.conference_id, r.field, r.reason) for r in listing.rejections),
            listing.doubts,
        )


def _listing(decoder: Decoder, event: bytes, pinned: Account | None) -> Listing:
    match decoder.decode(event):
        case ListFrame(listing, peer_id):
            if refusal := refusal_of_peer(peer_id, pinned):
                raise FrameRejected(PEER_ID, refusal)
            return listing
        case _:
            raise FrameRejected("event", "this is no conferenceList event and no getScheduler reply")
