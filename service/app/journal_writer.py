"""
Entries without a transaction of their own: what happens to sources.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime

import structlog

from service.core.clock import Clock
from service.core.conference import Account
from service.core.errors import StoreUnavailable
from service.core.journal import FieldChange, Happening, Journal, JournalEntry, JournalQuery
from service.core.sources import IN_TROUBLE, SourceState
from service.sources.status import SourceStatus

log = structlog.get_logger()

_MOST_WAITING = 1000
_AGAIN_SECONDS = 10.0
"""How long a store that failed is left alone."""

_UP_OR_DOWN = frozenset({Happening.SOURCE_DOWN, Happening.SOURCE_UP})


class JournalWriter:
    """
    Takes what happens at any time and writes it while `run` runs.
    """

    def __init__(
        self,
        journal: Journal,
        *,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._journal, self._clock, self._sleep = journal, clock, sleep
        self._waiting: deque[JournalEntry] = deque(maxlen=_MOST_WAITING)
        self._wake = asyncio.Event()
        self._troubles: dict[str, str] = {}
        self._accounts: dict[str, Account] = {}

    async def recall(self, sources: Iterable[str], accounts: Mapping[str, Account]) -> None:
        """
        Read from the journal which sources are in trouble and whose lists came last.

        No entry is then written twice.

        Raises StoreUnavailable.
        """
        self._accounts.update(accounts)
        for source in sources:
            # Another replica may have written the end of what is known here.
            self._troubles.pop(source, None)
            query = JournalQuery(source=source, events=_UP_OR_DOWN, limit=1)
            for entry in await self._journal.read(query):
                if entry.event is Happening.SOURCE_DOWN:
                    self._troubles[source] = entry.fields[0].after if entry.fields else entry.event

    def note_status(self, status: SourceStatus) -> None:
        """Take a change of a source's status, where it begins or ends trouble, or another user logged in."""
        before = self._troubles.get(status.name)
        if status.state in IN_TROUBLE and before != status.state:
            self._troubles[status.name] = status.state
            self.take(
                JournalEntry(
                    self._now(),
                    Happening.SOURCE_DOWN,
                    source=status.name,
                    fields=(FieldChange("state", before or "", status.state),),
                    note=status.error,
                )
            )
        elif before and status.state is SourceState.LISTENING:
            del self._troubles[status.name]
            fields = (FieldChange("state", before, status.state),)
            self.take(JournalEntry(self._now(), Happening.SOURCE_UP, source=status.name, fields=fields))
        self._note_account(status)

    def _note_account(self, status: SourceStatus) -> None:
        before = self._accounts.get(status.name)
        if status.account is None or status.account == before:
            return
        self._accounts[status.name] = status.account
        if before:
            change = FieldChange("account", str(before), str(status.account))
            self.take(
                JournalEntry(
                    self._now(),
                    Happening.LOGIN_CHANGED,
                    source=status.name,
                    account=str(status.account),
                    fields=(change,),
                )
            )

    def take(self, entry: JournalEntry) -> None:
        """Take an entry to write. When too many entries wait, the oldest are dropped."""
        self._waiting.append(entry)
        self._wake.set()

    async def run(self) -> None:
        """Write what was taken, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            if not await self.write():
                self._wake.set()
                await self._sleep(_AGAIN_SECONDS)

    async def write(self) -> bool:
        """
        Write the waiting entries, and return whether that was possible.

        After a failure they wait for the next call.
        """
        entries = list(self._waiting)
        if not entries:
            return True
        try:
            await self._journal.write(entries)
        except StoreUnavailable as error:
            log.warning("journal.not_written", entries=len(entries), error=str(error))
            return False
        for _ in entries:
            self._waiting.popleft()
        return True

    def _now(self) -> datetime:
        return self._clock().replace(microsecond=0)
