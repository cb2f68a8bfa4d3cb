"""
What happened, followed in this process: one typed stream of the journal's entries.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence

import structlog

from service.core.errors import StoreUnavailable
from service.core.journal import Journal, JournalEntry

log = structlog.get_logger()

AT_ONCE = 500
"""How many entries a follower is given at a time."""

_POLL_SECONDS = 15.0
"""Other processes write to the same journal, and nobody tells this one of it."""


class JournalStream:
    """
    Gives each follower every entry once, in order: at once what this process writes, soon what others write.
    """

    def __init__(self, journal: Journal, *, poll_seconds: float = _POLL_SECONDS) -> None:
        self._journal = journal
        self._poll_seconds = poll_seconds
        self._waiting: set[asyncio.Event] = set()
        journal.listen(self._wake_followers)

    async def follow(self, after: int | None = None) -> AsyncIterator[Sequence[JournalEntry]]:
        """
        Yield what was written after the entry of this number, and what is written from now on, for ever.

        Without a number only what is written from now on. Who remembers the number of the last entry that it
        dealt with goes on there after a restart. While the store cannot be read, the stream waits.
        """
        wake = asyncio.Event()
        self._waiting.add(wake)
        try:
            while True:
                wake.clear()
                try:
                    last = await self._journal.last_number() if after is None else after
                    entries = await self._journal.read_after(last, AT_ONCE)
                except StoreUnavailable as error:
                    log.warning("journal.not_followed", error=str(error))
                else:
                    after = entries[-1].number if entries else last
                    if entries:
                        yield entries
                        continue
                await self._wait(wake)
        finally:
            self._waiting.discard(wake)

    async def _wait(self, wake: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(self._poll_seconds):
                await wake.wait()
        except TimeoutError:
            return

    def _wake_followers(self) -> None:
        for wake in self._waiting:
            wake.set()
