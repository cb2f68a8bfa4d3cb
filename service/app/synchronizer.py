"""
The synchronizer: it revises the state by a snapshot, writes it in one transaction, and notifies listeners.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from service.app import list_log
from service.app.arrival_writer import ArrivalWriter
from service.app.decisions import Decision, decide_approval, decide_keeping, is_quick, take_over
from service.core.changes import Changes
from service.core.conference import Account, Key, Snapshot
from service.core.disputes import Dispute, find_disputes
from service.core.errors import StaleState, StoreUnavailable, UnknownName
from service.core.ports import StateStore
from service.core.rerender import move_on_old, rerender
from service.core.revision import Policy
from service.core.state import State

log = structlog.get_logger()

_TRIES = 3
_OTHERS_RECORD = "other processes keep recording the same conferences; the list is asked for again"


class Synchronizer:
    """
    Owns the state in memory; nothing else changes it.
    """

    def __init__(self, store: StateStore, policy: Policy, *, together_seconds: float = 0.0) -> None:
        """`together_seconds` is how long a list that changes nothing waits for others, see ArrivalWriter."""
        self._store = store
        self._arrivals = ArrivalWriter(store, together_seconds=together_seconds)
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
        for _ in range(_TRIES):
            async with self._writing:
                before = self._state
                snapshot = replace(snapshot, account=before.normalize(snapshot.account))
                changes, _entries = decision = await self._decide(before, snapshot)
                if changes.older:
                    log.warning("sync.list_older", source=snapshot.source, account=str(changes.account))
                    return changes
                written = not decision.only_arrival and await self._write(decision, snapshot)
            if written or (decision.only_arrival and await self._note_arrival(changes, snapshot, before)):
                return self._finish(changes, snapshot, before)
        raise StaleState(_OTHERS_RECORD)

    async def _decide(self, before: State, snapshot: Snapshot) -> Decision:
        if is_quick(before, snapshot):
            return self._take_over(before, snapshot)
        return await asyncio.to_thread(self._take_over, before, snapshot)

    async def _note_arrival(self, changes: Changes, snapshot: Snapshot, before: State) -> bool:
        """Record a list that changes nothing; return False where its account changed meanwhile."""
        account = changes.account
        try:
            await self._arrivals.record(changes, version=before.version)
        except StaleState:
            await self.refresh()
            return False
        async with self._writing:
            if self._state.accounts.get(account) is not before.accounts.get(account):
                return False
            self._state = self._state.after(changes, snapshot, self._state.version)
        return True

    def _finish(self, changes: Changes, snapshot: Snapshot, before: State) -> Changes:
        """Log a list that is recorded, and notify whoever shows what it changed."""
        last = self._latest.get(snapshot.source)
        self._latest[snapshot.source] = snapshot
        self.heard.set()
        # A new account has a calendar now, even an empty one.
        if changes.visible or changes.account not in before.accounts:
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

        def decide(state: State) -> Decision:
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

    def _take_over(self, state: State, snapshot: Snapshot) -> Decision:
        return take_over(state, snapshot, self._policy, self._disputed)

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
        async with self._writing:
            decide = partial(decide_approval, account=account, policy=self._policy, now=now, digest=digest)
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
        async with self._writing:
            decide = partial(decide_keeping, account=account, now=now, digest=digest)
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
        self, decide: Callable[[State], Decision | None], snapshot: Snapshot | None
    ) -> Changes | None:
        for _ in range(_TRIES):
            # In a thread: a first list of ten thousand takes seconds, and feeds are served meanwhile.
            decision = await asyncio.to_thread(decide, self._state)
            if decision is None:
                return None
            if await self._write(decision, snapshot):
                return decision.changes
        raise StaleState(_OTHERS_RECORD)

    async def _write(self, decision: Decision, snapshot: Snapshot | None) -> bool:
        """Record what was decided about the state; return False where others had recorded something."""
        (changes, entries), known = decision, self._state.version
        try:
            with list_log.log_waiting():
                version = await self._store.record(changes, version=known, journal=entries)
        except StaleState:
            await self._catch_up()
            return False
        self._state = self._state.after(changes, snapshot, version)
        if version > known + 1:
            # Others recorded something in between, which is still to be read.
            self._state = replace(self._state, version=known)
            with suppress(StoreUnavailable):
                await self._catch_up()
        return True

    async def _catch_up(self) -> None:
        """Read what the store holds since the state was read; most of the state stays the same objects."""
        before, state = self._state.version, await self._store.load_changes(self._state)
        if state.version != before:
            self._disputed = await list_log.find_open_disputes(self._store.journal)
        self._state = state
        if state.version != before:
            self._notify_listeners()


def _refuse_unheld(account: Account) -> UnknownName:
    return UnknownName(f"no list of {account} is held; `confcal held` shows those that are")
