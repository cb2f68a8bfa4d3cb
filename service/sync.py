"""
From a snapshot to a recorded change: what is known, revised, written in one transaction, told on.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from service.core.conference import Snapshot
from service.core.errors import StaleState
from service.core.known import Changes, State
from service.core.ports import Store
from service.core.revision import Policy, rerender, revise

log = structlog.get_logger()

_TRIES = 3


class Synchronizer:
    """
    Owns the state in memory; nothing else changes it.
    """

    def __init__(self, store: Store, policy: Policy) -> None:
        self._store = store
        self._policy = policy
        self._listeners: list[Callable[[], None]] = []
        self._state = State()
        self._latest: dict[str, Snapshot] = {}
        self._writing = asyncio.Lock()
        self.heard = asyncio.Event()
        """Set once a first list was accepted."""

    def listen(self, listener: Callable[[], None]) -> None:
        """Have `listener` called after every change that a calendar may show, once it is recorded."""
        self._listeners.append(listener)

    def _changed(self) -> None:
        for listener in self._listeners:
            listener()

    @property
    def state(self) -> State:
        """What is known now."""
        return self._state

    @property
    def latest(self) -> dict[str, Snapshot]:
        """The last accepted snapshot of each source since the start: what runs at the moment is in here."""
        return dict(self._latest)

    async def start(self, *, rendering: str, now: datetime) -> None:
        """
        Load the state; where the settings no longer are those of `rendering`, render everything anew.

        Raises StoreUnavailable.
        """
        async with self._writing:
            await self._reload()
            before = await self._store.rendering()
            if before == rendering:
                return
            edits = await asyncio.to_thread(rerender, self._state, self._policy, now, lambda _done: None)
            await self._store.record_rendering(rendering, edits, version=self._state.version)
            await self._reload()
            revised = sum(1 for edit in edits if edit.entry.revision.revised_at >= now)
            log.info("sync.rendered_anew", conferences=len(edits), revised=revised)

    async def refresh(self) -> None:
        """
        Load the state again where another process wrote to the store. Raises StoreUnavailable.
        """
        async with self._writing:
            if await self._store.version() != self._state.version:
                await self._reload()
                self._changed()

    async def accept(self, snapshot: Snapshot) -> Changes:
        """
        Record what a snapshot changes; it is on disk when this returns.

        Raises StoreUnavailable; nothing is changed then, and the same snapshot may be accepted later.
        """
        async with self._writing:
            changes = await self._record(snapshot)
        self._latest[snapshot.source] = snapshot
        self.heard.set()
        if changes.visible:
            self._changed()
        _tell(snapshot, changes)
        return changes

    async def _record(self, snapshot: Snapshot) -> Changes:
        for _ in range(_TRIES):
            # In a thread: a first list of ten thousand takes seconds, and feeds are served meanwhile.
            changes = await asyncio.to_thread(revise, self._state, snapshot, self._policy)
            try:
                version = await self._store.record(changes, version=self._state.version)
            except StaleState:
                await self._reload()
                self._changed()
                continue
            self._state = self._state.after(changes, snapshot, version)
            return changes
        raise StaleState("another process keeps writing to the same database; run one confcal on it")

    async def _reload(self) -> None:
        self._state = await self._store.load()


def _tell(snapshot: Snapshot, changes: Changes) -> None:
    log.info(
        "sync.list_accepted",
        source=changes.source,
        account=str(changes.account),
        conferences=changes.count,
        edited=len(changes.edits),
        removed=len(changes.departures),
        rejected=len(snapshot.listing.rejections),
        doubts=list(snapshot.listing.doubts),
    )
    for rejection in snapshot.listing.rejections:
        log.warning(
            "sync.conference_rejected",
            source=changes.source,
            conference=rejection.conference_id,
            field=rejection.field,
            reason=rejection.reason,
        )
    if changes.held_changed:
        held = changes.held
        log.warning(
            "sync.list_held" if held else "sync.hold_ended",
            account=str(changes.account),
            missing=len(held.missing) if held else 0,
            upcoming=held.upcoming if held else 0,
        )
