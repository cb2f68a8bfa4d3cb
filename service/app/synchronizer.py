"""
The synchronizer: it revises the state by a snapshot, writes it in one transaction, and notifies listeners.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog

from service.app import list_log
from service.core.changes import Changes
from service.core.conference import Account, Key, Snapshot
from service.core.disputes import Dispute, find_disputes
from service.core.errors import HeldListChanged, StaleState, StoreUnavailable, UnknownName
from service.core.journal import JournalEntry
from service.core.list_journal import describe_approval, describe_disputes, describe_keeping, describe_list
from service.core.ports import StateStore
from service.core.rerender import move_on_old, rerender
from service.core.revision import Policy, approve, keep, revise
from service.core.state import State

log = structlog.get_logger()

_TRIES = 3


class _Decision(NamedTuple):
    """The changes to record, and their journal entries."""

    changes: Changes
    entries: Sequence[JournalEntry]


class Synchronizer:
    """
    Owns the state in memory; nothing else changes it.
    """

    def __init__(self, store: StateStore, policy: Policy) -> None:
        self._store = store
        self._policy = policy
        self._listeners: list[Callable[[], None]] = []
        self._state = State()
        self._latest: dict[str, Snapshot] = {}
        self._disputed: frozenset[Key] = frozenset()
        self._writing = asyncio.Lock()
        self.heard = asyncio.Event()
        """Set once a first list was accepted."""

    def listen(self, listener: Callable[[], None]) -> None:
        """Register `listener`. It is called after every recorded change that a calendar may show."""
        self._listeners.append(listener)

    def _notify_listeners(self) -> None:
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

    async def prepare(self) -> None:
        """Learn whose lists there are, until `start` loads what they hold. Raises StoreUnavailable."""
        self._state = await self._store.load_accounts()

    async def start(self, *, rendering: str, now: datetime, may_render: bool = True) -> bool:
        """
        Load the state, and render it again where the store was rendered by other settings than `rendering`.

        Returns whether that is done; without `may_render` it waits. Raises StoreUnavailable.
        """
        async with self._writing:
            self._state = await self._store.load()
            self._disputed = await list_log.find_open_disputes(self._store.journal)
            return await self._render(self._policy, rendering, now, may_render=may_render)

    async def render_anew(self, *, rendering: str, now: datetime, may_render: bool = True) -> bool:
        """
        Do as `start` once the state is loaded: what others changed since is enough. Raises StoreUnavailable.
        """
        return await self.apply(self._policy, rendering=rendering, now=now, may_render=may_render)

    async def apply(self, policy: Policy, *, rendering: str, now: datetime, may_render: bool = True) -> bool:
        """
        Do as `render_anew`, and use another policy from now on.

        Raises StoreUnavailable; then nothing is changed.
        """
        async with self._writing:
            await self._catch_up()
            return await self._render(policy, rendering, now, may_render=may_render)

    async def _render(self, policy: Policy, rendering: str, now: datetime, *, may_render: bool) -> bool:
        same = await self._store.rendering() == rendering
        if same or not may_render:
            self._policy = policy
            return same
        now = now.replace(microsecond=0)
        edits = await asyncio.to_thread(rerender, self._state, policy, now, lambda _done: None)
        await self._store.record_rendering(rendering, edits, version=self._state.version)
        self._policy = policy
        await self._catch_up()
        revised = sum(1 for edit in edits if edit.entry.revision.revised_at >= now)
        log.info("sync.rendered_anew", conferences=len(edits), revised=revised)
        return True

    async def refresh(self) -> None:
        """Load what other processes wrote to the store. Raises StoreUnavailable."""
        async with self._writing:
            await self._catch_up()

    async def accept(self, snapshot: Snapshot) -> Changes:
        """
        Record what a snapshot changes; it is on disk when this returns.

        Raises StoreUnavailable; nothing is changed then, and the same snapshot may be accepted later.
        """
        async with self._writing:
            snapshot = replace(snapshot, account=self._state.normalize(snapshot.account))
            before = self._state.accounts
            changes = await self._record(lambda state: self._take_over(state, snapshot), snapshot)
        if changes is None:
            raise AssertionError("a snapshot always has an arrival to record")
        if changes.older:
            log.warning("sync.list_older", source=snapshot.source, account=str(changes.account))
            return changes
        last = self._latest.get(snapshot.source)
        self._latest[snapshot.source] = snapshot
        self.heard.set()
        # A new account has a calendar now, even an empty one.
        if changes.visible or changes.account not in before:
            self._notify_listeners()
        list_log.log_list(snapshot, changes)
        list_log.log_rejected(snapshot, last)
        self._log_disputes(changes.received_at)
        list_log.log_weekly(changes, self._policy.fit_to(self._state.vtimezones))
        return changes

    async def amend(self, snapshot: Snapshot) -> None:
        """
        Record conferences of an earlier list. The record of that list itself stays.

        Raises StoreUnavailable.
        """

        def decide(state: State) -> _Decision:
            known, decision = state.account(snapshot.account), self._take_over(state, snapshot)
            if known.list_at is None:
                return decision
            changes = replace(
                decision.changes, received_at=known.list_at, count=known.count, source=known.source
            )
            return decision._replace(changes=changes)

        async with self._writing:
            await self._record(decide, snapshot)
        self._notify_listeners()

    def _take_over(self, state: State, snapshot: Snapshot) -> _Decision:
        """Return what a list changes of a state, and its journal entries."""
        changes, at = revise(state, snapshot, self._policy.fit_to(state.vtimezones)), snapshot.received_at
        if changes.older:
            return _Decision(changes, ())
        entries = describe_list(state, changes, at)
        if self._disputed or state.contested or changes.contested:
            after = state.after(changes, snapshot, state.version)
            entries += describe_disputes(find_disputes(after, self._policy, at), self._disputed, at)
        return _Decision(changes, entries)

    def disputes(self, now: datetime) -> list[Dispute]:
        """Return the conferences that accounts keep reporting differently."""
        return find_disputes(self._state, self._policy, now)

    def _log_disputes(self, now: datetime) -> None:
        if self._state.contested or self._disputed:
            self._disputed = list_log.log_disputes(self.disputes(now), self._disputed)

    async def approve(self, account: Account, *, now: datetime, digest: str | None = None) -> int:
        """
        Apply the held list of an account at `now`, and return how many conferences that removed.

        Raises UnknownName where nothing is held, HeldListChanged where something else is held than what
        `digest` stands for, and StoreUnavailable.
        """

        def decide(state: State) -> _Decision | None:
            _require_same(state, account, digest)
            policy = self._policy.fit_to(state.vtimezones)
            changes = approve(state, account, policy, now.replace(microsecond=0))
            return _Decision(changes, describe_approval(state, changes, now)) if changes else None

        async with self._writing:
            changes = await self._record(decide, None)
        if changes is None:
            raise _refuse_unheld(account)
        self._notify_listeners()
        log.info("sync.list_approved", account=str(account), removed=len(changes.departures))
        return len(changes.departures)

    async def keep(self, account: Account, *, now: datetime, digest: str | None = None) -> int:
        """
        Keep the conferences that a held list lacks until lists lack others, and return how many they are.

        Raises what `approve` raises.
        """

        def decide(state: State) -> _Decision | None:
            _require_same(state, account, digest)
            changes = keep(state, account)
            if changes is None:
                return None
            return _Decision(changes, describe_keeping(changes, now) if changes.held_changed else ())

        async with self._writing:
            changes = await self._record(decide, None)
        if changes is None or changes.held is None:
            raise _refuse_unheld(account)
        log.info("sync.list_kept", account=str(account), kept=len(changes.held.missing))
        return len(changes.held.missing)

    async def wait_longer(self, by: timedelta) -> None:
        """Prolong every wait of a missing conference by the time that the clock was set forward."""
        async with self._writing:
            self._state = self._state.wait_longer(by)
        log.warning("sync.clock_set_forward", seconds=round(by.total_seconds()))

    async def move_on(self, now: datetime) -> None:
        """Let series that began too long ago begin later, by whole occurrences. Raises StoreUnavailable."""
        async with self._writing:
            policy = self._policy.fit_to(self._state.vtimezones)
            edits = move_on_old(self._state, policy, now.replace(microsecond=0))
            if not edits:
                return
            rendering = await self._store.rendering()
            await self._store.record_rendering(rendering, edits, version=self._state.version)
            await self._catch_up()
        log.info("sync.moved_on", conferences=len(edits))

    async def purge(self, before: datetime) -> None:
        """Forget conferences that are in no list and unchanged since a moment. Raises StoreUnavailable."""
        async with self._writing:
            forgotten = await self._store.purge(before)
            if forgotten:
                await self._catch_up()
                log.info("sync.purged", conferences=forgotten)

    async def _record(
        self, decide: Callable[[State], _Decision | None], snapshot: Snapshot | None
    ) -> Changes | None:
        for _ in range(_TRIES):
            # In a thread: a first list of ten thousand takes seconds, and feeds are served meanwhile.
            decision = await asyncio.to_thread(decide, self._state)
            if decision is None:
                return None
            changes, entries = decision
            try:
                with list_log.log_waiting():
                    version = await self._store.record(changes, version=self._state.version, journal=entries)
            except StaleState:
                await self._catch_up()
                continue
            known = self._state.version
            self._state = self._state.after(changes, snapshot, version)
            if version > known + 1:
                # Others recorded something in between, which is still to be read.
                self._state = replace(self._state, version=known)
                with suppress(StoreUnavailable):
                    await self._catch_up()
            return changes
        raise StaleState("other processes keep recording the same conferences; the list is asked for again")

    async def _catch_up(self) -> None:
        """Read what the store holds since the state was read; most of the state stays the same objects."""
        before, state = self._state.version, await self._store.load_changes(self._state)
        if state.version != before:
            self._disputed = await list_log.find_open_disputes(self._store.journal)
        self._state = state
        if state.version != before:
            self._notify_listeners()


def _require_same(state: State, account: Account, digest: str | None) -> None:
    held = state.account(account).held
    if held and digest is not None and held.digest != digest:
        raise HeldListChanged(f"the held list of {account} is another one now; look at it again")


def _refuse_unheld(account: Account) -> UnknownName:
    return UnknownName(f"no list of {account} is held; `confcal held` shows those that are")
