"""
The journal: what happened, one entry for each thing, with its port.

An entry is written in the transaction of what it reports, so the journal has exactly what happened.
It holds no token and no address of a feed. Names of people are in `topic`, `fields`, `note` and `account`;
the purge of conferences and accounts takes them out again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

KEEP_FOR = timedelta(days=30)
"""How long an entry is kept, unless the settings say otherwise."""

MOST_ENTRIES = 200_000
"""How many entries are kept; older ones go when newer ones are written."""

MOST_TEXT = 500
"""How many characters of one text an entry keeps."""


PEOPLE_FIELDS = frozenset({"owner", "account", "reported by"})
"""The fields of an entry whose texts are IDs of people."""


class Happening(StrEnum):
    """
    The kinds of entries.
    """

    LIST_CHANGED = "list_changed"
    """A list was not as the last one of its account; the entries of its conferences follow."""

    CONFERENCE_ADDED = "conference_added"
    CONFERENCE_CHANGED = "conference_changed"
    CONFERENCE_REMOVED = "conference_removed"
    CONFERENCE_CLOSED = "conference_closed"
    """What took place was kept as a part of its own."""

    PART_EXPIRED = "part_expired"
    """A closed part left a calendar: it is over for too long."""

    LIST_HELD = "list_held"
    LIST_KEPT = "list_kept"
    """Somebody decided that the conferences that a held list lacks stay."""

    LIST_APPROVED = "list_approved"
    LIST_RELEASED = "list_released"
    """A held list was applied by itself, or later lists had its conferences again."""

    DISPUTE_BEGAN = "dispute_began"
    DISPUTE_ENDED = "dispute_ended"
    LOGIN_CHANGED = "login_changed"
    SOURCE_DOWN = "source_down"
    SOURCE_QUIET = "source_quiet"
    """A source is silent, as its quiet hours say; if that lasts beyond them, it is down."""

    SOURCE_UP = "source_up"
    TARGET_REFUSED = "target_refused"
    TARGET_PARKED = "target_parked"
    TARGET_RECOVERED = "target_recovered"
    LINK_ROTATED = "link_rotated"
    SIGNED_IN = "signed_in"
    REJECTED_DISMISSED = "rejected_dismissed"
    REJECTED_RETRIED = "rejected_retried"
    """Input that was rejected is understood now."""

    SOURCE_ASKED = "source_asked"
    """Somebody asked a Room for its list at once; the replica that listens to it does so."""

    TARGET_RETRIED = "target_retried"
    """Somebody had everything of a target tried again; the replica that publishes to it does so."""

    SETTINGS_CHANGED = "settings_changed"
    VERSION_CHANGED = "version_changed"
    MIGRATED = "migrated"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """
    One field of what an entry is about, before and after; both are short texts without a language.
    """

    name: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """
    One thing that happened. What does not concern it is empty.
    """

    at: datetime
    """UTC, whole seconds."""

    event: Happening
    source: str = ""
    account: str = ""
    server: str = ""
    conference_id: str = ""
    target: str = ""
    calendar: str = ""
    topic: str = ""
    """The conference's, when it happened."""

    fields: tuple[FieldChange, ...] = ()
    note: str = ""
    """Why, in a sentence for an administrator."""

    number: int = 0
    """Grows with every entry; 0 until it is written."""


@dataclass(frozen=True, slots=True)
class JournalQuery:
    """
    Which entries are asked for; empty means all.
    """

    events: frozenset[Happening] = frozenset()
    source: str = ""
    account: str = ""
    server: str = ""
    conference_id: str = ""
    target: str = ""
    calendar: str = ""
    since: datetime | None = None
    until: datetime | None = None
    """The first moment that is no longer asked for."""

    before: int | None = None
    """Only entries with a smaller number: where the page before ended."""

    limit: int = 100


class Journal(Protocol):
    """
    The entries that are kept. Every method raises StoreUnavailable, but `listen`.
    """

    async def write(self, entries: Sequence[JournalEntry]) -> None:
        """Write entries in one transaction, in this order; the oldest beyond `MOST_ENTRIES` go."""
        ...

    async def read(self, query: JournalQuery) -> list[JournalEntry]:
        """Return the entries asked for, the newest first."""
        ...

    async def read_after(self, number: int, limit: int) -> list[JournalEntry]:
        """Return the entries with a greater number, the oldest first: what a follower has not seen."""
        ...

    async def read_last(self, events: frozenset[Happening]) -> Mapping[str, JournalEntry]:
        """Return the newest entry of these events about each source that has one."""
        ...

    async def last_number(self) -> int:
        """Return the number of the newest entry, 0 before the first."""
        ...

    async def prune(self, before: datetime) -> int:
        """Delete the entries from before a moment, and return how many."""
        ...

    async def note_running(self, now: datetime) -> None:
        """Remember that confcal runs in this half hour, and forget what is older than a strip."""
        ...

    async def read_heard(self) -> Mapping[str, frozenset[int]]:
        """Return the half hours in which lists of each source were recorded, see `service.core.strip`."""
        ...

    async def recall(self, name: str) -> str:
        """Return what was remembered under a name, empty where nothing was."""
        ...

    async def remember(self, name: str, value: str, entries: Sequence[JournalEntry] = ()) -> None:
        """Remember a value under a name, and write entries in the same transaction."""
        ...

    def listen(self, listener: Callable[[], None]) -> None:
        """Register `listener`, which is called after this process wrote entries."""
        ...


def clip(text: str) -> str:
    """Return a text as an entry keeps it."""
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "\N{HORIZONTAL ELLIPSIS}"
