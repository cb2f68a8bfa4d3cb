"""
A channel's messages: read from the journal, remembered over restarts, sent at most once.
"""

import asyncio
import random
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
import structlog

from service.app.notify_texts import Texts
from service.core.clock import Clock
from service.core.errors import LeaseLost, StoreUnavailable
from service.core.journal import Journal, JournalEntry, JournalQuery
from service.core.notifications import (
    NotifyEvent,
    NotifyRules,
    NotifyState,
    advance,
    begin,
    follow,
    next_due,
    note_sent,
    recover,
)
from service.core.summary import add_digest, digest_since
from service.notify.channel import Channel, ChannelFailed
from service.sources.backoff import backoff

log = structlog.get_logger()

_FIRST_WAIT_SECONDS: Final = 30.0
_LONGEST_WAIT_SECONDS: Final = 3600.0
_LOOK_SECONDS: Final = 15.0
_LAST_SECONDS: Final = 2.0
"""How long a message under way may take once the daemon stops."""

_AT_ONCE: Final = 500
_MOST_IN_A_DAY: Final = 20_000
"""How many entries a digest counts."""


class Notifier:
    """
    Sends the messages of one channel while `run` runs. What it has to remember is kept with the journal.
    """

    def __init__(
        self,
        name: str,
        rules: NotifyRules,
        channel: Channel,
        *,
        journal: Journal,
        texts: Texts,
        clock: Clock,
        names: Mapping[NotifyEvent, AbstractSet[str]],
    ) -> None:
        self._key, self._rules, self._channel = f"notify.{name}", rules, channel
        self._journal, self._texts, self._clock = journal, texts, clock
        self._names = names
        self._waits = _make_waits()
        self._retry_at = datetime.min.replace(tzinfo=UTC)
        self._state: NotifyState | None = None
        self._log = log.bind(channel=name)
        self._tries = 0
        self.wake = asyncio.Event()
        """Set when this process wrote to the journal; what others write is seen by the time."""

    async def run(self) -> None:
        """Follow the journal and send, until cancelled. Raises LeaseLost."""
        # Another replica may have sent meanwhile.
        self._state = None
        while True:
            self.wake.clear()
            try:
                await self.once()
            except LeaseLost:
                raise
            except StoreUnavailable as error:
                self._log.warning("notify.store_unavailable", error=str(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(self._wait_seconds()):
                    await self.wake.wait()

    async def once(self) -> None:
        """Look at what is new, and send what is due. Raises StoreUnavailable."""
        now = self._clock()
        before = state = await self._recall(now)
        while entries := await self._journal.read_after(state.position, _AT_ONCE):
            state = follow(state, entries, self._rules)
        state = advance(state, self._rules, now)
        if since := digest_since(state, self._rules, now):
            state = add_digest(state, await self._read(since, now), self._rules, since=since, now=now)
        if state != before:
            await self._remember(state)
        if state.outbox and now >= self._retry_at:
            await self._send(state, now)

    async def _send(self, state: NotifyState, now: datetime) -> None:
        await self._remember(replace(state, sending=True))
        try:
            await self._deliver(state)
        except ChannelFailed as error:
            self._retry_at = now + timedelta(seconds=next(self._waits))
            await self._remember(state)
            self._tries += 1
            # Ever more rarely: at the first try, the second, the fourth ...
            if self._tries & (self._tries - 1) == 0:
                text = f"{error}; `confcal notify test` shows why"
                self._log.warning("notify.failed", error=text, tries=self._tries, messages=len(state.outbox))
        else:
            self._log.info("notify.sent", messages=len(state.outbox), tries=self._tries + 1)
            self._tries, self._waits = 0, _make_waits()
            await self._remember(note_sent(state))

    async def _deliver(self, state: NotifyState) -> None:
        title, body = self._texts.describe(state.outbox, state.dropped)
        sending = asyncio.create_task(self._channel.send(title, body))
        try:
            await asyncio.wait({sending})
        except asyncio.CancelledError:
            # The daemon ends: what is nearly sent is not given up, and not sent again after the restart.
            await asyncio.wait({sending}, timeout=_LAST_SECONDS)
            taken = sending.done() and not sending.exception()
            sending.cancel()
            await self._remember(note_sent(state) if taken else state)
            raise
        sending.result()

    async def _recall(self, now: datetime) -> NotifyState:
        if self._state is None:
            known = await self._journal.recall(self._key)
            if not known:
                # Kept at once: what happens while a new channel has nothing to say comes after this.
                await self._remember(begin(await self._journal.last_number(), self._rules, now))
                return await self._recall(now)
            self._state = recover(msgspec.json.decode(known, type=NotifyState), self._names)
        return self._state

    async def _remember(self, state: NotifyState) -> None:
        await self._journal.remember(self._key, msgspec.json.encode(state).decode())
        self._state = state

    async def _read(self, since: datetime, until: datetime) -> list[JournalEntry]:
        return await self._journal.read(JournalQuery(since=since, until=until, limit=_MOST_IN_A_DAY))

    def _wait_seconds(self) -> float:
        """
        Return how long to wait if nothing is written to the journal, until a digest or a new try is due.
        """
        now = self._clock()
        due = [] if self._state is None else [next_due(self._state, self._rules)]
        if self._state and self._state.outbox:
            due.append(self._retry_at)
        soon = [max(0.1, (at - now).total_seconds()) for at in due if at]
        return min(_LOOK_SECONDS, *soon) if soon else _LOOK_SECONDS


def _make_waits() -> Iterator[float]:
    return backoff(random.random, first=_FIRST_WAIT_SECONDS, longest=_LONGEST_WAIT_SECONDS)
