"""
What the journal says of a source or a target when this process begins to run it.

Another process may have run it until now.
"""

import asyncio

from service.app.journal_writer import JournalWriter
from service.app.synchronizer import Synchronizer
from service.core.journal import Happening, Journal, JournalEntry, JournalQuery
from service.core.target_state import TargetState
from service.publishing.target_status import TargetStatus

SOURCE_NEWS = frozenset({Happening.SOURCE_DOWN, Happening.SOURCE_QUIET, Happening.SOURCE_UP})
TARGET_NEWS = frozenset({Happening.TARGET_REFUSED, Happening.TARGET_RECOVERED})

_LOOKED_AT = 100
"""Entries of a target among which the last one about all of it is looked for: resources have entries too."""


class SourceRecall:
    """
    Reads, for a source that this process begins to listen to, how it was doing.

    Those that begin while it reads are read together next: at a start that is all of thousands.
    """

    def __init__(self, writer: JournalWriter, synchronizer: Synchronizer) -> None:
        self._writer, self._synchronizer = writer, synchronizer
        self._beginning: set[str] = set()
        self._turn = asyncio.Lock()

    async def __call__(self, source: str) -> None:
        """Return once it was read of `source`. Raises StoreUnavailable."""
        self._beginning.add(source)
        async with self._turn:
            if source in self._beginning:
                await self._read()

    async def _read(self) -> None:
        beginning, self._beginning = self._beginning, set()
        heard = {source: self._synchronizer.state.latest_from(source) for source in beginning}
        accounts = {source: known.account for source, known in heard.items() if known}
        try:
            await self._writer.recall(sorted(beginning), accounts)
        except asyncio.CancelledError:
            # The first of those that wait for this reading reads for them.
            self._beginning |= beginning
            raise


async def recall_trouble(status: TargetStatus, journal: Journal) -> None:
    """
    Have a target be in the trouble that the journal has of it, or in none.

    So nothing is written twice, and the end of a trouble is written by whoever meets it.

    Raises StoreUnavailable.
    """
    query = JournalQuery(target=status.name, events=TARGET_NEWS, limit=_LOOKED_AT)
    last = next((entry for entry in await journal.read(query) if is_about_whole(entry)), None)
    if last and last.event is Happening.TARGET_REFUSED:
        status.state, status.error = target_state_in(last), last.note
    else:
        status.state, status.error = TargetState.STARTING, ""


def is_about_whole(entry: JournalEntry) -> bool:
    """Return whether an entry is about all of a source or a target; one about a resource names it."""
    return not entry.fields or entry.fields[0].name == "state"


def target_state_in(entry: JournalEntry) -> TargetState:
    """Return the state of a target that cannot be published to, as an entry says."""
    return TargetState.DOWN if read_state(entry) == TargetState.DOWN else TargetState.FAILING


def read_state(entry: JournalEntry) -> str:
    """Return the word for the state that an entry says something came into."""
    return entry.fields[0].after if entry.fields else ""
