"""
Entries without a transaction of their own: what happens to sources.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Final

import structlog

from service.core.clock import Clock
from service.core.conference import Account
from service.core.errors import StoreUnavailable
from service.core.journal import FieldChange, Happening, Journal, JournalEntry
from service.core.quiet import NEVER_QUIET, QuietHours
from service.core.sources import IN_TROUBLE, SourceState, is_quiet
from service.core.state import STALE_AFTER
from service.sources.status import SourceStatus

log = structlog.get_logger()

_MOST_WAITING = 1000
_AGAIN_SECONDS = 10.0
"""How long a store that failed is left alone."""

_LOOK_SECONDS = 60.0
"""How often it is looked whether silence lasts beyond quiet hours."""

_NEWS = frozenset({Happening.SOURCE_DOWN, Happening.SOURCE_QUIET, Happening.SOURCE_UP})
_QUIET: Final = "quiet"


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
        self._excused: dict[str, tuple[datetime | None, SourceStatus]] = {}
        self.quiet: Mapping[str, QuietHours] = {}
        """By source."""

        self._accounts: dict[str, Account] = {}

    async def recall(self, sources: Iterable[str], accounts: Mapping[str, Account]) -> None:
        """
        Read from the journal which sources are in trouble and whose lists came last.

        No entry is then written twice.

        Raises StoreUnavailable.
        """
        self._accounts.update(accounts)
        last = await self._journal.read_last(_NEWS)
        for source in sources:
            # Another replica may have written the end of what is known here.
            self.forget(source)
            entry = last.get(source)
            if entry and entry.event is Happening.SOURCE_QUIET:
                self._troubles[source] = _QUIET
            elif entry and entry.event is Happening.SOURCE_DOWN:
                self._troubles[source] = entry.fields[0].after if entry.fields else entry.event

    def forget(self, source: str) -> None:
        """Forget how a source is doing: another process may go on with it."""
        self._troubles.pop(source, None)
        self._excused.pop(source, None)

    def note_status(self, status: SourceStatus) -> None:
        """Take a change of a source's status, where it begins or ends trouble, or another user logged in."""
        before = self._troubles.get(status.name, "")
        if status.state in IN_TROUBLE:
            self._note_trouble(status, before)
        elif before and status.state is SourceState.LISTENING:
            self.forget(status.name)
            self._take_news(Happening.SOURCE_UP, status, before)
        self._note_account(status)

    def _note_trouble(self, status: SourceStatus, before: str) -> None:
        quiet = self.quiet.get(status.name, NEVER_QUIET)
        if is_quiet(status.state, status.since, quiet, self._clock()):
            self._excused[status.name] = quiet.find_alarm(status.since, STALE_AFTER), status
            self._wake.set()
            # What was an alarm before stays one.
            event, word = Happening.SOURCE_QUIET, before or _QUIET
        else:
            self._excused.pop(status.name, None)
            event, word = Happening.SOURCE_DOWN, status.state
        if word != before:
            self._troubles[status.name] = word
            self._take_news(event, status, before)

    def _take_news(self, event: Happening, status: SourceStatus, before: str) -> None:
        change = FieldChange("state", "" if before == _QUIET else before, status.state)
        note = "" if event is Happening.SOURCE_UP else status.error
        self.take(JournalEntry(self._now(), event, source=status.name, fields=(change,), note=note))

    def look_again(self) -> None:
        """Take the silences that last beyond quiet hours by now."""
        now = self._clock()
        for alarm, status in list(self._excused.values()):
            if alarm and alarm <= now:
                self._note_trouble(status, self._troubles.get(status.name, ""))

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
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS if self._excused else None):
                    await self._wake.wait()
            self._wake.clear()
            self.look_again()
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
