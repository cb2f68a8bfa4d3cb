"""
What administrators ask of Rooms and targets.

The process that they asked writes it into the journal, and the one that holds the part carries it out.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from service.core.errors import StoreUnavailable, TooSoon
from service.core.journal import Happening, Journal, JournalEntry, JournalQuery
from service.waits import HURRY_EVERY_SECONDS

log = structlog.get_logger()

_LOOK_SECONDS: Final = 5.0
"""How often the journal is looked at: the hint that something was written may be lost."""

_AT_ONCE: Final = 500
_EVERY: Final = timedelta(seconds=HURRY_EVERY_SECONDS)


class Askable(Protocol):
    """
    A source that a person may have asked for its list.
    """

    def ask_now(self) -> bool:
        """Have it asked; return whether that was not too soon."""
        ...


class Retriable(Protocol):
    """
    A target that a person may have tried again.
    """

    def retry_now(self) -> bool:
        """Have everything tried again; return whether that was not too soon."""
        ...


async def request_source(journal: Journal, name: str, now: datetime) -> None:
    """Have a source asked for its list, by whoever holds it. Raises TooSoon and StoreUnavailable."""
    await _request(journal, JournalEntry(now.replace(microsecond=0), Happening.SOURCE_ASKED, source=name))


async def request_target(journal: Journal, name: str, now: datetime) -> None:
    """Have everything of a target tried again, by whoever holds it. Raises TooSoon and StoreUnavailable."""
    await _request(journal, JournalEntry(now.replace(microsecond=0), Happening.TARGET_RETRIED, target=name))


async def _request(journal: Journal, entry: JournalEntry) -> None:
    last = await journal.read(
        JournalQuery(
            frozenset({entry.event}),
            source=entry.source,
            target=entry.target,
            since=entry.at - _EVERY + timedelta(seconds=1),
            # What a clock wrote that was ahead then does not count.
            until=entry.at + _EVERY,
            limit=1,
        )
    )
    if last:
        raise TooSoon("somebody asked for the same less than a minute ago")
    await journal.write([entry])


class Requests:
    """
    Follows the journal while `run` runs, and carries out what concerns the parts of this process.
    """

    def __init__(
        self,
        journal: Journal,
        sources: Callable[[], Mapping[str, Askable]],
        targets: Callable[[], Mapping[str, Retriable]],
        *,
        holds: Callable[[str], bool],
    ) -> None:
        self._journal, self._sources, self._targets, self._holds = journal, sources, targets, holds
        self._position: int | None = None
        self.wake = asyncio.Event()
        """Set when this process or another one wrote to the journal."""

    async def run(self) -> None:
        """Carry out what is asked, until cancelled."""
        while True:
            self.wake.clear()
            # The other tasks log that the database is away.
            with suppress(StoreUnavailable):
                await self.once()
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self.wake.wait()

    async def once(self) -> None:
        """
        Carry out what was asked since the last time. Raises StoreUnavailable.

        What was asked before the first time is left alone: a part that has just started asks anyway.
        """
        if self._position is None:
            self._position = await self._journal.last_number()
        while entries := await self._journal.read_after(self._position, _AT_ONCE):
            for entry in entries:
                self._carry_out(entry)
            self._position = entries[-1].number

    def _carry_out(self, entry: JournalEntry) -> None:
        match entry.event:
            case Happening.SOURCE_ASKED if self._holds(f"source/{entry.source}"):
                source = self._sources().get(entry.source)
                done = source is not None and source.ask_now()
                log.info("app.source_asked", source=entry.source, done=done)
            case Happening.TARGET_RETRIED if self._holds(f"target/{entry.target}"):
                target = self._targets().get(entry.target)
                done = target is not None and target.retry_now()
                log.info("app.target_retried", target=entry.target, done=done)
            case _:
                pass
