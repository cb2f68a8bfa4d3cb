"""
The ports of the synchronizer and the web server: what they need from the outside, with its errors.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from service.core.changes import Arrival, Changes, Edit, Refusal, RenderedVEvent
from service.core.conference import Account, Key
from service.core.journal import Journal, JournalEntry
from service.core.rejected import MAX_RAW, RejectedInput
from service.core.replicas import LeaseStore
from service.core.search import ConferenceSearch
from service.core.state import State


class Hint(StrEnum):
    """
    What a process says to the others that it wrote.
    """

    ANYTHING = ""
    """Leases too. Versions before say nothing else, so a word that is not known means this one."""

    STATE = "state"
    """Lists, feeds or the journal, and no lease."""


@dataclass(frozen=True, slots=True)
class FeedRecord:
    """
    What the store keeps about a calendar's feed.
    """

    generation: int = 0
    """Counts rotations of the secret address."""

    digest: str = ""
    """SHA-256 of the bytes last served, hexadecimal; empty before the first time."""

    changed_at: datetime | None = None
    """When those bytes became what they are: Last-Modified, whole seconds, never going back."""

    version: int = 0
    """The version of the state that those bytes are of."""


class ClosedSessions(Protocol):
    """
    The dashboard sessions that users signed out of. Every method raises StoreUnavailable.
    """

    async def close(self, sessions: Mapping[str, datetime], *, now: datetime) -> None:
        """
        Remember that these sessions are closed, each until the moment it would have expired.

        Sessions that have expired by themselves are forgotten.
        """
        ...

    async def is_closed(self, session: str) -> bool:
        """Return whether somebody signed out of this session, in any process."""
        ...


class PublishedTargets(Protocol):
    """
    The names of the targets that confcal has published to.
    """

    async def targets(self) -> Mapping[str, object]:
        """Return the names. Only the ledger gives more about each target."""
        ...


class StateStore(Protocol):
    """
    The stored state, for the synchronizer. Every method raises StoreUnavailable.
    """

    @property
    def journal(self) -> Journal:
        """What happened, in the same database."""
        ...

    async def version(self) -> int:
        """Return the version of the state: it grows with every recorded change."""
        ...

    async def load(self) -> State:
        """Return the whole state."""
        ...

    async def load_accounts(self) -> State:
        """Return whose lists arrived and when, without what they hold: enough to serve stored feeds."""
        ...

    async def load_conferences(self, keys: Collection[Key]) -> State:
        """
        Return the state as if there were no other conferences than these: with all accounts and held lists.

        It costs what they are.
        """
        ...

    async def load_changes(self, state: State) -> State:
        """Return a state with what was recorded since; the same object if that is nothing."""
        ...

    async def record(self, changes: Changes, *, version: int, journal: Sequence[JournalEntry] = ()) -> int:
        """
        Write `changes` decided at `version`, and their journal entries, in one transaction.

        Returns the version after it. Where only the arrival is new and there are no entries, the arrival is
        written and the version stays. Raises StaleState where the account, or a conference that it is about,
        changed since `version`, and where a VEVENT goes by another VTIMEZONE than stored ones of its zone.
        """
        ...

    async def record_arrivals(self, arrivals: Sequence[Arrival]) -> Sequence[Refusal | None]:
        """
        Write in one transaction that lists arrived which change nothing.

        Returns for each why it was refused: StaleState where its account changed since the version that it
        was decided at, LeaseLost where its part must not record. The others are recorded.
        """
        ...

    async def rendering(self) -> str:
        """Return the digest of the settings that rendered the stored VEVENTs."""
        ...

    async def record_rendering(self, digest: str, edits: Sequence[Edit], *, version: int) -> int:
        """
        Replace VEVENTs after a change of settings, in one transaction, and return the version after it.

        With another digest than before they may go by other VTIMEZONEs. Raises StaleState as `record` does.
        """
        ...

    async def purge(self, before: datetime) -> int:
        """
        Forget conferences that are in no account's calendar and were last revised before this moment.

        Returns how many. What is forgotten starts with SEQUENCE 0 should it ever come back. The journal keeps
        that something happened to it, without any text.
        """
        ...


class FeedStore(Protocol):
    """
    The stored VEVENTs and feed records, for the feeds. Every method raises StoreUnavailable.
    """

    @property
    def ledger(self) -> PublishedTargets:
        """The ledger of published resources, in the same database."""
        ...

    async def vevents(self, variant: str, account: Account | None = None) -> list[RenderedVEvent]:
        """Return the VEVENTs of all accounts, or of one, ordered by UID, each once."""
        ...

    async def vevents_of(self, variant: str, keys: Sequence[Key]) -> list[RenderedVEvent]:
        """Return the VEVENTs of these conferences that are in any account's calendar, ordered by UID."""
        ...

    async def feeds(self) -> dict[str, FeedRecord]:
        """Return the record of each calendar that was served or rotated, by name."""
        ...

    async def rotations(self) -> dict[str, int]:
        """Return how often the address of each calendar was rotated, without those that never were."""
        ...

    async def record_feed(
        self, calendar: str, record: FeedRecord, *, journal: Sequence[JournalEntry] = ()
    ) -> FeedRecord:
        """
        Remember a feed, write its journal entries in the same transaction, and return the record that counts.

        Of equal bytes the first moment counts, bytes of a newer version stay, and no generation goes back: so
        all replicas serve a feed with one date.
        """
        ...


class RejectedStore(Protocol):
    """
    The rejected inputs that are kept. Every method raises StoreUnavailable.
    """

    async def record_rejected(self, inputs: Sequence[RejectedInput], *, keep: int, since: datetime) -> None:
        """
        Keep rejected inputs, and count repeated ones.

        The newest `keep` inputs that were last seen after `since` stay.
        """
        ...

    async def load_rejected(
        self, *, most_raw: int = MAX_RAW, number: int | None = None
    ) -> list[RejectedInput]:
        """
        Return the kept inputs, newest first, each with at most `most_raw` bytes of what arrived.

        With a `number`, return only the input of that number, if it exists.
        """
        ...

    async def forget_rejected(self, number: int, *, journal: Sequence[JournalEntry] = ()) -> bool:
        """
        Drop one rejected input, and write its journal entries in the same transaction.

        Returns whether it was there; otherwise nothing is written.
        """
        ...


class Store(StateStore, FeedStore, RejectedStore, ConferenceSearch, Protocol):
    """
    The database. Every method raises StoreUnavailable where it cannot be read or written now.
    """

    @property
    def closed_sessions(self) -> ClosedSessions:
        """The closed sessions, in the same database."""
        ...

    @property
    def leases(self) -> LeaseStore:
        """Which process runs what, in the same database."""
        ...

    async def follow_wakeups(self, wake: Callable[[Hint], None]) -> None:
        """
        Call `wake` soon after a process has written something, until cancelled.

        It is a hint, and may be lost; many of them are passed on as one. Raises nothing while the store
        cannot be read.
        """
        ...

    async def purge_accounts(self, before: datetime) -> int:
        """
        Forget accounts whose last list came before this moment and that have nothing in their calendars.

        Returns how many. Only the number of rotations of their feed addresses is kept.
        """
        ...

    async def close(self) -> None:
        """Close the connections. The store must not be used afterwards."""
        ...
